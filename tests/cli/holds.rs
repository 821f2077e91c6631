//! `hold`, `unhold` and `holds` of the real binary.

use mothball::simulator::Options;
use serde_json::Value;

use super::{active, offboarded};
use crate::support::program::Program;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_stays_until_it_is_let_go() {
    let program = Program::new(Options { clients: 60, configurations: 900, ..Options::default() }).await;
    let client = offboarded(&program)[0].id.clone();
    let items = active(&program, &client);
    let (kept, other) = (items[0].as_str(), items[1].as_str());

    for wrong in [
        vec!["hold", kept],
        vec!["hold", kept, "--reason", " "],
        vec!["hold", kept, "--reason", "why", "--until", "soon"],
        vec!["hold", kept, "--reason", "why", "--until", "2020-01-01"],
        vec!["hold", kept, "99999999", "--reason", "why"],
        vec!["hold", "--reason", "why"],
        vec!["unhold", kept],
    ] {
        let ended = program.run(&wrong).await;
        assert_eq!(ended.code, 2, "{wrong:?}: {}", ended.stderr);
        assert!(ended.stdout.is_empty());
    }
    let ended = program.run(&["holds", "--json"]).await;
    assert_eq!((ended.code, ended.stdout.trim()), (0, "[]"));

    let ended = program.run(&["hold", kept, other, "--reason", "rented out", "--until", "2096-12-31"]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains(kept) && ended.stderr.contains("2097-01-01 00:00"), "{}", ended.stderr);
    assert_eq!(program.run(&["unhold", other]).await.code, 0);
    let ended = program.run(&["holds"]).await;
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(lines.len(), 1, "{}", ended.stdout);
    assert!(lines[0].starts_with(kept) && lines[0].contains("rented out"), "{}", lines[0]);
    let holds: Value = serde_json::from_str(&program.run(&["holds", "--json"]).await.stdout).unwrap();
    assert_eq!(holds[0]["until"], "2097-01-01T00:00:00Z");
    assert!(holds[0]["by"].as_str().unwrap().contains("jane@msp.example"), "{holds}");

    let ended = program.run(&["run", "--client-id", &client]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(active(&program, &client), [kept.to_owned()]);
    let report = ended.report();
    let held = report["configs"].as_array().unwrap().iter().find(|one| one["config_id"] == kept).unwrap();
    assert_eq!(held["skip_reason"], "held");
    let text = held["outcome_text"].as_str().unwrap();
    assert!(text.contains("rented out") && text.contains("until 2097-01-01"), "{text}");

    assert_eq!(program.run(&["unhold", kept]).await.code, 0);
    assert_eq!(program.run(&["run", "--client-id", &client]).await.code, 0);
    assert!(active(&program, &client).is_empty());
    program.check().await;
}
