//! A refused sign-in is not tried again by the next command: vendors lock accounts.

use mothball::simulator::{
    Options,
    faults::{Kind, Plan, Rule},
};
use serde_json::Value;

use super::offboarded;
use crate::support::{
    program::{Ended, Program, variable},
    vendor::{refused_sign_ins, secret_keys},
};

/// The variable of the secret that the vendor holds against the account.
fn secret(psa: &str) -> String {
    variable(secret_keys(psa).into_iter().find(|key| *key != "integration_code").unwrap())
}

async fn with_secret(program: &Program, secret: &str, arguments: &[&str]) -> Ended {
    let mut command = tokio::process::Command::from(program.command(arguments));
    let output = command.env(self::secret(program.simulator.psa()), secret).output().await.unwrap();
    program.ended(&output)
}

async fn a_wrong_secret_is_one_401_over_many_commands_and_a_new_one_is_tried_at_once(psa: &'static str) {
    let program = Program::new(Options { psa: psa.to_owned(), ..Options::default() }).await;
    let client = offboarded(&program)[0].id.clone();
    let run = ["run", "--client-id", &client];
    let parked = program.run(&["run", "--client-id", &client, "--require-approval"]).await;
    assert_eq!(parked.code, 3, "{}", parked.stderr);
    let parked = parked.report()["run_id"].as_str().unwrap().to_owned();
    let first = with_secret(&program, "not-the-secret", &run).await;
    assert_eq!(first.code, 4, "{}", first.stderr);
    assert_eq!(refused_sign_ins(&program.simulator), 1, "{}", first.stderr);
    let sent = program.simulator.count();

    let hold = ["hold", "1", "--reason", "kept"];
    let undo = ["runs", "undo", "--client-id", &client];
    let approve = ["runs", "approve", &parked];
    let commands: [&[&str]; 6] = [&run, &["run", "--all", "--dry-run"], &undo, &approve, &hold, &["holds"]];
    for arguments in commands {
        let again = with_secret(&program, "not-the-secret", arguments).await;
        assert_eq!(again.code, 4, "{arguments:?}: {}", again.stderr);
        assert!(
            again.stderr.contains("is not tried again before") && again.stderr.contains("lock accounts"),
            "{arguments:?}: {}",
            again.stderr
        );
        if arguments[0] == "run" {
            let report = again.report();
            assert_eq!(report["errors"][0]["code"], "AuthenticationFailed");
            assert_eq!(report["success"], Value::Bool(false));
        }
    }
    let doctor = with_secret(&program, "not-the-secret", &["doctor"]).await;
    assert_eq!(doctor.code, 4, "{}", doctor.stderr);
    assert!(doctor.stdout.contains("is not tried again before"), "{}", doctor.stdout);
    assert!(doctor.stdout.contains("--sign-in-again"), "{}", doctor.stdout);
    assert_eq!(program.simulator.count(), sent, "nothing was sent meanwhile");

    // The runs that never got as far as a plan are nothing to resume.
    let resumed = program.run(&["runs", "resume", "--all"]).await;
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    assert!(program.simulator.writes().is_empty());
    let right = program.run(&run).await;
    assert_eq!(right.code, 0, "another secret is tried at once: {}", right.stderr);
    assert!(!program.simulator.writes().is_empty());
    program.check().await;
}

async fn what_was_mended_in_the_psa_is_tried_again_when_a_person_says_so(psa: &'static str) {
    let program = Program::new(Options { psa: psa.to_owned(), ..Options::default() }).await;
    let client = offboarded(&program)[0].id.clone();
    let run = ["run", "--client-id", &client, "--dry-run"];
    // The first request with the secret.
    let place = match psa {
        "connectwise" => "/company/",
        "autotask" => "ThresholdInformation",
        _ => "token",
    };
    program.simulator.set_faults(Plan::of(vec![Rule::always(Kind::Unauthorized).on_route(place)]));
    let refused = program.run(&run).await;
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    program.simulator.set_faults(Plan::none());
    let sent = program.simulator.count();
    let rests = program.run(&run).await;
    assert_eq!(rests.code, 4, "{}", rests.stderr);
    assert!(rests.stderr.contains("is not tried again before"), "{}", rests.stderr);
    assert_eq!(program.simulator.count(), sent);
    let doctor = program.run(&["doctor", "--sign-in-again"]).await;
    assert_eq!(doctor.code, 0, "{}", doctor.stdout);
    let run = program.run(&run).await;
    assert_eq!(run.code, 0, "{}", run.stderr);
    program.check().await;
}

crate::support::vendor::on_every_psa!(
    a_wrong_secret_is_one_401_over_many_commands_and_a_new_one_is_tried_at_once,
    what_was_mended_in_the_psa_is_tried_again_when_a_person_says_so,
);
