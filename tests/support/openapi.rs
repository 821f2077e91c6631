//! The vendor's OpenAPI file as a judge: whether a request may be sent, and whether an answer may be given.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{LazyLock, Mutex},
};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// What one vendor's file says, and how the vendor departs from it.
pub struct Judge {
    document: Value,
    /// The path below the file's server, from a path as it was sent.
    inner: fn(&str) -> &str,
    /// Answers that are sent though the vendor's file says otherwise, each with its reason.
    pub deviations: &'static [Deviation],
    /// Reads that the file does not know, each with its reason.
    pub unfiled: &'static [(&'static str, &'static str)],
    /// Whether members that the file calls required may be left out of this answer.
    partial: fn(query: &str) -> bool,
    /// Paths are compared without regard to case.
    any_case: bool,
    /// Validators by schema, made when first needed.
    validators: Mutex<BTreeMap<String, &'static Validator>>,
}

/// One departure of a vendor from its own file.
pub struct Deviation {
    pub what: &'static str,
    pub why: &'static str,
    /// Whether this answer is it: method, path pattern, status, body.
    pub is: fn(&str, &str, u16, &Value) -> bool,
}

fn document(text: &str) -> Value {
    serde_json::from_str(text).expect("the vendor's file is JSON")
}

fn connectwise_document() -> Value {
    let mut document = document(include_str!("../data/connectwise.openapi.json"));
    super::openapi_notes::connectwise(&mut document);
    document
}

static CONNECTWISE: LazyLock<Judge> = LazyLock::new(|| Judge {
    document: connectwise_document(),
    inner: |path| path.split_once("/apis/3.0").map_or(path, |(_, rest)| rest),
    deviations: &[Deviation {
        what: "GET /login/companyinfo/{companyId} 200 null",
        why: "unknown company: the real server answers JSON null",
        is: |_, pattern, _, body| pattern == "/login/companyinfo/{companyId}" && body.is_null(),
    }],
    // With `fields` in the query, what the file calls required is left out.
    partial: |query| query.contains("fields="),
    unfiled: &[(
        "/v2026_1//system/callbackkey/index.rails",
        "the key of a callback is no part of the API: its address is as the vendor's own callbacks name it (the sheet)",
    )],
    any_case: false,
    validators: Mutex::default(),
});

static AUTOTASK: LazyLock<Judge> = LazyLock::new(|| {
    let mut document = document(include_str!("../data/autotask.openapi.json"));
    // The vendor's enumeration got lost on the way into the file, which has an object without members in its place:
    // 0 none, 1 all, 2 restricted (the help page of `entityInformation`).
    document["components"]["schemas"]["RestUserAccessLevel"] =
        json!({ "type": "integer", "enum": [0, 1, 2] });
    // The one field of the file that is not marked nullable; fields without a value are null (help pages).
    document["components"]["schemas"]["UserDefinedFieldDefinitionModel"]["properties"]["defaultValue"]["nullable"] =
        json!(true);
    super::openapi_notes::autotask(&mut document);
    Judge {
        document,
        inner: |path| {
            let start = "/atservicesrest";
            path.to_ascii_lowercase().find(start).map_or(path, |at| &path[at + start.len()..])
        },
        deviations: &[Deviation {
            what: "401 {\"errors\": […]}",
            why: "the file gives a 401 no body; real servers were seen with one and without (a switch)",
            is: |_, _, status, body| status == 401 && body["errors"].is_array(),
        }],
        partial: |_| false,
        unfiled: &[],
        any_case: true,
        validators: Mutex::default(),
    }
});

/// The file, with the members of clients that live rows carry and it does not know.
fn halopsa_document() -> Value {
    let mut document = document(include_str!("../data/halopsa.openapi.json"));
    let client = &mut document["components"]["schemas"]["Area"]["properties"];
    client["is_account"] = json!({ "type": "boolean" });
    client["key"] = json!({ "type": "integer" });
    super::openapi_notes::halopsa(&mut document);
    document
}

static HALOPSA: LazyLock<Judge> = LazyLock::new(|| Judge {
    document: halopsa_document(),
    inner: |path| path.strip_prefix("/api").unwrap_or(path),
    deviations: &[
        Deviation {
            what: "500 with nothing in it",
            why: "seen live on several routes; the file knows no 500 anywhere",
            is: |_, _, status, body| status == 500 && body.is_null(),
        },
        Deviation {
            what: "429 of /AuthInfo and /auth/token",
            why: "a public client handles both; the file names neither",
            is: |_, pattern, status, body| {
                ["/AuthInfo", "/auth/token"].contains(&pattern) && status == 429 && body.is_string()
            },
        },
        Deviation {
            what: "404 of a POST",
            why: "a record that is not there: seen live with an empty body; the file has it for reads only",
            is: |method, _, status, body| method != "GET" && status == 404 && body.is_null(),
        },
        Deviation {
            what: "409 and 415 of a POST",
            why: "the hosting layer's own, with an empty body",
            is: |method, _, status, body| method == "POST" && [409, 415].contains(&status) && body.is_null(),
        },
        Deviation {
            what: "an array in answer to a POST of several assets",
            why: "the file has one object in answer to an array; no source shows which it is",
            is: |method, pattern, status, body| {
                method == "POST" && pattern == "/Asset" && status == 201 && body.is_array()
            },
        },
    ],
    partial: |_| false,
    unfiled: &[
        (
            "/Lookup",
            "the file is a cut of the vendor's; the sheet names GET /Lookup?lookupid=N, which holds the labels of customer types",
        ),
        ("/Invoice", "the file is a cut of the vendor's; the sheet names GET /Invoice and its envelope"),
    ],
    any_case: true,
    validators: Mutex::default(),
});

/// The judge of a vendor, by its word in the settings file.
pub fn judge(psa: &str) -> &'static Judge {
    match psa {
        "connectwise" => &CONNECTWISE,
        "autotask" => &AUTOTASK,
        "halopsa" => &HALOPSA,
        other => panic!("there is no file of {other}"),
    }
}

impl Judge {
    /// What is wrong with a request, if anything: route, method, query parameters, body.
    pub fn check_request(&self, method: &str, path: &str, query: &str, body: &str) -> Result<(), String> {
        if method == "GET" && self.unfiled.iter().any(|(known, _)| *known == (self.inner)(path)) {
            return Ok(());
        }
        let (pattern, operation) = self.operation(method, path)?;
        let allowed = self.parameters(&operation);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let schema = allowed
                .get(name.as_ref())
                .ok_or_else(|| format!("{method} {pattern}: no parameter \"{name}\""))?;
            let fits = match schema["type"].as_str() {
                Some("integer") => value.parse::<i32>().is_ok(),
                Some("boolean") => ["true", "false"].contains(&value.as_ref()),
                _ => true,
            };
            if !fits {
                return Err(format!("{method} {pattern}: {name}={value} is no {}", schema["type"]));
            }
        }
        match operation.get("requestBody") {
            None if body.is_empty() => Ok(()),
            None => Err(format!("{method} {pattern}: takes no body")),
            Some(wanted) => {
                let wanted = self.resolve(wanted);
                let contents = wanted["content"].as_object();
                let form =
                    contents.is_some_and(|content| content.contains_key("application/x-www-form-urlencoded"));
                let body: Value = if form {
                    url::form_urlencoded::parse(body.as_bytes())
                        .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
                        .collect::<Map<_, _>>()
                        .into()
                } else {
                    serde_json::from_str(body).map_err(|error| format!("{method} {pattern}: body {error}"))?
                };
                let content = contents.and_then(|content| content.values().next());
                let schema = content.map(|content| &content["schema"]).ok_or("a body without a schema")?;
                self.validate(&format!("request {method} {pattern}"), schema, &body)
            }
        }
    }

    /// What is wrong with an answer, if anything: its status and its body.
    pub fn check_response(
        &self,
        method: &str,
        path: &str,
        query: &str,
        status: u16,
        body: &Value,
    ) -> Result<(), String> {
        let (pattern, operation) = self.operation(method, path)?;
        if self.deviations.iter().any(|deviation| (deviation.is)(method, &pattern, status, body)) {
            return Ok(());
        }
        let answers = &operation["responses"];
        let answer = answers
            .get(status.to_string())
            .ok_or_else(|| format!("{method} {pattern}: no status {status}"))?;
        let answer = self.resolve(answer);
        let Some(content) = answer["content"].as_object().and_then(|content| content.values().next()) else {
            return if body.is_null() {
                Ok(())
            } else {
                Err(format!("{method} {pattern}: {status} has no body"))
            };
        };
        let mut body = body.clone();
        // Captured: real servers send null where the file says array.
        if status >= 400
            && let Value::Object(error) = &mut body
            && error.get("errors") == Some(&Value::Null)
        {
            error.remove("errors");
        }
        let schema = &content["schema"];
        let what = format!("answer {method} {pattern} {status}");
        if (self.partial)(query) && status < 300 {
            return self.validate(&what, &json!({ "partial": true, "of": schema }), &body);
        }
        self.validate(&what, schema, &body)
    }

    /// As `check_response`, for a body in which members without a value are null, which the vendor's file does not
    /// allow for strings and references but old servers send.
    pub fn check_response_without_nulls(
        &self,
        method: &str,
        path: &str,
        query: &str,
        status: u16,
        body: &Value,
    ) -> Result<(), String> {
        self.check_response(method, path, query, status, &without_nulls(body))
    }

    fn resolve(&self, value: &Value) -> Value {
        match value["$ref"].as_str() {
            Some(pointer) => {
                self.document.pointer(pointer.trim_start_matches('#')).cloned().unwrap_or_default()
            }
            None => value.clone(),
        }
    }

    fn operation(&self, method: &str, path: &str) -> Result<(String, Value), String> {
        let inner = (self.inner)(path);
        let parts: Vec<&str> = inner.split('/').filter(|part| !part.is_empty()).collect();
        let paths = self.document["paths"].as_object().expect("the vendor's file has paths");
        let same_part = |wanted: &str, part: &str| {
            wanted.starts_with('{')
                || if self.any_case { wanted.eq_ignore_ascii_case(part) } else { wanted == part }
        };
        let fits = |pattern: &str| {
            let wanted: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
            let same = wanted.len() == parts.len()
                && wanted.iter().zip(&parts).all(|(wanted, part)| same_part(wanted, part));
            // A literal segment beats a place holder: /companies/statuses is no company.
            same.then(|| wanted.iter().filter(|part| part.starts_with('{')).count())
        };
        let best = paths.keys().filter_map(|pattern| fits(pattern).map(|holes| (holes, pattern))).min();
        let (_, pattern) = best.ok_or_else(|| format!("{method} {inner}: no such path"))?;
        let operation =
            paths[pattern].get(method.to_lowercase()).ok_or_else(|| format!("{pattern}: no {method}"))?;
        Ok((pattern.clone(), operation.clone()))
    }

    fn parameters(&self, operation: &Value) -> BTreeMap<String, Value> {
        let listed = operation["parameters"].as_array().cloned().unwrap_or_default();
        listed
            .iter()
            .map(|parameter| self.resolve(parameter))
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| {
                (parameter["name"].as_str().unwrap_or_default().to_owned(), parameter["schema"].clone())
            })
            .collect()
    }

    fn validate(&self, what: &str, schema: &Value, body: &Value) -> Result<(), String> {
        let validator = {
            let mut known = self.validators.lock().expect("no test panics while it holds this");
            let key = schema.to_string();
            if let Some(validator) = known.get(&key) {
                *validator
            } else {
                let made = jsonschema::draft202012::new(&self.standalone(schema))
                    .map_err(|error| error.to_string())?;
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
    fn standalone(&self, schema: &Value) -> Value {
        let partial = schema["partial"] == true;
        let mut whole = if partial { schema["of"].clone() } else { schema.clone() };
        if let Value::Object(whole) = &mut whole {
            whole.insert(
                "components".to_owned(),
                json!({ "schemas": self.document["components"]["schemas"] }),
            );
        }
        plain(&whole, partial)
    }
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
            // Beside a reference there is no type to widen.
            if row.get("nullable") == Some(&Value::Bool(true)) && row.contains_key("allOf") {
                return json!({ "anyOf": [row, { "type": "null" }] });
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
