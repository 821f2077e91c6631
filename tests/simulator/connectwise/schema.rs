//! Every body that the simulator sends is one that the vendor's OpenAPI file allows, on every route it has.

use std::collections::BTreeSet;

use mothball::simulator::{Options, Switches};
use serde_json::{Value, json};

use super::Caller;
use crate::support::openapi;

/// Reads every route, with and without faults of the vendor's own kind.
async fn tour(caller: &Caller) {
    let first = async |path: &str| {
        let rows = caller.get(path).await.1;
        rows[0]["id"].as_i64().unwrap_or_else(|| panic!("{path}: {rows}"))
    };
    let company = first("/company/companies?pageSize=1").await;
    let configuration = first("/company/configurations?pageSize=1").await;
    let agreement = first("/finance/agreements?pageSize=1").await;
    let ticket = first("/service/tickets?pageSize=1").await;
    let addition = first(&format!("/finance/agreements/{agreement}/additions")).await;
    let field = first("/system/userDefinedFields").await;
    for path in [
        "/company/companies?pageSize=1000".to_owned(),
        "/company/companies/count".to_owned(),
        format!("/company/companies/{company}"),
        format!("/company/companies/{company}/typeAssociations"),
        format!("/company/companies/{company}/typeAssociations/count"),
        "/company/companyTypeAssociations".to_owned(),
        "/company/companyTypeAssociations/count".to_owned(),
        "/company/companies/statuses".to_owned(),
        "/company/companies/statuses/count".to_owned(),
        "/company/companies/statuses/5".to_owned(),
        "/company/companies/types".to_owned(),
        "/company/companies/types/13".to_owned(),
        "/company/configurations?pageSize=1000".to_owned(),
        "/company/configurations/count".to_owned(),
        format!("/company/configurations/{configuration}"),
        "/company/configurations/statuses".to_owned(),
        "/company/configurations/statuses/count".to_owned(),
        "/company/configurations/statuses/info".to_owned(),
        "/company/configurations/statuses/14".to_owned(),
        "/company/configurations/types".to_owned(),
        "/company/configurations/types/count".to_owned(),
        "/company/configurations/types/17".to_owned(),
        "/company/configurations/types/17/questions".to_owned(),
        "/company/configurations/types/17/questions/502".to_owned(),
        "/finance/agreements?pageSize=1000".to_owned(),
        "/finance/agreements/count".to_owned(),
        format!("/finance/agreements/{agreement}"),
        format!("/finance/agreements/{agreement}/additions"),
        format!("/finance/agreements/{agreement}/additions/count"),
        format!("/finance/agreements/{agreement}/additions/{addition}"),
        format!("/finance/agreements/{agreement}/configurations"),
        format!("/finance/agreements/{agreement}/configurations/count"),
        "/service/tickets?pageSize=1000".to_owned(),
        "/service/tickets/count".to_owned(),
        format!("/service/tickets/{ticket}"),
        format!("/service/tickets/{ticket}/configurations"),
        format!("/service/tickets/{ticket}/configurations/count"),
        "/system/members".to_owned(),
        "/system/members/count".to_owned(),
        "/system/members/243".to_owned(),
        "/system/mySecurity".to_owned(),
        "/system/userDefinedFields".to_owned(),
        "/system/userDefinedFields/count".to_owned(),
        format!("/system/userDefinedFields/{field}"),
        "/system/info".to_owned(),
        "/system/callbacks/count".to_owned(),
        "/company/companies/999999".to_owned(),
        "/company/companies?conditions=nonsense=1".to_owned(),
        "/company/companies?fields=id,name,status/id,types,customFields".to_owned(),
        "/company/configurations?fields=id,name,company/id,status/name,_info/lastUpdated".to_owned(),
    ] {
        let (status, body) = caller.get(&path).await;
        assert!(
            status == 200 || path.contains("999999") || path.contains("nonsense"),
            "{path}: {status} {body}"
        );
    }
    let one = format!("/company/configurations/{configuration}");
    let off = json!([{ "op": "replace", "path": "activeFlag", "value": false }]);
    caller.patch(&one, off.clone()).await;
    caller.patch(&one, json!([{ "op": "replace", "path": "activeFlag", "value": "no" }])).await;
    caller.patch(&one, json!([{ "op": "replace", "path": "name", "value": "" }])).await;
    caller.get(&format!("/system/audittrail?type=Configuration&id={configuration}")).await;
    caller.get(&format!("/system/audittrail/count?type=Configuration&id={configuration}")).await;
    let entry =
        json!({ "url": "https://test.com/?recordId=", "objectId": 1, "type": "company", "level": "owner" });
    super::answer(caller.request("POST", "/system/callbacks").json(&entry)).await;
    caller.get("/system/callbacks").await;
    caller.get("/system/callbacks/26559").await;
    let base = caller.simulator.base_url();
    super::answer(caller.http.get(format!("{base}/login/companyinfo/fabrikam"))).await;
    super::answer(caller.http.get(format!("{base}/login/companyinfo/nobody"))).await;
    for fault in [
        "429",
        "429_date",
        "429_absurd",
        "500",
        "401",
        "400",
        "403",
        "404",
        "409",
        "500_after_write",
        "poison_row",
    ] {
        caller.simulator.set_faults(fault.parse().unwrap());
        caller.patch(&one, off.clone()).await;
        caller.get("/company/configurations").await;
    }
}

fn check(caller: &Caller, nulls: bool) -> BTreeSet<String> {
    let judge = openapi::judge("connectwise");
    let mut routes = BTreeSet::new();
    for request in caller.simulator.requests() {
        judge.check_request(&request.method, &request.path, &request.query, &request.body).unwrap();
        let body = request.answer.unwrap_or(Value::Null);
        let check =
            if nulls { openapi::Judge::check_response_without_nulls } else { openapi::Judge::check_response };
        check(judge, &request.method, &request.path, &request.query, request.status, &body)
            .unwrap_or_else(|wrong| panic!("{wrong}"));
        routes.insert(request.route);
    }
    routes
}

#[tokio::test]
async fn every_answer_is_one_that_the_vendors_file_allows() {
    let caller = Caller::start(Options { keep_bodies: true, ..Options::default() }).await;
    tour(&caller).await;
    let routes = check(&caller, false);
    assert!(routes.len() > 45, "{routes:?}");
    let deviations = openapi::judge("connectwise").deviations;
    assert!(deviations.iter().all(|deviation| !deviation.what.is_empty() && !deviation.why.is_empty()));
}

#[tokio::test]
async fn explicit_nulls_are_the_only_thing_that_old_servers_add() {
    let mut switches = Switches::default();
    switches.set("connectwise", "nulls=explicit").unwrap();
    switches.set("connectwise", "is_cloud=boolean").unwrap();
    let caller = Caller::start(Options { keep_bodies: true, switches, ..Options::default() }).await;
    tour(&caller).await;
    check(&caller, true);
}

#[test]
fn the_judge_sees_what_is_wrong() {
    let judge = openapi::judge("connectwise");
    let path = "/v4_6_release/apis/3.0/company/configurations/5";
    for (query, body) in [("condition=x", ""), ("pageSize=ten", "")] {
        assert!(judge.check_request("GET", path, query, body).is_err(), "{query}");
    }
    assert!(judge.check_request("PATCH", path, "", r#"{"op":"replace"}"#).is_err());
    assert!(judge.check_request("PATCH", path, "", r#"[{"op":"replace","path":"name","valeu":1}]"#).is_err());
    assert!(judge.check_request("DELETE", "/v4_6_release/apis/3.0/system/info", "", "").is_err());
    assert!(judge.check_response("GET", path, "", 200, &json!({ "id": "five" })).is_err());
    assert!(judge.check_response("GET", path, "fields=id", 200, &json!({ "id": 5 })).is_ok());
    assert!(judge.check_response("GET", path, "", 200, &json!({ "id": 5 })).is_err());
    assert!(judge.check_response("GET", path, "", 299, &json!({})).is_err());
}
