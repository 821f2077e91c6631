//! CSV: one row per configuration.

use std::collections::HashMap;

use super::{super::csv, client_view::ClientView};
use crate::domain::{
    ConfigId,
    document::{ClientReport, ConfigReport, Report},
};

const INTERNAL: &[&str] = &[
    "run_id",
    "run_state",
    "dry_run",
    "timestamp",
    "client_id",
    "client_name",
    "config_id",
    "config_name",
    "config_type",
    "site",
    "outcome",
    "skip_reason",
    "outcome_text",
    "verified",
    "previous_status",
    "status",
    "previous_psa_status",
    "psa_status",
    "still_linked",
    "left_to_do",
    "record_url",
];

const FOR_CLIENT: &[&str] = &["name", "type", "site", "what_was_done", "now", "as_of", "reference"];

pub fn internal(report: &Report) -> String {
    let mut text = csv::line(INTERNAL.iter().copied());
    for client in report.clients() {
        let mut left: HashMap<&ConfigId, Vec<&str>> = HashMap::new();
        for todo in &client.follow_up {
            if let Some(id) = &todo.config_id {
                left.entry(id).or_default().push(&todo.text);
            }
        }
        for config in &client.configs {
            let left = left.get(&config.config_id).map(|texts| texts.join(" / ")).unwrap_or_default();
            text.push_str(&row(client, config, left));
        }
    }
    text
}

fn row(client: &ClientReport, config: &ConfigReport, left: String) -> String {
    let run = &client.run;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let cells = [
        run.run_id.to_string(),
        run.state.words().to_owned(),
        run.dry_run.to_string(),
        client.timestamp.to_string(),
        client.client_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        text(&client.client_name),
        config.config_id.to_string(),
        config.config_name.clone(),
        config.config_type.clone(),
        text(&config.site),
        config.outcome.clone(),
        config.skip_reason.map(|reason| reason.words().to_owned()).unwrap_or_default(),
        config.outcome_text.clone(),
        config.verified.to_string(),
        config.previous_status.clone(),
        config.status.clone(),
        text(&config.previous_psa_status),
        text(&config.psa_status),
        config.links.summary(),
        left,
        text(&config.record_url),
    ];
    csv::line(cells.iter().map(String::as_str))
}

pub fn for_client(view: &ClientView) -> String {
    let mut text = csv::line(FOR_CLIENT.iter().copied());
    let as_of = format!("{} UTC", view.timestamp.minutes());
    for item in &view.items {
        text.push_str(&csv::line([
            item.name.as_str(),
            &item.kind,
            item.site.as_deref().unwrap_or_default(),
            item.what.words(),
            if item.active { "active" } else { "not in use" },
            &as_of,
            view.reference.as_str(),
        ]));
    }
    text
}
