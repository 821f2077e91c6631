//! The real binary at its most talkative, with secrets that look different in each form: none stands in any byte that it
//! writes, and no command that it starts is given one.

use super::super::engine::{offboarded, one_client};
use crate::support::{
    program::{Program, variable},
    vendor::{on_every_psa, secret_keys},
};

fn log(program: &Program) -> String {
    std::fs::read_to_string(program.data_dir().join("mothball.log")).expect("there is a log")
}

async fn a_talkative_day_tells_no_secret(psa: &'static str) {
    let program = Program::new(one_client(psa, 6)).await;
    let id = offboarded(&program.simulator)[0].clone();
    for arguments in [
        &["-vvv", "doctor"][..],
        &["-vvv", "run", "--client-id", &id, "--dry-run"],
        &["-vvv", "run", "--client-id", &id, "--require-approval"],
        &["-vvv", "run", "--client-id", &id, "--reason", "left"],
        &["-vvv", "runs", "list"],
    ] {
        program.run(arguments).await;
    }
    assert!(log(&program).len() > 5_000, "it is talkative: {}", log(&program));
    program.check().await;
}

/// A secret that is refused is as much a secret as the right one.
async fn a_refused_secret_is_not_told_either(psa: &'static str) {
    let program = Program::new(one_client(psa, 2)).await;
    let key = secret_keys(psa)[0];
    let wrong = "wR\"oNg\\secret+/=&%20";
    let mut command = program.command(&["-vvv", "run", "--all", "--dry-run"]);
    command.env(variable(key), wrong);
    let ended = program.ended(&command.output().unwrap());
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    let log = log(&program);
    assert!(log.len() > 1_000, "it is talkative: {log}");
    for text in [&ended.stdout, &ended.stderr, &log] {
        assert!(
            !text.contains("wR\"oNg") && !text.contains("wR\\\"oNg") && !text.contains("wR%22oNg"),
            "{text}"
        );
    }
    program.check().await;
}

on_every_psa!(a_talkative_day_tells_no_secret, a_refused_secret_is_not_told_either);

#[tokio::test]
async fn a_command_is_not_given_the_secrets_of_others() {
    let program = Program::new(one_client("connectwise", 2)).await;
    let seen = program.folder.path().join("seen-by-the-command");
    let text = std::fs::read_to_string(program.settings_path()).unwrap();
    let script = format!("env > {}; echo {}", seen.display(), program.simulator.credentials()["client_id"]);
    // The private key comes from the environment; the client's id, which is not one, may come from a command here.
    let other = format!(
        "\n[profiles.other]\npsa = \"autotask\"\nuser_name = \"a@b.example\"\nintegration_code = {{ env = \"{}\" }}\nsecret = {{ command = [\"sh\", \"-c\", {script:?}] }}\nbase_url = \"http://127.0.0.1:9\"\noffboarded = {{ inactive = true }}\n",
        variable("private_key"),
    );
    std::fs::write(program.settings_path(), text + &other).unwrap();
    let ended = program.run(&["--profile", "other", "doctor"]).await;
    assert_ne!(ended.code, 0, "nobody listens there");
    let environment = std::fs::read_to_string(&seen).expect("the command was started");
    assert!(environment.contains("PATH="), "{environment}");
    program.check().await;
}

#[tokio::test]
async fn what_the_service_manager_hands_over_is_taken_by_its_name() {
    let program = Program::new(one_client("connectwise", 2)).await;
    let text = std::fs::read_to_string(program.settings_path()).unwrap();
    let by_variable = format!("{{ env = \"{}\" }}", variable("private_key"));
    assert!(text.contains(&by_variable));
    let by_name = |name: &str| text.replace(&by_variable, &format!("{{ credential = \"{name}\" }}"));
    std::fs::write(program.settings_path(), by_name("cw_private_key")).unwrap();
    let ended = program.run(&["doctor"]).await;
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("LoadCredential=cw_private_key:PATH"), "{}", ended.stderr);

    let handed = tempfile::tempdir().unwrap();
    std::fs::write(handed.path().join("cw_private_key"), &program.simulator.credentials()["private_key"])
        .unwrap();
    let mut command = program.command(&["doctor"]);
    command.env("CREDENTIALS_DIRECTORY", handed.path()).env_remove(variable("private_key"));
    let ended = program.end(command).await;
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("the credential cw_private_key of the service"), "{}", ended.stdout);

    std::fs::write(program.settings_path(), by_name("../cw_private_key")).unwrap();
    let ended = program.run(&["doctor"]).await;
    assert!(ended.stderr.contains("credential must be a name"), "{}", ended.stderr);
    program.check().await;
}
