//! Where secrets come from.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use mothball::{
    settings::Settings,
    system::keyring::{Keyring, KeyringError, MemoryKeyring, NoKeyring},
};
use secrecy::{ExposeSecret, SecretString};

use super::good_but;

/// What `private_key` comes to when it is written like this in a file in `folder`.
async fn reveal(folder: &Path, written: &str) -> Result<String, String> {
    let text = good_but("{ env = \"MOTHBALL_TEST_UNSET\" }", written);
    let settings = Settings::parse(&text, &folder.join("config.toml")).unwrap();
    let revealed = settings.profiles["main"].secrets["private_key"].reveal().await;
    revealed.map(|secret| secret.expose_secret().to_owned()).map_err(|fault| fault.to_string())
}

#[tokio::test]
async fn a_file_must_be_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cw.key");
    fs::write(&file, " the-key \nsecond line\n").unwrap();
    for (mode, fine) in [(0o600, true), (0o400, true), (0o640, false), (0o644, false), (0o604, false)] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let revealed = reveal(folder.path(), "{ file = \"cw.key\" }").await;
        if fine {
            assert_eq!(revealed.unwrap(), "the-key");
        } else {
            let error = revealed.unwrap_err();
            assert!(error.contains("chmod 600") && !error.contains("the-key"), "{error}");
        }
    }
    let error = reveal(folder.path(), "{ file = \"other.key\" }").await.unwrap_err();
    assert!(error.contains("other.key cannot be read"), "{error}");
    let empty = folder.path().join("empty");
    fs::write(&empty, "\n").unwrap();
    fs::set_permissions(&empty, fs::Permissions::from_mode(0o600)).unwrap();
    let error = reveal(folder.path(), "{ file = \"empty\" }").await.unwrap_err();
    assert!(error.contains("is empty"), "{error}");
}

#[tokio::test]
async fn a_command_is_run_without_a_shell() {
    let here = Path::new("/");
    let first = reveal(here, r#"{ command = ["printf", "  one\\ntwo\\n"] }"#).await;
    assert_eq!(first.unwrap(), "one");
    assert_eq!(reveal(here, r#"{ command = ["echo", "$HOME;id"] }"#).await.unwrap(), "$HOME;id");
    let error = reveal(here, r#"{ command = ["no-such-program-here"] }"#).await.unwrap_err();
    assert!(error.contains("cannot be started"), "{error}");
    let error = reveal(here, r#"{ command = ["true"] }"#).await.unwrap_err();
    assert!(error.contains("printed nothing"), "{error}");
    let input = reveal(here, r#"{ command = ["cat"] }"#).await.unwrap_err();
    assert!(input.contains("printed nothing"), "standard input is empty: {input}");
}

#[tokio::test]
async fn a_failing_command_is_not_quoted_at_length() {
    let said = format!("echo {} >&2; echo hidden >&2; echo half; exit 3", "x".repeat(5_000));
    let error =
        reveal(Path::new("/"), &format!(r#"{{ command = ["sh", "-c", "{said}"] }}"#)).await.unwrap_err();
    assert!(error.contains("exit status: 3"), "{error}");
    assert!(!error.contains("hidden") && !error.contains("half") && error.len() < 500, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_command_that_does_not_end_is_given_up() {
    let error = reveal(Path::new("/"), r#"{ command = ["sleep", "60"] }"#).await.unwrap_err();
    assert!(error.contains("within 10 seconds"), "{error}");
}

/// What `private_key` comes to with this keyring.
async fn from_keyring(keyring: &dyn Keyring) -> Result<String, String> {
    let text = good_but("{ env = \"MOTHBALL_TEST_UNSET\" }", r#"{ keyring = "cw" }"#);
    let settings = Settings::parse(&text, Path::new("/config.toml")).unwrap();
    let revealed = settings.profiles["main"].secrets["private_key"].reveal_with(keyring).await;
    revealed.map(|secret| secret.expose_secret().to_owned()).map_err(|fault| fault.to_string())
}

#[tokio::test]
async fn a_keyring_gives_the_secret_of_that_name() {
    let keyring = MemoryKeyring::default();
    let missing = from_keyring(&keyring).await.unwrap_err();
    assert!(missing.contains("no secret \"cw\"") && missing.contains("mothball setup"), "{missing}");
    keyring.store("other", &SecretString::from("not-this")).await.unwrap();
    keyring.store("cw", &SecretString::from(" the-key \nsecond line")).await.unwrap();
    assert_eq!(from_keyring(&keyring).await.unwrap(), "the-key");
    let taken = keyring.store("cw", &SecretString::from("another")).await.unwrap_err();
    assert_eq!(taken, KeyringError::Taken { name: "cw".to_owned() }, "what stands there stays");
    keyring.remove("cw").await.unwrap();
    keyring.store("cw", &SecretString::from(" \n")).await.unwrap();
    assert!(from_keyring(&keyring).await.unwrap_err().contains("is empty"));
}

/// A keyring that fails in one way.
struct Broken(KeyringError);

#[async_trait::async_trait]
impl Keyring for Broken {
    async fn read(&self, _name: &str) -> Result<SecretString, KeyringError> {
        Err(self.0.clone())
    }

    async fn store(&self, _name: &str, _secret: &SecretString) -> Result<(), KeyringError> {
        Err(self.0.clone())
    }

    async fn remove(&self, _name: &str) -> Result<(), KeyringError> {
        Err(self.0.clone())
    }
}

#[tokio::test]
async fn where_no_keyring_works_it_is_said_what_does() {
    let not_there = KeyringError::NotThere { why: "no D-Bus".to_owned() };
    let silent = KeyringError::Silent(std::time::Duration::from_secs(30));
    for error in [not_there, silent, KeyringError::Failed { why: "odd".to_owned() }] {
        let said = from_keyring(&Broken(error)).await.unwrap_err();
        for way in ["profiles.main.private_key", "{ file = ", "{ command = ", "{ env = "] {
            assert!(said.contains(way), "{way}: {said}");
        }
    }
    let said = from_keyring(&Broken(KeyringError::Locked)).await.unwrap_err();
    assert!(said.contains("unlock it") && !said.contains("{ env ="), "it is there: {said}");
    let said = from_keyring(&NoKeyring).await.unwrap_err();
    assert!(said.contains("this build has no keyring support") && said.contains("{ file = "), "{said}");
}
