//! Callbacks: registered, changed, told and signed.

use mothball::simulator::Options;
use serde_json::{Value, json};

use super::{Caller, answer};

#[tokio::test]
async fn callbacks_are_registered_and_refused_as_captured() {
    let caller = Caller::start(Options::default()).await;
    let entry = json!({"id": 0, "inactiveFlag": false, "url": "https://test.com/webhook?recordId=", "objectId": 0,
        "type": "configuration", "level": "owner", "payloadVersion": "3.0.0", "memberId": 0, "isSelfSuppressedFlag": false,
        "connectWiseID": ""});
    let post = async |body: &Value| answer(caller.request("POST", "/system/callbacks").json(body)).await;
    let (status, made) = post(&entry).await;
    assert_eq!(
        (status, &made["id"], &made["objectId"], &made["memberId"]),
        (201, &json!(26_559), &json!(1), &json!(243))
    );
    let (status, again) = post(&entry).await;
    assert_eq!((status, again["errors"][0]["code"].as_str().unwrap()), (400, "ObjectExists"));
    let mut wrong = entry.clone();
    wrong["level"] = json!("nonsense");
    let (_, refused) = post(&wrong).await;
    assert!(refused["errors"][0]["message"].as_str().unwrap().starts_with("Unrecognized level for type"));
    assert_eq!(answer(caller.request("DELETE", "/system/callbacks/26559")).await.0, 204);
    assert_eq!(caller.rows("/system/callbacks").await.len(), 0);
}

#[tokio::test]
async fn a_change_is_told_to_the_callbacks_signed() {
    use tokio::sync::mpsc;
    let (tell, mut told) = mpsc::channel::<(String, String, String)>(4);
    let hook = axum::Router::new().fallback(
        move |uri: axum::http::Uri, headers: axum::http::HeaderMap, body: String| async move {
            let signature = headers["x-content-signature"].to_str().unwrap().to_owned();
            tell.send((uri.to_string(), signature, body)).await.unwrap();
        },
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?recordId=", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, hook).await });
    let caller = Caller::start(Options::default()).await;
    for kind in ["configuration", "company"] {
        let entry = json!({ "url": url, "objectId": 1, "type": kind, "level": "owner" });
        assert_eq!(answer(caller.request("POST", "/system/callbacks").json(&entry)).await.0, 201);
    }
    let truth = caller.simulator.truth();
    let id = &truth.configurations.values().find(|row| row.is_active()).unwrap().id;
    let off = json!([{ "op": "replace", "path": "activeFlag", "value": false }]);
    caller.patch(&format!("/company/configurations/{id}"), off).await;
    let (path, signature, body) = told.recv().await.unwrap();
    assert_eq!(path, format!("/hook?recordId={id}&action=updated"));
    assert_eq!(signature.len(), 44);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&body["Type"], &body["CallbackObjectRecId"]), (&json!("configuration"), &json!(26_559)));
    let entity: Value = serde_json::from_str(body["Entity"].as_str().unwrap()).unwrap();
    assert_eq!(entity["activeFlag"], json!(false));
    let key_url = body["Metadata"]["key_url"].as_str().unwrap();
    assert!(answer(caller.http.get(key_url)).await.1["signing_key"].is_string());
    // A colleague's change is told, too.
    let company: i64 =
        truth.companies.values().find(|company| company.role == "active").unwrap().id.parse().unwrap();
    caller.simulator.edit_state(|state: &mut mothball::simulator::connectwise::State| {
        state.set_company_status(company, "Inactive");
    });
    assert_eq!(told.recv().await.unwrap().0, format!("/hook?recordId={company}&action=updated"));
}

#[tokio::test]
async fn a_callback_can_be_changed_and_paused() {
    let caller = Caller::start(Options::default()).await;
    let url = "https://test.com/webhook?recordId=";
    let entry = json!({ "url": url, "objectId": 1, "type": "configuration", "level": "owner" });
    let made = answer(caller.request("POST", "/system/callbacks").json(&entry)).await.1;
    let one = format!("/system/callbacks/{}", made["id"]);
    let pause = json!([{ "op": "replace", "path": "inactiveFlag", "value": true }]);
    assert_eq!(caller.patch(&one, pause).await.1["inactiveFlag"], true);
    let level = json!([{ "op": "replace", "path": "level", "value": "nonsense" }]);
    assert_eq!(caller.patch(&one, level).await.0, 400);
    let whole =
        json!({ "url": url, "objectId": 251, "type": "company", "level": "company", "description": "d" });
    let (status, after) = answer(caller.request("PUT", &one).json(&whole)).await;
    assert_eq!((status, &after["id"], &after["type"]), (200, &made["id"], &json!("company")));
    assert_eq!((&after["inactiveFlag"], &after["description"]), (&json!(false), &json!("d")));
    assert_eq!(caller.rows("/system/callbacks").await, [after]);
    for url in ["nonsense", "mailto:a@b.example"] {
        let bad = json!({ "url": url, "objectId": 1, "type": "company", "level": "owner" });
        let (status, told) = answer(caller.request("POST", "/system/callbacks").json(&bad)).await;
        assert_eq!((status, &told["errors"][0]["message"]), (400, &json!("Invalid URL")));
    }
    assert_eq!(answer(caller.request("PUT", "/system/callbacks/1").json(&whole)).await.0, 404);
}

#[tokio::test]
async fn a_level_narrows_what_a_callback_hears() {
    let (tell, mut told) = tokio::sync::mpsc::channel::<String>(8);
    let hook = axum::Router::new().fallback(move |uri: axum::http::Uri| async move {
        tell.send(uri.to_string()).await.unwrap();
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, hook).await });
    let caller = Caller::start(Options::default()).await;
    let rows = caller.rows("/company/configurations?conditions=activeFlag=true&pageSize=1000").await;
    let mine = &rows[0];
    let other = rows.iter().find(|row| row["company"]["id"] != mine["company"]["id"]).unwrap();
    for (level, object) in [("company", &mine["company"]["id"]), ("configuration", &mine["id"])] {
        let url = format!("{site}/{level}?recordId=");
        let entry = json!({ "url": url, "objectId": object, "type": "configuration", "level": level });
        assert_eq!(answer(caller.request("POST", "/system/callbacks").json(&entry)).await.0, 201);
    }
    let off = json!([{ "op": "replace", "path": "activeFlag", "value": false }]);
    // The other client's is heard by neither, or it would come first.
    for row in [other, mine] {
        caller.patch(&format!("/company/configurations/{}", row["id"]), off.clone()).await;
    }
    let mut heard = [told.recv().await.unwrap(), told.recv().await.unwrap()];
    heard.sort();
    let id = &mine["id"];
    assert_eq!(
        heard,
        [
            format!("/company?recordId={id}&action=updated"),
            format!("/configuration?recordId={id}&action=updated")
        ]
    );
}
