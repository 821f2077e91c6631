//! Every body that the simulator sends is one that the vendor's OpenAPI file allows, on every route it has.

use std::collections::BTreeSet;

use mothball::simulator::Options;
use serde_json::{Value, json};

use super::{Caller, all, answer};
use crate::support::openapi;

const ENTITIES: [&str; 26] = [
    "Companies",
    "ConfigurationItems",
    "ConfigurationItemTypes",
    "ConfigurationItemCategories",
    "ConfigurationItemNotes",
    "ConfigurationItemBillingProductAssociations",
    "ConfigurationItemRelatedItems",
    "Contracts",
    "ContractServices",
    "ContractServiceUnits",
    "ContractServiceBundles",
    "ContractServiceBundleUnits",
    "ContractBillingRules",
    "Subscriptions",
    "Tickets",
    "TicketAdditionalConfigurationItems",
    "CompanyLocations",
    "CompanyCategories",
    "ClassificationIcons",
    "Products",
    "Services",
    "UserDefinedFieldDefinitions",
    "UserDefinedFieldListItems",
    "CompanyWebhooks",
    "ConfigurationItemWebhooks",
    "WebhookEventErrorLogs",
];

/// Reads every route, writes what can be written, and meets the faults that have words of the vendor's own.
async fn tour(caller: &Caller) {
    let root = caller.simulator.base_url();
    for path in [
        "/atservicesrest/v1.0/zoneInformation?user=api%40fabrikam.example",
        "/atservicesrest/v1.0/zoneInformation?user=nobody",
        "/ATServicesRest/VersionInformation",
    ] {
        answer(caller.http.get(format!("{root}{path}"))).await;
    }
    caller.get("/Version").await;
    caller.get("/ThresholdInformation").await;
    let item = caller.query("ConfigurationItems", all()).await[0]["id"].clone();
    let note = json!({ "title": "Offboarded", "description": "Retired.", "noteType": 17 });
    let noted = caller.send("POST", &format!("/ConfigurationItems/{item}/Notes"), note).await;
    assert_eq!(noted.0, 200, "{}", noted.1);
    for hooks in ["CompanyWebhooks", "ConfigurationItemWebhooks"] {
        let hook = caller.send("POST", &format!("/{hooks}"), webhook("https://hooks.example/x")).await;
        assert_eq!(hook.0, 200, "{}", hook.1);
        let at = format!("/{hooks}/{}", hook.1["itemId"]);
        for (segment, body) in [
            ("Fields", json!({ "fieldID": 1, "isSubscribedField": true, "isDisplayAlwaysField": true })),
            (
                "UdfFields",
                json!({ "udfFieldID": if hooks.starts_with("Company") { 29_683_001 } else { 29_683_011 }, "isSubscribedField": true, "isDisplayAlwaysField": false }),
            ),
            ("ExcludedResources", json!({ "resourceID": 29_682_885 })),
        ] {
            let made = caller.send("POST", &format!("{at}/{segment}"), body).await;
            assert_eq!(made.0, 200, "{at}/{segment}: {}", made.1);
            caller.get(&format!("{at}/{segment}")).await;
            caller.get(&format!("{at}/{segment}/{}", made.1["itemId"])).await;
            let (status, fields) = caller.get(&format!("{at}/{segment}/entityInformation/fields")).await;
            assert_eq!(status, 200, "{fields}");
        }
    }
    for entity in ENTITIES {
        let rows = caller.query(entity, all()).await;
        assert!(!rows.is_empty() || entity == "WebhookEventErrorLogs", "{entity} has no rows");
        let search = "search=%7B%22maxRecords%22%3A1%2C%22filter%22%3A%5B%7B%22op%22%3A%22exist%22%2C%22field%22%3A%22id%22%7D%5D%7D";
        let page = caller.get(&format!("/{entity}/query?{search}")).await.1;
        if let Some(next) = page["pageDetails"]["nextPageUrl"].as_str() {
            let (status, second) = caller.get(next).await;
            assert_eq!(status, 200, "{second}");
            let back = second["pageDetails"]["prevPageUrl"].as_str().unwrap();
            assert_eq!(caller.get(back).await.1["items"], page["items"]);
        }
        let posted = json!({ "maxRecords": 1, "filter": all() });
        let page = caller.send("POST", &format!("/{entity}/query"), posted.clone()).await.1;
        if let Some(next) = page["pageDetails"]["nextPageUrl"].as_str() {
            assert_eq!(caller.send("POST", next, posted).await.0, 200);
        }
        caller.count(entity, all()).await;
        caller.get(&format!("/{entity}/query/count?{search}")).await;
        for what in ["", "/fields", "/userDefinedFields"] {
            let (status, body) = caller.get(&format!("/{entity}/entityInformation{what}")).await;
            assert_eq!(status, 200, "{entity}{what}: {body}");
        }
        if let Some(row) = rows.first() {
            assert_eq!(caller.item(entity, &row["id"].to_string()).await["id"], row["id"]);
        }
        caller.get(&format!("/{entity}/999999999")).await;
        caller
            .send(
                "POST",
                &format!("/{entity}/query"),
                json!({ "filter": [{ "op": "eq", "field": "nonsense", "value": 1 }] }),
            )
            .await;
    }
    for child in ["Notes", "BillingProductAssociations", "RelatedItems"] {
        let (status, rows) = caller.get(&format!("/ConfigurationItems/{item}/{child}")).await;
        assert_eq!(status, 200, "{rows}");
    }
    caller.get(&format!("/ConfigurationItems/{item}/Notes/{}", noted.1["itemId"])).await;
    caller.patch(json!({ "id": item, "isActive": false })).await;
    caller.patch(json!({ "id": item, "productID": 1 })).await;
    let type_made =
        caller.send("POST", "/ConfigurationItemTypes", json!({ "name": "Tablet", "isActive": true })).await.1;
    caller
        .send("PUT", "/ConfigurationItemTypes", json!({ "id": type_made["itemId"], "name": "Tablets" }))
        .await;
    answer(caller.request("DELETE", &format!("/ConfigurationItemTypes/{}", type_made["itemId"]))).await;
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
        caller.patch(json!({ "id": item, "isActive": false })).await;
        caller.send("POST", "/ConfigurationItems/query", json!({ "filter": all() })).await;
    }
    caller.simulator.set_faults(mothball::simulator::faults::Plan::none());
}

/// A webhook that is complete but for its fields.
pub fn webhook(url: &str) -> Value {
    json!({
        "name": "mothball", "webhookUrl": url, "deactivationUrl": "https://hooks.example/off", "secretKey": "topsecret",
        "isActive": true, "isSubscribedToCreateEvents": false, "isSubscribedToUpdateEvents": true,
        "isSubscribedToDeleteEvents": false, "sendThresholdExceededNotification": true,
        "notificationEmailAddress": "noc@fabrikam.example",
    })
}

fn check(caller: &Caller) -> BTreeSet<String> {
    let judge = openapi::judge("autotask");
    let mut routes = BTreeSet::new();
    for request in caller.simulator.requests() {
        judge
            .check_request(&request.method, &request.path, &request.query, &request.body)
            .unwrap_or_else(|wrong| panic!("{wrong}"));
        let body = request.answer.unwrap_or(Value::Null);
        judge
            .check_response(&request.method, &request.path, &request.query, request.status, &body)
            .unwrap_or_else(|wrong| panic!("{wrong}: {body}"));
        routes.insert(request.route);
    }
    routes
}

#[tokio::test]
async fn every_answer_is_one_that_the_vendors_file_allows() {
    let caller = Caller::start(Options { keep_bodies: true, ..Options::default() }).await;
    tour(&caller).await;
    let routes = check(&caller);
    assert!(routes.len() > 250, "{}: {routes:?}", routes.len());
    let deviations = openapi::judge("autotask").deviations;
    assert!(deviations.iter().all(|deviation| !deviation.what.is_empty() && !deviation.why.is_empty()));
}
