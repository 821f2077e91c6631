//! Where secrets come from.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use mothball::settings::Settings;
use secrecy::ExposeSecret;

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

#[tokio::test]
async fn a_keyring_is_for_a_later_build() {
    let error = reveal(Path::new("/"), r#"{ keyring = "cw" }"#).await.unwrap_err();
    assert!(error.contains("keyring") && error.contains("{ env ="), "{error}");
}
