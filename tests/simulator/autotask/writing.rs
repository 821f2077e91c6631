//! Writes: what a PATCH changes, what a save checks, and what else can be made.

use mothball::simulator::{Options, autotask::State};
use serde_json::{Value, json};

use super::{Caller, all, answer, texts};

/// An active item that no save would trip over.
async fn item(caller: &Caller) -> (i64, Value) {
    let truth = caller.simulator.truth();
    let row = truth.configurations.values().find(|row| row.is_active() && row.company != "0").unwrap();
    (row.id.parse().unwrap(), caller.item("ConfigurationItems", &row.id).await)
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_a_null_is_a_null() {
    let caller = Caller::start(Options::default()).await;
    let (id, before) = item(&caller).await;
    assert!(before["serialNumber"].is_string() && before["referenceNumber"].is_string());
    let patched = caller.patch(json!({ "ID": id, "serialnumber": null, "isactive": 0 })).await;
    assert_eq!(patched, (200, json!({ "itemId": id })));
    let after = caller.item("ConfigurationItems", &id.to_string()).await;
    assert_eq!((&after["serialNumber"], &after["isActive"]), (&Value::Null, &json!(false)));
    for (name, value) in before.as_object().unwrap() {
        let touched = [
            "serialNumber",
            "isActive",
            "lastModifiedTime",
            "lastActivityPersonID",
            "lastActivityPersonType",
        ];
        assert!(touched.contains(&name.as_str()) || after[name] == *value, "{name}");
    }
    // The same value again is no change.
    assert_eq!(caller.patch(json!({ "id": id, "isActive": false })).await.0, 200);
    assert_eq!(caller.simulator.writes().len(), 1);
    assert_eq!(caller.patch(json!({ "id": id, "isActive": true })).await.0, 200);
    assert!(caller.simulator.truth().configurations[&id.to_string()].is_active());
}

#[tokio::test]
async fn a_save_tells_every_problem_in_a_500() {
    let caller = Caller::start(Options::default()).await;
    let (id, _) = item(&caller).await;
    for (body, said) in [
        (json!({ "productID": null }), "Value does not exist for the required field productID"),
        (json!({ "isActive": null }), "required field isActive"),
        (
            json!({ "isActive": "no" }),
            "Error converting value \"no\" to type 'System.Boolean'. Path 'isActive'.",
        ),
        (
            json!({ "contactID": 1 }),
            "Reference value on field: contactID of type: Contact does not exist or is invalid.",
        ),
        (json!({ "productID": 29_690_099 }), "Reference value on field: productID of type: Product"),
        (
            json!({ "configurationItemType": 99 }),
            "Picklist value [99] does not exist for configurationItemType",
        ),
        (json!({ "configurationItemType": 30 }), "Picklist value [30] does not exist"),
        (json!({ "companyID": 0 }), "companyID is read-only"),
        (json!({ "status": 3 }), "Unable to find status in the ConfigurationItem Entity."),
        (
            json!({ "userDefinedFields": [{ "name": "Disposal Method", "value": "" }] }),
            "Disposal Method is a required field.",
        ),
        (
            json!({ "userDefinedFields": [{ "name": "Disposal Method", "value": "Burn" }] }),
            "Picklist value [Burn]",
        ),
        (json!({ "userDefinedFields": [{ "name": "Nobody", "value": "x" }] }), "Nobody does not exist"),
    ] {
        let mut body = body;
        body["id"] = json!(id);
        let (status, answer) = caller.patch(body.clone()).await;
        assert_eq!(status, 500, "{body}: {answer}");
        assert!(texts(&answer)[0].contains(said), "{body}: {answer}");
    }
    let (_, both) = caller.patch(json!({ "id": id, "isActive": null, "contactID": 1 })).await;
    assert_eq!(texts(&both).len(), 2, "{both}");
    for body in [json!({ "id": 999_999_999, "isActive": false }), json!({ "isActive": false })] {
        let (status, answer) = caller.patch(body).await;
        assert!(status == 500 && texts(&answer)[0].starts_with("No matching records found."), "{answer}");
    }
    let bulk = caller.patch(json!([{ "id": id, "isActive": false }])).await;
    assert!(bulk.0 == 500 && texts(&bulk.1)[0].starts_with("Unexpected character"), "{}", bulk.1);
    assert_eq!(caller.simulator.writes(), []);
}

#[tokio::test]
async fn a_whole_object_sent_back_trips_over_what_has_become_inactive() {
    let caller = Caller::start(Options::default()).await;
    let rows = caller.query("ConfigurationItems", json!([{ "op": "exist", "field": "contactID" }])).await;
    let write_back = async |row: &Value| {
        let mut body = row.clone();
        body["isActive"] = json!(false);
        body.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        caller.patch(body).await
    };
    let mut outcomes = [0, 0];
    for row in &rows[..rows.len().min(60)] {
        let (status, answer) = write_back(row).await;
        outcomes[usize::from(status == 200)] += 1;
        let expected = |text: &&str| {
            text.starts_with("Reference value on field: ") || text.ends_with("is a required field.")
        };
        assert!(status == 200 || texts(&answer).iter().all(expected), "{answer}");
    }
    assert!(outcomes.iter().all(|count| *count > 0), "{outcomes:?}");
    let notes = caller.simulator.notes();
    assert!(notes.iter().any(|note| note.contains("companyID is read-only and was sent")), "{notes:?}");
}

#[tokio::test]
async fn user_defined_fields_change_by_name_and_a_mask_sent_back_is_stored() {
    let caller = Caller::start(Options::default()).await;
    let rows = caller
        .query("ConfigurationItems", json!([{ "op": "exist", "field": "BitLocker Key", "udf": true }]))
        .await;
    let row = &rows[0];
    let value = |row: &Value, name: &str| {
        let udfs = row["userDefinedFields"].as_array().unwrap();
        udfs.iter().find(|udf| udf["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!(value(row, "BitLocker Key"), "*****");
    let owner = json!({ "id": row["id"], "userDefinedFields": [{ "name": "Asset Owner", "value": "Jane" }] });
    assert_eq!(caller.patch(owner).await.0, 200);
    let after = caller.item("ConfigurationItems", &row["id"].to_string()).await;
    assert_eq!(
        (value(&after, "Asset Owner"), value(&after, "BitLocker Key")),
        (json!("Jane"), json!("*****"))
    );
    assert_eq!(caller.simulator.writes()[0].changes[0].field, "userDefinedFields/Asset Owner");
    assert_eq!(caller.simulator.notes(), Vec::<String>::new());
    let mask =
        json!({ "id": row["id"], "userDefinedFields": [{ "name": "BitLocker Key", "value": "*****" }] });
    assert_eq!(caller.patch(mask).await.0, 200);
    assert_eq!(caller.simulator.writes()[1].changes[0].after, "*****");
    assert!(caller.simulator.notes()[0].contains("the mask of the protected field"));
}

#[tokio::test]
async fn a_put_empties_what_it_does_not_name() {
    let caller = Caller::start(Options::default()).await;
    let (id, before) = item(&caller).await;
    let (status, answer) =
        caller.send("PUT", "/ConfigurationItems", json!({ "id": id, "isActive": false })).await;
    assert!(
        status == 500 && texts(&answer).contains(&"Value does not exist for the required field productID"),
        "{answer}"
    );
    let whole = json!({
        "id": id, "isActive": false, "productID": before["productID"],
        "userDefinedFields": [{ "name": "Disposal Method", "value": "Standard" }],
    });
    let (status, answer) = caller.send("PUT", "/ConfigurationItems", whole).await;
    assert_eq!(status, 200, "{answer}");
    let after = caller.item("ConfigurationItems", &id.to_string()).await;
    assert_eq!((&after["referenceTitle"], &after["companyID"]), (&Value::Null, &before["companyID"]));
    assert!(caller.simulator.notes().iter().any(|note| note.starts_with("PUT of ConfigurationItems")));
}

#[tokio::test]
async fn chosen_items_can_refuse_every_save() {
    let caller = Caller::start(Options::default()).await;
    let (id, _) = item(&caller).await;
    caller.simulator.edit_state(|state: &mut State| state.refuse(id, &["Queue is required.", "And more."]));
    let (status, answer) = caller.patch(json!({ "id": id, "isActive": false })).await;
    assert_eq!((status, texts(&answer)), (500, vec!["Queue is required.", "And more."]));
    assert_eq!(
        caller.simulator.truth().configurations[&id.to_string()].blocked.as_deref(),
        Some("Queue is required.")
    );
    caller.simulator.edit_state(|state: &mut State| state.refuse(id, &[]));
    assert_eq!(caller.patch(json!({ "id": id, "isActive": false })).await.0, 200);
}

#[tokio::test]
async fn notes_are_made_below_the_item_and_stay() {
    let caller = Caller::start(Options::default()).await;
    let (id, item) = item(&caller).await;
    let path = format!("/ConfigurationItems/{id}/Notes");
    let note = json!({ "title": "Offboarded", "description": "Retired by mothball.", "noteType": 17 });
    let (status, made) = caller.send("POST", &path, note.clone()).await;
    assert_eq!(status, 200, "{made}");
    let (_, listed) = caller.get(&path).await;
    assert_eq!(listed["items"][0]["description"], "Retired by mothball.");
    assert_eq!(listed["items"][0]["creatorResourceID"], 29_682_885);
    let found = caller
        .query("ConfigurationItemNotes", json!([{ "op": "eq", "field": "configurationItemID", "value": id }]))
        .await;
    assert_eq!(found[0]["id"], made["itemId"]);
    let writes = caller.simulator.writes();
    assert_eq!(
        (&writes[0].record, &writes[0].client),
        (&format!("note/{}", made["itemId"]), &item["companyID"].to_string())
    );
    for (name, value, said) in [
        ("title", json!("x".repeat(251)), "limited to 250"),
        ("description", json!("x".repeat(32_001)), "limited to 32000"),
        ("noteType", json!(999), "Picklist value [999]"),
        ("noteType", json!(19), "Picklist value [19]"),
        ("title", Value::Null, "required field title"),
        ("configurationItemID", json!(id + 100_000), "Reference value"),
    ] {
        let mut wrong = note.clone();
        wrong[name] = value;
        let (status, answer) = caller.send("POST", &path, wrong).await;
        assert!(status == 500 && texts(&answer)[0].contains(said), "{name}: {answer}");
    }
    let (status, answer) = answer(caller.request("DELETE", &format!("{path}/{}", made["itemId"]))).await;
    assert_eq!(status, 405, "{answer}");
    let (status, answer) = caller.send("POST", "/ConfigurationItems/999999999/Notes", note).await;
    assert!(status == 500 && texts(&answer)[0].starts_with("No matching records"), "{answer}");
}

#[tokio::test]
async fn links_can_be_ended_where_the_vendor_lets_them() {
    let caller = Caller::start(Options::default()).await;
    let truth = caller.simulator.truth();
    let billed = |kind: &str| {
        truth
            .configurations
            .values()
            .find_map(|row| {
                row.agreements
                    .keys()
                    .find(|key| key.starts_with(kind))
                    .map(|key| (row.id.clone(), key.clone()))
            })
            .unwrap_or_else(|| panic!("no item is billed by a {kind}"))
    };
    let (item, product) = billed("product/");
    let id = product.trim_start_matches("product/");
    let path = format!("/ConfigurationItems/{item}/BillingProductAssociations");
    let expired = json!({ "id": id.parse::<i64>().unwrap(), "expirationDate": "2020-01-01T00:00:00" });
    assert_eq!(caller.send("PATCH", &path, expired).await.0, 200);
    assert!(!caller.simulator.truth().configurations[&item].agreements.contains_key(&product));
    assert_eq!(answer(caller.request("DELETE", &format!("{path}/{id}"))).await.0, 200);
    assert_eq!(caller.item("ConfigurationItemBillingProductAssociations", id).await, Value::Null);
    let (item, subscription) = billed("subscription/");
    let id: i64 = subscription.trim_start_matches("subscription/").parse().unwrap();
    assert_eq!(caller.send("PATCH", "/Subscriptions", json!({ "id": id, "status": 0 })).await.0, 200);
    assert!(!caller.simulator.truth().configurations[&item].agreements.contains_key(&subscription));
    // An item's contract is a field of its own.
    let contract = truth
        .configurations
        .values()
        .find(|row| row.agreements.keys().any(|key| key.parse::<i64>().is_ok()))
        .unwrap();
    let unlinked = json!({ "id": contract.id.parse::<i64>().unwrap(), "contractID": null, "contractServiceID": null, "contractServiceBundleID": null });
    assert_eq!(caller.patch(unlinked).await.0, 200);
    let left = &caller.simulator.truth().configurations[&contract.id].agreements;
    assert!(left.keys().all(|key| key.parse::<i64>().is_err()), "{left:?}");
}

#[tokio::test]
async fn an_item_can_be_made_and_is_logged_as_new() {
    let caller = Caller::start(Options::default()).await;
    let (_, like) = item(&caller).await;
    let body = json!({
        "companyID": like["companyID"], "productID": like["productID"], "isActive": true, "referenceTitle": "NEW-1",
        "userDefinedFields": [{ "name": "Disposal Method", "value": "Shred" }],
    });
    let (status, made) = caller.send("POST", "/ConfigurationItems", body).await;
    assert_eq!(status, 200, "{made}");
    let row = caller.item("ConfigurationItems", &made["itemId"].to_string()).await;
    assert!(
        row["createDate"].is_string() && row["installDate"].is_string() && row["referenceTitle"] == "NEW-1"
    );
    let in_company = json!([{ "op": "eq", "field": "companyID", "value": like["companyID"] }, { "op": "eq", "field": "id", "value": made["itemId"] }]);
    assert_eq!(caller.count("ConfigurationItems", in_company).await, 1);
    assert!(caller.simulator.writes()[0].changes.iter().all(|change| change.before.is_null()));
    let (status, answer) = caller.send("POST", "/ConfigurationItems", json!({ "isActive": true })).await;
    assert!(status == 500 && texts(&answer).len() >= 3, "{answer}");
    assert_eq!(caller.count("ConfigurationItems", all()).await, 601);
}

#[tokio::test]
async fn notes_of_tickets_say_who_may_see_them() {
    let caller = Caller::start(Options::default()).await;
    let ticket = caller.query("Tickets", super::all()).await[0].clone();
    let path = format!("/Tickets/{}/Notes", ticket["id"]);
    let note = json!({ "title": "Offboarded", "description": "Retired.", "noteType": 3, "publish": 2 });
    let (status, made) = caller.send("POST", &path, note.clone()).await;
    assert_eq!(status, 200, "{made}");
    let found = caller
        .query("TicketNotes", json!([{ "op": "eq", "field": "ticketID", "value": ticket["id"] }]))
        .await;
    assert_eq!((&found[0]["id"], &found[0]["publish"]), (&made["itemId"], &json!(2)));
    for (name, value, said) in [
        ("publish", json!(3), "Picklist value [3]"),
        ("publish", Value::Null, "required field publish"),
        ("description", json!("x".repeat(32_001)), "limited to 32000"),
    ] {
        let mut wrong = note.clone();
        wrong[name] = value;
        let (status, answer) = caller.send("POST", &path, wrong).await;
        assert!(status == 500 && texts(&answer)[0].contains(said), "{name}: {answer}");
    }
    // Not by the entity's own path, and not below a ticket that is not there.
    assert_eq!(caller.send("POST", "/TicketNotes", note.clone()).await.0, 405);
    assert_eq!(caller.send("POST", "/Tickets/999999999/Notes", note).await.0, 500);
    assert_eq!(caller.item("Tickets", &ticket["id"].to_string()).await, ticket);
}
