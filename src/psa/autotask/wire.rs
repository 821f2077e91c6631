//! What this PSA sends. Every member may be missing, null, or of another type: a query can bring fewer fields than
//! a record has [C JUICT], and picklist values are texts although the rows hold numbers [C DJA].

#![expect(clippy::struct_field_names, reason = "the members are named as the vendor names them")]

use serde::Deserialize;

use crate::{
    domain::{Label, Text},
    psa::lenient::{Row, flag, integer, text},
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
    ConfigurationItem,
    Contract,
    ContractService,
    Named,
    Association,
    Subscription,
    Ticket,
    Note,
    AdditionalItem
);

/// `{"zoneName":"America East","url":"https://webservices5.autotask.net/ATServicesRest/","ci":123456}`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ZoneInformation {
    #[serde(rename = "zoneName", deserialize_with = "text")]
    pub zone_name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub url: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub ci: Option<i64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Threshold {
    #[serde(rename = "externalRequestThreshold", deserialize_with = "integer")]
    pub limit: Option<i64>,
    /// In minutes.
    #[serde(rename = "requestThresholdTimeframe", deserialize_with = "integer")]
    pub timeframe: Option<i64>,
    #[serde(rename = "currentTimeframeRequestCount", deserialize_with = "integer")]
    pub used: Option<i64>,
}

/// A page of a query.
#[derive(Debug, Clone, Deserialize)]
pub struct Page<T> {
    pub items: Option<Vec<T>>,
    #[serde(default, rename = "pageDetails")]
    pub details: Option<PageDetails>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PageDetails {
    #[serde(rename = "nextPageUrl", deserialize_with = "text")]
    pub next: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Count {
    #[serde(rename = "queryCount", deserialize_with = "integer")]
    pub count: Option<i64>,
}

/// The answer to a change: nothing but an id.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Operation {
    #[serde(rename = "itemId", deserialize_with = "integer")]
    pub item: Option<i64>,
}

/// `{"errors":[…]}` or `{"Message":"…"}`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ErrorBody {
    #[serde(alias = "Errors")]
    pub errors: Option<serde_json::Value>,
    #[serde(rename = "Message", alias = "message", deserialize_with = "text")]
    pub message: Option<String>,
    #[serde(rename = "MessageDetail", deserialize_with = "text")]
    pub detail: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct EntityInformation {
    pub info: Option<Access>,
}

/// What may be done with an entity, and by this user: 0 none, 1 all, 2 restricted [C spec].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Access {
    #[serde(deserialize_with = "flag")]
    pub can_query: Option<bool>,
    #[serde(deserialize_with = "flag")]
    pub can_update: Option<bool>,
    #[serde(deserialize_with = "flag")]
    pub can_create: Option<bool>,
    #[serde(deserialize_with = "text")]
    pub user_access_for_create: Option<String>,
    #[serde(deserialize_with = "text")]
    pub user_access_for_query: Option<String>,
    #[serde(deserialize_with = "text")]
    pub user_access_for_update: Option<String>,
}

/// The fields of an entity, or its user-defined ones.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    pub fields: Option<Vec<Field>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Field {
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub label: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub is_queryable: Option<bool>,
    pub picklist_values: Option<Vec<PicklistValue>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PicklistValue {
    #[serde(deserialize_with = "text")]
    pub value: Option<String>,
    #[serde(deserialize_with = "text")]
    pub label: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub is_active: Option<bool>,
    #[serde(deserialize_with = "flag")]
    pub is_default_value: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct UserDefined {
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    /// Text or null [C help]; other types are read all the same.
    pub value: serde_json::Value,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Company {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub company_name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub company_number: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub company_type: Option<i64>,
    #[serde(deserialize_with = "integer")]
    pub classification: Option<i64>,
    #[serde(rename = "companyCategoryID", deserialize_with = "integer")]
    pub category: Option<i64>,
    #[serde(rename = "parentCompanyID", deserialize_with = "integer")]
    pub parent: Option<i64>,
    #[serde(deserialize_with = "flag")]
    pub is_active: Option<bool>,
    pub user_defined_fields: Option<Vec<UserDefined>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConfigurationItem {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(rename = "companyID", deserialize_with = "integer")]
    pub company: Option<i64>,
    #[serde(rename = "companyLocationID", deserialize_with = "integer")]
    pub location_id: Option<i64>,
    #[serde(rename = "configurationItemCategoryID", deserialize_with = "integer")]
    pub category: Option<i64>,
    /// Its older sort, "no longer used" [C help].
    #[serde(rename = "configurationItemType", deserialize_with = "integer")]
    pub sort: Option<i64>,
    #[serde(rename = "productID", deserialize_with = "integer")]
    pub product: Option<i64>,
    #[serde(rename = "contractID", deserialize_with = "integer")]
    pub contract: Option<i64>,
    #[serde(rename = "contractServiceID", deserialize_with = "integer")]
    pub contract_service: Option<i64>,
    #[serde(rename = "contractServiceBundleID", deserialize_with = "integer")]
    pub contract_bundle: Option<i64>,
    #[serde(rename = "serviceID", deserialize_with = "integer")]
    pub service: Option<i64>,
    #[serde(rename = "serviceBundleID", deserialize_with = "integer")]
    pub bundle: Option<i64>,
    #[serde(rename = "parentConfigurationItemID", deserialize_with = "integer")]
    pub parent: Option<i64>,
    #[serde(deserialize_with = "flag")]
    pub is_active: Option<bool>,
    #[serde(deserialize_with = "text")]
    pub reference_title: Option<Text>,
    #[serde(deserialize_with = "text")]
    pub reference_number: Option<Text>,
    #[serde(deserialize_with = "text")]
    pub serial_number: Option<Text>,
    #[serde(deserialize_with = "text")]
    pub location: Option<Text>,
    #[serde(deserialize_with = "text")]
    pub install_date: Option<String>,
    #[serde(deserialize_with = "text")]
    pub warranty_expiration_date: Option<String>,
    #[serde(deserialize_with = "text")]
    pub last_modified_time: Option<String>,
    #[serde(rename = "rmmDeviceID", deserialize_with = "text")]
    pub rmm_device_id: Option<String>,
    #[serde(rename = "rmmDeviceUID", deserialize_with = "text")]
    pub rmm_device_uid: Option<String>,
    #[serde(deserialize_with = "text")]
    pub rmm_device_url: Option<String>,
    #[serde(deserialize_with = "text")]
    pub rmm_device_audit_hostname: Option<Text>,
    #[serde(rename = "rmmDeviceAuditIPAddress", deserialize_with = "text")]
    pub rmm_device_audit_ip_address: Option<Text>,
    #[serde(deserialize_with = "text")]
    pub rmm_device_audit_last_user: Option<Text>,
    #[serde(deserialize_with = "text")]
    pub datto_serial_number: Option<String>,
    #[serde(deserialize_with = "text")]
    pub datto_hostname: Option<Text>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Contract {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(rename = "companyID", deserialize_with = "integer")]
    pub company: Option<i64>,
    #[serde(rename = "billToCompanyID", deserialize_with = "integer")]
    pub bill_to: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub contract_name: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub status: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub end_date: Option<String>,
    #[serde(deserialize_with = "text")]
    pub estimated_revenue: Option<String>,
}

/// A service, or a bundle of services, of a contract.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContractService {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(rename = "contractID", deserialize_with = "integer")]
    pub contract: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub invoice_description: Option<String>,
    #[serde(deserialize_with = "text")]
    pub internal_description: Option<String>,
    #[serde(deserialize_with = "text")]
    pub unit_price: Option<String>,
}

/// Whatever has a name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Named {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub name: Option<Label>,
    #[serde(deserialize_with = "flag")]
    pub is_active: Option<bool>,
}

/// A billing product that hangs on a configuration item.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Association {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(rename = "billingProductID", deserialize_with = "integer")]
    pub product: Option<i64>,
    #[serde(rename = "configurationItemID", deserialize_with = "integer")]
    pub configuration: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub expiration_date: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Subscription {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(rename = "configurationItemID", deserialize_with = "integer")]
    pub configuration: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub subscription_name: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub status: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub expiration_date: Option<String>,
    #[serde(deserialize_with = "text")]
    pub period_price: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Ticket {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(rename = "companyID", deserialize_with = "integer")]
    pub company: Option<i64>,
    #[serde(rename = "configurationItemID", deserialize_with = "integer")]
    pub configuration: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub ticket_number: Option<String>,
    #[serde(deserialize_with = "text")]
    pub title: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub status: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub completed_date: Option<String>,
}

/// A note on a ticket or a configuration item.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Note {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub description: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AdditionalItem {
    #[serde(deserialize_with = "integer")]
    pub id: Option<i64>,
    #[serde(rename = "ticketID", deserialize_with = "integer")]
    pub ticket: Option<i64>,
    #[serde(rename = "configurationItemID", deserialize_with = "integer")]
    pub configuration: Option<i64>,
}
