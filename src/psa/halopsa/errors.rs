//! What this PSA says when it says no: often nothing at all, else text in one of several forms. And what that means to
//! the program.

use serde_json::Value;

use crate::{domain::text::one_line, http::Reply, psa::PsaError};

/// How much of the vendor's words is kept.
const LENGTH: usize = 600;

/// The vendor's words in one line, whatever came.
pub fn words(reply: &Reply) -> String {
    match reply.json::<Value>() {
        Ok(value) => one_line(&told(&value).unwrap_or_else(|| reply.line()), LENGTH),
        Err(_) => reply.line(),
    }
}

/// The text of an error in any of the forms that were seen: a plain string, a map of fields to complaints, a
/// serialised exception, the token endpoint's pair, a code with a message.
fn told(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Array(rows) => {
            let parts: Vec<String> = rows.iter().filter_map(told).collect();
            (!parts.is_empty()).then(|| parts.join("; "))
        }
        Value::Object(members) => {
            let text = |wanted: &[&str]| {
                members
                    .iter()
                    .filter(|(name, _)| wanted.iter().any(|wanted| name.eq_ignore_ascii_case(wanted)))
                    .find_map(|(_, value)| value.as_str().map(str::trim).filter(|text| !text.is_empty()))
            };
            let code = text(&["error", "resultCode", "ClassName"]);
            let message = text(&["error_description", "errorMessage", "Message", "title"]);
            let complaints = members.get("errors").filter(|errors| errors.is_object()).unwrap_or(value);
            match (code, message) {
                _ if is_model_state(complaints) => Some(model_state(complaints)),
                (Some(code), Some(message)) => Some(format!("{code}: {message}")),
                (Some(only), None) | (None, Some(only)) => Some(only.to_owned()),
                (None, None) => None,
            }
        }
        _ => None,
    }
}

/// `{"[0].status_id":["Could not convert …"]}`
fn is_model_state(value: &Value) -> bool {
    value.as_object().is_some_and(|members| !members.is_empty() && members.values().all(Value::is_array))
}

fn model_state(value: &Value) -> String {
    let complaints: Vec<String> = value
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(field, complaints)| Some(format!("{field}: {}", told(complaints)?)))
        .collect();
    complaints.join("; ")
}

/// A reply that is no success, in the program's terms. `right` is what the application and its agent need for it.
pub fn error(reply: &Reply, right: &str) -> PsaError {
    let said = words(reply);
    match reply.status {
        // With a new token, too: not the sign-in is refused, but a right is missing.
        401 | 403 => {
            let said = if reply.body.iter().all(u8::is_ascii_whitespace) {
                String::new()
            } else {
                format!("{said}: ")
            };
            PsaError::Permission {
                message: format!(
                    "{said}the application or its agent lacks {right} ({} without a reason is how this PSA says so)",
                    reply.status
                ),
            }
        }
        429 => PsaError::RateLimited { message: said },
        500 => PsaError::Refused { status: 500, message: format!("it failed over this ({said})") },
        501..=599 => PsaError::Unreachable {
            message: format!("it answered {} with {said}", reply.status),
            gave_up: false,
        },
        404 => PsaError::Refused { status: 404, message: format!("not found ({said})") },
        status => PsaError::Refused { status, message: said },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn every_shape_keeps_the_vendors_words() {
        for (body, said) in [
            (r#""Name must be unique""#, "Name must be unique"),
            (
                r#"{"[0].status_id":["Could not convert string to integer: x."]}"#,
                "[0].status_id: Could not convert string to integer: x.",
            ),
            (r#"{"id":["The value 'probe' is not valid."]}"#, "id: The value 'probe' is not valid."),
            (
                r#"{"ClassName":"System.Exception","Message":"A Site must be selected"}"#,
                "System.Exception: A Site must be selected",
            ),
            (r#"{"Message":"No."}"#, "No."),
            (r#"{"error":"invalid_client","error_description":"Unknown"}"#, "invalid_client: Unknown"),
            (r#"{"resultCode":"7","errorMessage":"No."}"#, "7: No."),
            ("", "nothing at all"),
            ("<html><title>Bad</title></html>", "a web page: Bad"),
        ] {
            assert_eq!(words(&reply(400, body)), said, "{body}");
        }
    }

    #[test]
    fn empty_refusals_are_explained() {
        for status in [401, 403] {
            match error(&reply(status, ""), "edit:assets") {
                PsaError::Permission { message } => {
                    assert!(message.contains("the application or its agent lacks edit:assets"), "{message}");
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(matches!(error(&reply(500, ""), ""), PsaError::Refused { status: 500, .. }));
        assert!(matches!(error(&reply(504, ""), ""), PsaError::Unreachable { .. }));
    }
}
