//! What this PSA sends. Every member may be missing, null, or a number written as text: with `fields` even
//! "required" ones are left out.

#![expect(clippy::struct_field_names, reason = "the members are named as the vendor names them")]

use serde::Deserialize;

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

rows!(
    Company,
    CompanyStatus,
    Named,
    Configuration,
    ConfigurationStatus,
    Agreement,
    Addition,
    Ticket,
    ServiceNote,
    TypeAssociation,
    Reference,
    MySecurity
);

/// `{"CompanyName":"ConnectWise","Codebase":"v2017_3/","CompanyID":"CW","IsCloud":"True"}`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CompanyInfo {
    #[serde(rename = "CompanyName", deserialize_with = "text")]
    pub company_name: Option<String>,
    #[serde(rename = "Codebase", deserialize_with = "text")]
    pub codebase: Option<String>,
    #[serde(rename = "VersionCode", deserialize_with = "text")]
    pub version_code: Option<String>,
    #[serde(rename = "CompanyID", deserialize_with = "text")]
    pub company_id: Option<String>,
    #[serde(rename = "IsCloud", deserialize_with = "flag")]
    pub is_cloud: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Count {
    #[serde(deserialize_with = "integer")]
    pub count: Option<i64>,
}

/// A reference to another record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Reference {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub name: Option<Label>,
    #[serde(deserialize_with = "text")]
    pub identifier: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Info {
    #[serde(rename = "lastUpdated", deserialize_with = "text")]
    pub last_updated: Option<String>,
    #[serde(rename = "updatedBy", deserialize_with = "text")]
    pub updated_by: Option<Label>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct CustomField {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub caption: Option<String>,
    /// Text, number, true/false or null.
    pub value: serde_json::Value,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Company {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub identifier: Option<String>,
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    pub status: Option<Reference>,
    pub types: Option<Vec<Reference>>,
    #[serde(deserialize_with = "flag")]
    pub deleted_flag: Option<bool>,
    pub parent_company: Option<Reference>,
    pub bill_to_company: Option<Reference>,
    pub custom_fields: Option<Vec<CustomField>>,
    #[serde(deserialize_with = "text")]
    pub user_defined_field1: Option<String>,
    #[serde(deserialize_with = "text")]
    pub user_defined_field2: Option<String>,
    #[serde(deserialize_with = "text")]
    pub user_defined_field3: Option<String>,
    #[serde(deserialize_with = "text")]
    pub user_defined_field4: Option<String>,
    #[serde(deserialize_with = "text")]
    pub user_defined_field5: Option<String>,
    #[serde(deserialize_with = "text")]
    pub user_defined_field6: Option<String>,
    #[serde(deserialize_with = "text")]
    pub user_defined_field7: Option<String>,
    #[serde(deserialize_with = "text")]
    pub user_defined_field8: Option<String>,
    #[serde(deserialize_with = "text")]
    pub user_defined_field9: Option<String>,
    #[serde(deserialize_with = "text")]
    pub user_defined_field10: Option<String>,
}

impl Company {
    /// `userDefinedField1` to `userDefinedField10`, by number.
    pub fn user_defined(&self, number: usize) -> Option<&String> {
        [
            &self.user_defined_field1,
            &self.user_defined_field2,
            &self.user_defined_field3,
            &self.user_defined_field4,
            &self.user_defined_field5,
            &self.user_defined_field6,
            &self.user_defined_field7,
            &self.user_defined_field8,
            &self.user_defined_field9,
            &self.user_defined_field10,
        ]
        .get(number.checked_sub(1)?)?
        .as_ref()
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CompanyStatus {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub inactive_flag: Option<bool>,
}

/// A company type, and whatever else has a name.
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
pub struct TypeAssociation {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(rename = "type")]
    pub company_type: Option<Reference>,
    pub company: Option<Reference>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Configuration {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub name: Option<Text>,
    #[serde(rename = "type")]
    pub configuration_type: Option<Reference>,
    pub status: Option<Reference>,
    pub company: Option<Reference>,
    pub site: Option<Reference>,
    pub contact: Option<Reference>,
    pub manufacturer: Option<Reference>,
    #[serde(deserialize_with = "text")]
    pub device_identifier: Option<Text>,
    #[serde(deserialize_with = "text")]
    pub serial_number: Option<Text>,
    #[serde(deserialize_with = "text")]
    pub model_number: Option<Label>,
    #[serde(deserialize_with = "text")]
    pub tag_number: Option<Text>,
    #[serde(deserialize_with = "text")]
    pub ip_address: Option<Text>,
    #[serde(deserialize_with = "text")]
    pub mac_address: Option<Text>,
    #[serde(deserialize_with = "text")]
    pub os_type: Option<Label>,
    #[serde(deserialize_with = "text")]
    pub last_login_name: Option<Text>,
    #[serde(deserialize_with = "text")]
    pub warranty_expiration_date: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub bill_flag: Option<bool>,
    #[serde(deserialize_with = "integer")]
    pub parent_configuration_id: Option<i64>,
    #[serde(deserialize_with = "flag")]
    pub active_flag: Option<bool>,
    #[serde(deserialize_with = "text")]
    pub management_link: Option<Text>,
    pub custom_fields: Option<Vec<CustomField>>,
    #[serde(rename = "_info")]
    pub info: Option<Info>,
}

/// The name is called `description` here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConfigurationStatus {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub description: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub closed_flag: Option<bool>,
    #[serde(deserialize_with = "flag")]
    pub default_flag: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Agreement {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    pub company: Option<Reference>,
    pub bill_to_company: Option<Reference>,
    #[serde(deserialize_with = "text")]
    pub end_date: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub no_ending_date_flag: Option<bool>,
    #[serde(deserialize_with = "flag")]
    pub cancelled_flag: Option<bool>,
    #[serde(deserialize_with = "text")]
    pub date_cancelled: Option<String>,
    #[serde(deserialize_with = "text")]
    pub agreement_status: Option<String>,
    #[serde(deserialize_with = "text")]
    pub bill_amount: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Addition {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    pub product: Option<Reference>,
    #[serde(deserialize_with = "text")]
    pub quantity: Option<String>,
    #[serde(deserialize_with = "text")]
    pub bill_customer: Option<String>,
    #[serde(deserialize_with = "text")]
    pub cancelled_date: Option<String>,
    #[serde(deserialize_with = "text")]
    pub serial_number: Option<String>,
    #[serde(deserialize_with = "text")]
    pub description: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Ticket {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub summary: Option<String>,
    pub company: Option<Reference>,
    pub status: Option<Reference>,
    #[serde(deserialize_with = "flag")]
    pub closed_flag: Option<bool>,
}

/// A note on a ticket.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceNote {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub text: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub internal_analysis_flag: Option<bool>,
    #[serde(deserialize_with = "flag")]
    pub detail_description_flag: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MySecurity {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub edit_level: Option<String>,
    #[serde(deserialize_with = "text")]
    pub module_function_name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub module_function_identifier: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub custom_flag: Option<bool>,
}

/// An error's body: `code`, or `error` when it is about too many requests.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ErrorBody {
    #[serde(deserialize_with = "text")]
    pub code: Option<String>,
    #[serde(deserialize_with = "text")]
    pub error: Option<String>,
    #[serde(deserialize_with = "text")]
    pub message: Option<String>,
    pub errors: Option<Vec<ErrorItem>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ErrorItem {
    #[serde(deserialize_with = "text")]
    pub code: Option<String>,
    #[serde(deserialize_with = "text")]
    pub message: Option<String>,
    #[serde(deserialize_with = "text")]
    pub field: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_may_be_missing_null_or_of_another_type() {
        let row: Configuration = serde_json::from_str(
            r#"{"id":"12","name":null,"status":null,"company":{"id":3.0,"_info":{}},"activeFlag":"True","serialNumber":77}"#,
        )
        .unwrap();
        assert_eq!(row.id, Some(12));
        assert_eq!(row.name, None);
        assert_eq!(row.company.and_then(|company| company.id), Some(3));
        assert_eq!(row.active_flag, Some(true));
        assert_eq!(row.serial_number.as_deref(), Some("77"));
        let info: Option<CompanyInfo> = serde_json::from_str("null").unwrap();
        assert_eq!(info, None);
        for cloud in ["\"True\"", "true"] {
            let info: CompanyInfo = serde_json::from_str(&format!(r#"{{"IsCloud":{cloud}}}"#)).unwrap();
            assert_eq!(info.is_cloud, Some(true));
        }
    }

    #[test]
    fn the_captured_record_is_understood() {
        let row: Configuration = serde_json::from_str(
            r#"{"id":1,"name":"Server123","type":{"id":25,"name":"Firewall","_info":{"type_href":"https://x"}},
            "status":{"id":2,"name":"Active","_info":{}},"company":{"id":19297,"identifier":"TestCompany","name":"Test Company","_info":{}},
            "site":{"id":1002,"name":"Tampa Office","_info":{}},"locationId":11,"deviceIdentifier":"","serialNumber":"","billFlag":true,
            "backupBillableSpaceGb":0.00,"activeFlag":true,"_info":{"lastUpdated":"2019-10-09T18:41:33Z","updatedBy":"zAdmin"}}"#,
        )
        .unwrap();
        assert_eq!(row.status.and_then(|status| status.name).as_deref(), Some("Active"));
        assert_eq!(row.info.and_then(|info| info.last_updated).as_deref(), Some("2019-10-09T18:41:33Z"));
    }
}
