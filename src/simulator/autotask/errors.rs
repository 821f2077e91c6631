//! The vendor's error bodies: two shapes, and nearly everything is a 500.

use serde_json::{Value, json};

use super::switches::{ThreadLimit, UnauthorizedBody};
use crate::simulator::exchange::{Content, Reply};

/// What went wrong, one text per problem.
pub(super) fn errors(status: u16, texts: &[String]) -> Reply {
    Reply::json(status, json!({ "errors": texts }))
}

pub(super) fn server(text: impl Into<String>) -> Reply {
    errors(500, &[text.into()])
}

/// The same, with objects in the place of texts where that is the switch.
pub(super) fn worded(mut reply: Reply, objects: bool) -> Reply {
    if objects
        && let Content::Json(body) = &mut reply.content
        && let Some(texts) = body.get_mut("errors").and_then(Value::as_array_mut)
    {
        for text in texts {
            *text = json!({ "message": text });
        }
    }
    reply
}

fn message(status: u16, text: &str) -> Reply {
    Reply::json(status, json!({ "Message": text }))
}

pub(super) fn unauthorized(body: UnauthorizedBody) -> Reply {
    match body {
        UnauthorizedBody::Errors => errors(401, &["The user name or the secret is not valid.".to_owned()]),
        UnauthorizedBody::Empty => Reply::empty(401),
    }
}

pub(super) fn unknown_user() -> Reply {
    server("The logged in Resource could not be found.")
}

pub(super) fn integration_code() -> Reply {
    server("IntegrationCode is invalid.")
}

pub(super) fn no_zone() -> Reply {
    server("Zone information could not be determined")
}

pub(super) fn permission(action: &str) -> Reply {
    server(format!(
        "The logged in Resource does not have the adequate permissions to {action} this entity type."
    ))
}

/// Nothing to update: no such id, or not visible.
pub(super) fn no_match() -> Reply {
    server(
        "No matching records found. The logged in Resource may not have the required permissions to update the data.",
    )
}

pub(super) fn unknown_field(field: &str, entity: &str) -> Reply {
    server(format!("Unable to find {field} in the {entity} Entity."))
}

pub(super) fn no_filter() -> Reply {
    server("Value cannot be null.\r\nParameter name: filters")
}

pub(super) fn max_records() -> Reply {
    server("maxCountOfRecordsToReturn must be between 1 and 500")
}

pub(super) fn too_many_ors() -> Reply {
    server("Invalid query syntax. Queries are limited to 500 or fewer 'OR' conditions.")
}

pub(super) fn json_syntax(body: &[u8]) -> Reply {
    let first = String::from_utf8_lossy(body).trim_start().chars().next().unwrap_or(' ');
    server(format!(
        "Unexpected character encountered while parsing value: {first}. Path '', line 1, position 1."
    ))
}

/// A value that cannot be turned into what the field holds.
pub(super) fn conversion(value: &Value, to: &str, path: &str) -> String {
    let shown = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    format!("Error converting value \"{shown}\" to type 'System.{to}'. Path '{path}'.")
}

pub(super) fn no_route(url: &str) -> Reply {
    message(404, &format!("No HTTP resource was found that matches the request URI '{url}'."))
}

pub(super) fn method(method: &str) -> Reply {
    message(405, &format!("The requested resource does not support http method '{method}'."))
}

/// In the words of the framework that the vendor's other messages show.
pub(super) fn media_type(media: &str) -> Reply {
    if media.is_empty() {
        return message(
            415,
            "The request contains an entity body but no Content-Type header. The inferred media type 'application/octet-stream' is not supported for this resource.",
        );
    }
    message(415, &format!("The request entity's media type '{media}' is not supported for this resource."))
}

/// IIS does not hand an address of this length on.
pub(super) fn long_address() -> Reply {
    Reply::html(
        404,
        "<!DOCTYPE html>\n<html><head><title>404 - File or directory not found.</title></head>\n<body><h1>Server Error</h1><h2>404.15 - The request filtering module denies a query string that is too long.</h2></body></html>\n",
    )
}

pub(super) fn threads(form: ThreadLimit) -> Reply {
    let text = "The API thread threshold of 3 threads has been exceeded for this object endpoint and tracking identifier.";
    match form {
        ThreadLimit::Status429 => errors(429, &[text.to_owned()]),
        ThreadLimit::Code500 => server(format!("ITGenATR005: {text}")),
    }
}

/// The pool of the hour is used up.
pub(super) fn pool(status: u16) -> Reply {
    errors(
        status,
        &["The external request threshold of this database has been exceeded. Try again later.".to_owned()],
    )
}

/// Throttled for whatever reason, where a fault plays it.
pub(super) fn throttled() -> Reply {
    threads(ThreadLimit::Status429)
}
