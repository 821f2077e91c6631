//! What is in the tenant.

use mothball::simulator::{CompanyTruth, ConfigurationTruth, Layout, Options, halopsa::State};
use serde_json::json;

use super::{Caller, rows};

#[tokio::test]
async fn every_criterion_and_every_lookalike_is_there() {
    let caller = Caller::start(Options::default()).await;
    let truth = caller.simulator.truth();
    assert_eq!(truth.companies.len(), 43);
    assert_eq!(truth.configurations.len(), 600);
    let by = |pick: fn(&CompanyTruth) -> bool| truth.companies.values().filter(|client| pick(client)).count();
    for (what, count) in [
        ("inactive", by(|client| client.offboarded.inactive)),
        ("customer type", by(|client| client.offboarded.status)),
        ("top level", by(|client| client.types.last().is_some_and(|name| name == "Offboarded"))),
        ("relationship", by(|client| client.types.first().is_some_and(|name| name == "Offboarded"))),
        ("custom field", by(|client| client.offboarded.custom_field)),
        ("contract", by(|client| client.offboarded.contract_ended)),
    ] {
        assert!(count >= 1, "{what}: {count}");
    }
    let wrong: Vec<_> = truth
        .companies
        .values()
        .filter(|client| client.role.starts_with("lookalike") || client.role == "prospect" || client.own)
        .filter(|client| client.offboarded.any())
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    for role in
        ["status_inactive", "former_client", "tag_offboarded", "custom_field", "contract_ended", "several"]
    {
        let theirs: Vec<_> =
            truth.companies.values().filter(|client| client.role.starts_with(role)).collect();
        assert!(
            !theirs.is_empty() && theirs.iter().all(|client| client.offboarded.any()),
            "{role}: {theirs:?}"
        );
    }
    assert!(truth.companies["1"].own);
    assert!(truth.configurations.values().filter(|row| row.company == "1").count() == 6);
    assert!(by(|client| client.offboarded.any() && !client.active_child_companies.is_empty()) >= 1);
}

#[tokio::test]
async fn a_credit_hold_is_no_offboarding() {
    let caller = Caller::start(Options::default()).await;
    let held: Vec<_> = caller.read("/Client?count=1000&includeinactive=true").await["clients"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|client| client["stopped"] == 1)
        .cloned()
        .collect();
    assert!(held.len() >= 2, "{held:?}");
    assert!(held.iter().any(|client| client["inactive"] == false));
}

#[tokio::test]
async fn offboarded_clients_have_assets_in_every_state_and_links_of_every_kind() {
    let caller = Caller::start(Options::default()).await;
    let truth = caller.simulator.truth();
    let gone: Vec<_> = truth.companies.values().filter(|client| client.offboarded.any()).collect();
    let theirs: Vec<_> = truth
        .configurations
        .values()
        .filter(|row| gone.iter().any(|client| client.id == row.company))
        .collect();
    let count = |pick: &dyn Fn(&ConfigurationTruth) -> bool| theirs.iter().filter(|row| pick(row)).count();
    let says = |row: &ConfigurationTruth, status: &str| row.status.as_deref() == Some(status);
    for (what, count) in [
        ("active", count(&|row| row.is_active())),
        ("retired by status alone", count(&|row| row.is_active() && says(row, "Retired"))),
        ("retired by mark alone", count(&|row| !row.is_active() && says(row, "Active"))),
        ("retired by both", count(&|row| !row.is_active() && says(row, "Inactive"))),
        ("without a status", count(&|row| row.status.is_none())),
        ("billed", count(&|row| row.is_active() && !row.agreements.is_empty())),
        ("ticketed", count(&|row| row.is_active() && !row.open_tickets.is_empty())),
        ("with children", count(&|row| row.is_active() && !row.active_children.is_empty())),
        ("managed", count(&|row| row.is_active() && row.rmm.is_some())),
        ("without a site", count(&|row| row.site.is_none())),
    ] {
        assert!(count >= 2, "{what}: {count} of {}", theirs.len());
    }
    let with_rows = |client: &&&CompanyTruth| theirs.iter().any(|row| row.company == client.id);
    assert_eq!(gone.iter().filter(|client| !with_rows(client)).count(), 1);
    let retired = gone
        .iter()
        .filter(with_rows)
        .filter(|client| theirs.iter().filter(|row| row.company == client.id).all(|row| !row.is_active()));
    assert!(retired.count() >= 1);
}

#[tokio::test]
async fn rows_leave_out_what_has_no_value_and_some_have_no_tag() {
    let caller = Caller::start(Options::default()).await;
    let body = caller.read("/Asset?includeinactive=true").await;
    let assets = rows(&body);
    assert_eq!(assets.len(), 600);
    assert!(assets.iter().all(|row| row.as_object().unwrap().values().all(|value| !value.is_null())));
    for member in
        ["inventory_number", "key_field", "key_field2", "site_id", "status_id", "ninjarmm_id", "datto_id"]
    {
        let without = assets.iter().filter(|row| row.get(member).is_none()).count();
        assert!((1..600).contains(&without), "{member}: {without}");
    }
    assert!(assets.iter().all(|row| row["inactive"].is_boolean() && row.get("name").is_none()));
}

#[tokio::test]
async fn the_uniform_layout_is_exact() {
    let layout = Layout::Uniform { offboarded: 7, each: 11 };
    let caller = Caller::start(Options { layout, ..Options::default() }).await;
    let truth = caller.simulator.truth();
    let gone: Vec<_> = truth.companies.values().filter(|client| client.offboarded.any()).collect();
    assert!(gone.len() == 7 && gone.iter().all(|client| client.offboarded.inactive));
    for client in gone {
        let theirs = truth.configurations.values().filter(|row| row.company == client.id);
        assert_eq!(theirs.filter(|row| row.is_active()).count(), 11);
    }
    assert_eq!(truth.configurations.len(), 7 * 11 + 4 * 3);
}

#[tokio::test]
async fn sizes_from_nothing_up_are_made() {
    for (clients, configurations) in [(0, 0), (1, 0), (1, 9), (3, 2), (40, 10), (300, 1_000)] {
        let caller = Caller::start(Options { clients, configurations, ..Options::default() }).await;
        let truth = caller.simulator.truth();
        assert_eq!(truth.companies.len(), clients + 3, "{clients} {configurations}");
        let made = if clients == 0 { 6 } else { configurations.max(6) };
        assert_eq!(truth.configurations.len(), made, "{clients} {configurations}");
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_tenant() {
    let one = Caller::start(Options::default()).await.simulator.truth();
    assert_eq!(one, Caller::start(Options::default()).await.simulator.truth());
    assert_ne!(one, Caller::start(Options { seed: 2, ..Options::default() }).await.simulator.truth());
}

#[tokio::test]
async fn a_large_tenant_is_quick_to_make_and_to_page() {
    let layout = Layout::Uniform { offboarded: 1_000, each: 100 };
    let caller = Caller::start(Options { layout, ..Options::default() }).await;
    let mut seen = 0;
    for page in 1..=101 {
        let body = caller.read(&format!("/Asset?pageinate=true&page_size=1000&page_no={page}")).await;
        seen += rows(&body).len();
    }
    assert_eq!(seen, 100_012);
}

#[tokio::test]
async fn changes_behind_the_clients_back_are_told_apart() {
    let caller = Caller::start(Options::default()).await;
    let simulator = &caller.simulator;
    let id = simulator.truth().configurations.values().find(|row| row.is_active()).unwrap().id.clone();
    let client = simulator.truth().configurations[&id].company.clone();
    simulator.edit(|edits| {
        edits.rename(&id, "RENAMED");
        assert!(edits.set_status(&id, "Retired") && !edits.set_status(&id, "Unheard of"));
    });
    let row = caller.read(&format!("/Asset/{id}")).await;
    assert_eq!((&row["key_field"], &row["status_name"]), (&json!("RENAMED"), &json!("Retired")));
    assert_eq!(simulator.truth().configurations[&id].name, "RENAMED");
    let added = simulator.edit(|edits| edits.add(&client));
    assert!(simulator.truth().configurations[&added].is_active());
    simulator.edit(|edits| edits.set_active(&added, false));
    assert!(!simulator.truth().configurations[&added].is_active());
    let other = simulator.truth().companies.keys().find(|other| **other != client).unwrap().clone();
    simulator.edit(|edits| edits.move_to(&added, &other));
    let at = async |client: &str| {
        let path = format!("/Asset?client_id={client}&includeinactive=true");
        caller.ids(&path).await.contains(&added.parse().unwrap())
    };
    assert_eq!((at(&client).await, at(&other).await), (false, true));
    simulator.edit(|edits| edits.remove(&id));
    assert_eq!(caller.get(&format!("/Asset/{id}")).await.0, 404);
    assert_eq!(simulator.writes(), []);
    let told: Vec<_> = simulator.all_writes();
    assert!(told.len() == 5 && told.iter().all(|write| write.by_others), "{told:?}");
    let fields: Vec<&str> = told[0].changes.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(
        (told[0].record.clone(), fields),
        (format!("configuration/{id}"), vec!["fields", "key_field", "status_id", "status_name"])
    );
}

#[tokio::test]
async fn a_client_that_is_brought_back_meets_no_criterion() {
    let caller = Caller::start(Options::default()).await;
    let gone: Vec<String> = caller
        .simulator
        .truth()
        .companies
        .values()
        .filter(|client| client.offboarded.any())
        .map(|client| client.id.clone())
        .collect();
    assert!(gone.len() > 15);
    for client in &gone {
        caller.simulator.edit(|edits| edits.bring_back(client));
        assert!(!caller.simulator.truth().companies[client].offboarded.any());
    }
    assert!(caller.simulator.edit_state(|state: &mut State| !state.asset_ids().is_empty()));
}

#[tokio::test]
async fn the_sample_settings_point_at_the_simulator() {
    let caller = Caller::start(Options::default()).await;
    let settings: toml::Value = caller.simulator.sample_settings().parse::<toml::Table>().unwrap().into();
    let profile = &settings["profiles"]["demo"];
    assert_eq!(profile["psa"].as_str(), Some("halopsa"));
    assert_eq!(profile["base_url"].as_str().unwrap(), caller.simulator.base_url());
    for name in ["tenant", "client_id", "client_secret"] {
        assert_eq!(profile[name].as_str().unwrap(), caller.simulator.credentials()[name]);
    }
    assert_eq!(profile["offboarded"]["statuses"][0].as_str(), Some("Former Client"));
}
