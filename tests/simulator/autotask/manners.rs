//! Manners of HTTP: media types, methods, and the way back to the client.

use mothball::simulator::Options;
use serde_json::Value;

use super::{Caller, answer};

#[tokio::test]
async fn a_body_that_says_to_be_no_json_is_not_read() {
    let caller = Caller::start(Options::default()).await;
    let query = r#"{"filter": [{"op": "exist", "field": "id"}], "MaxRecords": 1}"#;
    for (kind, status, said) in [
        ("application/json; charset=utf-8", 200, ""),
        ("text/json", 200, ""),
        // What curl sends by itself. The vendor looks for a form's fields in it.
        ("application/x-www-form-urlencoded", 500, "Parameter name: filters"),
        ("text/plain", 415, "The request entity's media type 'text/plain' is not supported"),
    ] {
        let request = caller.request("POST", "/Companies/query").header("content-type", kind);
        let (answered, body) = answer(request.body(query)).await;
        assert_eq!(answered, status, "{kind}: {body}");
        assert!(body.to_string().contains(said), "{kind}: {body}");
    }
    let row =
        &caller.query("ConfigurationItems", serde_json::json!([{"op": "exist", "field": "id"}])).await[0];
    for kind in ["application/x-www-form-urlencoded", "text/plain"] {
        let request = caller.request("PATCH", "/ConfigurationItems").header("content-type", kind);
        let body = format!("{{\"id\": {}, \"isActive\": false}}", row["id"]);
        assert!(answer(request.body(body)).await.0 >= 400, "{kind}");
    }
    assert_eq!(caller.simulator.writes(), []);
}

#[tokio::test]
async fn a_method_that_is_not_offered_is_told_which_are() {
    let caller = Caller::start(Options::default()).await;
    for (method, path, allowed) in [
        ("PATCH", "/ConfigurationItems/1001", "GET"),
        ("DELETE", "/ConfigurationItems/1001", "GET"),
        ("GET", "/ConfigurationItems", "POST, PATCH, PUT"),
        ("POST", "/ConfigurationItemNotes", ""),
    ] {
        let response = caller.request(method, path).send().await.unwrap();
        assert_eq!(response.status(), 405, "{method} {path}");
        assert_eq!(response.headers()["allow"], allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn the_zone_and_links_lead_back_the_way_the_client_came() {
    let caller = Caller::start(Options::default()).await;
    let zone = format!("/ZoneInformation?user={}", caller.simulator.credentials()["user_name"]);
    let zone = caller.request("GET", &zone);
    let told = answer(zone.header("host", "psa.example").header("x-forwarded-proto", "https")).await.1;
    assert_eq!(told["url"], "https://psa.example/ATServicesRest/");
    let query = r#"{"filter": [{"op": "exist", "field": "id"}], "MaxRecords": 1}"#;
    let page = caller.request("POST", "/Companies/query").header("content-type", "application/json");
    let page: Value = answer(page.header("host", "localhost:4711").body(query)).await.1;
    let next = page["pageDetails"]["nextPageUrl"].as_str().unwrap();
    assert!(next.starts_with("http://localhost:4711/ATServicesRest/V1.0/Companies/query/next?"), "{next}");
}
