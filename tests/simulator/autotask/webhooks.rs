//! Webhooks: how they get ready, what they are told, and how that is signed.

use mothball::simulator::autotask::State;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{Caller, answer, schema::webhook, texts};

/// Somebody who listens: its address, and what it is told (signature and body).
async fn listener() -> (String, mpsc::Receiver<(String, String)>) {
    let (tell, told) = mpsc::channel(8);
    let hook = axum::Router::new().fallback(move |headers: axum::http::HeaderMap, body: String| async move {
        let signature = headers["x-hook-signature"].to_str().unwrap().to_owned();
        tell.send((signature, body)).await.unwrap();
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, hook).await });
    (url, told)
}

/// The number of a field that webhooks can watch.
async fn field(caller: &Caller, hook: &str, name: &str) -> i64 {
    let (_, fields) = caller.get(&format!("{hook}/Fields/entityInformation/fields")).await;
    let field =
        fields["fields"].as_array().unwrap().iter().find(|field| field["name"] == "fieldID").unwrap().clone();
    let pick = field["picklistValues"]
        .as_array()
        .unwrap()
        .iter()
        .find(|value| value["label"] == name)
        .unwrap()
        .clone();
    pick["value"].as_str().unwrap().parse().unwrap()
}

/// A webhook on items that watches `isActive` and always tells the title.
async fn watch(caller: &Caller, url: &str) -> String {
    let (status, made) = caller.send("POST", "/ConfigurationItemWebhooks", webhook(url)).await;
    assert_eq!(status, 200, "{made}");
    let hook = format!("/ConfigurationItemWebhooks/{}", made["itemId"]);
    assert_eq!(caller.get(&hook).await.1["item"]["isReady"], false);
    for (name, watched, always) in [("isActive", true, false), ("referenceTitle", false, true)] {
        let field = field(caller, &hook, name).await;
        let body = json!({ "fieldID": field, "isSubscribedField": watched, "isDisplayAlwaysField": always });
        let (status, made) = caller.send("POST", &format!("{hook}/Fields"), body).await;
        assert_eq!(status, 200, "{made}");
    }
    assert_eq!(caller.get(&hook).await.1["item"]["isReady"], true);
    hook
}

fn first_active(caller: &Caller) -> i64 {
    let truth = caller.simulator.truth();
    truth
        .configurations
        .values()
        .find(|row| row.is_active() && !row.name.is_empty())
        .unwrap()
        .id
        .parse()
        .unwrap()
}

#[tokio::test]
async fn a_change_of_a_watched_field_is_told_signed() {
    let (url, mut told) = listener().await;
    let caller = Caller::with(&[]).await;
    let hook = watch(&caller, &url).await;
    let id = first_active(&caller);
    // Of no interest.
    assert_eq!(caller.patch(json!({ "id": id, "location": "Shelf" })).await.0, 200);
    assert_eq!(caller.patch(json!({ "id": id, "isActive": false })).await.0, 200);
    let (signature, text) = told.recv().await.unwrap();
    assert!(signature.starts_with("sha1=") && signature.len() == 5 + 28, "{signature}");
    let body: Value = serde_json::from_str(&text).unwrap();
    let title = &caller.item("ConfigurationItems", &id.to_string()).await["referenceTitle"];
    assert_eq!(body["Fields"], json!({ "isActive": false, "referenceTitle": title }));
    assert_eq!(
        (&body["Action"], &body["EntityType"], &body["Id"]),
        (&json!("Update"), &json!("InstalledProduct"), &json!(id))
    );
    assert_eq!((&body["SequenceNumber"], &body["PersonID"]), (&json!(1), &json!(29_682_885)));
    assert!(body["Guid"].is_string() && body["EventTime"].as_str().unwrap().ends_with('Z'));
    // The API user excludes itself: only what a colleague does is told from now on.
    let (status, excluded) =
        caller.send("POST", &format!("{hook}/ExcludedResources"), json!({ "resourceID": 29_682_885 })).await;
    assert_eq!(status, 200, "{excluded}");
    assert_eq!(caller.patch(json!({ "id": id, "isActive": true })).await.0, 200);
    caller.simulator.edit(|edits| edits.set_active(&id.to_string(), false));
    let (_, text) = told.recv().await.unwrap();
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&body["PersonID"], &body["SequenceNumber"]), (&json!(29_682_890), &json!(2)));
}

#[tokio::test]
async fn a_companys_user_defined_field_can_be_watched() {
    let (url, mut told) = listener().await;
    let caller = Caller::with(&[]).await;
    let (_, made) = caller.send("POST", "/CompanyWebhooks", webhook(&url)).await;
    let path = format!("/CompanyWebhooks/{}/UdfFields", made["itemId"]);
    let body = json!({ "udfFieldID": 29_683_001, "isSubscribedField": true, "isDisplayAlwaysField": false });
    assert_eq!(caller.send("POST", &path, body).await.0, 200);
    let truth = caller.simulator.truth();
    let company: i64 =
        truth.companies.values().find(|company| company.role == "active").unwrap().id.parse().unwrap();
    caller
        .simulator
        .edit_state(|state: &mut State| state.set_udf("Companies", company, "Offboarded", Some("Yes")));
    let body: Value = serde_json::from_str(&told.recv().await.unwrap().1).unwrap();
    assert_eq!((&body["EntityType"], &body["Fields"]), (&json!("Account"), &json!({ "Offboarded": "Yes" })));
    assert!(caller.simulator.truth().companies[&company.to_string()].offboarded.custom_field);
}

#[tokio::test]
async fn a_webhook_is_refused_where_it_is_not_whole_and_can_be_deleted() {
    let caller = Caller::with(&[]).await;
    for (name, value, said) in [
        ("name", json!("x".repeat(51)), "limited to 50"),
        ("secretKey", json!("x".repeat(65)), "limited to 64"),
        ("webhookUrl", Value::Null, "required field webhookUrl"),
    ] {
        let mut wrong = webhook("https://hooks.example/x");
        wrong[name] = value;
        let (status, body) = caller.send("POST", "/ConfigurationItemWebhooks", wrong).await;
        assert!(status == 500 && texts(&body)[0].contains(said), "{name}: {body}");
    }
    let hook = watch(&caller, "http://127.0.0.1:9/").await;
    let field = caller.get(&format!("{hook}/Fields")).await.1["items"][0]["id"].clone();
    assert_eq!(answer(caller.request("DELETE", &format!("{hook}/Fields/{field}"))).await.0, 200);
    assert_eq!(caller.get(&hook).await.1["item"]["isReady"], true);
    assert_eq!(answer(caller.request("DELETE", &hook)).await.0, 200);
    assert_eq!(caller.get(&hook).await.1["item"], Value::Null);
    assert_eq!(caller.get(&format!("{hook}/Fields")).await.1["items"], json!([]));
    let (status, body) = answer(caller.request("DELETE", &hook)).await;
    assert!(status == 500 && texts(&body)[0].starts_with("No matching records"), "{body}");
}

#[tokio::test]
async fn an_inactive_webhook_is_told_nothing() {
    let (url, mut told) = listener().await;
    let caller = Caller::with(&[]).await;
    let silent = watch(&caller, &url).await;
    let id: i64 = silent.rsplit('/').next().unwrap().parse().unwrap();
    assert_eq!(
        caller.send("PATCH", "/ConfigurationItemWebhooks", json!({ "id": id, "isActive": false })).await.0,
        200
    );
    let loud = watch(&caller, &url).await;
    caller.patch(json!({ "id": first_active(&caller), "isActive": false })).await;
    let body: Value = serde_json::from_str(&told.recv().await.unwrap().1).unwrap();
    let guid = caller.get(&loud).await.1["item"]["webhookGUID"].clone();
    assert_eq!(body["Guid"], guid);
    assert!(told.try_recv().is_err());
}

#[tokio::test]
async fn casing_and_signature_have_a_second_form() {
    let (url, mut told) = listener().await;
    let mut signatures = Vec::new();
    for over in ["raw", "escaped"] {
        let caller = Caller::with(&["callout_fields=quoted", &format!("signature_over={over}")]).await;
        watch(&caller, &url).await;
        let id = first_active(&caller);
        caller.simulator.edit(|edits| edits.rename(&id.to_string(), "R&D <café>"));
        caller.patch(json!({ "id": id, "isActive": false })).await;
        let (signature, text) = told.recv().await.unwrap();
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(body["Fields"], json!({ "IsActive": "False", "ReferenceTitle": "R&D <café>" }));
        let stable = text.split("\"EventTime\"").next().unwrap().to_owned();
        signatures.push((stable, signature));
    }
    assert_eq!(signatures[0].0, signatures[1].0);
    assert_ne!(signatures[0].1, signatures[1].1);
}
