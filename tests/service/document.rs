//! The OpenAPI document: what it says is what comes back.

use std::sync::LazyLock;

use mothball::service::api;
use reqwest::Method;
use serde_json::{Value, json};

use super::server::{Answered, Server};

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
    if media == "text/event-stream" {
        return;
    }
    let schema = json!({ "components": DOCUMENT["components"], "allOf": [content["schema"]] });
    let validator = jsonschema::validator_for(&schema).expect("the document has schemas");
    let errors: Vec<String> = validator
        .iter_errors(&answered.json())
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{method} {path} {}: {errors:#?}\n{}", answered.status, answered.text);
}

#[test]
fn every_operation_says_what_it_does_who_may_and_what_goes_wrong() {
    assert!(DOCUMENT["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut ids = std::collections::BTreeSet::new();
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
