//! Manners of HTTP: methods, media types, and the many ways to write one address.

use mothball::simulator::Options;
use serde_json::{Value, json};

use super::{Caller, answer};

/// Status, `Allow` and body.
async fn told(request: reqwest::RequestBuilder) -> (u16, String, Value) {
    let response = request.send().await.unwrap();
    let allow = response.headers().get("allow").map_or("", |allow| allow.to_str().unwrap()).to_owned();
    let (status, text) = (response.status().as_u16(), response.text().await.unwrap());
    (status, allow, serde_json::from_str(&text).unwrap_or_default())
}

#[tokio::test]
async fn a_method_that_is_not_offered_is_told_which_are() {
    let caller = Caller::start(Options::default()).await;
    for (method, path, allowed) in [
        ("HEAD", "/company/configurations", "GET, POST"),
        ("DELETE", "/company/configurations", "GET, POST"),
        ("POST", "/company/configurations/1002", "GET, PATCH, PUT, DELETE"),
        ("GET", "/company/configurations/bulk", "POST, PUT, DELETE"),
        ("PUT", "/company/configurations/1002/changeType", "PATCH"),
        ("POST", "/company/configurations/count", "GET"),
        ("PATCH", "/finance/agreements/5000/configurations/1002", "GET, DELETE"),
        ("POST", "/system/mySecurity", "GET"),
        ("GET", "/service/tickets/search", "POST"),
    ] {
        // Whatever the body is: the method is looked at first.
        let (status, allow, _) = told(caller.request(method, path).body("x")).await;
        assert_eq!((status, &*allow), (405, allowed), "{method} {path}");
    }
    let info = format!("{}/login/companyinfo/fabrikam", caller.simulator.base_url());
    assert_eq!(told(caller.http.post(info)).await.0, 405);
}

#[tokio::test]
async fn what_is_offered_but_not_allowed_to_the_api_member_is_forbidden() {
    let caller = Caller::start(Options::default()).await;
    for (method, path) in [
        ("POST", "/company/companies"),
        ("DELETE", "/company/companies/251"),
        ("PATCH", "/company/configurations/statuses/11"),
        ("DELETE", "/company/configurations/1002"),
        ("DELETE", "/company/configurations/bulk"),
    ] {
        assert_eq!(answer(caller.request(method, path).json(&json!([]))).await.0, 403, "{method} {path}");
    }
    assert_eq!(caller.simulator.writes(), []);
    assert_eq!(caller.simulator.notes().len(), 5);
}

#[tokio::test]
async fn only_json_is_taken() {
    let caller = Caller::start(Options::default()).await;
    let id = caller.rows("/company/configurations?pageSize=1").await[0]["id"].clone();
    for (kind, status) in [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("application/vnd.connectwise.com+json; version=2025.16", 200),
        ("application/json-patch+json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
    ] {
        let request = caller.request("PATCH", &format!("/company/configurations/{id}"));
        assert_eq!(answer(request.header("content-type", kind).body("[]")).await.0, status, "{kind}");
    }
}

#[tokio::test]
async fn an_address_can_be_written_in_many_ways() {
    let caller = Caller::start(Options::default()).await;
    let count = caller.get("/company/configurations/count").await;
    for (part, other) in [
        ("v4_6_release/apis", "V4_6_RELEASE/Apis"),
        ("v4_6_release", "V2026_1"),
        ("/company/", "/Company//"),
        ("configurations", "%63onfigurations"),
        ("/count", "/count/"),
    ] {
        let request = caller.request("GET", "/company/configurations/count").build().unwrap();
        let url = request.url().as_str().replacen(part, other, 1);
        let (client, mut request) = (caller.http.clone(), request);
        *request.url_mut() = url.parse().unwrap();
        let response = client.execute(request).await.unwrap();
        assert_eq!(response.json::<Value>().await.unwrap(), count.1, "{other}");
    }
    assert_eq!(caller.get("/company/configurations/statuses/info/11").await.0, 404);
}

#[tokio::test]
async fn links_lead_back_the_way_the_client_came() {
    let caller = Caller::start(Options::default()).await;
    let link = async |headers: &[(&str, &str)]| {
        let mut request = caller.request("GET", "/company/configurations?pageSize=1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap().headers()["link"].to_str().unwrap().to_owned()
    };
    let base = caller.simulator.base_url();
    assert!(link(&[]).await.starts_with(&format!("<{base}/v4_6_release/")));
    assert!(link(&[("host", "localhost:4711")]).await.starts_with("<http://localhost:4711/v4_6_release/"));
    let through = [("host", "psa.example"), ("x-forwarded-proto", "https")];
    assert!(link(&through).await.starts_with("<https://psa.example/v4_6_release/"));
}
