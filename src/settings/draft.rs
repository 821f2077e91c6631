//! A profile in the making, and its text: with comments for whoever reads it next year. A file that is there already
//! keeps every byte; the profile is added to it.

use std::{collections::BTreeMap, fmt::Write, path::Path};

use thiserror::Error;

use super::Settings;
use crate::{
    domain::{
        Criteria,
        criteria::Matching,
        protect::Protection,
        text::{nearest, one_line},
    },
    psa::registry::{Field, FieldKind, Room},
};

/// One profile before it is written.
#[derive(Debug, Clone)]
pub struct ProfileDraft {
    pub name: String,
    pub room: &'static Room,
    /// The room's fields that are not secret, by key.
    pub values: BTreeMap<String, String>,
    /// Where those that are will be found.
    pub secrets: BTreeMap<String, Way>,
    pub criteria: Criteria,
    /// Set together with the inactive mark.
    pub status: Option<String>,
    pub protection: Protection,
}

/// The way to a secret, as the file will say it. There is none for plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    Env(String),
    /// Relative paths begin at the settings file's folder.
    File(String),
    Command(Vec<String>),
    Keyring(String),
}

/// Why a profile cannot be added to a file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DraftError {
    #[error("a profile's name has only letters, digits, - and _")]
    Name,
    #[error(
        "there is a profile \"{name}\" in {} already; it is left as it is. Give this one another name",
        path
    )]
    Taken { name: String, path: String },
    #[error(
        "{path} has mistakes, so nothing is added to it. Mend it first, or name another file with --config:\n{why}"
    )]
    Broken { path: String, why: String },
    #[error("the profile does not fit into {path}, so nothing is written: {why}")]
    DoesNotFit { path: String, why: String },
}

/// A whole file with this one profile.
pub fn whole_file(draft: &ProfileDraft, path: &Path) -> Result<String, DraftError> {
    check_name(&draft.name)?;
    let text = format!(
        "{}\n{}default_profile = {}\n{}",
        comment(
            "Settings of mothball, written by `mothball setup`. Keep this file to yourself (chmod 600): it says how to sign in to your PSA. Everything may be changed by hand; config.example.toml shows all settings that there are, and `mothball doctor` checks the profile against the PSA."
        ),
        comment("The profile to work with when --profile names none."),
        quoted(&draft.name),
        section(draft)
    );
    fits(&text, &[draft.name.as_str()], path)?;
    Ok(text)
}

/// What is there already, every byte of it, and this profile after it. Where the file had one profile and no default,
/// that one is made the default, so that whoever named none still gets it.
pub fn added_to(existing: &str, draft: &ProfileDraft, path: &Path) -> Result<String, DraftError> {
    check_name(&draft.name)?;
    let there: toml::Table = existing.parse().map_err(|error: toml::de::Error| DraftError::Broken {
        path: path.display().to_string(),
        why: one_line(error.message(), 200),
    })?;
    let profiles: Vec<&str> = there
        .get("profiles")
        .and_then(|all| all.as_table())
        .map(|all| all.keys().map(String::as_str).collect())
        .unwrap_or_default();
    if profiles.contains(&draft.name.as_str()) {
        return Err(DraftError::Taken { name: draft.name.clone(), path: path.display().to_string() });
    }
    if !profiles.is_empty() {
        // A mistake that was there before is not blamed on what is added.
        Settings::parse(existing, path).map_err(|error| DraftError::Broken {
            path: path.display().to_string(),
            why: error.to_string(),
        })?;
    }
    let mut text = String::new();
    if let ([only], false) = (&profiles[..], there.contains_key("default_profile")) {
        let _ = writeln!(text, "default_profile = {}", quoted(only));
    } else if profiles.is_empty() && !there.contains_key("default_profile") {
        let _ = writeln!(text, "default_profile = {}", quoted(&draft.name));
    }
    text.push_str(existing);
    if !existing.is_empty() && !existing.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&section(draft));
    let mut names = profiles;
    names.push(&draft.name);
    fits(&text, &names, path)?;
    Ok(text)
}

/// Whether a name can stand in `[profiles.NAME]` as it is.
pub fn check_name(name: &str) -> Result<(), DraftError> {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.len() <= 60 && name.chars().all(bare) {
        Ok(())
    } else {
        Err(DraftError::Name)
    }
}

/// The text is read as the program will read it: all profiles are there, and there is nothing to warn about in this one.
fn fits(text: &str, names: &[&str], path: &Path) -> Result<(), DraftError> {
    let refuse = |why: String| DraftError::DoesNotFit { path: path.display().to_string(), why };
    let settings = Settings::parse(text, path).map_err(|error| refuse(error.to_string()))?;
    match names.iter().find(|name| !settings.profiles.contains_key(**name)) {
        None => Ok(()),
        Some(name) => {
            let near = nearest(name, settings.profiles.keys().map(String::as_str)).unwrap_or("none");
            Err(refuse(format!("profile \"{name}\" would not be found in it, only \"{near}\"")))
        }
    }
}

/// The profile's part of the file.
fn section(draft: &ProfileDraft) -> String {
    let ProfileDraft { name, room, .. } = draft;
    let nouns = room.nouns;
    let mut text =
        format!("\n\n# --- {name}: {} ---\n[profiles.{name}]\npsa = {}\n", nouns.product, quoted(room.key));
    for field in room.fields {
        text.push_str(&comment(&sentence(field.help)));
        text.push_str(&line_of(field, draft));
    }
    text.push_str(&comment(
        "Certificates (PEM) to trust besides the system's own. Checking certificates cannot be turned off.",
    ));
    text.push_str("#ca_file = \"msp-root-ca.pem\"\n\n");

    let Criteria { inactive, statuses, tags, custom_field, contract_ended_days, matching } = &draft.criteria;
    text.push_str(&comment(&format!(
        "Which {} count as offboarded. At least one criterion is needed; what is left out is not used.",
        nouns.clients
    )));
    let _ = writeln!(text, "[profiles.{name}.offboarded]");
    text.push_str(&comment(&format!("The PSA's own inactive mark on the {}.", nouns.client)));
    let _ = writeln!(text, "{}inactive = true", off(!inactive));
    text.push_str(&comment(&format!("{}, by name.", capital(nouns_of(room).0))));
    list(&mut text, "statuses", statuses, "Former Client");
    text.push_str(&comment(&format!("{}, by name.", capital(nouns_of(room).1))));
    list(&mut text, "tags", tags, "Offboarded");
    text.push_str(&comment(&format!("A custom field of the {} and its value.", nouns.client)));
    match custom_field {
        Some(field) => {
            let _ = writeln!(
                text,
                "custom_field = {{ name = {}, value = {} }}",
                quoted(&field.name),
                quoted(&field.value)
            );
        }
        None => text.push_str("#custom_field = { name = \"Offboarded\", value = \"Yes\" }\n"),
    }
    text.push_str(&comment(&format!(
        "At least one {} has existed, none runs, and the last one ended so many days ago.",
        nouns.agreement.to_lowercase()
    )));
    let _ = writeln!(
        text,
        "{}contract_ended_days = {}",
        off(contract_ended_days.is_none()),
        contract_ended_days.unwrap_or(30)
    );
    text.push_str(&comment("Whether \"any\" criterion is enough or \"all\" that are set must match."));
    let _ = writeln!(text, "match = \"{}\"\n", if *matching == Matching::Any { "any" } else { "all" });

    text.push_str(&comment("What deactivating means."));
    let _ = writeln!(text, "[profiles.{name}.deactivate]");
    if room.sets_status {
        text.push_str(&comment(&format!(
            "A status of {} to set together with the inactive mark; `mothball doctor` names those there are.",
            nouns.configurations
        )));
        let status = draft.status.as_deref();
        let _ = writeln!(
            text,
            "{}status = {}",
            off(status.is_none()),
            quoted(status.unwrap_or("Decommissioned"))
        );
    }
    text.push_str(&comment(
        "Notes in the PSA about what is done: \"none\", or \"ticket\" (on the ticket that a run names).",
    ));
    text.push_str("#note = \"none\"\n\n");

    text.push_str(&comment(&format!(
        "What is never offered. * stands for any text, case does not matter. Your own {} always is protected.",
        nouns.client
    )));
    let _ = writeln!(text, "[profiles.{name}.protect]");
    let Protection { types, sites, names, clients } = &draft.protection;
    list(&mut text, "types", types, "Domain");
    list(&mut text, "sites", sites, "Data centre");
    list(&mut text, "names", names, "*-KEEP");
    text.push_str(&comment("Ids or exact names."));
    list(&mut text, "clients", clients, "Acme Holding");
    text
}

/// What statuses and tags are called in this PSA.
fn nouns_of(room: &Room) -> (&'static str, &'static str) {
    (room.criteria.statuses, room.criteria.tags)
}

fn line_of(field: &Field, draft: &ProfileDraft) -> String {
    let key = field.key;
    match (field.kind, draft.values.get(key), draft.secrets.get(key)) {
        (FieldKind::Secret, _, Some(way)) => format!("{key} = {}\n", way.written()),
        (FieldKind::Secret, _, None) => format!("#{key} = {{ env = {} }}\n", quoted(field.example)),
        (_, Some(value), _) => format!("{key} = {}\n", quoted(value)),
        (_, None, _) => format!("#{key} = {}\n", quoted(field.example)),
    }
}

impl Way {
    /// As it stands in the file.
    pub fn written(&self) -> String {
        match self {
            Self::Env(name) => format!("{{ env = {} }}", quoted(name)),
            Self::File(path) => format!("{{ file = {} }}", quoted(path)),
            Self::Keyring(name) => format!("{{ keyring = {} }}", quoted(name)),
            Self::Command(words) => format!("{{ command = [{}] }}", joined(words)),
        }
    }
}

fn list(text: &mut String, key: &str, entries: &[String], example: &str) {
    let _ = if entries.is_empty() {
        writeln!(text, "#{key} = [{}]", quoted(example))
    } else {
        writeln!(text, "{key} = [{}]", joined(entries))
    };
}

fn joined(entries: &[String]) -> String {
    entries.iter().map(|entry| quoted(entry)).collect::<Vec<_>>().join(", ")
}

/// Text as a TOML string of one line.
fn quoted(text: &str) -> String {
    // JSON's strings are TOML's, apart from one character that JSON leaves as it is.
    serde_json::Value::String(text.to_owned()).to_string().replace('\u{7f}', "\\u007f")
}

fn off(it_is: bool) -> &'static str {
    if it_is { "#" } else { "" }
}

fn sentence(text: &str) -> String {
    format!("{}.", capital(text).trim_end_matches('.'))
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

/// Comments fit on a narrow screen.
const WIDE: usize = 78;

/// A comment in lines of its own.
fn comment(text: &str) -> String {
    let mut lines = String::new();
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDE {
            lines.push_str(&line);
            lines.push('\n');
            "#".clone_into(&mut line);
        }
        line.push(' ');
        line.push_str(word);
    }
    lines + &line + "\n"
}
