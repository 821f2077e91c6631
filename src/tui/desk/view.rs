//! How Review is looked at, as it is kept from one session to the next. What is ticked never is.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct View {
    /// The filters as they were typed.
    pub client_filter: String,
    pub filter: String,
    /// The column that rows are sorted by, by its key; by name if it is not known.
    pub sort: String,
    pub reverse: bool,
    /// The columns after the name, if somebody chose them.
    pub columns: Option<Vec<KeptColumn>>,
    pub name_width: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptColumn {
    pub key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u16>,
}
