//! What is really stored, in terms that a checker can compare a report with.

use std::collections::BTreeMap;

use serde::Serialize;

/// Everything, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Truth {
    pub configurations: BTreeMap<String, ConfigurationTruth>,
    pub companies: BTreeMap<String, CompanyTruth>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigurationTruth {
    pub id: String,
    pub name: String,
    pub company: String,
    pub type_name: String,
    pub site: Option<String>,
    /// The vendor's own mark on the record. `None` where the record has none.
    pub active: Option<bool>,
    pub status: Option<String>,
    /// Whether that status counts as closed.
    pub closed: bool,
    /// Running agreements that the configuration is attached to: id and name.
    pub agreements: BTreeMap<String, String>,
    /// Ids of open tickets that name it.
    pub open_tickets: Vec<String>,
    /// Ids of children that are active: flag set and status open.
    pub active_children: Vec<String>,
    /// The link to the remote management, if there is one.
    pub rmm: Option<String>,
    /// Why a save would be refused under the switches now set, if it would.
    pub blocked: Option<String>,
    /// Hidden from the API member.
    pub hidden: bool,
}

impl ConfigurationTruth {
    /// Active on both sides.
    pub fn is_active(&self) -> bool {
        self.active != Some(false) && !self.closed
    }

    /// The two sides disagree.
    pub fn is_mixed(&self) -> bool {
        (self.active == Some(false)) != self.closed
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CompanyTruth {
    pub id: String,
    pub identifier: String,
    pub name: String,
    pub status: String,
    pub types: Vec<String>,
    pub deleted: bool,
    /// The MSP's own company, or the vendor's catch-all.
    pub own: bool,
    pub parent: Option<String>,
    pub offboarded: OffboardedBy,
    /// What the generator made it: a word such as `status_inactive` or `lookalike_parent_agreement`.
    pub role: String,
    pub running_agreements: Vec<String>,
    pub open_tickets: Vec<String>,
    pub active_child_companies: Vec<String>,
}

/// Which of the five criteria a company meets, each at its usual setting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct OffboardedBy {
    /// Its status carries the inactive mark.
    pub inactive: bool,
    /// Its status is `Former Client`.
    pub status: bool,
    /// It has the type `Offboarded`.
    pub tag: bool,
    /// Its custom field `Offboarded` says `Yes`.
    pub custom_field: bool,
    /// It, its parent and whoever pays its bills had agreements; none runs, the last ended 30 or more days ago.
    pub contract_ended: bool,
}

impl OffboardedBy {
    pub fn any(self) -> bool {
        self.inactive || self.status || self.tag || self.custom_field || self.contract_ended
    }
}
