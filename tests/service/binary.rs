//! The real binary: how it starts and refuses to, how it ends, and that a kill loses nothing.

use std::time::Duration;

use mothball::simulator::{Layout, Options};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::served::{Served, new_token};
use crate::{
    engine::offboarded,
    support::{canary, program::Program, tls},
};

/// Killed at a random moment, and started again: each run ends, each configuration is changed once.
#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_and_started_again_it_finishes_what_it_began() {
    const LIVES: usize = 10;
    let layout = Layout::Uniform { offboarded: LIVES + 1, each: 8 };
    let latency = Duration::from_millis(10);
    let program = Program::new(Options { layout, latency, ..Options::default() }).await;
    program.write_settings("[profiles.main.pace]\nin_flight = 2");
    let token = new_token(&program).await;
    let clients = offboarded(&program.simulator);
    let (first, others) = clients.split_first().unwrap();
    let mut server = Served::start(&program, &token, &[]).await;
    // One whole life tells how many requests one makes.
    let whole = server.post("/v1/runs", "whole", &json!({ "client_id": first })).await;
    let over = server.once_over(whole["run_id"].as_str().unwrap()).await;
    assert_eq!(
        (over["state"].as_str(), over["counts"]["changed"].as_u64()),
        (Some("finished"), Some(8)),
        "{over}"
    );
    let requests = program.simulator.count();
    let mut dice = StdRng::seed_from_u64(7);
    for client in others {
        let (before, last) = (program.simulator.count(), dice.random_range(0..=requests));
        let body = json!({ "client_id": client });
        let run = server.post("/v1/runs", client, &body).await["run_id"].as_str().unwrap().to_owned();
        let mut patience = 2_000;
        while program.simulator.count() < before + last && patience > 0 {
            patience -= 1;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(latency.mul_f64(dice.random_range(0.0..2.0))).await;
        server.kill().await;
        server = Served::start(&program, &token, &[]).await;
        // The key is known to the next life, too.
        assert_eq!(server.post("/v1/runs", client, &body).await["run_id"], *run);
        let over = server.once_over(&run).await;
        assert_eq!(over["state"], "finished", "{over}");
        let writes = program.simulator.writes().into_iter().filter(|write| write.client == *client).count();
        assert_eq!(writes, 8, "client {client}: one effective change each");
    }
    let (code, said) = server.terminate().await;
    assert_eq!(code, 0, "nothing went on: {said}");
    for line in said.lines() {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    canary::assert_nowhere(program.folder.path(), &token);
    let log = std::fs::read_to_string(program.data_dir().join("mothball.log")).unwrap();
    let answered = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of_posts = answered.filter(|line| line["message"] == "answered" && line["method"] == "POST");
    assert!(of_posts.filter(|line| line["request"].is_string() && line["status"] == 202).count() > LIVES);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_it_interrupts_its_runs_and_says_so_by_its_exit_code() {
    let layout = Layout::Uniform { offboarded: 1, each: 40 };
    let latency = Duration::from_millis(20);
    let program = Program::new(Options { layout, latency, ..Options::default() }).await;
    program.write_settings("[profiles.main.pace]\nin_flight = 2");
    let token = new_token(&program).await;
    let client = offboarded(&program.simulator)[0].clone();
    let server = Served::start(&program, &token, &[]).await;
    let asked = server.post("/v1/runs", "k", &json!({ "client_id": client })).await;
    let run = asked["run_id"].as_str().unwrap();
    while program.simulator.writes().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (code, said) = server.terminate().await;
    assert_eq!(code, 143, "{said}");
    let shown = program.run(&["runs", "show", run]).await;
    assert!(
        shown.stdout.contains("origin   API (ci)") && shown.stdout.contains("Interrupted"),
        "{}",
        shown.stdout
    );
    let server = Served::start(&program, &token, &[]).await;
    assert_eq!(server.once_over(run).await["counts"]["changed"], 40);
    assert_eq!(server.terminate().await.0, 0);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_others_reach_needs_tls_or_a_proxy_and_a_token() {
    let program = Program::new(Options::default()).await;
    let folder = program.folder.path();
    let certificate = tls::certificate();
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&cert, &certificate.certificate).unwrap();
    std::fs::write(&key, &certificate.key).unwrap();
    let (cert, key) = (cert.display().to_string(), key.display().to_string());
    let with_tls = ["--tls-certificate", cert.as_str(), "--tls-key", key.as_str()];
    let refused = async |more: &[&str], said: &str| {
        let ended = program.run(&[&["serve"][..], more].concat()).await;
        assert_eq!(ended.code, 2, "{more:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{more:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "");
    };
    let open = ["--listen", "0.0.0.0:0"];
    refused(&open, "there is no TLS").await;
    refused(&["--listen", "[::]:0"], "there is no TLS").await;
    refused(&[&open[..], &with_tls].concat(), "no token in force").await;
    refused(&[&open[..], &["--behind-proxy"]].concat(), "no token in force").await;
    let token = new_token(&program).await;
    refused(&open, "there is no TLS").await;
    refused(&[&open[..], &with_tls].concat(), "by which name is it called?").await;
    refused(&["--tls-certificate", "nowhere.pem", "--tls-key", "nowhere.pem"], "nowhere.pem cannot be used")
        .await;
    refused(&["--tls-certificate", key.as_str(), "--tls-key", cert.as_str()], "cannot be used for TLS").await;
    refused(&["--listen", "203.0.113.9:1", "--behind-proxy"], "nothing can listen at").await;

    // With all of it, it starts; and TLS is really spoken.
    let server = Served::start(&program, &token, &with_tls).await;
    assert!(server.url.starts_with("https://"), "{}", server.url);
    let trusting = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(certificate.certificate.as_bytes()).unwrap()])
        .build()
        .unwrap();
    let answered = trusting.get(format!("{}/healthz", server.url)).send().await.unwrap();
    assert_eq!(answered.status(), 200);
    assert!(
        server.client.get(format!("{}/healthz", server.url)).send().await.is_err(),
        "nobody vouches for it"
    );
    let plain = server.url.replace("https", "http");
    let heard = server.client.get(format!("{plain}/healthz")).send().await;
    assert!(heard.is_err(), "{heard:?}");
    assert_eq!(server.terminate().await.0, 0);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_made_listed_and_revoked() {
    let program = Program::new(Options::default()).await;
    let none = program.run(&["tokens", "list"]).await;
    assert!(none.code == 0 && none.stderr.contains("no tokens yet"), "{}", none.stderr);
    let token = new_token(&program).await;
    assert!(token.starts_with("mb_") && token.len() == 66, "{}", token.len());
    let listed = program.run(&["tokens", "list", "--json"]).await;
    let list: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!((list[0]["name"].as_str(), &list[0]["scopes"]), (Some("ci"), &json!(["read", "trigger"])));
    let id = list[0]["id"].as_str().unwrap();
    assert!(!listed.stdout.contains(&token) && token.contains(id));
    let server = Served::start(&program, &token, &[]).await;
    assert!(server.get("/v1/runs").await["runs"].is_array());
    // Revoked beside the running server: from then on it opens nothing.
    assert_eq!(program.run(&["tokens", "revoke", id]).await.code, 0);
    assert_eq!(server.get("/v1/runs").await["code"], "TokenRefused");
    assert_eq!(server.terminate().await.0, 0);
    for (arguments, said) in [
        (vec!["tokens", "revoke", id], "revoked already"),
        (vec!["tokens", "revoke", "nobody"], "there is no token"),
        (vec!["tokens", "make", "x", "--scope", "read", "--until", "2020-01-01"], "no day to come"),
        (vec!["tokens", "make", " ", "--scope", "read"], "needs a name"),
    ] {
        let refused = program.run(&arguments).await;
        assert!(refused.code == 2 && refused.stderr.contains(said), "{arguments:?}: {}", refused.stderr);
    }
    assert!(program.run(&["tokens", "list"]).await.stdout.contains("revoked"));
    canary::assert_nowhere(program.folder.path(), &token);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_printed_without_settings() {
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_mothball"))
        .args(["serve", "--print-openapi", "--data-dir"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success());
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed, serde_json::to_value(mothball::service::api::document()).unwrap());
}
