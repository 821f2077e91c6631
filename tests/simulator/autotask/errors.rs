//! Who is let in, and what the rest is told.

use mothball::simulator::Options;
use serde_json::{Value, json};

use super::{Caller, all, answer, texts};

#[tokio::test]
async fn the_zone_is_told_without_credentials() {
    let caller = Caller::start(Options::default()).await;
    let root = caller.simulator.base_url();
    let ask = async |path: &str| answer(caller.http.get(format!("{root}{path}"))).await;
    let (status, zone) = ask("/atservicesrest/v1.0/zoneInformation?user=API%40fabrikam.example").await;
    assert_eq!(
        (status, &zone["url"], &zone["webUrl"]),
        (200, &json!(format!("{root}/ATServicesRest/")), &json!(format!("{root}/")))
    );
    assert!(zone["ci"].is_i64() && zone["zoneName"].is_string());
    let (status, unknown) = ask("/ATServicesRest/V1.0/ZoneInformation/?user=nobody").await;
    assert_eq!((status, unknown), (500, json!({ "errors": ["Zone information could not be determined"] })));
    assert_eq!(ask("/atservicesrest/versioninformation").await, (200, json!({ "apiVersions": ["1.0"] })));
    assert_eq!(caller.simulator.notes(), Vec::<String>::new());
    caller.get("/ZoneInformation?user=api%40fabrikam.example").await;
    assert!(caller.simulator.notes()[0].contains("credentials sent to the zone information"));
}

#[tokio::test]
async fn every_kind_of_wrong_sign_in_has_an_answer_of_its_own() {
    let caller = Caller::start(Options::default()).await;
    let own = caller.simulator.credentials();
    for sign in ["$", "~", "*", "#", "@"] {
        assert!(own["secret"].contains(sign), "{sign}");
    }
    let sign_in = async |user: &str, secret: &str, code: &str| {
        let request = caller.http.get(caller.url("/Version"));
        let request =
            request.header("username", user).header("secret", secret).header("apiintegrationcode", code);
        answer(request).await
    };
    let (user, secret, code) = (&own["user_name"], &own["secret"], &own["integration_code"]);
    assert_eq!(sign_in(user, secret, code).await.0, 200);
    assert_eq!(sign_in("nobody@example.com", secret, code).await.0, 500);
    // Cut off at the first sign that a shell or a comment would take.
    let (status, body) = sign_in(user, secret.split('$').next().unwrap(), code).await;
    assert!(status == 401 && texts(&body).len() == 1, "{body}");
    let (status, body) = sign_in(user, secret, "WRONG").await;
    assert!(status == 500 && texts(&body)[0].contains("IntegrationCode is invalid"), "{body}");
    assert_eq!(answer(caller.http.get(caller.url("/Version"))).await.0, 500);
    let notes = caller.simulator.notes();
    assert!(notes.iter().any(|note| note == "a request without Secret"), "{notes:?}");
    let seen = caller.simulator.requests();
    assert!(seen[0].authorised && seen[0].with_credentials && !seen[2].authorised);
}

#[tokio::test]
async fn a_secret_that_is_refused_again_and_again_is_noted() {
    let caller = Caller::start(Options::default()).await;
    let own = caller.simulator.credentials();
    let refused = async || {
        let request = caller.http.get(caller.url("/Version")).header("UserName", &own["user_name"]);
        answer(request.header("Secret", "x").header("ApiIntegrationCode", &own["integration_code"])).await.0
    };
    assert_eq!(refused().await, 401);
    assert_eq!(caller.simulator.notes(), Vec::<String>::new());
    assert_eq!(refused().await, 401);
    assert!(caller.simulator.notes()[0].contains("sent again"));
}

#[tokio::test]
async fn routes_and_methods_that_are_not_there() {
    let caller = Caller::start(Options::default()).await;
    let message = |body: &Value| body["Message"].as_str().unwrap_or_default().to_owned();
    let (status, body) = caller.get("/Widgets/query").await;
    assert!(
        status == 404
            && message(&body).starts_with("No HTTP resource was found that matches the request URI 'http")
    );
    let (status, body) = caller.send("PATCH", "/ConfigurationItems/1001", json!({ "isActive": false })).await;
    assert_eq!(
        (status, message(&body)),
        (405, "The requested resource does not support http method 'PATCH'.".to_owned())
    );
    for (method, path) in [
        ("DELETE", "/ConfigurationItems/1001"),
        ("POST", "/ConfigurationItemNotes"),
        ("PATCH", "/Tickets"),
        ("GET", "/ConfigurationItems"),
        ("PATCH", "/ConfigurationItems/1001/RelatedItems"),
    ] {
        assert_eq!(caller.send(method, path, json!({})).await.0, 405, "{method} {path}");
    }
    assert!(
        caller.simulator.notes().iter().any(|note| note.contains("/ConfigurationItems/{id} knows no PATCH"))
    );
    // Case and a slash at the end are nothing.
    let id = caller.query("ConfigurationItems", all()).await[0]["id"].clone();
    let shouted = format!("{}/atservicesrest/v1.0/CONFIGURATIONITEMS/{id}/", caller.simulator.base_url());
    assert_eq!(caller.get(&shouted).await.1["item"]["id"], id);
}

#[tokio::test]
async fn a_missing_id_is_a_null_item_and_an_address_can_be_too_long() {
    let caller = Caller::start(Options::default()).await;
    assert_eq!(caller.get("/ConfigurationItems/999999999").await, (200, json!({ "item": null })));
    assert_eq!(caller.get("/ConfigurationItems/999999999/Notes").await.1["items"], json!([]));
    let (status, page) = caller.get(&format!("/Companies/query?search={}", "x".repeat(2048))).await;
    assert!(status == 404 && page.as_str().unwrap().contains("<html>"), "{page}");
    assert!(caller.simulator.notes().iter().any(|note| note.contains("2,048")));
}

#[tokio::test]
async fn impersonation_is_for_writes_and_for_people() {
    let caller = Caller::start(Options::default()).await;
    let query = json!({ "filter": all() });
    let request =
        caller.request("POST", "/ConfigurationItems/query").header("ImpersonationResourceId", "29682890");
    let (status, body) = answer(request.json(&query)).await;
    assert!(status == 500 && texts(&body)[0].contains("adequate permissions to query"), "{body}");
    let id = caller.query("ConfigurationItems", all()).await[0]["id"].clone();
    let note = json!({ "title": "Offboarded", "description": "Retired.", "noteType": 17 });
    let write = async |resource: &str| {
        let request = caller.request("POST", &format!("/ConfigurationItems/{id}/Notes"));
        answer(request.header("ImpersonationResourceId", resource).json(&note)).await
    };
    assert_eq!(write("29682885").await.0, 500);
    assert_eq!(write("1").await.0, 500);
    let (status, made) = write("29682890").await;
    assert_eq!(status, 200);
    let stored = caller.item("ConfigurationItemNotes", &made["itemId"].to_string()).await;
    assert_eq!(stored["impersonatorCreatorResourceID"], 29_682_890);
}

#[tokio::test]
async fn the_security_level_shows_in_the_metadata_and_in_refusals() {
    let caller = Caller::with(&[
        "may_edit=false",
        "refused_entities=[\"Subscriptions\"]",
        "empty_entities=[\"Tickets\"]",
    ])
    .await;
    let info =
        async |entity: &str| caller.get(&format!("/{entity}/entityInformation")).await.1["info"].take();
    let items = info("ConfigurationItems").await;
    assert_eq!(
        (&items["canUpdate"], &items["userAccessForUpdate"], &items["userAccessForQuery"]),
        (&json!(true), &json!(0), &json!(1))
    );
    assert_eq!(info("Subscriptions").await["userAccessForQuery"], 0);
    let (status, body) = caller.patch(json!({ "id": 1001, "isActive": false })).await;
    let said = "The logged in Resource does not have the adequate permissions to update this entity type.";
    assert_eq!((status, texts(&body)), (500, vec![said]));
    let (status, body) = caller.send("POST", "/Subscriptions/query", json!({ "filter": all() })).await;
    assert!(status == 500 && texts(&body)[0].contains("permissions to query"), "{body}");
    assert_eq!((caller.query("Tickets", all()).await.len(), caller.count("Tickets", all()).await), (0, 0));
}

#[tokio::test]
async fn picklists_give_strings_and_inactive_values_stay_listed() {
    let caller = Caller::start(Options::default()).await;
    let (_, fields) = caller.get("/Companies/entityInformation/fields").await;
    let fields = fields["fields"].as_array().unwrap();
    let kind = fields.iter().find(|field| field["name"] == "companyType").unwrap();
    let values = kind["picklistValues"].as_array().unwrap();
    let labelled = |label: &str| values.iter().find(|value| value["label"] == label).unwrap();
    assert_eq!(
        (&labelled("Cancelation")["value"], &labelled("Cancelation")["isSystem"]),
        (&json!("6"), &json!(true))
    );
    assert_eq!(labelled("Former Client")["isSystem"], false);
    assert_eq!(labelled("Former Partner")["isActive"], false);
    // It stands in rows all the same, as a number.
    let value: i64 = labelled("Former Partner")["value"].as_str().unwrap().parse().unwrap();
    assert!(
        caller.count("Companies", json!([{ "op": "eq", "field": "companyType", "value": value }])).await > 0
    );
    let (_, udfs) = caller.get("/ConfigurationItems/entityInformation/userDefinedFields").await;
    let names: Vec<&str> =
        udfs["fields"].as_array().unwrap().iter().map(|udf| udf["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Asset Owner", "Disposal Method", "BitLocker Key"]);
}
