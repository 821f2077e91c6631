use super::*;
use crate::domain::{Code, Phase, RunId, Statistics, Timestamp, notice::Occasion};

fn notice() -> Notice {
    Notice {
        event: Occasion::Waiting,
        run_id: RunId::from("20261126T023007-k3w8p1xz"),
        at: Timestamp::parse("2026-11-26T02:30:31Z").unwrap(),
        profile: "main".into(),
        psa: "connectwise".into(),
        state: Phase::AwaitingApproval,
        dry_run: false,
        started_by: "schedule nightly".into(),
        clients: 4,
        changes: 31,
        statistics: Statistics { configs_found: 40, configs_skipped: 40, ..Statistics::default() },
        codes: [].into(),
        client_names: None,
        look: "mothball runs show 20261126T023007-k3w8p1xz".into(),
    }
}

fn failed() -> Notice {
    Notice {
        event: Occasion::Failed,
        state: Phase::Finished,
        changes: 28,
        statistics: Statistics {
            configs_found: 40,
            configs_deactivated: 28,
            configs_skipped: 9,
            errors: 3,
            ..Statistics::default()
        },
        codes: [Code::PermissionDenied, Code::ConfigUpdateFailed].into(),
        client_names: Some(vec!["*Acme* <https://evil.example|Ltd> & [Sons](https://evil.example)".into()]),
        look: "https://wiki.msp.example/mothball/20261126T023007-k3w8p1xz".into(),
        ..notice()
    }
}

#[test]
fn they_look_like_this() {
    for (name, preset) in [("json", Preset::Json), ("teams", Preset::Teams), ("slack", Preset::Slack)] {
        insta::assert_json_snapshot!(format!("waiting_{name}"), body(&notice(), preset));
        insta::assert_json_snapshot!(format!("failed_{name}"), body(&failed(), preset));
    }
}

/// Every text that Teams or Slack would read for marks.
fn read_for_marks(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let kind = fields.get("type").and_then(Value::as_str).unwrap_or_default();
            let plain = ["TextRun", "plain_text"].contains(&kind);
            for (key, value) in fields {
                match value {
                    Value::String(text) if key == "text" && !plain => found.push(text.clone()),
                    other => read_for_marks(other, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| read_for_marks(value, found)),
        _ => {}
    }
}

#[test]
fn a_clients_name_makes_no_mark_no_link_and_no_mention() {
    for preset in [Preset::Teams, Preset::Slack] {
        let mut texts = Vec::new();
        read_for_marks(&body(&failed(), preset), &mut texts);
        assert!(!texts.is_empty());
        for text in texts {
            assert!(!text.contains("evil"), "{preset:?}: {text}");
        }
    }
}

#[test]
fn they_are_small_enough_for_whoever_takes_them() {
    let long = Notice { client_names: Some(vec!["x".repeat(80); 21]), ..failed() };
    for preset in [Preset::Json, Preset::Teams, Preset::Slack] {
        let text = body(&long, preset).to_string();
        // Teams takes 28 KB, and a field of Slack 2,000 characters.
        assert!(text.len() < 8_000, "{preset:?}: {}", text.len());
    }
    let slack = body(&long, Preset::Slack);
    let fields = slack["blocks"][1]["fields"].as_array().unwrap();
    assert!(fields.len() <= 10 && fields.iter().all(|field| field["text"].as_str().unwrap().len() <= 2_000));
}
