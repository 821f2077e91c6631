//! What nobody outside can be sure of about HaloPSA. The default is the likeliest value.

use serde::{Deserialize, Serialize};

/// A token asked for under another tenant's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WrongTenant {
    /// As if the client were unknown.
    Refused,
    /// 500 with nothing in it.
    ServerError,
    /// Given all the same.
    Ignored,
}

/// A read for which the token or the agent has no right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingRight {
    /// 403 with nothing in it.
    Forbidden,
    /// 401 with nothing in it.
    Unauthorized,
    /// 200 without rows. Writes are a 403 then.
    EmptyList,
}

/// Members without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nulls {
    LeftOut,
    Explicit,
}

/// The answer to a POST of several records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ManyAnswer {
    Array,
    /// Only the first record, as for a POST of one.
    Object,
}

/// A POST of several records, one of which cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadItem {
    /// Nothing is stored.
    AllRefused,
    /// What comes before it is.
    EarlierStored,
}

/// Whether retiring an asset by status or by its inactive mark moves the other of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retiring {
    Independent,
    /// A status that sounds retired sets the mark, another clears it, whatever the same POST says of it.
    StatusSetsMark,
    /// The mark moves the status to "Inactive", and its absence to "Active", unless the same POST names a status.
    MarkSetsStatus,
}

/// A status that the asset's type does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignStatus {
    Refused,
    /// The rest is stored, the status stays.
    Ignored,
}

/// A list that may come bare or in an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    Bare,
    Enveloped,
}

/// The custom fields of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomFields {
    /// In lists those that `include_custom_fields` names, by id; all of them in a single client.
    WhenAsked,
    /// In a single client only: an older build, which does not know the parameter.
    OneByOne,
    /// In lists, too.
    Always,
}

/// The end date of a contract that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenEnd {
    LeftOut,
    /// 1900-01-01, the database's way of saying nothing.
    Year1900,
}

/// One field per open question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// How long a token lasts.
    pub token_seconds: u64,
    /// A token is void after so many requests, however young it is.
    pub tokens_revoked_after: Option<u64>,
    /// After so many requests the secret is another one, and all tokens are void.
    pub secret_rotated_after: Option<u64>,
    /// Answered when the client id or the secret is wrong: 401 or 400.
    pub bad_client_status: u16,
    pub wrong_tenant: WrongTenant,
    pub missing_right: MissingRight,
    /// Rights that the agent lacks, whatever the token's scope says: `edit:assets`, `read:invoices`.
    pub agent_lacks: Vec<String>,
    /// The agent may run the action that a note is; else a 400 that says so.
    pub agent_may_act: bool,
    /// Ids of the only clients that the agent sees. Empty: all of them.
    pub agent_sees_only: Vec<i64>,
    /// Single contracts can be read, and not only their list.
    pub contract_detail_readable: bool,
    pub nulls: Nulls,
    /// Numbers in the rows of assets and clients come as strings.
    pub numbers_as_strings: bool,
    pub many_answer: ManyAnswer,
    /// Answered to a POST that was stored: 201 or 200.
    pub stored_status: u16,
    pub bad_item: BadItem,
    pub retiring: Retiring,
    pub foreign_status: ForeignStatus,
    /// A save is refused while a mandatory field of the asset is empty, though the POST says nothing of it.
    pub mandatory_fields_block: bool,
    /// `_warning` comes with an asset that has open tickets.
    pub warns: bool,
    pub status_list: Shape,
    /// `/Status` without a `type` has the asset statuses, too; else only those of tickets.
    pub asset_statuses_unasked: bool,
    pub asset_changes: Shape,
    /// List rows of assets say whether they are inactive.
    pub inactive_in_lists: bool,
    pub custom_fields: CustomFields,
    /// `/Asset` without paging has all assets; else the first 50.
    pub all_assets_unpaged: bool,
    /// Larger pages are cut to this without a word.
    pub largest_page: Option<u64>,
    /// Resources that know no paging and answer with page 1 whatever the page asked for.
    pub unpaged: Vec<String>,
    pub open_end: OpenEnd,
    /// The lookup that holds the customer types.
    pub customer_type_lookup: i64,
    /// Requests in five minutes.
    pub requests_per_window: u64,
    /// A 429 says in `Retry-After` when the next request fits.
    pub retry_after: bool,
    /// Messages come as `text/plain`, not as a JSON string.
    pub plain_messages: bool,
    /// Webhooks that are due at once come as one array.
    pub webhook_batches: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            token_seconds: 3_600,
            tokens_revoked_after: None,
            secret_rotated_after: None,
            bad_client_status: 401,
            wrong_tenant: WrongTenant::Refused,
            missing_right: MissingRight::Forbidden,
            agent_lacks: Vec::new(),
            agent_may_act: true,
            agent_sees_only: Vec::new(),
            contract_detail_readable: true,
            nulls: Nulls::LeftOut,
            numbers_as_strings: false,
            many_answer: ManyAnswer::Array,
            stored_status: 201,
            bad_item: BadItem::AllRefused,
            retiring: Retiring::Independent,
            foreign_status: ForeignStatus::Refused,
            mandatory_fields_block: false,
            warns: false,
            status_list: Shape::Bare,
            asset_statuses_unasked: true,
            asset_changes: Shape::Enveloped,
            inactive_in_lists: true,
            custom_fields: CustomFields::WhenAsked,
            all_assets_unpaged: true,
            largest_page: None,
            unpaged: Vec::new(),
            open_end: OpenEnd::LeftOut,
            customer_type_lookup: 33,
            requests_per_window: 700,
            retry_after: false,
            plain_messages: false,
            webhook_batches: false,
        }
    }
}

impl Switches {
    /// All the other values that a client must survive. What would leave it nothing to do (`secret_rotated_after`,
    /// `agent_lacks`, `agent_may_act`, `agent_sees_only`), takes whole kinds of link from it (`contract_detail_readable`), or goes
    /// against what was seen live (`inactive_in_lists`), stays as it is.
    pub fn contrary() -> Self {
        Self {
            token_seconds: 120,
            tokens_revoked_after: Some(25),
            secret_rotated_after: None,
            bad_client_status: 400,
            wrong_tenant: WrongTenant::ServerError,
            missing_right: MissingRight::EmptyList,
            agent_lacks: Vec::new(),
            agent_may_act: true,
            agent_sees_only: Vec::new(),
            contract_detail_readable: true,
            nulls: Nulls::Explicit,
            numbers_as_strings: true,
            many_answer: ManyAnswer::Object,
            stored_status: 200,
            bad_item: BadItem::EarlierStored,
            retiring: Retiring::StatusSetsMark,
            foreign_status: ForeignStatus::Ignored,
            mandatory_fields_block: true,
            warns: true,
            status_list: Shape::Enveloped,
            asset_statuses_unasked: false,
            asset_changes: Shape::Bare,
            inactive_in_lists: true,
            custom_fields: CustomFields::OneByOne,
            all_assets_unpaged: false,
            largest_page: Some(100),
            unpaged: vec!["TopLevel".to_owned()],
            open_end: OpenEnd::Year1900,
            customer_type_lookup: 109,
            requests_per_window: 300,
            retry_after: true,
            plain_messages: true,
            webhook_batches: true,
        }
    }
}
