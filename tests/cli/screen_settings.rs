//! What is wrong with the keys or the look of the screen, told by commands that need no screen.

use mothball::simulator::{Layout, Options};

use crate::support::program::Program;

async fn program() -> Program {
    let layout = Layout::Uniform { offboarded: 1, each: 3 };
    Program::new(Options { layout, ..Options::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_are_told_with_their_places_and_nothing_is_begun() {
    let program = program().await;
    program.write_settings("[keys]\ntik = \"x\"\nquit = \"space\"\naccept = []\nreload = \"hyper-r\"\n");
    let before = program.simulator.truth().configurations.len();
    let text = std::fs::read_to_string(program.settings_path()).unwrap();
    let first = text.lines().position(|line| line == "[keys]").unwrap() + 2;
    for command in [&["run", "--all"] as &[&str], &["doctor"], &["run", "--all", "--dry-run"]] {
        let ended = program.run(command).await;
        assert_eq!(ended.code, 2, "{command:?}: {}", ended.stderr);
        for (line, words) in [
            (first, "keys.tik: no action is called \"tik\"; did you mean \"tick\"?"),
            (first + 1, "keys.quit: space would mean both \"tick\" and \"quit\" in Review"),
            (first + 2, "keys.accept: without a key for \"accept\" no question could be answered"),
            (first + 3, "keys.reload: \"hyper-r\" is no key; write for example"),
        ] {
            let told = format!("config.toml:{line}:1: {words}");
            assert!(ended.stderr.contains(&told), "{told}\n{}", ended.stderr);
        }
    }
    assert!(program.written().is_empty());
    assert_eq!(program.simulator.truth().configurations.len(), before);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_theme_that_is_not_there_keeps_nobody_from_running_without_a_screen() {
    let program = program().await;
    program.write_settings("[ui]\ntheme = \"nrod\"\n");
    let doctor = program.run(&["doctor"]).await;
    assert_eq!(doctor.code, 0, "{}{}", doctor.stdout, doctor.stderr);
    assert!(doctor.stdout.contains("ui.theme: there is no theme \"nrod\""), "{}", doctor.stdout);
    assert!(doctor.stdout.contains("high-contrast"), "{}", doctor.stdout);
    let ended = program.run(&["run", "--all", "--attended"]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(program.written().len(), 3);
    program.check().await;
}
