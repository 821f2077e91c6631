//! `[[notifications]]`: whom `mothball serve` tells about its runs.

use std::collections::BTreeMap;

use super::{
    profile::Profile,
    secret::{self, Secret},
    section::{Found, Section},
};
use crate::domain::notice::{Occasion, Preset};

/// Where to tell what.
#[derive(Debug, Clone)]
pub struct Notification {
    /// Unique; the log and the metrics call it so, the address is a secret.
    pub name: String,
    /// The address: whoever knows it can write there.
    pub url: Secret,
    pub preset: Preset,
    pub events: Vec<Occasion>,
    /// Only runs of these profiles; of all if there are none.
    pub profiles: Vec<String>,
    /// Whether the names of clients are told.
    pub client_names: bool,
    /// An address of the house about a run, with `{run}` where its id belongs.
    pub link: Option<String>,
}

pub fn read_all(root: &Section<'_, '_>, profiles: &BTreeMap<String, Profile>) -> Vec<Notification> {
    let mut all: Vec<Notification> = Vec::new();
    for section in root.sections("notifications") {
        let at = section.at();
        let document = section.document();
        let Some(notification) = read(section, profiles) else { continue };
        if all.iter().any(|other| other.name == notification.name) {
            let what =
                format!("there are two notifications \"{}\"; give each a name of its own", notification.name);
            document.fault(at, "notifications.name", what);
        }
        all.push(notification);
    }
    all
}

fn read(section: Section<'_, '_>, profiles: &BTreeMap<String, Profile>) -> Option<Notification> {
    let name = section.label("name", "operations");
    section.missing("url", "the address to tell; it is a secret", "{ env = \"NOTIFY_URL\" }");
    let url = section.any("url").and_then(|found| secret::read(&section, found, secret::Plain::Warned));
    let presets = [("json", Preset::Json), ("teams", Preset::Teams), ("slack", Preset::Slack)];
    let preset = section.choice("preset", &presets).unwrap_or_default();
    let events = events(&section);
    let only = section.text_list("profiles");
    for Found { value, at, key } in &only {
        section.known_profile(value, *at, key.clone(), profiles);
    }
    let client_names = section.flag("client_names").unwrap_or(false);
    let link = link(&section);
    section.done();
    Some(Notification {
        name: name?,
        url: url?,
        preset,
        events,
        profiles: only.into_iter().map(|found| found.value).collect(),
        client_names,
        link,
    })
}

/// What is told; the waiting and the failed unless the file says otherwise.
fn events(section: &Section<'_, '_>) -> Vec<Occasion> {
    let words = section.choices("events", &Occasion::ALL);
    match words {
        None => vec![Occasion::Waiting, Occasion::Failed],
        Some(words) => {
            if words.is_empty() {
                section.fault_of("events", "nothing would ever be told; name one, or leave it out");
            }
            words
        }
    }
}

fn link(section: &Section<'_, '_>) -> Option<String> {
    let found = section.text("link")?;
    let example = "write it like \"https://wiki.msp.example/mothball/{run}\"";
    let address = url::Url::parse(&found.value.replace("{run}", "run"));
    let what = match address {
        _ if !found.value.contains("{run}") => "it has no {run}, so it would lead to no run",
        Ok(address) if ["https", "http"].contains(&address.scheme()) => return Some(found.value),
        _ => "it is no web address",
    };
    section.document().fault(found.at, found.key, format!("{what}; {example}"));
    None
}
