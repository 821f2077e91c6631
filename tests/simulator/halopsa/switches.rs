//! Every switch changes what it says. Those of signing in and of writing have their own tests.

use mothball::simulator::{Options, Switches};
use serde_json::{Value, json};

use super::{Caller, rows};

#[tokio::test]
async fn each_switch_of_reading_has_an_effect() {
    let caller = Caller::with("nulls", "explicit").await;
    let assets = caller.read("/Asset").await;
    assert!(rows(&assets).iter().any(|row| row.get("ninjarmm_id") == Some(&Value::Null)));
    assert!(
        rows(&caller.read("/Client").await)
            .iter()
            .any(|row| row.get("client_to_invoice") == Some(&Value::Null))
    );

    let caller = Caller::with("numbers_as_strings", "true").await;
    let asset = rows(&caller.read("/Asset").await)[0].clone();
    assert!(asset["id"].is_string() && asset["inactive"].is_boolean());
    let id = asset["id"].as_str().unwrap();
    assert_eq!(caller.read(&format!("/Asset/{id}")).await["id"], asset["id"]);
    assert!(rows(&caller.read("/Client").await)[0]["toplevel_id"].is_string());

    let caller = Caller::with("status_list", "enveloped").await;
    assert!(caller.read("/Status").await["statuses"].is_array());

    let kinds = async |caller: &Caller, path: &str| {
        let body = caller.read(path).await;
        rows(&body).iter().filter(|row| row["name"] == "Decommissioned").count()
    };
    let caller = Caller::with("asset_statuses_unasked", "false").await;
    assert_eq!((kinds(&caller, "/Status").await, kinds(&caller, "/Status?type=asset").await), (0, 1));
    let caller = Caller::with("asset_statuses_unasked", "true").await;
    assert_eq!((kinds(&caller, "/Status").await, kinds(&caller, "/Status?type=ticket").await), (1, 0));

    let caller = Caller::with("asset_changes", "bare").await;
    assert_eq!(caller.read("/AssetChange").await, json!([]));
    let caller = Caller::with("inactive_in_lists", "false").await;
    assert!(rows(&caller.read("/Asset").await).iter().all(|row| row.get("inactive").is_none()));

    let caller = Caller::with("all_assets_unpaged", "false").await;
    assert_eq!(rows(&caller.read("/Asset").await).len(), 50);
    let caller = Caller::with("largest_page", "30").await;
    let page = caller.read("/Asset?pageinate=true&page_size=500").await;
    assert_eq!((rows(&page).len(), &page["page_size"]), (30, &json!(30)));
    let caller = Caller::with("unpaged", "[\"TopLevel\"]").await;
    let page = async |number: u8| {
        caller.ids(&format!("/TopLevel?pageinate=true&page_size=2&page_no={number}")).await
    };
    assert_eq!((page(1).await.len(), page(2).await), (2, page(1).await));

    let caller = Caller::with("open_end", "year1900").await;
    let contracts = caller.read("/ClientContract").await;
    assert!(
        rows(&contracts).iter().any(|row| row["end_date"] == "1900-01-01T00:00:00Z" && row["active"] == true)
    );
    let caller = Caller::with("contract_detail_readable", "false").await;
    let contract = rows(&caller.read("/ClientContract").await)[0]["id"].clone();
    assert_eq!(caller.get(&format!("/ClientContract/{contract}")).await, (401, json!("")));
    let caller = Caller::with("customer_type_lookup", "109").await;
    assert_eq!(rows(&caller.read("/Lookup?lookupid=33").await).len(), 0);
    assert!(rows(&caller.read("/Lookup?lookupid=109").await).len() > 3);
}

#[tokio::test]
async fn custom_fields_of_clients_come_when_asked_for_one_by_one_or_always() {
    for (how, unasked, asked) in [("when_asked", 0, 1), ("one_by_one", 0, 0), ("always", 2, 2)] {
        let caller = Caller::with("custom_fields", how).await;
        let fields = async |path: &str| {
            let body = caller.read(path).await;
            rows(&body)[0]["customfields"].as_array().map_or(0, Vec::len)
        };
        let found = (fields("/Client").await, fields("/Client?include_custom_fields=216").await);
        assert_eq!(found, (unasked, asked), "{how}");
        let one = caller.read("/Client/1").await;
        assert_eq!(one["customfields"].as_array().unwrap().len(), 2, "{how}");
    }
}

#[tokio::test]
async fn each_switch_of_writing_that_only_shows_in_the_answer_has_an_effect() {
    let active = |caller: &Caller| -> i64 {
        let truth = caller.simulator.truth();
        let ticketed =
            |row: &&mothball::simulator::ConfigurationTruth| row.is_active() && !row.open_tickets.is_empty();
        truth.configurations.values().find(ticketed).unwrap().id.parse().unwrap()
    };
    let caller = Caller::with("stored_status", "200").await;
    let off = |id: i64| json!([{ "id": id, "inactive": true }]);
    assert_eq!(caller.post("/Asset", off(active(&caller))).await.0, 200);
    let caller = Caller::with("warns", "true").await;
    let warning = caller.post("/Asset", off(active(&caller))).await.1["_warning"].clone();
    assert!(warning.as_str().unwrap().contains("open Tickets"));
    let caller = Caller::with("plain_messages", "true").await;
    let response = caller.request("POST", "/Asset").json(&json!([{}])).send().await.unwrap();
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert_eq!(response.text().await.unwrap(), "An Asset Type must be selected");
}

#[tokio::test]
async fn a_contrary_tenant_still_answers() {
    let caller = Caller::start(Options { switches: Switches::contrary(), ..Options::default() }).await;
    let truth = caller.simulator.truth();
    let mut seen = 0;
    for page in 1..=7 {
        let path = format!("/Asset?pageinate=true&page_size=100&page_no={page}&includeinactive=true");
        seen += rows(&caller.read(&path).await).len();
    }
    assert_eq!(seen, truth.configurations.len());
    let free = truth.configurations.values().find(|row| row.is_active() && row.blocked.is_none()).unwrap();
    let id: i64 = free.id.parse().unwrap();
    let (status, row) = caller.post("/Asset", json!([{ "id": id, "inactive": true, "status_id": 57 }])).await;
    assert_eq!((status, &row["inactive"]), (200, &json!(true)));
}

#[test]
fn a_switch_that_does_not_exist_is_refused_with_the_nearest() {
    let mut switches = Switches::default();
    let error = switches.set("halopsa", "token_second=5").unwrap_err().to_string();
    assert!(error.contains("did you mean \"token_seconds\""), "{error}");
    assert!(switches.set("halopsa", "retiring=never").is_err());
    assert_eq!(switches, Switches::default());
    switches.set("halopsa", "tokens_revoked_after=5").unwrap();
    assert_eq!(switches.halopsa.tokens_revoked_after, Some(5));
    assert_ne!(Switches::contrary().halopsa, Switches::default().halopsa);
}
