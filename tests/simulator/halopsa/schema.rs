//! Every body that the simulator sends is one that the vendor's OpenAPI file allows, on every route it has.

use std::collections::BTreeSet;

use mothball::simulator::{Options, Switches};
use serde_json::{Value, json};

use super::{Caller, answer};
use crate::support::openapi;

/// Routes that the sheet names and the file does not.
const UNFILED: [&str; 2] = ["/Notification", "/Lookup"];

/// Reads every route, with and without faults of the vendor's own kind.
async fn tour(caller: &Caller) {
    let first = async |path: &str| {
        let body = caller.read(path).await;
        super::rows(&body)[0]["id"].clone()
    };
    let plain = |id: Value| id.as_str().map_or_else(|| id.to_string(), ToOwned::to_owned);
    let asset = plain(first("/Asset?pageinate=true&page_size=1").await);
    let client = plain(first("/Client?count=1").await);
    let site = plain(first("/Site").await);
    let contract = plain(first("/ClientContract").await);
    let invoice = plain(first("/RecurringInvoice").await);
    let ticket = plain(first("/Tickets").await);
    for path in [
        "/Asset?includeinactive=true".to_owned(),
        "/Asset?assettype_id=130&includeassetfields=true&includeallowedstatus=true".to_owned(),
        "/Asset?assettype_id=152&includeallowedstatus=true&order=key_field&orderdesc=true".to_owned(),
        "/Asset?pageinate=true&page_no=2&page_size=25&includeinactive=true&includeactive=false".to_owned(),
        format!("/Asset/{asset}"),
        format!("/Asset/{asset}?includedetails=true"),
        "/AssetType".to_owned(),
        "/AssetType/152".to_owned(),
        "/AssetGroup".to_owned(),
        "/Client?count=1000&includeinactive=true&include_custom_fields=216,217".to_owned(),
        "/Client?pageinate=true".to_owned(),
        format!("/Client/{client}?includedetails=true"),
        "/Site?includeinactive=true".to_owned(),
        format!("/Site/{site}"),
        "/Status".to_owned(),
        "/Status?type=asset".to_owned(),
        "/TopLevel".to_owned(),
        "/Tags".to_owned(),
        "/ClientContract?includeinactive=true".to_owned(),
        format!("/ClientContract/{contract}?includedetails=true"),
        "/RecurringInvoice?includelines=true".to_owned(),
        format!("/RecurringInvoice/{invoice}?includedetails=true"),
        "/Tickets?open_only=true&pageinate=true&page_size=100".to_owned(),
        format!("/Tickets/{ticket}?includedetails=true"),
        "/Webhook".to_owned(),
        "/WebhookEvent".to_owned(),
        "/Audit".to_owned(),
        "/AuthInfo".to_owned(),
        "/InstanceInfo".to_owned(),
    ] {
        caller.read(&path).await;
    }
    let id: i64 = asset.parse().unwrap();
    let off = json!([{ "id": id, "inactive": true }]);
    caller.post("/Asset", off.clone()).await;
    caller
        .post("/Asset", json!([{ "id": id, "inactive": false }, { "assettype_id": 131, "client_id": 1 }]))
        .await;
    caller.post("/Asset", json!([{ "id": 999_999, "inactive": true }])).await;
    caller.post("/Asset", json!([{ "assettype_id": 131 }])).await;
    caller.read(&format!("/AssetChange?asset_id={id}")).await;
    let hook = json!([{ "name": "test", "url": "http://127.0.0.1:9/hook" }]);
    let made = caller.post("/Webhook", hook).await.1;
    caller.read("/Webhook").await;
    caller.read(&format!("/Webhook/{}", made["id"].as_str().unwrap())).await;
    caller.post("/Webhook", json!([{ "name": "test" }])).await;
    caller.get("/Asset/999999").await;
    caller.get("/Asset/probe").await;
    for other in [("client_secret", "wrong"), ("client_id", "wrong"), ("tenant", "fabrikam")] {
        let request = caller.token_request(&[other, ("scope", "read:assets")]);
        answer(request).await;
    }
    for fault in
        ["429", "429_absent", "500", "401", "400", "403", "404", "409", "500_after_write", "poison_row"]
    {
        caller.simulator.set_faults(fault.parse().unwrap());
        caller.post("/Asset", off.clone()).await;
        if !["400", "403", "404", "409"].contains(&fault) {
            caller.get("/Asset").await;
        }
    }
    caller.simulator.set_faults("429".parse().unwrap());
    caller.get("/AuthInfo").await;
    answer(caller.token_request(&[("scope", "read:assets")])).await;
}

fn check(caller: &Caller) -> BTreeSet<String> {
    let judge = openapi::judge("halopsa");
    let mut routes = BTreeSet::new();
    for request in caller.simulator.requests() {
        if UNFILED.iter().any(|path| request.route.ends_with(path)) {
            continue;
        }
        let body = request.answer.unwrap_or(Value::Null);
        judge
            .check_request(&request.method, &request.path, &request.query, &request.body)
            // Two clients put the tenant into the form.
            .or_else(|wrong| if request.body.contains("tenant=") { Ok(()) } else { Err(wrong) })
            .unwrap();
        judge
            .check_response(&request.method, &request.path, &request.query, request.status, &body)
            .unwrap_or_else(|wrong| panic!("{wrong}"));
        routes.insert(request.route);
    }
    routes
}

#[tokio::test]
async fn every_answer_is_one_that_the_vendors_file_allows() {
    let caller = Caller::start(Options { keep_bodies: true, ..Options::default() }).await;
    tour(&caller).await;
    let routes = check(&caller);
    assert!(routes.len() >= 25, "{routes:?}");
    let deviations = openapi::judge("halopsa").deviations;
    assert!(deviations.iter().all(|deviation| !deviation.what.is_empty() && !deviation.why.is_empty()));
}

#[tokio::test]
async fn nulls_and_short_pages_and_other_codes_are_as_the_file_allows_too() {
    let mut switches = Switches::default();
    for pair in [
        "nulls=explicit",
        "open_end=year1900",
        "custom_fields=always",
        "many_answer=object",
        "warns=true",
        "largest_page=20",
    ] {
        switches.set("halopsa", pair).unwrap();
    }
    let caller = Caller::start(Options { keep_bodies: true, switches, ..Options::default() }).await;
    tour(&caller).await;
    check(&caller);
}

#[test]
fn the_judge_sees_what_is_wrong() {
    let judge = openapi::judge("halopsa");
    for query in ["clientid=5", "client_id=five", "pageinate=1"] {
        assert!(judge.check_request("GET", "/api/asset", query, "").is_err(), "{query}");
    }
    assert!(judge.check_request("GET", "/api/asset", "pageinate=true&page_no=1", "").is_ok());
    assert!(judge.check_request("POST", "/api/Asset", "", r#"{"id":5,"inactive":true}"#).is_err());
    assert!(judge.check_request("POST", "/api/Asset", "", r#"[{"id":5,"inactiv":true}]"#).is_err());
    assert!(judge.check_request("PUT", "/api/Asset", "", "[]").is_err());
    assert!(judge.check_response("GET", "/api/Asset", "", 200, &json!([])).is_err());
    assert!(
        judge.check_response("GET", "/api/Asset", "", 200, &json!({ "assets": [{ "id": "5" }] })).is_err()
    );
    assert!(
        judge
            .check_response("GET", "/api/Client", "", 200, &json!({ "clients": [{ "is_acount": true }] }))
            .is_err()
    );
    assert!(judge.check_response("GET", "/api/Asset", "", 200, &json!({ "assets": [{ "id": 5 }] })).is_ok());
}
