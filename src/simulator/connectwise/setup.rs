//! The setup tables: statuses, types, questions, custom fields, members, rights. Their ids are no round numbers, so
//! that nobody gets away with guessing them.

use jiff::Timestamp;
use serde_json::json;

use super::state::{State, object};

pub(super) const ACTIVE: i64 = 11;
pub(super) const IN_STOCK: i64 = 3;
pub(super) const INACTIVE: i64 = 14;
pub(super) const RETIRED: i64 = 19;
pub(super) const DECOMMISSIONED: i64 = 23;
pub(super) const WORKSTATION: i64 = 4;

/// Configuration types, in the mix in which they occur, with the word that host names carry.
pub(super) const KINDS: [(i64, &str); 16] = [
    (17, "SRV"),
    (WORKSTATION, "WS"),
    (WORKSTATION, "WS"),
    (WORKSTATION, "PC"),
    (31, "LT"),
    (31, "LT"),
    (25, "FW"),
    (38, "SW"),
    (40, "AP"),
    (12, "PRN"),
    (53, "DOM"),
    (54, "SSL"),
    (61, "LIC"),
    (66, "BDR"),
    (70, "UPS"),
    (17, "SRV"),
];

/// Fills the setup tables.
pub(super) fn tables(state: &mut State, now: Timestamp) {
    let info = json!({ "lastUpdated": now, "updatedBy": "zAdmin" });
    for (id, name, inactive, disallow) in [
        (1, "Active", false, false),
        (5, "Inactive", true, false),
        (8, "Former Client", false, false),
        (9, "Credit Hold", false, false),
        (12, "Prospect", false, false),
        (18, "Inactive - Legal Hold", true, true),
    ] {
        state.company_statuses.insert(
            id,
            object(json!({
                "id": id, "name": name, "defaultFlag": id == 1, "inactiveFlag": inactive, "notifyFlag": id == 9,
                "disallowSavingFlag": disallow, "customNoteFlag": false, "cancelOpenTracksFlag": false, "_info": info,
            })),
        );
    }
    for (id, name) in
        [(1, "Owner"), (2, "Client"), (4, "Prospect"), (7, "Vendor"), (13, "Offboarded"), (21, "Partner")]
    {
        let kind =
            json!({ "id": id, "name": name, "defaultFlag": id == 2, "vendorFlag": id == 7, "_info": info });
        state.company_types.insert(id, object(kind));
    }
    for (id, name, closed) in [
        (IN_STOCK, "In Stock", false),
        (ACTIVE, "Active", false),
        (INACTIVE, "Inactive", true),
        (RETIRED, "Retired", true),
        (DECOMMISSIONED, "Decommissioned", true),
        (27, "Automate Inactive", true),
        (30, "On Loan", false),
    ] {
        let status = json!({
            "id": id, "description": name, "closedFlag": closed, "defaultFlag": id == ACTIVE, "_info": info,
        });
        state.statuses.insert(id, object(status));
    }
    for (id, name, inactive) in [
        (17, "Server", false),
        (WORKSTATION, "Workstation", false),
        (31, "Laptop", false),
        (25, "Firewall", false),
        (38, "Switch", false),
        (40, "Wireless Access Point", false),
        (12, "Printer", false),
        (53, "Domain", false),
        (54, "SSL Certificate", false),
        (61, "Software Licence", false),
        (66, "Backup Appliance", false),
        (70, "UPS", false),
        (75, "Fax Machine", true),
    ] {
        let kind = json!({ "id": id, "name": name, "inactiveFlag": inactive, "systemFlag": id == 17, "_info": info });
        state.types.insert(id, object(kind));
    }
    for (id, kind, question, field, required) in [
        (502, 17, "What is the IP address?", "IPAddress", false),
        (503, 17, "How much memory (GB)?", "Number", false),
        (507, 25, "Management address?", "IPAddress", true),
        (511, 31, "Disk encrypted?", "Checkbox", false),
        (513, 53, "Registrar account?", "Text", false),
    ] {
        state.questions.insert(
            id,
            object(json!({
                "id": id,
                "configurationType": { "id": kind, "name": state.types[&kind]["name"], "_info": {} },
                "fieldType": field, "entryType": if field == "Checkbox" { "Option" } else { "EntryField" },
                "sequenceNumber": (id - 501) as f64, "question": question, "numberOfDecimals": 0,
                "requiredFlag": required, "inactiveFlag": false, "parentId": kind, "_info": info,
            })),
        );
    }
    for (id, pod, caption, field, entry, required) in [
        (16, 1, "Offboarded", "Text", "List", false),
        (17, 1, "Account tier", "Text", "List", false),
        (30, 6, "Disposal class", "Text", "List", true),
        (31, 6, "Under warranty", "Checkbox", "Option", false),
        (32, 6, "Disposal ticket", "Number", "EntryField", false),
    ] {
        state.fields.insert(
            id,
            object(json!({
                "id": id, "podId": pod, "caption": caption, "sequenceNumber": id, "fieldTypeIdentifier": field,
                "numberDecimals": 0, "entryTypeIdentifier": entry, "requiredFlag": required,
                "displayOnScreenFlag": true, "readOnlyFlag": false, "listViewFlag": false, "dateCreated": now, "_info": info,
            })),
        );
    }
    for (id, identifier, first, last) in [
        (150, "zAdmin", "Zed", "Admin"),
        (163, "jdoe", "Jane", "Doe"),
        (243, super::API_MEMBER, "Api", "Member"),
    ] {
        state.members.insert(
            id,
            object(json!({
                "id": id, "identifier": identifier, "firstName": first, "lastName": last,
                "licenseClass": if id == 243 { "A" } else { "F" }, "hireDate": now, "inactiveFlag": false,
                "defaultEmail": "Office", "defaultPhone": "Office", "officeEmail": format!("{identifier}@fabrikam.example"),
                "securityRole": { "id": 63, "name": "API", "_info": {} }, "_info": info,
            })),
        );
    }
    rights(state);
}

fn rights(state: &mut State) {
    let note = if state.switches.may_note { "All" } else { "None" };
    for (id, module, function, identifier, edit) in [
        (1, "Companies", "Company Maintenance", "CompanyMaintenance", "All"),
        (2, "Companies", "Configurations", "CompanyConfigurations", "All"),
        (3, "Finance", "Agreements", "Agreements", "All"),
        (4, "Service Desk", "Service Tickets", "ServiceTickets", note),
        (5, "System", "Table Setup", "TableSetup", "None"),
        (6, "System", "Member Maintenance", "MemberMaintenance", "None"),
    ] {
        state.security.insert(
            id,
            object(json!({
                "id": id, "addLevel": if id == 2 { "All" } else { "None" }, "editLevel": edit, "deleteLevel": "None", "inquireLevel": "All",
                "moduleFunctionName": function, "moduleFunctionDescription": function, "myAllFlag": true,
                "moduleFunctionIdentifier": identifier, "reportFlag": false, "restrictFlag": false, "customFlag": false,
                "moduleDescription": module, "moduleIdentifier": module.replace(' ', ""), "moduleName": module,
                "sortOrder": id,
                "member": { "id": 243, "identifier": super::API_MEMBER, "name": "Api Member", "_info": {} }, "_info": {},
            })),
        );
    }
}
