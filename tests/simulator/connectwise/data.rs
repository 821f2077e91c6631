//! What is in the tenant.

use mothball::simulator::{Layout, Options};
use serde_json::json;

use super::Caller;

#[tokio::test]
async fn a_configuration_is_listed_patched_and_the_write_is_logged() {
    let caller = Caller::start(Options::default()).await;
    let rows = caller.rows("/company/configurations?conditions=activeFlag=true&pageSize=1000").await;
    assert!(rows.len() > 300, "{}", rows.len());
    let id = rows[0]["id"].as_i64().unwrap();
    let (status, after) = caller
        .patch(
            &format!("/company/configurations/{id}"),
            json!([{"op": "replace", "path": "status", "value": {"id": 23}}, {"op": "replace", "path": "/activeFlag", "value": false}]),
        )
        .await;
    assert_eq!(
        (status, &after["activeFlag"], &after["status"]["name"]),
        (200, &json!(false), &json!("Decommissioned"))
    );
    let writes = caller.simulator.writes();
    assert_eq!(writes.len(), 1);
    assert_eq!(writes[0].record, format!("configuration/{id}"));
    let fields: Vec<&str> = writes[0].changes.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(fields, ["activeFlag", "status"]);
    let audit = caller.rows(&format!("/system/audittrail?type=Configuration&id={id}")).await;
    assert!(audit[0]["text"].as_str().unwrap().contains("<b>Decommissioned</b>"), "{audit:?}");
    assert_eq!(caller.simulator.notes(), Vec::<String>::new());
}

#[tokio::test]
async fn the_same_seed_gives_the_same_tenant_and_another_seed_another() {
    let truth = async |seed| Caller::start(Options { seed, ..Options::default() }).await.simulator.truth();
    let first = truth(1).await;
    assert_eq!(first, truth(1).await);
    assert_ne!(first, truth(2).await);
    assert_eq!(first.configurations.len(), 600);
    assert_eq!(first.companies.len(), 40 + 4);
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
async fn there_is_a_client_of_every_kind() {
    let caller = Caller::start(Options::default()).await;
    let truth = caller.simulator.truth();
    let gone = |pick: fn(&mothball::simulator::OffboardedBy) -> bool| {
        truth
            .companies
            .values()
            .filter(|company| pick(&company.offboarded) && !company.own && !company.deleted)
            .count()
    };
    for (what, count) in [
        ("inactive", gone(|by| by.inactive)),
        ("status", gone(|by| by.status)),
        ("tag", gone(|by| by.tag)),
        ("custom field", gone(|by| by.custom_field)),
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
    let active = truth.companies.values().filter(|company| !company.offboarded.any()).count();
    assert!(active >= 15, "{active}");
    let mut names: Vec<&str> = truth.companies.values().map(|company| company.name.as_str()).collect();
    names.sort_unstable();
    let twins: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    assert!(!twins.is_empty());
    for twin in twins {
        let both: Vec<_> = truth.companies.values().filter(|company| company.name == twin).collect();
        assert!(both.iter().all(|company| company.offboarded.any()), "{both:?}");
    }
    assert!(
        truth
            .companies
            .values()
            .any(|company| company.offboarded.any() && !company.active_child_companies.is_empty())
    );
    for trait_of in [
        |c: char| c > '\u{3000}',
        |c: char| c == '\u{1b}',
        |c: char| c == '"',
        |c: char| c == '=',
        |c: char| c == '\u{202e}',
    ] {
        assert!(names.iter().any(|name| name.contains(trait_of)));
    }
    assert!(names.iter().any(|name| name.chars().count() == 200));
}

#[tokio::test]
async fn offboarded_clients_have_configurations_in_every_state_and_links_of_every_kind() {
    let caller = Caller::start(Options::default()).await;
    let truth = caller.simulator.truth();
    let gone: Vec<_> = truth
        .companies
        .values()
        .filter(|company| company.offboarded.any() && !company.own && !company.deleted)
        .collect();
    let theirs: Vec<_> = truth
        .configurations
        .values()
        .filter(|row| gone.iter().any(|company| company.id == row.company))
        .collect();
    let count = |pick: &dyn Fn(&mothball::simulator::ConfigurationTruth) -> bool| {
        theirs.iter().filter(|row| pick(row)).count()
    };
    for (what, count) in [
        ("active", count(&|row| row.is_active())),
        ("retired by status", count(&|row| row.is_mixed() && row.closed)),
        ("retired by flag", count(&|row| row.is_mixed() && !row.closed)),
        ("inactive", count(&|row| row.active == Some(false) && row.closed)),
        ("billed", count(&|row| row.is_active() && !row.agreements.is_empty())),
        ("ticketed", count(&|row| row.is_active() && !row.open_tickets.is_empty())),
        ("with children", count(&|row| row.is_active() && !row.active_children.is_empty())),
        ("managed", count(&|row| row.is_active() && row.rmm.is_some())),
        ("without a site", count(&|row| row.site.is_none())),
    ] {
        assert!(count >= 2, "{what}: {count} of {}", theirs.len());
    }
    let empty = gone.iter().filter(|company| theirs.iter().all(|row| row.company != company.id)).count();
    assert_eq!(empty, 1);
    let retired = gone.iter().filter(|company| {
        let mut rows = theirs.iter().filter(|row| row.company == company.id).peekable();
        rows.peek().is_some() && rows.all(|row| !row.is_active())
    });
    assert!(retired.count() >= 1);
}

#[tokio::test]
async fn a_hundred_thousand_configurations_are_paged_to_their_end() {
    let layout = Layout::Uniform { offboarded: 1_000, each: 100 };
    let caller = Caller::start(Options { layout, ..Options::default() }).await;
    let mut after = 0;
    let mut pages = 0;
    loop {
        let path = format!(
            "/company/configurations?conditions=activeFlag=true&pageSize=1000&fields=id,name&pageId={after}"
        );
        let (_, rows) =
            super::answer(caller.request("GET", &path).header("pagination-type", "forward-only")).await;
        pages += 1;
        let Some(last) = rows.as_array().unwrap().last() else { break };
        after = last["id"].as_i64().unwrap();
    }
    assert_eq!(pages, 102);
}

#[tokio::test]
async fn changes_behind_the_clients_back_are_told_apart() {
    let caller = Caller::start(Options::default()).await;
    let simulator = &caller.simulator;
    let (one, company) = simulator.edit_state(|state: &mut mothball::simulator::connectwise::State| {
        let id = state.configuration_ids()[10];
        let company = state.configuration(id).unwrap().company_id;
        state.configuration_mut(id).unwrap().name = "RENAMED".to_owned();
        state.set_company_status(company, "Former Client");
        (id, company)
    });
    let row = caller.get(&format!("/company/configurations/{one}")).await.1;
    assert_eq!((&row["name"], &row["_info"]["updatedBy"]), (&json!("RENAMED"), &json!("jdoe")));
    assert!(simulator.truth().companies[&company.to_string()].offboarded.status);
    let added = simulator
        .edit_state(|state: &mut mothball::simulator::connectwise::State| state.add_configuration(company));
    assert!(simulator.truth().configurations[&added.to_string()].is_active());
    simulator
        .edit_state(|state: &mut mothball::simulator::connectwise::State| state.remove_configuration(one));
    assert_eq!(caller.get(&format!("/company/configurations/{one}")).await.0, 404);
    // Moved to another company, it is found there and only there.
    let other = simulator.edit_state(|state: &mut mothball::simulator::connectwise::State| {
        let other = state.configuration(state.configuration_ids()[0]).unwrap().company_id;
        state.configuration_mut(added).unwrap().company_id = other;
        other
    });
    let count = async |company: i64| {
        caller
            .count(&format!(
                "/company/configurations/count?conditions=company/id={company}%20and%20id={added}"
            ))
            .await
    };
    assert_eq!((count(company).await, count(other).await), (0, 1));
    assert_eq!(simulator.writes(), []);
    let told: Vec<String> = simulator.all_writes().iter().map(|write| write.record.clone()).collect();
    let expected =
        [format!("company/{company}"), format!("configuration/{one}"), format!("configuration/{added}")];
    assert_eq!(told[..3], expected);
    assert_eq!(told.len(), 5);
}

#[tokio::test]
async fn a_large_realistic_tenant_has_what_was_asked_for() {
    let caller =
        Caller::start(Options { clients: 2_000, configurations: 100_000, ..Options::default() }).await;
    assert_eq!(caller.count("/company/configurations/count").await, 100_000);
}

#[tokio::test]
async fn sizes_from_nothing_up_are_made() {
    for (clients, configurations) in [(0, 0), (1, 0), (1, 5), (3, 2), (40, 10), (300, 1_000)] {
        let caller = Caller::start(Options { clients, configurations, ..Options::default() }).await;
        let truth = caller.simulator.truth();
        assert_eq!(truth.companies.len(), clients + 4, "{clients} {configurations}");
        // The MSP's own machines come first.
        let made = if clients == 0 { 6 } else { configurations.max(6) };
        assert_eq!(truth.configurations.len(), made, "{clients} {configurations}");
    }
}

#[tokio::test]
async fn a_contrary_tenant_still_answers() {
    let switches = mothball::simulator::Switches::contrary();
    let caller = Caller::start(Options { switches, ..Options::default() }).await;
    let rows = caller.rows("/company/configurations?pageSize=1000").await;
    let truth = caller.simulator.truth();
    assert_eq!(rows.len(), truth.configurations.values().filter(|row| !row.hidden).count());
    let free = truth
        .configurations
        .values()
        .find(|row| row.is_active() && row.blocked.is_none() && !row.hidden)
        .unwrap();
    let (status, row) = caller
        .patch(
            &format!("/company/configurations/{}", free.id),
            json!([{"op": "replace", "path": "status", "value": {"id": 14}}, {"op": "replace", "path": "customFields", "value": []}]),
        )
        .await;
    assert_eq!((status, &row["activeFlag"]), (200, &json!(false)));
}

#[tokio::test]
async fn links_are_read_from_either_side_and_detaching_is_a_write() {
    let caller = Caller::start(Options::default()).await;
    let truth = caller.simulator.truth();
    let billed = truth.configurations.values().find(|row| !row.agreements.is_empty()).unwrap();
    let (agreement, name) = billed.agreements.first_key_value().unwrap();
    assert_eq!(caller.get(&format!("/finance/agreements/{agreement}")).await.1["name"], json!(name));
    let list = format!("/finance/agreements/{agreement}/configurations");
    let id: i64 = billed.id.parse().unwrap();
    assert!(caller.rows(&format!("{list}?pageSize=1000")).await.iter().any(|row| row["id"] == id));
    let ticketed = truth.configurations.values().find(|row| !row.open_tickets.is_empty()).unwrap();
    let conditions = format!("configuration/id={}%20AND%20closedFlag=false", ticketed.id);
    let tickets = caller.rows(&format!("/service/tickets?conditions={conditions}")).await;
    let mut found: Vec<String> = tickets.iter().map(|ticket| ticket["id"].to_string()).collect();
    found.sort();
    assert_eq!(found, ticketed.open_tickets);
    let named = caller.rows(&format!("/service/tickets/{}/configurations", ticketed.open_tickets[0])).await;
    assert!(named.iter().any(|row| row["id"].as_i64() == ticketed.id.parse().ok()));
    let search = caller
        .request("POST", "/service/tickets/search")
        .json(&json!({ "conditions": format!("id={}", found[0]) }));
    assert_eq!(super::answer(search).await.1.as_array().unwrap().len(), 1);

    assert_eq!(super::answer(caller.request("DELETE", &format!("{list}/{id}"))).await.0, 204);
    assert_eq!(super::answer(caller.request("DELETE", &format!("{list}/{id}"))).await.0, 404);
    assert!(!caller.simulator.truth().configurations[&billed.id].agreements.contains_key(agreement));
    assert_eq!(super::answer(caller.request("POST", &list).json(&json!({ "id": id }))).await.0, 201);
    let writes = caller.simulator.writes();
    assert_eq!(writes.len(), 2);
    assert_eq!((&writes[0].record, &writes[0].client), (&format!("agreement/{agreement}"), &billed.company));
}

#[tokio::test]
async fn the_sample_settings_point_at_the_simulator() {
    let caller = Caller::start(Options::default()).await;
    let settings: toml::Value = caller.simulator.sample_settings().parse::<toml::Table>().unwrap().into();
    let profile = &settings["profiles"]["demo"];
    assert_eq!(profile["base_url"].as_str().unwrap(), caller.simulator.base_url());
    assert_eq!(profile["private_key"].as_str().unwrap(), caller.simulator.credentials()["private_key"]);
    assert_eq!(profile["offboarded"]["statuses"][0].as_str(), Some("Former Client"));
}
