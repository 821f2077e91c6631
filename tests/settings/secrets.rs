//! Where secrets come from, and what is refused.

use std::{os::unix::fs::PermissionsExt, path::Path};

use mothball::{settings::Settings, system::Clock};
use secrecy::ExposeSecret;

async fn look_up(source: &str, folder: &Path) -> Result<String, String> {
    let text = format!(
        r#"[profiles.main]
psa = "connectwise"
base_url = "https://api-na.myconnectwise.net"
company_id = "acmemsp"
public_key = "public"
private_key = {source}
client_id = "00000000-0000-0000-0000-000000000000"
[profiles.main.offboarded]
inactive = true
"#
    );
    let path = folder.join("config.toml");
    let settings = Settings::parse(&text, &path).map_err(|error| error.to_string())?;
    let profile = settings.profile(None).map_err(|error| error.to_string())?;
    let connection =
        profile.connection(&path, Clock::system(), None).await.map_err(|error| error.to_string())?;
    Ok(connection.secrets["private_key"].expose_secret().to_owned())
}

#[tokio::test]
async fn a_file_must_be_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "from-a-file\n").unwrap();
    for (mode, accepted) in [(0o600, true), (0o400, true), (0o640, false), (0o644, false), (0o604, false)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let found = look_up("{ file = \"key\" }", folder.path()).await;
        if accepted {
            assert_eq!(found.unwrap(), "from-a-file");
        } else {
            let error = found.unwrap_err();
            assert!(error.contains("chmod 600") && error.contains(":6:"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_command_gets_no_shell_and_its_first_line_counts() {
    let folder = tempfile::tempdir().unwrap();
    let found =
        look_up(r#"{ command = ["printf", "%s\nmore", "from $HOME;a command"] }"#, folder.path()).await;
    assert_eq!(found.unwrap(), "from $HOME;a command");
    for (source, words) in [
        (r#"{ command = ["false"] }"#, "failed"),
        (r#"{ command = ["true"] }"#, "printed nothing"),
        (r#"{ command = ["no-such-program-anywhere"] }"#, "cannot be started"),
    ] {
        let error = look_up(source, folder.path()).await.unwrap_err();
        assert!(error.contains(words), "{source}: {error}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_with_line_and_key() {
    let folder = tempfile::tempdir().unwrap();
    for source in ["{ env = \"MOTHBALL_SURELY_NOT_SET\" }", "{ file = \"nowhere\" }", "{ keyring = \"cw\" }"]
    {
        let error = look_up(source, folder.path()).await.unwrap_err();
        assert!(error.contains("config.toml:6: profiles.main.private_key"), "{source}: {error}");
    }
}

#[tokio::test]
async fn plain_text_works_with_a_warning_that_does_not_repeat_it() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(look_up("\"plain-canary\"", folder.path()).await.unwrap(), "plain-canary");
}
