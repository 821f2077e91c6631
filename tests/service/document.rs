//! The OpenAPI document: what it says is what comes back.

use std::{collections::BTreeSet, sync::LazyLock};

use mothball::service::api;
use reqwest::Method;
use serde_json::{Value, json};

use super::server::{Answered, Server, uniform};
use crate::support::world::World;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(api::document()).unwrap());

/// The operation of the document that this request is, if it is one.
fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let bare = path.split('?').next().unwrap();
    let fits = |template: &str| {
        let (wanted, given): (Vec<_>, Vec<_>) = (template.split('/').collect(), bare.split('/').collect());
        wanted.len() == given.len()
            && wanted.iter().zip(&given).all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
    };
    let (_, item) = DOCUMENT["paths"].as_object().unwrap().iter().find(|(template, _)| fits(template))?;
    item.get(method.as_str().to_lowercase())
}

/// The answer is one that the document names for this request, in the form that it names.
pub fn assert_keeps(method: &Method, path: &str, answered: &Answered) {
    let Some(operation) = operation(method, path) else {
        // What is not in the document is refused, or is the document, or the metrics.
        let free = ["/v1/openapi.json", "/metrics"].contains(&path.split('?').next().unwrap());
        assert!(free || matches!(answered.status, 404 | 405 | 421), "{method} {path}: {}", answered.status);
        return;
    };
    let responses = &operation["responses"];
    let promised = responses.get(answered.status.to_string()).or_else(|| {
        // What goes well is named by its status; the rest is one kind of answer.
        (answered.status >= 400).then(|| &responses["default"])
    });
    let promised =
        promised.unwrap_or_else(|| panic!("{method} {path}: the document knows no {}", answered.status));
    if answered.status == 204 {
        assert!(answered.text.is_empty() && promised.get("content").is_none(), "{method} {path}");
        return;
    }
    let media = answered.headers["content-type"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let content = promised["content"].get(&media);
    let content = content.unwrap_or_else(|| panic!("{method} {path}: {media} is not promised: {promised}"));
    let validator = validator(&content["schema"]);
    let told = if media == "text/event-stream" { events(&answered.text) } else { vec![answered.json()] };
    for told in told {
        let errors: Vec<String> =
            validator.iter_errors(&told).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{method} {path} {}: {errors:#?}\n{told}", answered.status);
    }
}

fn validator(schema: &Value) -> jsonschema::Validator {
    let schema = json!({ "components": DOCUMENT["components"], "allOf": [schema] });
    jsonschema::validator_for(&schema).expect("the document has schemas")
}

/// The events of a stream, each with the fields that it was told with.
fn events(text: &str) -> Vec<Value> {
    let fields = |block: &str| {
        let lines = block.lines().filter(|line| !line.starts_with(':'));
        lines
            .map(|line| {
                let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
                (name.to_owned(), Value::from(value))
            })
            .collect::<serde_json::Map<_, _>>()
    };
    let events = text.split("\n\n").map(fields);
    events.filter(|fields| !fields.is_empty()).map(Value::Object).collect()
}

#[test]
fn it_is_an_openapi_document() {
    let rules: Value = serde_json::from_str(include_str!("../data/openapi-3.1.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&rules).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&DOCUMENT).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let mut broken = DOCUMENT.clone();
    broken["paths"]["/v1/runs"]["get"]["responses"]["200"].as_object_mut().unwrap().remove("description");
    assert!(!validator.is_valid(&broken), "it looks into the operations");
}

#[test]
fn what_a_link_leads_to_is_an_operation() {
    let operations = || {
        DOCUMENT["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values())
    };
    let known: BTreeSet<&str> =
        operations().map(|operation| operation["operationId"].as_str().unwrap()).collect();
    let responses = operations().flat_map(|operation| operation["responses"].as_object().unwrap().values());
    let links: Vec<&Value> = responses
        .filter_map(|response| response["links"].as_object())
        .flat_map(|links| links.values())
        .collect();
    assert!(links.len() > 40, "{}", links.len());
    for link in links {
        assert!(known.contains(link["operationId"].as_str().unwrap()), "{link}");
    }
}

/// What the document says of a body, and what becomes of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_taken_exactly_if_the_document_allows_it() {
    let server = Server::with(World::new(uniform(1)).await, 0).await;
    let ids = |range: std::ops::Range<u32>| range.map(|n| n.to_string()).collect::<Vec<_>>();
    let bodies = [
        ("/v1/runs", json!({})),
        ("/v1/runs", json!({ "client_id": "1" })),
        ("/v1/runs", json!({ "client_id": "1", "client_name": "Acme" })),
        ("/v1/runs", json!({ "client_id": "1", "client_name": null, "all": false })),
        ("/v1/runs", json!({ "client_id": null })),
        ("/v1/runs", json!({ "client_id": "" })),
        ("/v1/runs", json!({ "client_id": " \t\u{a0}" })),
        ("/v1/runs", json!({ "client_id": "x".repeat(200) })),
        ("/v1/runs", json!({ "client_id": "x".repeat(201) })),
        ("/v1/runs", json!({ "client_name": "\u{1f600}".repeat(400) })),
        ("/v1/runs", json!({ "client_name": "\u{1f600}".repeat(401) })),
        ("/v1/runs", json!({ "all": true })),
        ("/v1/runs", json!({ "all": false })),
        ("/v1/runs", json!({ "all": true, "client_id": "1" })),
        ("/v1/runs", json!({ "all": true, "client_id": null })),
        ("/v1/runs", json!({ "all": true, "reason": "x".repeat(2_000), "ticket": null })),
        ("/v1/runs", json!({ "all": true, "reason": "x".repeat(2_001) })),
        ("/v1/runs", json!({ "all": true, "ticket": "x".repeat(201) })),
        ("/v1/runs", json!({ "all": true, "requested_by": "x".repeat(401) })),
        ("/v1/runs", json!({ "all": true, "profile": "x".repeat(201) })),
        ("/v1/runs", json!({ "all": true, "offboarded_statuses": [] })),
        ("/v1/runs", json!({ "all": true, "offboarded_statuses": [""] })),
        ("/v1/runs", json!({ "all": true, "offboarded_statuses": ["x".repeat(101)] })),
        ("/v1/runs", json!({ "all": true, "offboarded_statuses": vec!["Former Client"; 50] })),
        ("/v1/runs", json!({ "all": true, "offboarded_statuses": vec!["Former Client"; 51] })),
        ("/v1/runs", json!({ "all": true, "offboarded_statuses": null })),
        ("/v1/runs", json!({ "all": true, "dry_run": "yes" })),
        ("/v1/runs", json!({ "all": true, "max_changes": 9 })),
        ("/v1/runs", json!([])),
        ("/v1/runs/{id}/approve", json!({})),
        ("/v1/runs/{id}/approve", json!({ "only": ids(0..1_000) })),
        ("/v1/runs/{id}/approve", json!({ "only": ids(0..1_001) })),
        ("/v1/runs/{id}/approve", json!({ "except": ["1", "1"] })),
        ("/v1/runs/{id}/approve", json!({ "except": ["x".repeat(40)] })),
        ("/v1/runs/{id}/approve", json!({ "except": ["x".repeat(41)] })),
        ("/v1/runs/{id}/approve", json!({ "only": ["1"], "except": ["2"] })),
        ("/v1/runs/{id}/undo", json!({ "only": [] })),
        ("/v1/runs/{id}/undo", json!({ "only": ["1 2"] })),
        ("/v1/runs/{id}/undo", json!({ "only": ["1"], "reason": null, "dry_run": true })),
        ("/v1/runs/{id}/undo", json!({ "reason": "x".repeat(2_001) })),
        ("/v1/runs/{id}/reject", json!({ "because": "no" })),
    ];
    for (path, body) in bodies {
        let told = &DOCUMENT["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
        let allowed = validator(told).is_valid(&body);
        // There is no such run, which is told once the body is understood.
        let answered = server.post(&path.replace("{id}", "nobody"), body.clone()).await;
        let taken = matches!(answered.status, 202 | 404);
        assert_eq!(taken, allowed, "{path} {body}: {} {}", answered.status, answered.text);
    }
    server.check().await;
}

#[test]
fn every_operation_says_what_it_does_who_may_and_what_goes_wrong() {
    assert!(DOCUMENT["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut ids = BTreeSet::new();
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{method} {path}");
            let problem = &operation["responses"]["default"]["content"]["application/problem+json"];
            assert!(problem["schema"].is_object(), "{method} {path} does not tell how it refuses");
            // Webhooks prove themselves as their vendors have it, which is no scheme of this document.
            let open = ["/healthz", "/readyz", "/v1/webhooks/{profile}"].contains(&path.as_str());
            assert_eq!(operation.get("security").is_none(), open, "{method} {path}");
            if method == "post" {
                assert_eq!(operation["requestBody"]["content"].as_object().unwrap().len(), 1, "{path}");
            }
        }
    }
    assert_eq!(ids.len(), 13);
}

#[test]
fn it_can_be_resolved_from_within_itself() {
    fn refs(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                if let Some(Value::String(to)) = object.get("$ref") {
                    found.push(to.clone());
                }
                object.values().for_each(|value| refs(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| refs(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    refs(&DOCUMENT, &mut found);
    assert!(found.len() > 10);
    for to in found {
        let pointer = to.strip_prefix('#').unwrap_or_else(|| panic!("{to} leads elsewhere"));
        assert!(DOCUMENT.pointer(pointer).is_some(), "{to} leads nowhere");
    }
}

#[tokio::test]
async fn the_served_document_is_this_one_and_needs_no_token() {
    let server = Server::new(1).await;
    let path = "/v1/openapi.json";
    let answered = server.send(&Method::GET, path, server.request(&Method::GET, path, "")).await;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.json(), *DOCUMENT);
    server.check().await;
}
