//! Whole records in bodies: POST, PUT, many at once; and configurations named in tickets and agreements.

use mothball::simulator::Options;
use serde_json::{Value, json};

use super::{Caller, answer};

async fn send(caller: &Caller, method: &str, path: &str, body: &Value) -> (u16, Value) {
    answer(caller.request(method, path).json(body)).await
}

async fn some_company(caller: &Caller) -> i64 {
    caller.rows("/company/companies?pageSize=1").await[0]["id"].as_i64().unwrap()
}

#[tokio::test]
async fn a_new_record_is_what_its_body_says() {
    let caller = Caller::start(Options::default()).await;
    let company = some_company(&caller).await;
    let body = json!({
        "name": "NEW-SRV01", "type": { "id": 17 }, "company": { "id": company.to_string() }, "status": { "id": 19 },
        "activeFlag": false, "serialNumber": "S-1", "billFlag": true, "osType": "Linux", "notes": "by hand",
        "customFields": [{ "id": 31, "value": true }], "neverHeardOf": 1,
    });
    let (status, made) = send(&caller, "POST", "/company/configurations", &body).await;
    assert_eq!(status, 201, "{made}");
    for name in ["name", "activeFlag", "serialNumber", "billFlag", "osType", "notes"] {
        assert_eq!(made[name], body[name], "{name}");
    }
    assert_eq!((&made["status"]["name"], &made["company"]["id"]), (&json!("Retired"), &json!(company)));
    assert_eq!(made["customFields"][1]["value"], true);
    // The questions of its own type, not yet answered.
    let asked: Vec<&Value> =
        made["questions"].as_array().unwrap().iter().map(|asked| &asked["questionId"]).collect();
    assert_eq!(asked, [&json!(502), &json!(503)]);
    assert_eq!(
        (&made["_info"]["enteredBy"], &made["_info"]["updatedBy"]),
        (&json!("MothballApi"), &json!("MothballApi"))
    );
    assert!(made.get("neverHeardOf").is_none());
    let id = &made["id"];
    assert_eq!(caller.get(&format!("/company/configurations/{id}")).await.1, made);
    let writes = caller.simulator.writes();
    assert_eq!((writes.len(), &writes[0].record), (1, &format!("configuration/{id}")));
}

#[tokio::test]
async fn a_body_that_will_not_do_makes_no_record() {
    let caller = Caller::start(Options::default()).await;
    let company = some_company(&caller).await;
    let good = json!({ "name": "x", "type": { "id": 17 }, "company": { "id": company } });
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for (body, code, field) in [
        (json!({}), "MissingRequiredField", "name"),
        (with("name", json!("")), "MissingRequiredField", "name"),
        (with("type", Value::Null), "MissingRequiredField", "type"),
        (with("type", json!({ "id": 9999 })), "InvalidField", "type"),
        (with("company", json!({ "id": 9999 })), "InvalidField", "company"),
        (with("status", json!({ "id": 9999 })), "InvalidField", "status"),
        (with("parentConfigurationId", json!(9_999_999)), "InvalidField", "parentConfigurationId"),
    ] {
        let (status, told) = send(&caller, "POST", "/company/configurations", &body).await;
        let error = &told["errors"][0];
        assert_eq!((status, &error["code"], &error["field"]), (400, &json!(code), &json!(field)), "{body}");
    }
    for body in [json!([]), json!("x"), with("type", json!(17)), with("activeFlag", json!("perhaps"))] {
        let (status, told) = send(&caller, "POST", "/company/configurations", &body).await;
        assert_eq!((status, &told["code"]), (400, &json!("InvalidPatch")), "{body}");
    }
    let broken = caller.request("POST", "/company/configurations").header("content-type", "application/json");
    assert_eq!(answer(broken.body("{")).await.0, 400);
    assert_eq!(caller.simulator.writes(), []);
}

#[tokio::test]
async fn a_put_goes_back_to_defaults_and_keeps_the_type() {
    let caller = Caller::start(Options::default()).await;
    let path = "/company/configurations?conditions=type/id=17%20and%20status/id=14&pageSize=1";
    let before = caller.rows(path).await[0].clone();
    let path = format!("/company/configurations/{}", before["id"]);
    let mut body = json!({ "name": before["name"], "type": { "id": 25 }, "company": before["company"] });
    let (status, told) = send(&caller, "PUT", &path, &body).await;
    assert_eq!((status, &told["errors"][0]["field"]), (400, &json!("type")));
    body["type"] = before["type"].clone();
    let (status, after) = send(&caller, "PUT", &path, &body).await;
    assert_eq!((status, &after["status"]["name"]), (200, &json!("Active")));
    assert_eq!(
        (&after["questions"], &after["customFields"]),
        (&before["questions"], &before["customFields"])
    );
}

#[tokio::test]
async fn many_at_once_are_told_one_by_one() {
    let caller = Caller::start(Options::default()).await;
    let path = "/company/configurations/bulk";
    let company = some_company(&caller).await;
    let good = json!({ "name": "x", "type": { "id": 17 }, "company": { "id": company } });
    let (status, told) = send(&caller, "POST", path, &json!([good, {}, good])).await;
    assert_eq!(status, 207);
    let payload = told["payload"].as_array().unwrap();
    let codes: Vec<&Value> = payload.iter().map(|entry| &entry["statusCode"]).collect();
    assert_eq!(codes, [&json!(201), &json!(400), &json!(201)]);
    assert_eq!((&payload[1]["success"], &payload[1]["originalIndex"]), (&json!(false), &json!(1)));
    assert_eq!(payload[1]["error"]["errors"][0]["field"], "name");
    let mut entry = good.clone();
    entry["id"] = payload[2]["data"]["id"].clone();
    entry["activeFlag"] = json!(false);
    let (_, told) = send(&caller, "PUT", path, &json!([entry, { "id": 1 }])).await;
    assert_eq!(told["payload"][0]["success"], true);
    assert_eq!(told["payload"][1]["error"]["code"], "NotFound");
    let row = caller.get(&format!("/company/configurations/{}", entry["id"])).await.1;
    assert_eq!(row["activeFlag"], false);
    assert_eq!(send(&caller, "POST", path, &good).await.0, 400);
    assert_eq!(caller.simulator.writes().len(), 3);
}

#[tokio::test]
async fn the_type_is_changed_by_its_own_route() {
    let caller = Caller::start(Options::default()).await;
    let row = caller.rows("/company/configurations?conditions=type/id=4&pageSize=1").await[0].clone();
    let path = format!("/company/configurations/{}/changeType", row["id"]);
    let change = |value: Value| json!([{ "op": "replace", "path": "type", "value": value }]);
    assert_eq!(caller.patch(&path, json!({ "type": { "id": 31 } })).await.0, 400);
    assert_eq!(caller.patch(&path, change(json!({ "id": 9999 }))).await.0, 400);
    let (status, after) = caller.patch(&path, change(json!({ "id": 31 }))).await;
    assert_eq!((status, &after["type"]["name"]), (200, &json!("Laptop")));
}

#[tokio::test]
async fn configurations_are_named_in_tickets_and_agreements_and_taken_out() {
    let caller = Caller::start(Options::default()).await;
    let id = caller.rows("/company/configurations?pageSize=1").await[0]["id"].clone();
    for holders in ["/service/tickets", "/finance/agreements"] {
        let holder = caller.rows(holders).await[0]["id"].clone();
        let list = format!("{holders}/{holder}/configurations");
        let before = caller.rows(&list).await.len();
        let (status, named) = send(&caller, "POST", &list, &json!({ "id": id })).await;
        assert_eq!((status, &named["id"]), (201, &id));
        assert_eq!(caller.rows(&list).await.len(), before + 1);
        let one = format!("{list}/{id}");
        assert_eq!(answer(caller.request("DELETE", &one)).await.0, 204);
        assert_eq!(answer(caller.request("DELETE", &one)).await.0, 404);
        assert_eq!(caller.rows(&list).await.len(), before);
        assert_eq!(send(&caller, "POST", &list, &json!({ "id": 1 })).await.0, 404);
        let nowhere = format!("{holders}/1/configurations");
        assert_eq!(send(&caller, "POST", &nowhere, &json!({ "id": id })).await.0, 404);
    }
    let told: Vec<String> =
        caller.simulator.writes().iter().map(|write| write.record[..6].to_owned()).collect();
    assert_eq!(told, ["ticket", "ticket", "agreem", "agreem"]);
}
