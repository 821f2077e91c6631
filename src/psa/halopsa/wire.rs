//! What this PSA sends. Every member may be missing, null, or a number written as text; members without a value are
//! left out of lists.

#![expect(clippy::struct_field_names, reason = "the members are named as the vendor names them")]

use std::collections::BTreeMap;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::Value;

pub use crate::psa::lenient::{Row, day, filled, kept};
use crate::{
    domain::{Label, Text},
    psa::lenient::{flag, integer, text},
};

macro_rules! rows {
    ($($name:ident),*) => { $(impl Row for $name {
        fn id(&self) -> Option<i64> {
            self.id
        }
    })* };
}

rows!(Named, Client, Asset, AssetType, Contract, Invoice, Ticket, Action);

/// A whole number, also where it stands as text.
pub fn integer_of(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().filter(|number| number.fract() == 0.0).map(|number| number as i64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// `{"auth_url":"https://acme.halopsa.com/auth","tenant_id":"acme"}`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AuthInfo {
    #[serde(deserialize_with = "text")]
    pub auth_url: Option<String>,
    #[serde(deserialize_with = "text")]
    pub tenant_id: Option<String>,
}

/// The answer of the token endpoint. Its `Debug` would show the token, so it has none.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct OAuthToken {
    #[serde(deserialize_with = "text")]
    pub access_token: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub expires_in: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub scope: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct OAuthError {
    #[serde(deserialize_with = "text")]
    pub error: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Status {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    /// What it is a status of.
    #[serde(rename = "type", deserialize_with = "integer")]
    pub kind: Option<i64>,
}

/// An entry of one of the tenant's lists of words.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Lookup {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    /// Which list it is of.
    #[serde(deserialize_with = "integer")]
    pub lookupid: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
}

/// Whatever has a name: top levels, and rows of which only the id matters.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Named {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct CustomField {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub label: Option<String>,
    /// Text, number, true/false, a list or null; of a selection it is the number of what was selected.
    pub value: Value,
    /// What a person sees.
    #[serde(deserialize_with = "text")]
    pub display: Option<String>,
}

/// A client; the vendor's file calls it an area.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Client {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(rename = "ref", deserialize_with = "text")]
    pub reference: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub inactive: Option<bool>,
    #[serde(deserialize_with = "integer")]
    pub toplevel_id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub toplevel_name: Option<String>,
    /// The number of a lookup; also taken as the label itself.
    #[serde(deserialize_with = "text")]
    pub customertype: Option<String>,
    #[serde(deserialize_with = "text")]
    pub customertype_name: Option<String>,
    /// Names, or pairs with a name, in a list or by themselves; the two members change places between builds.
    pub customer_relationship: Value,
    pub customer_relationship_list: Value,
    /// A prospect, not a customer.
    #[serde(deserialize_with = "flag")]
    pub is_account: Option<bool>,
    /// Who pays instead of this client.
    #[serde(deserialize_with = "integer")]
    pub client_to_invoice: Option<i64>,
    #[serde(deserialize_with = "integer")]
    pub client_to_invoice_recurring: Option<i64>,
    pub customfields: Option<Vec<CustomField>>,
}

/// An asset; the vendor's file calls it a device.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asset {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub inventory_number: Option<Text>,
    #[serde(deserialize_with = "text")]
    pub key_field: Option<Text>,
    #[serde(deserialize_with = "text")]
    pub key_field2: Option<Text>,
    #[serde(deserialize_with = "text")]
    pub key_field3: Option<Text>,
    #[serde(deserialize_with = "integer")]
    pub client_id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub site_name: Option<Label>,
    #[serde(deserialize_with = "integer")]
    pub assettype_id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub assettype_name: Option<Label>,
    #[serde(deserialize_with = "flag")]
    pub inactive: Option<bool>,
    #[serde(deserialize_with = "integer")]
    pub status_id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub status_name: Option<Label>,
    #[serde(deserialize_with = "integer")]
    pub parent_id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub username: Option<Label>,
    #[serde(deserialize_with = "text")]
    pub warranty_end: Option<String>,
    #[serde(deserialize_with = "text")]
    pub manufacturer_name: Option<Label>,
    #[serde(deserialize_with = "text")]
    pub supplier_name: Option<Label>,
    #[serde(deserialize_with = "integer")]
    pub contract_id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub contract_ref: Option<Label>,
    #[serde(deserialize_with = "text")]
    pub latest_contract_ref: Option<Label>,
    #[serde(deserialize_with = "text")]
    pub contract_end_date: Option<String>,
    #[serde(deserialize_with = "text")]
    pub criticality_description: Option<Label>,
    #[serde(deserialize_with = "text")]
    pub last_modified: Option<String>,
    #[serde(deserialize_with = "text")]
    pub dlastupdate: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub is_template: Option<bool>,
    /// What a change wants a person to know.
    #[serde(rename = "_warning", deserialize_with = "text")]
    pub warning: Option<String>,
    /// Ids and addresses that RMM systems left on the record.
    #[serde(flatten)]
    pub marks: RmmMarks,
}

/// What RMM systems and importers leave on an asset: the member that holds their id, and what they are called.
const RMM_IDS: [(&str, &str); 27] = [
    ("ninjarmm_id", "NinjaOne"),
    ("datto_id", "Datto RMM"),
    ("datto_alternate_id", "Datto RMM"),
    ("nable_id", "N-able"),
    ("ncentral_details_id", "N-able N-central"),
    ("automate_id", "ConnectWise Automate"),
    ("connectwisermm_id", "ConnectWise RMM"),
    ("kaseya_id", "Kaseya VSA"),
    ("kaseyaid", "Kaseya VSA"),
    ("atera_id", "Atera"),
    ("ateraid", "Atera"),
    ("syncro_id", "Syncro"),
    ("syncroid", "Syncro"),
    ("intune_id", "Intune"),
    ("jamf_id", "Jamf"),
    ("kandji_id", "Kandji"),
    ("addigy_id", "Addigy"),
    ("auvik_id", "Auvik"),
    ("auvik_device_id", "Auvik"),
    ("domotz_id", "Domotz"),
    ("barracudarmm_id", "Barracuda RMM"),
    ("manageengine_id", "ManageEngine"),
    ("logicmonitor_id", "LogicMonitor"),
    ("lansweeper_id", "Lansweeper"),
    ("tanium_id", "Tanium"),
    ("workspace_id", "Google Workspace"),
    ("vmworkspace_id", "Workspace ONE"),
];

/// Their pages for people.
const RMM_PAGES: [(&str, &str); 9] = [
    ("ninja_url", "NinjaOne"),
    ("datto_url", "Datto RMM"),
    ("ncentral_url", "N-able"),
    ("automate_url", "ConnectWise Automate"),
    ("kaseyavsa_url", "Kaseya VSA"),
    ("syncro_url", "Syncro"),
    ("auvik_url", "Auvik"),
    ("zabbix_url", "Zabbix"),
    ("itglue_url", "IT Glue"),
];

/// What RMM systems left on a record: all other members are dropped while they are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RmmMarks {
    ids: BTreeMap<usize, String>,
    pages: BTreeMap<usize, String>,
}

impl RmmMarks {
    /// The systems that know this record, each once, with their id of it.
    pub fn systems(&self) -> Vec<(&'static str, String)> {
        let mut systems: Vec<(&str, String)> = Vec::new();
        for (at, id) in &self.ids {
            let name = RMM_IDS[*at].1;
            if systems.iter().all(|(known, _)| *known != name) {
                systems.push((name, id.clone()));
            }
        }
        systems
    }

    /// Pages for people, by system.
    pub fn pages(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.pages.iter().map(|(at, page)| (RMM_PAGES[*at].1, page.as_str()))
    }
}

impl<'de> Deserialize<'de> for RmmMarks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = RmmMarks;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the members of an asset")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<RmmMarks, A::Error> {
                let mut marks = RmmMarks::default();
                while let Some(name) = members.next_key::<String>()? {
                    let of = |known: &[(&str, &str)]| known.iter().position(|(member, _)| *member == name);
                    let (id, page) = (of(&RMM_IDS), of(&RMM_PAGES));
                    if id.is_none() && page.is_none() {
                        members.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    let text = match members.next_value::<Value>()? {
                        Value::String(text) => text.trim().to_owned(),
                        Value::Number(number) => number.to_string(),
                        _ => continue,
                    };
                    if text.is_empty() || ["0", "-1"].contains(&text.as_str()) {
                        continue;
                    }
                    if let Some(at) = id {
                        marks.ids.insert(at, text);
                    } else if let Some(at) = page {
                        marks.pages.insert(at, text);
                    }
                }
                Ok(marks)
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// A type of assets; the vendor's file calls it an Xtype.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AssetType {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub assetgroup_id: Option<i64>,
    #[serde(deserialize_with = "flag")]
    pub allowall_status: Option<bool>,
    pub allowed_status: Option<Vec<AllowedStatus>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AllowedStatus {
    #[serde(deserialize_with = "integer")]
    pub status_id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub status_name: Option<String>,
}

/// A contract; the vendor's file calls it a contract header.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Contract {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(rename = "ref", deserialize_with = "text")]
    pub reference: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub client_id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub start_date: Option<String>,
    #[serde(deserialize_with = "text")]
    pub end_date: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub active: Option<bool>,
    #[serde(deserialize_with = "flag")]
    pub expired: Option<bool>,
    #[serde(deserialize_with = "text")]
    pub contract_status: Option<String>,
    #[serde(deserialize_with = "text")]
    pub contracttype_name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub periodchargeamount: Option<String>,
    pub assets: Option<Vec<Named>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Invoice {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub reference: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub client_id: Option<i64>,
    #[serde(deserialize_with = "flag")]
    pub disabled: Option<bool>,
    #[serde(deserialize_with = "text")]
    pub nextcreationdate: Option<String>,
    #[serde(deserialize_with = "text")]
    pub enddate: Option<String>,
    pub lines: Option<Vec<Line>>,
}

/// A line of a recurring invoice: it bills one asset, or as many as there are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Line {
    #[serde(deserialize_with = "text")]
    pub item_shortdescription: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub asset_id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub qty_order: Option<String>,
    #[serde(deserialize_with = "text")]
    pub unit_price: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub isinactive: Option<bool>,
    #[serde(deserialize_with = "text")]
    pub enddate: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub calculate_price_from_assets: Option<bool>,
    pub quantity_assets: Option<Vec<Quantity>>,
}

/// Which assets a line counts; zero is any.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Quantity {
    #[serde(deserialize_with = "integer")]
    pub type_id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub type_name: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub device_group_id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub device_group_name: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub site_id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub site_name: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Ticket {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub summary: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub client_id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub status_name: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub hasbeenclosed: Option<bool>,
    #[serde(deserialize_with = "text")]
    pub dateclosed: Option<String>,
    /// In the record itself, not in lists.
    pub assets: Option<Vec<Named>>,
}

/// One entry of a ticket's history, such as a note.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Action {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "integer")]
    pub ticket_id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub note: Option<String>,
    #[serde(deserialize_with = "text")]
    pub note_html: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub hiddenfromuser: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_may_be_missing_null_or_of_another_type() {
        let row: Asset = serde_json::from_str(
            r#"{"id":"12","client_id":3.0,"inactive":"true","status_id":"7","key_field":null,"ninjarmm_id":99,"is_template":0}"#,
        )
        .unwrap();
        assert_eq!((row.id, row.client_id, row.status_id), (Some(12), Some(3), Some(7)));
        assert_eq!((row.inactive, row.is_template), (Some(true), Some(false)));
        assert_eq!(row.marks.systems(), [("NinjaOne", "99".to_owned())]);
        let row: Client = serde_json::from_str(
            r#"{"id":3,"customertype":5,"stopped":1,"customfields":[{"id":1,"name":"CFOffboarded","value":1,"display":"Yes"}]}"#,
        )
        .unwrap();
        assert_eq!(row.customertype.as_deref(), Some("5"));
        assert_eq!(row.customfields.unwrap()[0].display.as_deref(), Some("Yes"));
    }
}
