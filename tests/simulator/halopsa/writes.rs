//! POST of assets: what is stored, what is refused and in which words, and what is written down of it.

use mothball::simulator::{Change, ConfigurationTruth, Options};
use serde_json::{Value, json};

use super::{Caller, answer};

/// An active asset that a caller may change, and another.
fn two(caller: &Caller) -> (i64, i64) {
    let truth = caller.simulator.truth();
    let active = |row: &&ConfigurationTruth| row.is_active() && row.status.as_deref() == Some("Active");
    let mut ids = truth.configurations.values().filter(active).map(|row| row.id.parse().unwrap());
    (ids.next().unwrap(), ids.next().unwrap())
}

#[tokio::test]
async fn one_element_is_answered_with_one_whole_asset() {
    let caller = Caller::start(Options::default()).await;
    let (id, _) = two(&caller);
    let before = caller.read(&format!("/Asset/{id}?includedetails=true")).await;
    let (status, body) =
        caller.post("/Asset", json!([{ "id": id, "inactive": true, "status_id": 57 }])).await;
    assert_eq!(
        (status, &body["id"], &body["inactive"], &body["status_name"]),
        (201, &json!(id), &json!(true), &json!("Decommissioned"))
    );
    let after = caller.read(&format!("/Asset/{id}?includedetails=true")).await;
    assert_eq!(after, body);
    // What the POST does not name stays.
    for name in ["fields", "customfields", "inventory_number", "site_id", "client_id", "notes"] {
        assert_eq!(after[name], before[name], "{name}");
    }
    let writes = caller.simulator.writes();
    assert_eq!(
        (writes.len(), &writes[0].record, &writes[0].id),
        (1, &format!("configuration/{id}"), &id.to_string())
    );
    let change = |field: &str, before: Value, after: Value| Change { field: field.to_owned(), before, after };
    assert_eq!(
        writes[0].changes,
        [
            change("inactive", json!(false), json!(true)),
            change("status_id", json!(41), json!(57)),
            change("status_name", json!("Active"), json!("Decommissioned")),
        ]
    );
    assert_eq!(caller.simulator.notes(), [] as [String; 0]);
    // The vendor's own log names the fields and who it was.
    let changes = caller.read(&format!("/AssetChange?asset_id={id}")).await;
    let told: Vec<_> =
        changes["changes"].as_array().unwrap().iter().map(|row| row["field_name"].clone()).collect();
    assert_eq!(told, [json!("status_name"), json!("status_id"), json!("inactive")]);
    assert_eq!(changes["changes"][2]["who"], json!("Mothball API"));
    // Seven digits after the second, as .NET writes them.
    let at = changes["changes"][2]["datetime"].as_str().unwrap();
    assert_eq!(at.rsplit('.').next().unwrap().len(), "1234567Z".len(), "{at}");
}

#[tokio::test]
async fn the_same_again_is_no_change() {
    let caller = Caller::start(Options::default()).await;
    let (id, _) = two(&caller);
    for _ in 0..2 {
        assert_eq!(caller.post("/Asset", json!([{ "id": id, "inactive": true }])).await.0, 201);
    }
    assert_eq!(caller.simulator.writes().len(), 1);
}

#[tokio::test]
async fn several_elements_are_answered_with_an_array_or_with_the_first() {
    for (how, wanted) in [("array", 2), ("object", 1)] {
        let caller = Caller::with("many_answer", how).await;
        let (one, other) = two(&caller);
        let (status, body) = caller
            .post("/Asset", json!([{ "id": one, "inactive": true }, { "id": other, "inactive": true }]))
            .await;
        assert_eq!(status, 201);
        let rows = body.as_array().cloned().unwrap_or_else(|| vec![body.clone()]);
        assert_eq!((rows.len(), &rows[0]["id"]), (wanted, &json!(one)));
        assert_eq!(caller.simulator.writes().len(), 2);
    }
}

#[tokio::test]
async fn a_bare_object_and_broken_json_are_refused() {
    let caller = Caller::start(Options::default()).await;
    let (id, _) = two(&caller);
    let (status, body) = caller.post("/Asset", json!({ "id": id, "inactive": true })).await;
    assert!(status == 400 && body[""][0].as_str().unwrap().contains("requires a JSON array"), "{body}");
    let request = caller.request("POST", "/Asset").header("content-type", "application/json").body("[{");
    assert_eq!(answer(request).await.0, 400);
    let request = caller.request("POST", "/Asset").body(format!(r#"[{{"id":{id},"inactive":true}}]"#));
    assert_eq!(answer(request).await.0, 415);
    assert_eq!(answer(caller.request("PUT", "/Asset").json(&json!([]))).await.0, 405);
    assert_eq!(caller.simulator.writes(), []);
}

#[tokio::test]
async fn values_of_the_wrong_type_are_named_with_their_place() {
    let caller = Caller::start(Options::default()).await;
    let (one, other) = two(&caller);
    let (status, body) = caller
        .post("/Asset", json!([{ "id": one, "inactive": true }, { "id": other, "status_id": "gone", "inactive": "maybe" }]))
        .await;
    assert_eq!(status, 400);
    let told = |place: &str| body[place][0].as_str().unwrap_or_default().to_owned();
    assert!(
        told("[1].status_id").starts_with(
            "Could not convert string to integer: gone. Path '[1].status_id', line 1, position "
        ),
        "{body}"
    );
    assert!(told("[1].inactive").starts_with("Could not convert string to boolean: maybe."), "{body}");
    // Nothing is bound, so nothing is stored.
    assert_eq!(caller.simulator.writes(), []);
    // Numbers in strings are read.
    let (status, body) = caller
        .post("/Asset", json!([{ "id": one.to_string(), "status_id": "57", "inactive": "true" }]))
        .await;
    assert_eq!((status, &body["status_id"], &body["inactive"]), (201, &json!(57), &json!(true)));
}

#[tokio::test]
async fn one_bad_element_keeps_the_whole_batch_out_or_only_what_follows_it() {
    for (how, wanted) in [("all_refused", 0), ("earlier_stored", 1)] {
        let caller = Caller::with("bad_item", how).await;
        let (one, other) = two(&caller);
        let batch = json!([{ "id": one, "inactive": true }, { "id": 999_999, "inactive": true }, { "id": other, "inactive": true }]);
        assert_eq!(caller.post("/Asset", batch).await, (404, json!("")), "{how}");
        assert_eq!(caller.simulator.writes().len(), wanted, "{how}");
    }
}

#[tokio::test]
async fn a_status_must_be_one_that_the_type_allows() {
    let caller = Caller::start(Options::default()).await;
    let truth = caller.simulator.truth();
    let domain =
        truth.configurations.values().find(|row| row.type_name == "Domain" && row.is_active()).unwrap();
    let id: i64 = domain.id.parse().unwrap();
    let types = caller.read("/AssetType/152").await;
    let allowed: Vec<_> =
        types["allowed_status"].as_array().unwrap().iter().map(|row| row["status_id"].clone()).collect();
    assert!(
        types["allowall_status"] == json!(false)
            && allowed.contains(&json!(57))
            && !allowed.contains(&json!(60))
    );
    // On loan; a status of tickets; no status at all.
    for status in [60, 9, 12345] {
        let (code, body) =
            caller.post("/Asset", json!([{ "id": id, "status_id": status, "inactive": true }])).await;
        assert!(code == 400 && body.as_str().unwrap().contains("Status is not valid"), "{body}");
    }
    assert_eq!(caller.simulator.writes(), []);
    let caller = Caller::with("foreign_status", "ignored").await;
    let (code, body) = caller.post("/Asset", json!([{ "id": id, "status_id": 60, "inactive": true }])).await;
    assert_eq!((code, &body["inactive"]), (201, &json!(true)));
    assert_ne!(body["status_id"], json!(60));
}

#[tokio::test]
async fn the_mark_and_the_status_are_independent_or_not() {
    for (how, by_status, by_mark) in [
        ("independent", json!(false), "Active"),
        ("status_sets_mark", json!(true), "Active"),
        ("mark_sets_status", json!(false), "Inactive"),
    ] {
        let caller = Caller::with("retiring", how).await;
        let (one, other) = two(&caller);
        assert_eq!(
            caller.post("/Asset", json!([{ "id": one, "status_id": 57 }])).await.1["inactive"],
            by_status,
            "{how}"
        );
        assert_eq!(
            caller.post("/Asset", json!([{ "id": other, "inactive": true }])).await.1["status_name"],
            json!(by_mark),
            "{how}"
        );
    }
}

#[tokio::test]
async fn arrays_replace_what_was_there() {
    let caller = Caller::start(Options::default()).await;
    let (id, _) = two(&caller);
    let before = caller.read(&format!("/Asset/{id}")).await;
    let filled =
        |row: &Value| row["fields"].as_array().unwrap().iter().filter(|field| field["value"] != "").count();
    assert!(filled(&before) > 1);
    let field = before["fields"][0]["id"].clone();
    let (status, body) = caller
        .post(
            "/Asset",
            json!([{ "id": id, "fields": [{ "id": field, "value": "x" }, { "id": 59, "value": "W" }] }]),
        )
        .await;
    assert_eq!((status, &body["key_field"]), (201, &json!("x")));
    assert!(body.get("key_field2").is_none(), "{body}");
    assert!(caller.simulator.notes()[0].contains("are emptied"));
}

#[tokio::test]
async fn mandatory_fields_are_asked_for_one_at_a_time() {
    let caller = Caller::start(Options::default()).await;
    let truth = caller.simulator.truth();
    let server =
        truth.configurations.values().find(|row| row.type_name == "Server" && row.is_active()).unwrap();
    let id: i64 = server.id.parse().unwrap();
    let emptied = json!([{ "id": id, "fields": [{ "id": 51, "value": "x" }] }]);
    assert_eq!(caller.post("/Asset", emptied).await, (400, json!("Warranty reference must be entered")));
    for (item, message) in [
        (json!({ "client_id": 1 }), "An Asset Type must be selected"),
        (json!({ "assettype_id": 130 }), "A Site must be selected"),
        (json!({ "assettype_id": 130, "client_id": 999_999 }), "A Customer must be selected"),
    ] {
        assert_eq!(caller.post("/Asset", json!([item])).await, (400, json!(message)));
    }
    assert_eq!(caller.simulator.writes(), []);
    // Where the stored record is looked at as well, some cannot be retired as they are.
    let caller = Caller::with("mandatory_fields_block", "true").await;
    let blocked: Vec<_> = caller
        .simulator
        .truth()
        .configurations
        .into_values()
        .filter(|row| row.blocked.is_some() && row.is_active())
        .collect();
    assert!(blocked.len() > 2 && blocked.len() < 60);
    let id: i64 = blocked[0].id.parse().unwrap();
    let (status, body) = caller.post("/Asset", json!([{ "id": id, "inactive": true }])).await;
    assert_eq!((status, body.as_str()), (400, blocked[0].blocked.as_deref()));
}

#[tokio::test]
async fn without_an_id_an_asset_is_made_at_the_main_site() {
    let caller = Caller::start(Options::default()).await;
    let (status, body) = caller
        .post("/Asset", json!([{ "assettype_id": 131, "client_id": 1, "inventory_number": "NEW-1" }]))
        .await;
    let main = caller.read("/Client/1").await["main_site_id"].clone();
    assert_eq!((status, &body["site_id"], &body["inactive"]), (201, &main, &json!(false)));
    assert_eq!(caller.read(&format!("/Asset/{}", body["id"])).await["inventory_number"], json!("NEW-1"));
    let write = caller.simulator.writes().remove(0);
    assert_eq!((write.client.as_str(), write.changes[0].before.clone()), ("1", Value::Null));
}

#[tokio::test]
async fn deleting_is_possible_and_noted() {
    let caller = Caller::start(Options::default()).await;
    let (id, _) = two(&caller);
    assert_eq!(answer(caller.request("DELETE", &format!("/Asset/{id}"))).await.0, 200);
    assert_eq!(caller.get(&format!("/Asset/{id}")).await.0, 404);
    assert_eq!(answer(caller.request("DELETE", &format!("/Asset/{id}"))).await.0, 404);
    assert!(caller.simulator.notes().iter().any(|note| note.contains("gone for good")));
    assert_eq!(caller.simulator.writes().len(), 1);
}

#[tokio::test]
async fn what_a_good_client_would_not_send_is_noted() {
    let caller = Caller::start(Options::default()).await;
    let (id, other) = two(&caller);
    for (item, word) in [
        (json!({ "id": id, "_dont_fire_automations": true }), "_dont_fire_automations"),
        (json!({ "id": id, "deactivate_child_devices": true }), "deactivate_child_devices"),
        (json!({ "id": id, "status_name": "Retired" }), "it is derived"),
        (json!({ "id": id, "isInactive": true }), "no member \"isInactive\""),
        (json!({ "id": id, "customfields": [] }), "customfields"),
    ] {
        assert_eq!(caller.post("/Asset", json!([item])).await.0, 201, "{item}");
        assert!(caller.simulator.notes().iter().any(|note| note.contains(word)), "{word}");
    }
    caller
        .post("/Asset", json!([{ "id": other, "inactive": true }, { "id": other, "inactive": false }]))
        .await;
    assert!(caller.simulator.notes().iter().any(|note| note.contains("names an asset twice")));
    assert_eq!(caller.read(&format!("/Asset/{id}")).await["inactive"], json!(false));
}

#[tokio::test]
async fn other_records_are_merged_and_told_as_well() {
    let caller = Caller::start(Options::default()).await;
    let (status, body) = caller.post("/Client", json!([{ "id": 1, "inactive": true }])).await;
    assert_eq!(
        (status, &body["name"], &body["inactive"]),
        (201, &json!("Fabrikam Managed IT"), &json!(true))
    );
    let write = caller.simulator.writes().remove(0);
    assert_eq!((write.record.as_str(), write.client.as_str()), ("client/1", "1"));
    let invoice = caller.read("/RecurringInvoice?includelines=true&count=1").await["invoices"][0].clone();
    let line = invoice["lines"][0]["id"].clone();
    let request = caller
        .request("POST", "/RecurringInvoice/UpdateLines")
        .json(&json!([{ "id": line, "isinactive": true }]));
    assert_eq!(answer(request).await.0, 200);
    let after = caller.read(&format!("/RecurringInvoice/{}", invoice["id"])).await;
    assert_eq!(after["lines"][0]["isinactive"], json!(true));
}
