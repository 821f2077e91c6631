//! What nobody outside can be sure of about Autotask. The default is the likeliest value.

use serde::{Deserialize, Serialize};

/// The body of a 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnauthorizedBody {
    Errors,
    Empty,
}

/// A fourth parallel call to one object endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreadLimit {
    Status429,
    /// A 500 whose text begins with `ITGenATR005`.
    Code500,
}

/// A time, as rows show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dates {
    /// `2026-01-31T15:04:05.307Z`
    Zulu,
    /// `2026-01-31T15:04:05.307`: UTC all the same.
    Bare,
}

/// A read-only field in a write, with another value than the stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadOnly {
    Refused,
    Ignored,
}

/// `Fields` in a callout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalloutFields {
    /// `"isActive": false`
    Plain,
    /// `"IsActive": "False"`
    Quoted,
}

/// What the signature of a callout is made over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureOver {
    Raw,
    /// The body with `& < > ' " \ `` ` `` +` inside of strings, and all that is not ASCII, as `\uXXXX`.
    Escaped,
}

/// One field per open question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// The zone is asked and first answers one that refuses every call with 401; asked again it answers the right one.
    pub wrong_zone_first: bool,
    /// After so many API calls the tenant moves: its base path answers 401, and the zone, asked again, names another.
    pub zone_moves_after: Option<u64>,
    pub unauthorized_body: UnauthorizedBody,
    /// The elements of `errors` are objects with a `message` instead of texts.
    pub error_objects: bool,
    /// So many refused secrets in a row lock the user: the right secret is then refused, too.
    pub locks_after: Option<u32>,
    /// A missing id is answered with 404 instead of 200 `{"item": null}`.
    pub missing_is_404: bool,
    /// What the metadata calls a configuration item: `InstalledProduct`, as in SOAP, instead of `ConfigurationItem`.
    pub soap_entity_name: bool,
    /// A condition on a field that cannot be queried is refused; else it is looked at like any other.
    pub non_queryable_refused: bool,
    /// `noteq` and `notIn` match rows without a value.
    pub negations_match_empty: bool,
    /// A condition on a list UDF compares the label instead of the stored value.
    pub list_udf_matches_label: bool,
    /// Queries leave members out that a GET by id has.
    pub queries_show_less: bool,
    pub dates: Dates,
    pub read_only: ReadOnly,
    /// A PATCH validates fields that it does not name: an empty required UDF or an inactive product refuses it.
    pub patch_validates_all: bool,
    /// The first PATCH of a record is answered with 200 and then taken back by a workflow rule; the second one stays.
    pub first_patch_reverts: bool,
    /// An inactive configuration item takes its child items along.
    pub cascades_to_children: bool,
    pub thread_limit: ThreadLimit,
    /// A slot is freed so many milliseconds after the answer; at most one per endpoint lags like that.
    pub slot_lag_ms: u32,
    /// Requests per rolling hour, of all integrations together.
    pub pool: u32,
    /// Requests per minute by other integrations of this tenant.
    pub foreign_per_minute: u32,
    /// Answered when the pool is used up: 429 or 500.
    pub pool_status: u16,
    /// Entities, by path, that may not be queried: the 500 that speaks of permissions.
    pub refused_entities: Vec<String>,
    /// Entities, by path, that show no rows: scope or line of business.
    pub empty_entities: Vec<String>,
    /// Configuration items may be updated; else the 500 that speaks of permissions.
    pub may_edit: bool,
    pub callout_fields: CalloutFields,
    pub signature_over: SignatureOver,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            wrong_zone_first: false,
            zone_moves_after: None,
            unauthorized_body: UnauthorizedBody::Errors,
            error_objects: false,
            locks_after: None,
            missing_is_404: false,
            soap_entity_name: false,
            non_queryable_refused: true,
            negations_match_empty: false,
            list_udf_matches_label: false,
            queries_show_less: false,
            dates: Dates::Zulu,
            read_only: ReadOnly::Refused,
            patch_validates_all: false,
            first_patch_reverts: false,
            cascades_to_children: false,
            thread_limit: ThreadLimit::Status429,
            slot_lag_ms: 0,
            pool: 10_000,
            foreign_per_minute: 0,
            pool_status: 429,
            refused_entities: Vec::new(),
            empty_entities: Vec::new(),
            may_edit: true,
            callout_fields: CalloutFields::Plain,
            signature_over: SignatureOver::Raw,
        }
    }
}

impl Switches {
    /// All the other values that a client must survive. What would leave it nothing to do or to prove (`may_edit`,
    /// `first_patch_reverts`, a smaller `pool`), or takes whole kinds of link from it (`refused_entities`,
    /// `empty_entities`), stays as it is.
    pub fn contrary() -> Self {
        Self {
            wrong_zone_first: true,
            zone_moves_after: Some(25),
            unauthorized_body: UnauthorizedBody::Empty,
            error_objects: true,
            locks_after: Some(10),
            missing_is_404: true,
            soap_entity_name: true,
            non_queryable_refused: false,
            negations_match_empty: true,
            list_udf_matches_label: true,
            queries_show_less: true,
            dates: Dates::Bare,
            read_only: ReadOnly::Ignored,
            patch_validates_all: true,
            first_patch_reverts: false,
            cascades_to_children: true,
            thread_limit: ThreadLimit::Code500,
            slot_lag_ms: 20,
            pool: 10_000,
            foreign_per_minute: 10,
            pool_status: 500,
            refused_entities: Vec::new(),
            empty_entities: Vec::new(),
            may_edit: true,
            callout_fields: CalloutFields::Quoted,
            signature_over: SignatureOver::Escaped,
        }
    }
}
