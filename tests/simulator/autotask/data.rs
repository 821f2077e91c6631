//! What is in the tenant.

use std::collections::BTreeSet;

use mothball::simulator::{ConfigurationTruth, Layout, OffboardedBy, Options};
use serde_json::{Value, json};

use super::Caller;

#[tokio::test]
async fn an_item_is_listed_patched_and_the_write_is_logged() {
    let caller = Caller::start(Options::default()).await;
    let rows =
        caller.query("ConfigurationItems", json!([{ "op": "eq", "field": "isActive", "value": true }])).await;
    assert!(rows.len() > 300, "{}", rows.len());
    let id = &rows[0]["id"];
    assert_eq!(caller.patch(json!({ "id": id, "isActive": false })).await, (200, json!({ "itemId": id })));
    let after = caller.item("ConfigurationItems", &id.to_string()).await;
    assert_eq!(after["isActive"], json!(false));
    assert_ne!(after["lastModifiedTime"], rows[0]["lastModifiedTime"]);
    let writes = caller.simulator.writes();
    assert_eq!(writes.len(), 1);
    assert_eq!(
        (&writes[0].record, &writes[0].client),
        (&format!("configuration/{id}"), &rows[0]["companyID"].to_string())
    );
    let change = &writes[0].changes[0];
    assert_eq!(
        (change.field.as_str(), &change.before, &change.after),
        ("isActive", &json!(true), &Value::Bool(false))
    );
    assert_eq!(writes[0].changes.len(), 1);
    assert_eq!(caller.simulator.notes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_uniform_tenant_has_exactly_what_was_asked() {
    let layout = Layout::Uniform { offboarded: 500, each: 50 };
    let caller = Caller::start(Options { layout, ..Options::default() }).await;
    let truth = caller.simulator.truth();
    let gone: Vec<_> =
        truth.companies.values().filter(|company| company.offboarded.any() && !company.own).collect();
    assert_eq!(gone.len(), 500);
    for company in gone {
        let theirs = truth.configurations.values().filter(|row| row.company == company.id && row.is_active());
        assert_eq!(theirs.count(), 50);
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_tenant_and_another_seed_another() {
    let truth = async |seed| Caller::start(Options { seed, ..Options::default() }).await.simulator.truth();
    let first = truth(1).await;
    assert_eq!(first, truth(1).await);
    assert_ne!(first, truth(2).await);
    assert_eq!(first.configurations.len(), 600);
    assert_eq!(first.companies.len(), 40 + 1);
}

#[tokio::test]
async fn there_is_a_client_of_every_kind() {
    let caller = Caller::start(Options::default()).await;
    let truth = caller.simulator.truth();
    let gone = |pick: fn(&OffboardedBy) -> bool| {
        truth.companies.values().filter(|company| pick(&company.offboarded) && !company.own).count()
    };
    for (what, count) in [
        ("inactive", gone(|by| by.inactive)),
        ("type", gone(|by| by.status)),
        ("tag", gone(|by| by.tag)),
        ("user-defined field", gone(|by| by.custom_field)),
        ("contract", gone(|by| by.contract_ended)),
        (
            "contract alone",
            gone(|by| by.contract_ended && !by.inactive && !by.status && !by.tag && !by.custom_field),
        ),
    ] {
        assert!(count >= 2, "{what}: {count}");
    }
    let lookalikes = truth.companies.values().filter(|company| company.role.starts_with("lookalike"));
    let wrong: Vec<_> = lookalikes.clone().filter(|company| company.offboarded.any()).collect();
    assert!(lookalikes.count() >= 10 && wrong.is_empty(), "{wrong:?}");
    let active: Vec<_> = truth.companies.values().filter(|company| !company.offboarded.any()).collect();
    assert!(active.len() >= 15, "{}", active.len());
    assert!(active.iter().any(|company| company.types.iter().any(|name| name == "Credit Hold")));
    assert!(active.iter().any(|company| company.status == "Former Partner"));
    // The tag is a classification here and a category there.
    let tagged = |field: &str, value: i64| json!([{ "op": "eq", "field": field, "value": value }]);
    assert!(caller.count("Companies", tagged("classification", 209)).await >= 2);
    assert!(caller.count("Companies", tagged("companyCategoryID", 14)).await >= 1);
    let own = &truth.companies["0"];
    assert!(own.own && !own.offboarded.any() && truth.configurations.values().any(|row| row.company == "0"));
    let mut names: Vec<&str> = truth.companies.values().map(|company| company.name.as_str()).collect();
    names.sort_unstable();
    assert!(names.windows(2).any(|pair| pair[0] == pair[1]));
    for odd in ['\u{1b}', '"', '=', '\u{202e}'] {
        assert!(names.iter().any(|name| name.contains(odd)), "{odd:?}");
    }
    assert!(
        truth
            .companies
            .values()
            .any(|company| company.offboarded.any() && !company.active_child_companies.is_empty())
    );
}

#[tokio::test]
async fn offboarded_clients_have_items_in_every_state_and_links_of_every_kind() {
    let caller = Caller::start(Options::default()).await;
    let truth = caller.simulator.truth();
    let gone: Vec<_> =
        truth.companies.values().filter(|company| company.offboarded.any() && !company.own).collect();
    let theirs: Vec<_> = truth
        .configurations
        .values()
        .filter(|row| gone.iter().any(|company| company.id == row.company))
        .collect();
    let count = |pick: &dyn Fn(&ConfigurationTruth) -> bool| theirs.iter().filter(|row| pick(row)).count();
    let billed = |row: &ConfigurationTruth, by: &str| {
        row.is_active() && row.agreements.keys().any(|key| key.starts_with(by))
    };
    for (what, count) in [
        ("active", count(&|row| row.is_active())),
        ("inactive", count(&|row| row.active == Some(false))),
        ("in a running contract", count(&|row| billed(row, "29"))),
        ("with a billing product", count(&|row| billed(row, "product/"))),
        ("with a subscription", count(&|row| billed(row, "subscription/"))),
        ("ticketed", count(&|row| row.is_active() && !row.open_tickets.is_empty())),
        ("with children", count(&|row| row.is_active() && !row.active_children.is_empty())),
        ("managed", count(&|row| row.is_active() && row.rmm.is_some())),
        ("without a location", count(&|row| row.site.is_none())),
    ] {
        assert!(count >= 2, "{what}: {count} of {}", theirs.len());
    }
    assert!(truth.configurations.values().all(|row| !row.is_mixed() && row.status.is_none()));
    let kinds: BTreeSet<&str> = theirs.iter().map(|row| row.type_name.as_str()).collect();
    assert!(kinds.len() >= 10 && !kinds.contains(""), "{kinds:?}");
    let empty = gone.iter().filter(|company| theirs.iter().all(|row| row.company != company.id)).count();
    assert_eq!(empty, 1);
    let retired = gone.iter().filter(|company| {
        let mut rows = theirs.iter().filter(|row| row.company == company.id).peekable();
        rows.peek().is_some() && rows.all(|row| !row.is_active())
    });
    assert!(retired.count() >= 1);
}

#[tokio::test]
async fn links_are_found_by_whoever_asks_the_api() {
    let caller = Caller::start(Options::default()).await;
    let truth = caller.simulator.truth();
    let by = |field: &str, id: &str| json!([{ "op": "eq", "field": field, "value": id }]);
    let found = async |entity: &str, id: &str| -> Vec<Value> {
        caller.query(entity, by("configurationItemID", id)).await
    };
    let (mut through_services, mut additional) = (0, 0);
    for row in truth.configurations.values().filter(|row| row.is_active()) {
        let contracts: Vec<&String> = row.agreements.keys().filter(|key| !key.contains('/')).collect();
        if let Some(contract) = contracts.first()
            && through_services == 0
        {
            let item = caller.item("ConfigurationItems", &row.id).await;
            if item["contractID"].is_null() {
                let service = caller.item("ContractServices", &item["contractServiceID"].to_string()).await;
                assert_eq!(service["contractID"].to_string(), **contract);
                through_services += 1;
            } else {
                assert_eq!(item["contractID"].to_string(), **contract);
            }
            assert_eq!(caller.item("Contracts", contract).await["status"], 1);
        }
        if !row.open_tickets.is_empty() && additional == 0 {
            let extra = found("TicketAdditionalConfigurationItems", &row.id).await;
            let named = found("Tickets", &row.id).await;
            let ids = extra
                .iter()
                .map(|row| row["ticketID"].to_string())
                .chain(named.iter().map(|row| row["id"].to_string()));
            let ids: BTreeSet<String> = ids.collect();
            assert!(row.open_tickets.iter().all(|id| ids.contains(id)), "{ids:?}");
            additional += extra.len();
        }
    }
    assert!(through_services > 0 && additional > 0, "{through_services} {additional}");
}

#[tokio::test]
async fn changes_behind_the_clients_back_are_told_apart() {
    let caller = Caller::start(Options::default()).await;
    let simulator = &caller.simulator;
    let truth = simulator.truth();
    let row = truth.configurations.values().find(|row| row.is_active() && row.company != "0").unwrap();
    let other = truth.companies.values().find(|company| company.id != row.company && !company.own).unwrap();
    let before = caller.item("ConfigurationItems", &row.id).await;
    let added = simulator.edit(|edits| {
        assert!(!edits.set_status(&row.id, "Decommissioned"));
        edits.rename(&row.id, "RENAMED");
        edits.move_to(&row.id, &other.id);
        edits.add(&row.company)
    });
    let after = caller.item("ConfigurationItems", &row.id).await;
    assert_eq!(
        (&after["referenceTitle"], after["companyID"].to_string()),
        (&json!("RENAMED"), other.id.clone())
    );
    assert_ne!(after["lastModifiedTime"], before["lastModifiedTime"]);
    let at = async |company: &str| {
        let filter = json!([{ "op": "eq", "field": "companyID", "value": company }, { "op": "eq", "field": "id", "value": row.id }]);
        caller.count("ConfigurationItems", filter).await
    };
    assert_eq!((at(&row.company).await, at(&other.id).await), (0, 1));
    assert!(simulator.truth().configurations[&added].is_active());
    simulator.edit(|edits| edits.remove(&added));
    assert_eq!(caller.item("ConfigurationItems", &added).await, Value::Null);
    for gone in truth.companies.values().filter(|company| company.offboarded.any()) {
        simulator.edit(|edits| edits.bring_back(&gone.id));
        assert!(!simulator.truth().companies[&gone.id].offboarded.any(), "{}", gone.role);
    }
    assert_eq!(simulator.writes(), []);
    let told: Vec<String> = simulator.all_writes().iter().take(3).map(|write| write.record.clone()).collect();
    assert_eq!(
        told,
        [
            format!("configuration/{}", row.id),
            format!("configuration/{added}"),
            format!("configuration/{added}")
        ]
    );
}

#[tokio::test]
async fn a_hundred_thousand_items_are_quick_to_make_and_to_page() {
    let layout = Layout::Uniform { offboarded: 1_000, each: 100 };
    let caller = Caller::start(Options { layout, ..Options::default() }).await;
    let body =
        json!({ "includeFields": ["id"], "filter": [{ "op": "eq", "field": "isActive", "value": true }] });
    let (_, mut page) = caller.send("POST", "/ConfigurationItems/query", body.clone()).await;
    let mut pages = 1;
    while let Some(next) = page["pageDetails"]["nextPageUrl"].as_str().map(ToOwned::to_owned) {
        page = caller.send("POST", &next, body.clone()).await.1;
        pages += 1;
    }
    assert_eq!(pages, 201);
    let filter = json!([{ "op": "eq", "field": "isActive", "value": true }]);
    assert_eq!(caller.count("ConfigurationItems", filter).await, 100_012);
}

#[tokio::test]
async fn sizes_from_nothing_up_are_made() {
    for (clients, configurations) in [(0, 0), (1, 0), (1, 5), (3, 2), (40, 10), (300, 1_000)] {
        let caller = Caller::start(Options { clients, configurations, ..Options::default() }).await;
        let truth = caller.simulator.truth();
        assert_eq!(truth.companies.len(), clients + 1, "{clients} {configurations}");
        // The MSP's own machines come first.
        let made = if clients == 0 { 3 } else { configurations.max(3) };
        assert_eq!(truth.configurations.len(), made, "{clients} {configurations}");
    }
}

#[tokio::test]
async fn the_sample_settings_point_at_the_simulator() {
    let caller = Caller::start(Options::default()).await;
    let settings: toml::Value = caller.simulator.sample_settings().parse::<toml::Table>().unwrap().into();
    let profile = &settings["profiles"]["demo"];
    assert_eq!(profile["psa"].as_str(), Some("autotask"));
    assert_eq!(profile["base_url"].as_str().unwrap(), caller.simulator.base_url());
    for name in ["user_name", "secret", "integration_code"] {
        assert_eq!(profile[name].as_str().unwrap(), caller.simulator.credentials()[name], "{name}");
    }
    assert_eq!(profile["offboarded"]["statuses"][0].as_str(), Some("Former Client"));
    assert!(profile.get("deactivate").is_none());
}

#[tokio::test]
async fn a_reset_brings_back_the_start() {
    let caller = Caller::start(Options::default()).await;
    let truth = caller.simulator.truth();
    let id = &truth.configurations.values().find(|row| row.is_active()).unwrap().id;
    caller.patch(json!({ "id": id, "isActive": false })).await;
    let reset = caller.http.post(format!("{}/_sim/reset", caller.simulator.base_url()));
    assert_eq!(super::answer(reset).await.0, 200);
    assert_eq!(caller.simulator.truth(), truth);
    assert_eq!(caller.simulator.writes(), []);
    assert_eq!(caller.get("/ThresholdInformation").await.1["currentTimeframeRequestCount"], 1);
}
