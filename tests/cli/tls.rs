//! The real binary before a PSA whose certificate is not what it should be: nothing is sent, and no switch helps.

use std::sync::atomic::Ordering;

use mothball::simulator::Options;

use crate::support::{
    program::{Ended, Program},
    tls::{Flaw, door},
};

/// What `doctor` says through such a door. The door's authority is trusted by `ca_file`.
async fn doctor(psa: &str, flaw: Flaw) -> (Ended, usize) {
    let program =
        Program::new(Options { psa: psa.to_owned(), clients: 20, configurations: 60, ..Options::default() })
            .await;
    let door = door(flaw, &program.simulator.base_url()).await;
    let settings = std::fs::read_to_string(program.settings_path()).unwrap();
    let encrypted = format!("https://127.0.0.1:{}", door.port);
    let ca_file = format!("ca_file = \"{}\"\n[profiles.main.offboarded]", door.authority.path().display());
    let settings = settings
        .replace(&program.simulator.base_url(), &encrypted)
        .replace("[profiles.main.offboarded]", &ca_file);
    std::fs::write(program.settings_path(), settings).unwrap();
    let ended = program.run(&["doctor"]).await;
    let seen = program.simulator.requests().len();
    if flaw != Flaw::None {
        assert_eq!(seen, 0, "{flaw:?}: something was sent");
        assert_eq!(door.accepted.load(Ordering::SeqCst), 0, "{flaw:?}: the certificate was accepted");
    }
    program.check().await;
    (ended, seen)
}

async fn every_bad_certificate_is_refused(psa: &'static str) {
    for flaw in Flaw::BAD {
        let (ended, _) = doctor(psa, flaw).await;
        assert_eq!(ended.code, 4, "{flaw:?}: {}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains("certificate"), "{flaw:?}: {}", ended.stdout);
        assert!(ended.stdout.contains("ca_file"), "the way out is told: {}", ended.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_certificate_of_an_own_authority_serves() {
    let (ended, seen) = doctor("connectwise", Flaw::None).await;
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(seen > 0);
}

crate::support::vendor::on_every_psa!(every_bad_certificate_is_refused);
