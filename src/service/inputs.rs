//! What a caller may say about a run, in the words of the API: within bounds that the OpenAPI document states, and
//! without a form that could be taken for more than was meant.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Value, json};

use super::Rules;
use crate::domain::{ConfigId, consent::Part, criteria::Matching, text::same_name};

const LONGEST_ID: usize = 200;
const LONGEST_NAME: usize = 400;
const LONGEST_REASON: usize = 2_000;
const LONGEST_STATUS: usize = 100;
const MOST_STATUSES: usize = 50;
/// As many as fit into a body with the longest ids there are.
const MOST_CONFIGURATIONS: usize = 1_000;
const LONGEST_CONFIG_ID: usize = 40;

/// Inputs that have bounds of their own, whatever the settings say. The document states the same ones.
pub trait Bounded {
    fn check_bounds(&self) -> Result<(), String>;
}

/// The inputs of a run. They narrow what the settings of the profile allow, and never widen it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("oneOf" = one_client_or_all()))]
pub struct RunInputs {
    /// One client, by the id that the PSA gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = LONGEST_ID), regex(pattern = r"\S"))]
    pub client_id: Option<String>,
    /// One client, by its exact name (apart from case). With `client_id` as well, both must be the same client.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = LONGEST_NAME), regex(pattern = r"\S"))]
    pub client_name: Option<String>,
    /// Every client that counts as offboarded. Needed where no client is named, so that nobody asks for it by mistake.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
    /// Fewer of the profile's statuses than it has itself.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "named")]
    #[schemars(length(min = 1, max = MOST_STATUSES), inner(length(min = 1, max = LONGEST_STATUS)))]
    pub offboarded_statuses: Vec<String>,
    /// Write nothing. `false` does not turn off what the settings say.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Wait for a person. `false` does not turn off what the settings say.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_approval: bool,
    /// List and count what is inactive already.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub include_archived: bool,
    /// Why, for the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = LONGEST_REASON))]
    pub reason: Option<String>,
    /// The profile of the settings [default: the one that the settings name].
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = LONGEST_ID))]
    pub profile: Option<String>,
    /// The number of the ticket in the PSA, for the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = LONGEST_ID))]
    pub ticket: Option<String>,
    /// On whose behalf.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = LONGEST_NAME))]
    pub requested_by: Option<String>,
}

/// What of a run is undone, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UndoInputs {
    /// Only these configurations [default: all that the run set inactive].
    #[serde(skip_serializing_if = "BTreeSet::is_empty", deserialize_with = "named_once")]
    #[schemars(with = "BTreeSet<String>", length(min = 1, max = MOST_CONFIGURATIONS), inner(length(min = 1, max = LONGEST_CONFIG_ID), regex(pattern = "^[!-~]+$")))]
    pub only: BTreeSet<ConfigId>,
    /// Write nothing. `false` does not turn off what the settings say.
    pub dry_run: bool,
    /// Wait for a person. `false` does not turn off what the settings say.
    pub require_approval: bool,
    #[schemars(length(max = LONGEST_REASON))]
    pub reason: Option<String>,
    #[schemars(length(max = LONGEST_ID))]
    pub ticket: Option<String>,
    #[schemars(length(max = LONGEST_NAME))]
    pub requested_by: Option<String>,
}

/// Which part of a plan is approved: all of it, or one of these two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("not" = json!({ "required": ["only", "except"] })))]
pub struct ApproveInputs {
    /// Only these configurations.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", deserialize_with = "named_once")]
    #[schemars(with = "BTreeSet<String>", length(min = 1, max = MOST_CONFIGURATIONS), inner(length(min = 1, max = LONGEST_CONFIG_ID), regex(pattern = "^[!-~]+$")))]
    pub only: BTreeSet<ConfigId>,
    /// All but these configurations.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", deserialize_with = "named_once")]
    #[schemars(with = "BTreeSet<String>", length(min = 1, max = MOST_CONFIGURATIONS), inner(length(min = 1, max = LONGEST_CONFIG_ID), regex(pattern = "^[!-~]+$")))]
    pub except: BTreeSet<ConfigId>,
}

/// Two ways to say whom a run is about, and no third.
fn one_client_or_all() -> Value {
    let names = |key: &str| json!({ "required": [key], "properties": { key: { "type": "string" } } });
    let absent = json!({ "type": "null" });
    json!([
        {
            "anyOf": [names("client_id"), names("client_name")],
            "properties": { "all": { "const": false } }
        },
        {
            "required": ["all"],
            "properties": { "all": { "const": true }, "client_id": absent, "client_name": absent }
        }
    ])
}

/// A list that names something. An empty one is most likely a mistake of whoever made it, and it would be taken for
/// everything.
fn named<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(from)?;
    if list.is_empty() {
        return Err(D::Error::custom("an empty list names nothing; leave it out, or name something"));
    }
    Ok(list)
}

/// The same, and each of them once.
fn named_once<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeSet<ConfigId>, D::Error> {
    let list = named(from)?;
    let all = list.len();
    let set: BTreeSet<ConfigId> = list.into_iter().collect();
    if set.len() < all { Err(D::Error::custom("the list names one of them twice")) } else { Ok(set) }
}

fn fits(name: &str, text: Option<&String>, most: usize) -> Result<(), String> {
    if text.is_some_and(|text| text.chars().count() > most) {
        return Err(format!("{name}: at most {most} characters"));
    }
    Ok(())
}

fn ids_fit(name: &str, ids: &BTreeSet<ConfigId>) -> Result<(), String> {
    if ids.len() > MOST_CONFIGURATIONS {
        return Err(format!("{name}: at most {MOST_CONFIGURATIONS} configurations"));
    }
    let is_one = |id: &str| {
        (1..=LONGEST_CONFIG_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if ids.iter().all(|id| is_one(id.as_str())) {
        Ok(())
    } else {
        Err(format!("{name}: an id has 1 to {LONGEST_CONFIG_ID} visible characters"))
    }
}

/// Nothing that anybody could see.
fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control() || c == '\u{feff}')
}

impl Bounded for RunInputs {
    fn check_bounds(&self) -> Result<(), String> {
        fits("client_id", self.client_id.as_ref(), LONGEST_ID)?;
        fits("client_name", self.client_name.as_ref(), LONGEST_NAME)?;
        fits("reason", self.reason.as_ref(), LONGEST_REASON)?;
        fits("profile", self.profile.as_ref(), LONGEST_ID)?;
        fits("ticket", self.ticket.as_ref(), LONGEST_ID)?;
        fits("requested_by", self.requested_by.as_ref(), LONGEST_NAME)?;
        let statuses = &self.offboarded_statuses;
        if statuses.len() > MOST_STATUSES {
            return Err(format!("offboarded_statuses: at most {MOST_STATUSES}"));
        }
        if statuses.iter().any(|name| !(1..=LONGEST_STATUS).contains(&name.chars().count())) {
            return Err(format!("offboarded_statuses: each has 1 to {LONGEST_STATUS} characters"));
        }
        let blank = |text: &Option<String>| text.as_deref().is_some_and(is_blank);
        if blank(&self.client_id) || blank(&self.client_name) {
            return Err("an empty client id or name means nobody; leave it out, or name a client".to_owned());
        }
        if (self.client_id.is_some() || self.client_name.is_some()) == self.all {
            let both =
                "client_id or client_name names one client, all means every offboarded one; give one of them";
            return Err(both.to_owned());
        }
        Ok(())
    }
}

impl Bounded for UndoInputs {
    fn check_bounds(&self) -> Result<(), String> {
        fits("reason", self.reason.as_ref(), LONGEST_REASON)?;
        fits("ticket", self.ticket.as_ref(), LONGEST_ID)?;
        fits("requested_by", self.requested_by.as_ref(), LONGEST_NAME)?;
        ids_fit("only", &self.only)
    }
}

impl Bounded for ApproveInputs {
    fn check_bounds(&self) -> Result<(), String> {
        ids_fit("only", &self.only)?;
        ids_fit("except", &self.except)?;
        self.part().map(drop)
    }
}

impl RunInputs {
    /// Whether the settings allow to ask for this; else why not.
    pub fn check(&self, rules: &Rules) -> Result<(), String> {
        if self.offboarded_statuses.is_empty() {
            return Ok(());
        }
        let own = &rules.criteria.statuses;
        let is_own = |name: &String| own.iter().any(|own| same_name(own, name));
        // With `all` one criterion more can only leave clients out; with `any` it would add some.
        let adds_one = own.is_empty() && rules.criteria.matching == Matching::Any;
        match self.offboarded_statuses.iter().find(|name| !is_own(name)) {
            Some(name) if adds_one || !own.is_empty() => Err(format!(
                "offboarded_statuses: \"{name}\" is none of the profile's own statuses, and inputs may only narrow them"
            )),
            _ => Ok(()),
        }
    }
}

impl ApproveInputs {
    pub fn part(&self) -> Result<Part, String> {
        match (self.only.is_empty(), self.except.is_empty()) {
            (true, true) => Ok(Part::All),
            (false, true) => Ok(Part::Only(self.only.clone())),
            (true, false) => Ok(Part::Except(self.except.clone())),
            (false, false) => Err("only and except cannot both be given".to_owned()),
        }
    }
}
