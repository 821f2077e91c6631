//! No settings, no terminal, no keyring: each is said with what to do, and nothing hangs.

use std::process::Stdio;

use mothball::simulator::Options;

use crate::support::program::{Ended, Program};

fn bare(folder: &tempfile::TempDir, arguments: &[&str]) -> Ended {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_mothball"))
        .env("MOTHBALL_CONFIG", folder.path().join("none").join("config.toml"))
        .env("MOTHBALL_DATA_DIR", folder.path().join("data"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn without_settings_and_without_a_terminal_both_ways_on_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let all: [&[&str]; 5] = [&[], &["review"], &["doctor"], &["run", "--all"], &["setup"]];
    for arguments in all {
        let ended = bare(&folder, arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments:?}");
        if arguments == ["setup"] {
            assert!(ended.stderr.contains("needs a terminal"), "{}", ended.stderr);
            assert!(ended.stderr.contains("config.example.toml"), "{}", ended.stderr);
        } else {
            for way in ["`mothball setup`", "`mothball demo`", "none/config.toml"] {
                assert!(ended.stderr.contains(way), "{arguments:?}: {}", ended.stderr);
            }
        }
    }
    assert!(!folder.path().join("none").exists(), "nothing was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_keyring_can_be_reached_doctor_says_so_and_what_works_instead() {
    let program = Program::new(Options::default()).await;
    let settings = std::fs::read_to_string(program.settings_path()).unwrap();
    let (before, rest) = settings.split_once("private_key = ").unwrap();
    let rest = rest.split_once('\n').unwrap().1;
    std::fs::write(program.settings_path(), format!("{before}private_key = {{ keyring = \"cw\" }}\n{rest}"))
        .unwrap();
    let mut command = program.command(&["doctor"]);
    // A desktop that these tests may run on has one: this session must not find it.
    command
        .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}/no-bus", program.folder.path().display()))
        .env("XDG_RUNTIME_DIR", program.folder.path());
    let ended = program.end(command).await;
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    for word in ["private_key", "keyring", "{ file = ", "{ command = ", "{ env = "] {
        assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
    }
    let why = if mothball::system::keyring::is_built_in() { "there is no keyring" } else { "this build" };
    assert!(ended.stderr.contains(why), "{}", ended.stderr);
    program.check().await;
}
