//! The vendor's OpenAPI file as a judge: whether a request may be sent, and whether an answer may be given.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{LazyLock, Mutex},
};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/connectwise.openapi.json")).expect("the vendor's file is JSON")
});

/// Validators by JSON pointer into the document, made when first needed.
static VALIDATORS: LazyLock<Mutex<BTreeMap<String, &'static Validator>>> = LazyLock::new(Mutex::default);

/// Answers that are sent though the vendor's file says otherwise, each with its reason.
const DEVIATIONS: &[(&str, &str)] = &[
    ("GET /login/companyinfo/{companyId} 200 null", "unknown company: the real server answers JSON null"),
    ("403 no clientId, 404 release", "HTML or a body that never reached the API is no ErrorResponseMessage"),
    ("errors: null", "captured: the real server sends null where the file says array"),
];

/// What is wrong with a request, if anything: route, method, query parameters, body.
pub fn check_request(method: &str, path: &str, query: &str, body: &str) -> Result<(), String> {
    let (pattern, operation) = operation(method, path)?;
    let allowed = parameters(&operation);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let schema = allowed
            .get(name.as_ref())
            .ok_or_else(|| format!("{method} {pattern}: no parameter \"{name}\""))?;
        if schema["type"] == "integer" && value.parse::<i32>().is_err() {
            return Err(format!("{method} {pattern}: {name}={value} is no integer"));
        }
    }
    match operation.get("requestBody") {
        None if body.is_empty() => Ok(()),
        None => Err(format!("{method} {pattern}: takes no body")),
        Some(wanted) => {
            let body: Value =
                serde_json::from_str(body).map_err(|error| format!("{method} {pattern}: body {error}"))?;
            let content = wanted["content"].as_object().and_then(|content| content.values().next());
            let schema = content.map(|content| &content["schema"]).ok_or("a body without a schema")?;
            validate(&format!("request {method} {pattern}"), schema, &body)
        }
    }
}

/// What is wrong with an answer, if anything: its status and its body.
pub fn check_response(
    method: &str,
    path: &str,
    query: &str,
    status: u16,
    body: &Value,
) -> Result<(), String> {
    let (pattern, operation) = operation(method, path)?;
    if pattern == "/login/companyinfo/{companyId}" && body.is_null() {
        return Ok(());
    }
    let answers = &operation["responses"];
    let answer =
        answers.get(status.to_string()).ok_or_else(|| format!("{method} {pattern}: no status {status}"))?;
    let answer = resolve(answer);
    let Some(content) = answer["content"].as_object().and_then(|content| content.values().next()) else {
        return if body.is_null() {
            Ok(())
        } else {
            Err(format!("{method} {pattern}: {status} has no body"))
        };
    };
    let mut body = body.clone();
    if status >= 400
        && let Value::Object(error) = &mut body
        && error.get("errors") == Some(&Value::Null)
    {
        error.remove("errors");
    }
    let schema = &content["schema"];
    // With `fields` in the query, what the file calls required is left out.
    if query.contains("fields=") && status < 300 {
        let schema = json!({ "partial": true, "of": schema });
        return validate(&format!("answer {method} {pattern} {status}"), &schema, &body);
    }
    validate(&format!("answer {method} {pattern} {status}"), schema, &body)
}

/// As `check_response`, for a body in which members without a value are null, which the vendor's file does not
/// allow for strings and references but old servers send.
pub fn check_response_without_nulls(
    method: &str,
    path: &str,
    query: &str,
    status: u16,
    body: &Value,
) -> Result<(), String> {
    check_response(method, path, query, status, &without_nulls(body))
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(row) => row
            .iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(name, member)| (name.clone(), without_nulls(member)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(rows) => rows.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

/// The list of deviations, each with its reason.
pub fn deviations() -> &'static [(&'static str, &'static str)] {
    DEVIATIONS
}

fn resolve(value: &Value) -> Value {
    match value["$ref"].as_str() {
        Some(pointer) => DOCUMENT.pointer(pointer.trim_start_matches('#')).cloned().unwrap_or_default(),
        None => value.clone(),
    }
}

/// Takes the site's path apart: `/v4_6_release/apis/3.0/company/...` or `/login/...`.
fn operation(method: &str, path: &str) -> Result<(String, Value), String> {
    let inner = path.split_once("/apis/3.0").map_or(path, |(_, rest)| rest);
    let parts: Vec<&str> = inner.split('/').filter(|part| !part.is_empty()).collect();
    let paths = DOCUMENT["paths"].as_object().expect("the vendor's file has paths");
    let fits = |pattern: &str| {
        let wanted: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
        let same = wanted.len() == parts.len()
            && wanted.iter().zip(&parts).all(|(wanted, part)| wanted.starts_with('{') || wanted == part);
        // A literal segment beats a place holder: /companies/statuses is no company.
        same.then(|| wanted.iter().filter(|part| part.starts_with('{')).count())
    };
    let best = paths.keys().filter_map(|pattern| fits(pattern).map(|holes| (holes, pattern))).min();
    let (_, pattern) = best.ok_or_else(|| format!("{method} {inner}: no such path"))?;
    let operation =
        paths[pattern].get(method.to_lowercase()).ok_or_else(|| format!("{pattern}: no {method}"))?;
    Ok((pattern.clone(), operation.clone()))
}

fn parameters(operation: &Value) -> BTreeMap<String, Value> {
    let listed = operation["parameters"].as_array().cloned().unwrap_or_default();
    listed
        .iter()
        .map(resolve)
        .filter(|parameter| parameter["in"] == "query")
        .map(|parameter| {
            (parameter["name"].as_str().unwrap_or_default().to_owned(), parameter["schema"].clone())
        })
        .collect()
}

fn validate(what: &str, schema: &Value, body: &Value) -> Result<(), String> {
    let validator = {
        let mut known = VALIDATORS.lock().expect("no test panics while it holds this");
        let key = schema.to_string();
        if let Some(validator) = known.get(&key) {
            *validator
        } else {
            let made =
                jsonschema::draft202012::new(&standalone(schema)).map_err(|error| error.to_string())?;
            let made: &'static Validator = Box::leak(Box::new(made));
            known.insert(key, made);
            made
        }
    };
    let wrong: BTreeSet<String> = validator
        .iter_errors(body)
        .take(5)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!("{what}: {}", wrong.into_iter().collect::<Vec<_>>().join("; ")))
    }
}

/// The schema with all the components it may refer to, in plain JSON Schema: `nullable` becomes a type.
fn standalone(schema: &Value) -> Value {
    let partial = schema["partial"] == true;
    let mut whole = if partial { schema["of"].clone() } else { schema.clone() };
    if let Value::Object(whole) = &mut whole {
        whole.insert("components".to_owned(), json!({ "schemas": DOCUMENT["components"]["schemas"] }));
    }
    plain(&whole, partial)
}

fn plain(value: &Value, partial: bool) -> Value {
    match value {
        Value::Object(row) => {
            let mut row: Map<String, Value> =
                row.iter().map(|(name, member)| (name.clone(), plain(member, partial))).collect();
            if partial && row.get("required").is_some_and(Value::is_array) {
                row.remove("required");
            }
            if row.get("nullable") == Some(&Value::Bool(true))
                && let Some(Value::String(kind)) = row.get("type").cloned()
            {
                row.insert("type".to_owned(), json!([kind, "null"]));
            }
            // A closed world: a member that the file does not know is a misspelt one.
            if row.contains_key("properties") && !row.contains_key("additionalProperties") {
                row.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            Value::Object(row)
        }
        Value::Array(rows) => rows.iter().map(|row| plain(row, partial)).collect(),
        other => other.clone(),
    }
}
