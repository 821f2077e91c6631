//! What nobody outside can be sure of about ConnectWise PSA. The default is the likeliest value.

use serde::{Deserialize, Serialize};

/// `GET` in forward-only paging, at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastLink {
    /// The `Link` header is there, and empty.
    Empty,
    Absent,
}

/// Whether closing a configuration by status or by flag moves the other of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    Independent,
    /// A closed status clears the flag, an open one sets it, whatever the same PATCH says of the flag.
    StatusFlipsFlag,
    /// A cleared flag moves the status to the first closed one, unless the same PATCH names a status; a set one to
    /// the default status.
    FlagFlipsStatus,
}

/// Members without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nulls {
    LeftOut,
    Explicit,
}

/// Date literals in `conditions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dates {
    Full,
    /// Only `[YYYY-MM-DD]` matches, and compares days.
    DayOnly,
}

/// How a quote stands inside a quoted string in `conditions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuoteEscape {
    Backslash,
    Doubled,
    /// Not at all.
    None,
}

/// A PATCH whose path leads into a reference: `status/id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NestedPatch {
    /// `…/id` works; other members give a 200 without a change.
    Id,
    /// Every one gives a 200 without a change.
    FalseOk,
}

/// `IsCloud` in the company info.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IsCloud {
    String,
    Boolean,
}

/// The name of a member in `fields` that the object does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownFields {
    Ignored,
    Refused,
}

/// One field per open question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Forward-only paging is there. Without it: the request header is ignored and no `Link` header comes.
    pub forward_only: bool,
    /// Routes that lack forward-only paging though the others have it (`/company/configurations`).
    pub forward_only_refused_on: Vec<String>,
    pub last_link: LastLink,
    /// A last page that is full still has a link to an empty one.
    pub full_last_page_links: bool,
    /// `activeFlag` may stand in `conditions`; else 400 `ApiFindCondition`.
    pub active_flag_in_conditions: bool,
    /// A PATCH of a configuration needs a `customFields` op, else 400.
    pub custom_fields_required: bool,
    /// A save is refused while a required custom field or question is empty.
    pub required_fields_block: bool,
    pub closing: Closing,
    /// A company status with `disallowSavingFlag` refuses saves of the company's configurations.
    pub disallow_saving_blocks: bool,
    /// Answered when `clientId` is missing: 401 or 403.
    pub missing_client_id: u16,
    pub nulls: Nulls,
    pub dates: Dates,
    pub quote_escape: QuoteEscape,
    /// With `fields`, `_info` comes though it was not asked for.
    pub info_always: bool,
    pub unknown_fields: UnknownFields,
    /// `/company/companyTypeAssociations` can be listed; else 404.
    pub type_associations: bool,
    /// Configuration types, by name, that the API member may not see.
    pub hidden_types: Vec<String>,
    /// Plain lists hold soft-deleted companies.
    pub deleted_in_lists: bool,
    /// Tickets can be filtered by `configuration/id`; else 400.
    pub ticket_filter: bool,
    /// `/system/mySecurity` answers; else 403.
    pub my_security: bool,
    /// `/finance/agreements/{id}/configurations` answers; else 403.
    pub agreement_configurations: bool,
    /// Agreements can be read at all; else 403.
    pub agreements_readable: bool,
    /// Tickets can be read at all; else 403.
    pub tickets_readable: bool,
    /// The member may write notes on tickets; else a 403.
    pub may_note: bool,
    /// After so many requests the release changes: its old address answers 404.
    pub codebase_change_after: Option<u64>,
    pub is_cloud: IsCloud,
    pub nested_patch: NestedPatch,
    /// The member may edit configurations; else every PATCH is a 403.
    pub may_edit: bool,
    /// Hrefs have a double slash after the release.
    pub double_slash_hrefs: bool,
    /// What is beyond so many requests in a rolling minute is a 429. The vendor names 1,000; without a number nothing
    /// is ever turned away, for tests that are in a hurry.
    pub requests_per_minute: Option<u32>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            forward_only: true,
            forward_only_refused_on: Vec::new(),
            last_link: LastLink::Empty,
            full_last_page_links: false,
            active_flag_in_conditions: true,
            custom_fields_required: false,
            required_fields_block: false,
            closing: Closing::Independent,
            disallow_saving_blocks: false,
            missing_client_id: 403,
            nulls: Nulls::LeftOut,
            dates: Dates::Full,
            quote_escape: QuoteEscape::Backslash,
            info_always: false,
            unknown_fields: UnknownFields::Ignored,
            type_associations: true,
            hidden_types: Vec::new(),
            deleted_in_lists: true,
            ticket_filter: true,
            my_security: true,
            agreement_configurations: true,
            agreements_readable: true,
            tickets_readable: true,
            may_note: true,
            codebase_change_after: None,
            is_cloud: IsCloud::String,
            nested_patch: NestedPatch::Id,
            may_edit: true,
            double_slash_hrefs: false,
            requests_per_minute: None,
        }
    }
}

impl Switches {
    /// All the other values that a client must survive. What would leave it nothing to do (`may_edit`, `may_note`), or takes
    /// whole kinds of link from it (`agreements_readable`, `tickets_readable`), stays as it is, and so does the limit.
    pub fn contrary() -> Self {
        Self {
            forward_only: false,
            forward_only_refused_on: Vec::new(),
            last_link: LastLink::Absent,
            full_last_page_links: true,
            active_flag_in_conditions: false,
            custom_fields_required: true,
            required_fields_block: true,
            closing: Closing::StatusFlipsFlag,
            disallow_saving_blocks: true,
            missing_client_id: 401,
            nulls: Nulls::Explicit,
            dates: Dates::DayOnly,
            quote_escape: QuoteEscape::None,
            info_always: true,
            unknown_fields: UnknownFields::Refused,
            type_associations: false,
            hidden_types: vec!["Printer".to_owned()],
            deleted_in_lists: false,
            ticket_filter: false,
            my_security: false,
            agreement_configurations: true,
            agreements_readable: true,
            tickets_readable: true,
            may_note: true,
            codebase_change_after: Some(25),
            is_cloud: IsCloud::Boolean,
            nested_patch: NestedPatch::FalseOk,
            may_edit: true,
            double_slash_hrefs: true,
            requests_per_minute: None,
        }
    }
}
