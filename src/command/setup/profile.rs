//! From what was typed to a profile that the settings reader knows.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::words;
use crate::{
    domain::{Criteria, protect::Protection},
    psa::registry::{self, Room},
    settings::{
        Fault, SettingsError,
        draft::{DraftError, ProfileDraft, Way},
    },
    tui::{
        desk::Trouble,
        setup::desk::{At, Choice, Draft, Refusal, SecretWay},
    },
};

/// The room of the draft's PSA.
pub fn room(draft: &Draft) -> Result<&'static Room, Refusal> {
    registry::room(draft.vendor).ok_or_else(|| refuse(None, "this build does not know that PSA", ""))
}

/// The draft as the settings know it. Secrets that are ours to keep get the ways that `kept` names.
pub fn of(
    draft: &Draft,
    choice: &Choice,
    kept: &BTreeMap<&'static str, Way>,
) -> Result<ProfileDraft, Refusal> {
    let mut secrets = BTreeMap::new();
    for (key, way) in &draft.secrets {
        let way = match way {
            SecretWay::Env(name) => Way::Env(name.clone()),
            SecretWay::Command(line) => Way::Command(words::split(line).map_err(|why| {
                refuse(Some(At::Key(key)), &format!("The command cannot be read: {why}."), "")
            })?),
            SecretWay::File(_) | SecretWay::Keyring(_) => {
                // Until a place was found for it, any will do: nothing is looked for there.
                kept.get(key).cloned().unwrap_or_else(|| Way::File((*key).to_owned()))
            }
        };
        secrets.insert((*key).to_owned(), way);
    }
    Ok(ProfileDraft {
        name: draft.profile.clone(),
        room: room(draft)?,
        values: draft.values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
        secrets,
        criteria: choice.criteria.clone(),
        status: choice.status.clone(),
        protection: Protection::default(),
    })
}

/// A criterion for as long as none was chosen: without one no profile is whole.
pub fn some_choice() -> Choice {
    Choice { criteria: Criteria { inactive: true, ..Criteria::default() }, status: None }
}

/// The secrets that were typed, by key.
pub fn typed(draft: &Draft) -> BTreeMap<String, SecretString> {
    draft
        .secrets
        .iter()
        .filter_map(|(key, way)| match way {
            SecretWay::File(secret) | SecretWay::Keyring(secret) => Some(((*key).to_owned(), secret.clone())),
            SecretWay::Env(_) | SecretWay::Command(_) => None,
        })
        .collect()
}

pub fn refuse(at: Option<At>, message: &str, advice: &str) -> Refusal {
    Refusal { trouble: Trouble { message: message.to_owned(), advice: advice.to_owned() }, at }
}

/// What the settings say about a draft, at the field that it is about.
pub fn refused_by_settings(error: &SettingsError, draft: &Draft) -> Refusal {
    match error {
        SettingsError::Faults(faults) => match faults.first() {
            Some(fault) => refuse(at(fault, draft), &sentence(&fault.what), ""),
            None => refuse(None, &error.to_string(), ""),
        },
        other => refuse(None, &other.to_string(), ""),
    }
}

pub fn refused_by_draft(error: &DraftError) -> Refusal {
    let at = match error {
        DraftError::Name | DraftError::Taken { .. } => Some(At::Profile),
        DraftError::Broken { .. } | DraftError::DoesNotFit { .. } => None,
    };
    refuse(at, &sentence(&error.to_string()), "")
}

/// The field that a fault of the settings is about.
fn at(fault: &Fault, draft: &Draft) -> Option<At> {
    let key = fault.key.rsplit('.').next()?;
    let keys = draft.values.keys().chain(draft.secrets.keys());
    keys.copied().find(|known| *known == key).map(At::Key)
}

fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().map(|first| first.to_uppercase().chain(rest).collect::<String>());
    let text = first.unwrap_or_default();
    if text.ends_with(['.', ')', '"']) { text } else { text + "." }
}
