//! What an administrator set up: picklists, types, categories, products, services, user-defined fields. Tenant-defined
//! ids are no round numbers, so that nobody gets away with guessing them.

use super::{
    callouts, entities,
    records::Record,
    state::{Pick, State, Udf, UdfKind},
};

/// Resources: id and name.
pub(super) const RESOURCES: [(i64, &str); 4] = [
    (API_USER, "API, Mothball"),
    (COLLEAGUE, "Doe, Jane"),
    (29_682_891, "Roe, Richard"),
    (29_682_902, "Automation, Workflow"),
];
/// Whom the credentials belong to: API-only, so nobody can act as them.
pub(super) const API_USER: i64 = 29_682_885;
pub(super) const COLLEAGUE: i64 = 29_682_890;

pub(super) const CUSTOMER: i64 = 1;
pub(super) const CANCELATION: i64 = 6;
pub(super) const FORMER_CLIENT: i64 = 203;
pub(super) const FORMER_PARTNER: i64 = 207;
/// Classifications.
pub(super) const CREDIT_HOLD: i64 = 204;
pub(super) const OFFBOARDED: i64 = 209;
pub(super) const OFFBOARDING: i64 = 210;
/// Company categories.
pub(super) const STANDARD: i64 = 1;
pub(super) const OFFBOARDED_CATEGORY: i64 = 14;
pub(super) const COMPLETE: i64 = 5;
pub(super) const IN_PROGRESS: i64 = 8;
/// User-defined fields of companies and of items.
pub(super) const OFFBOARDED_FIELD: i64 = 29_683_001;
pub(super) const OFFBOARD_DATE: i64 = 29_683_002;
pub(super) const SERVICE_TIER: i64 = 29_683_003;
pub(super) const PORTAL_PASSWORD: i64 = 29_683_004;
pub(super) const ASSET_OWNER: i64 = 29_683_011;
pub(super) const DISPOSAL_METHOD: i64 = 29_683_012;
pub(super) const BITLOCKER_KEY: i64 = 29_683_013;
/// A product that can no longer be chosen.
pub(super) const GONE_PRODUCT: i64 = 29_690_099;

/// Kinds of items, in the mix in which they occur: type, and the word that host names carry. The category's id is
/// the type's plus 100, the product's the type's plus 29,690,000.
pub(super) const KINDS: [(i64, &str); 16] = [
    (3, "SRV"),
    (WORKSTATION, "WS"),
    (WORKSTATION, "WS"),
    (WORKSTATION, "PC"),
    (5, "LT"),
    (5, "LT"),
    (8, "FW"),
    (9, "SW"),
    (11, "AP"),
    (12, "PRN"),
    (20, "DOM"),
    (21, "SSL"),
    (24, "LIC"),
    (25, "BDR"),
    (28, "UPS"),
    (3, "SRV"),
];
pub(super) const WORKSTATION: i64 = 4;

const TYPES: [(i64, &str, bool); 13] = [
    (3, "Server", true),
    (WORKSTATION, "Workstation", true),
    (5, "Laptop", true),
    (8, "Firewall", true),
    (9, "Switch", true),
    (11, "Access Point", true),
    (12, "Printer", true),
    (20, "Domain", true),
    (21, "SSL Certificate", true),
    (24, "License", true),
    (25, "Backup Appliance", true),
    (28, "UPS", true),
    (30, "Thin Client", false),
];

pub(super) const SERVICES: [(i64, &str); 4] = [
    (711, "Managed Server"),
    (712, "Managed Workstation"),
    (715, "Network Care"),
    (718, "Backup as a Service"),
];

pub(super) fn category_of(kind: i64) -> i64 {
    kind + 100
}

pub(super) fn product_of(kind: i64) -> i64 {
    29_690_000 + kind
}

/// A stable id for a record.
pub(super) fn guid(id: i64) -> String {
    let mixed = (id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        mixed >> 32,
        mixed & 0xffff,
        id & 0xfff,
        (mixed >> 16) & 0xfff,
        id
    )
}

/// Fills the setup tables.
pub(super) fn tables(state: &mut State) {
    user_defined_fields(state);
    picklists(state);
    let named =
        |id: i64, name: &str, active: bool| Record::new(id).with("name", name).with("isActive", active);
    for (id, name, active) in TYPES {
        state.put("ConfigurationItemTypes", named(id, name, active));
        let category =
            named(category_of(id), name, active).with("nickname", name).with("isGlobalDefault", false);
        state.put("ConfigurationItemCategories", category);
        let product = named(product_of(id), &format!("Generic {name}"), true)
            .with("isSerialized", true)
            .with("productCategory", 1)
            .with("productBillingCodeID", 29_700_001);
        state.put("Products", product);
    }
    state.put("ConfigurationItemCategories", named(1, "Standard", true).with("isGlobalDefault", true));
    let gone = named(GONE_PRODUCT, "Legacy Appliance (end of sale)", false)
        .with("isSerialized", true)
        .with("productBillingCodeID", 29_700_001);
    state.put("Products", gone);
    for (id, name) in SERVICES {
        let service = named(id, name, true)
            .with("periodType", 2)
            .with("unitPrice", 45.0)
            .with("billingCodeID", 29_700_002);
        state.put("Services", service);
    }
    for (id, name, standard) in
        [(STANDARD, "Standard", true), (12, "Co-managed", false), (OFFBOARDED_CATEGORY, "Offboarded", false)]
    {
        let category = named(id, name, true)
            .with("nickname", name)
            .with("isGlobalDefault", standard)
            .with("isApiOnly", false);
        state.put("CompanyCategories", category);
    }
    for pick in state.picks("Companies", "classification").to_vec() {
        let icon = named(pick.value, &pick.label, pick.active)
            .with("isSystem", pick.system)
            .with("relativeUrl", format!("/graphics/icons/classification/{}.png", pick.value));
        state.put("ClassificationIcons", icon);
    }
}

fn pick((value, label, active, system): (i64, &str, bool, bool)) -> Pick {
    Pick { value, label: label.to_owned(), active, system }
}

/// Value, label, active, the same in every tenant.
type Values<'a> = &'a [(i64, &'a str, bool, bool)];

fn picklists(state: &mut State) {
    let company_types: Values = &[
        (CUSTOMER, "Customer", true, true),
        (2, "Lead", true, true),
        (3, "Prospect", true, true),
        (4, "Dead", true, true),
        (CANCELATION, "Cancelation", true, true),
        (7, "Vendor", true, true),
        (8, "Partner", true, true),
        (FORMER_CLIENT, "Former Client", true, false),
        (FORMER_PARTNER, "Former Partner", false, false),
    ];
    let classifications: Values = &[
        (1, "Key Account", true, true),
        (CREDIT_HOLD, "Credit Hold", true, false),
        (OFFBOARDED, "Offboarded", true, false),
        (OFFBOARDING, "Offboarding", true, false),
        (211, "Offboarded 2019", false, false),
    ];
    let types: Vec<(i64, &str, bool, bool)> =
        TYPES.iter().map(|(id, name, active)| (*id, *name, *active, false)).collect();
    let lists: [(&'static str, &'static str, Values); 22] = [
        ("Companies", "companyType", company_types),
        ("Companies", "classification", classifications),
        (
            "Companies",
            "marketSegmentID",
            &[(29_682_001, "Services", true, false), (29_682_002, "Retail", true, false)],
        ),
        (
            "Companies",
            "territoryID",
            &[(29_682_011, "North", true, false), (29_682_012, "South", true, false)],
        ),
        ("ConfigurationItems", "configurationItemType", &types),
        (
            "ConfigurationItems",
            "rmmDeviceAuditDeviceTypeID",
            &[(1, "Server", true, true), (2, "Desktop", true, true), (3, "Laptop", true, true)],
        ),
        (
            "ConfigurationItemNotes",
            "noteType",
            &[
                (3, "Task Notes", true, true),
                (17, "Configuration Item Note", true, false),
                (19, "Audit (old)", false, false),
            ],
        ),
        (
            "TicketNotes",
            "noteType",
            &[
                (1, "Task Summary", true, true),
                (2, "Task Detail", true, true),
                (3, "Task Notes", true, true),
                (13, "Workflow Rule Note - Task", true, true),
            ],
        ),
        (
            // The first is the default, and the one that customers see, too.
            "TicketNotes",
            "publish",
            &[
                (1, "All Autotask Users", true, true),
                (4, "Internal & Co-Managed", true, true),
                (2, "Internal Project Team", true, true),
            ],
        ),
        (
            "ConfigurationItemRelatedItems",
            "relationship",
            &[(1, "Depends on", true, true), (2, "Is connected to", true, true)],
        ),
        ("Contracts", "status", &[(0, "Inactive", true, true), (1, "Active", true, true)]),
        (
            "Contracts",
            "contractType",
            &[
                (1, "Time & Materials", true, true),
                (3, "Fixed Price", true, true),
                (4, "Block Hours", true, true),
                (7, "Recurring Service", true, true),
            ],
        ),
        (
            "Contracts",
            "contractCategory",
            &[(12, "Managed Services", true, false), (13, "Premium", true, false)],
        ),
        ("Contracts", "contractPeriodType", &[(2, "Monthly", true, true), (3, "Quarterly", true, true)]),
        ("Subscriptions", "status", &[(0, "Inactive", true, true), (1, "Active", true, true)]),
        ("Subscriptions", "periodType", &[(2, "Monthly", true, true), (4, "Yearly", true, true)]),
        (
            "Tickets",
            "status",
            &[
                (1, "New", true, true),
                (COMPLETE, "Complete", true, true),
                (7, "Waiting Customer", true, true),
                (IN_PROGRESS, "In Progress", true, true),
                (24, "On Site", true, false),
            ],
        ),
        (
            "Tickets",
            "priority",
            &[(1, "High", true, true), (2, "Medium", true, true), (3, "Low", true, true)],
        ),
        (
            "Tickets",
            "queueID",
            &[(29_682_833, "Level I Support", true, false), (29_682_969, "Client Portal", true, false)],
        ),
        ("Tickets", "source", &[(2, "Phone", true, true), (4, "Email", true, true)]),
        ("Tickets", "ticketType", &[(1, "Service Request", true, true), (2, "Incident", true, true)]),
        ("Products", "productCategory", &[(1, "Hardware", true, false), (2, "Software", true, false)]),
    ];
    for (entity, field, values) in lists {
        state.picklists.insert((entity, field), values.iter().copied().map(pick).collect());
    }
    for (hooks, hook_udfs, watched) in [
        ("CompanyWebhookFields", "CompanyWebhookUdfFields", "Companies"),
        ("ConfigurationItemWebhookFields", "ConfigurationItemWebhookUdfFields", "ConfigurationItems"),
    ] {
        let fields = callouts::watchable(entities::named(watched))
            .map(|(id, field)| pick((id, field.name, true, true)));
        state.picklists.insert((hooks, "fieldID"), fields.collect());
        let udfs = state.udfs_of(watched).map(|udf| pick((udf.id, &udf.name, true, false))).collect();
        state.picklists.insert((hook_udfs, "udfFieldID"), udfs);
    }
}

fn user_defined_fields(state: &mut State) {
    let plain = |id, entity, name: &str, kind| Udf {
        id,
        entity,
        name: name.to_owned(),
        kind,
        required: false,
        protected: false,
        list: Vec::new(),
    };
    let list = |values: &[(&str, &str)]| {
        values.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned(), true)).collect()
    };
    let (companies, items) = ("Companies", "ConfigurationItems");
    state.udfs = vec![
        Udf {
            list: list(&[("Yes", "Yes"), ("No", "No")]),
            ..plain(OFFBOARDED_FIELD, companies, "Offboarded", UdfKind::List)
        },
        plain(OFFBOARD_DATE, companies, "Offboard Date", UdfKind::Date),
        // The rows hold the number, people see the metal.
        Udf {
            list: list(&[("1", "Gold"), ("2", "Silver"), ("3", "Bronze")]),
            ..plain(SERVICE_TIER, companies, "Service Tier", UdfKind::List)
        },
        Udf { protected: true, ..plain(PORTAL_PASSWORD, companies, "Portal Password", UdfKind::Text) },
        plain(ASSET_OWNER, items, "Asset Owner", UdfKind::Text),
        Udf {
            required: true,
            list: list(&[("Standard", "Standard"), ("Shred", "Shred"), ("Return", "Return to lessor")]),
            ..plain(DISPOSAL_METHOD, items, "Disposal Method", UdfKind::List)
        },
        Udf { protected: true, ..plain(BITLOCKER_KEY, items, "BitLocker Key", UdfKind::Text) },
    ];
    let mut item = 29_684_000;
    for udf in state.udfs.clone() {
        let definition = Record::new(udf.id)
            .with("name", udf.name)
            .with(
                "dataType",
                match udf.kind {
                    UdfKind::Text => 1,
                    UdfKind::Date => 3,
                    UdfKind::List => 4,
                },
            )
            .with("udfType", if udf.entity == "Companies" { 1 } else { 2 })
            .with("isActive", true)
            .with("isRequired", udf.required)
            .with("isProtected", udf.protected)
            .with("isEncrypted", udf.protected)
            .with("isPrivate", false);
        state.put("UserDefinedFieldDefinitions", definition);
        for (value, label, active) in udf.list {
            item += 1;
            let item = Record::new(item)
                .with("udfFieldId", udf.id)
                .with("valueForDisplay", label)
                .with("valueForExport", value)
                .with("isActive", active);
            state.put("UserDefinedFieldListItems", item);
        }
    }
}
