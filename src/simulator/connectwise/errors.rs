//! The vendor's error bodies.

use serde_json::{Value, json};

use crate::simulator::exchange::Reply;

fn plain(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, json!({ "code": code, "message": message, "errors": null }))
}

pub(super) fn conditions(message: &str) -> Reply {
    plain(400, "ApiFindCondition", message)
}

pub(super) fn patch(message: &str) -> Reply {
    plain(400, "InvalidPatch", message)
}

/// The body of a write that is no PATCH.
pub(super) fn parsed(body: &[u8]) -> Result<Value, Reply> {
    serde_json::from_slice(body)
        .map_err(|_| plain(400, "InvalidObject", "The request body is not valid JSON."))
}

/// A value of the wrong type: both as .NET names them.
pub(super) fn cast(from: &Value, to: &str) -> Reply {
    let from = match from {
        Value::Null => "null",
        Value::Bool(_) => "System.Boolean",
        Value::Number(number) if number.is_f64() => "System.Double",
        Value::Number(_) => "System.Int64",
        Value::String(_) => "System.String",
        Value::Array(_) => "Newtonsoft.Json.Linq.JArray",
        Value::Object(_) => "Newtonsoft.Json.Linq.JObject",
    };
    patch(&format!("Could not cast or convert from {from} to {to}."))
}

/// One member of a record does not pass.
pub(super) fn invalid(resource: &str, code: &str, message: &str, field: &str) -> Reply {
    Reply::json(
        400,
        json!({
            "code": "InvalidObject",
            "message": format!("{resource} object is invalid"),
            "errors": [{ "code": code, "message": message, "resource": resource, "field": field }],
        }),
    )
}

pub(super) fn unauthorized() -> Reply {
    plain(401, "Unauthorized", "The credentials could not be verified.")
}

pub(super) fn no_client_id(status: u16) -> Reply {
    let code = if status == 401 { "Unauthorized" } else { "Security" };
    plain(status, code, "A valid clientId is required. Register at https://developer.connectwise.com.")
}

pub(super) fn forbidden() -> Reply {
    plain(403, "Unauthorized", "You do not have security permission to perform this action.")
}

pub(super) fn not_found(kind: &str, id: i64) -> Reply {
    plain(404, "NotFound", &format!("{kind} {id} not found"))
}

pub(super) fn no_endpoint() -> Reply {
    plain(404, "ConnectWiseApi", "The endpoint does not exist.")
}

/// The address of a release that is not there (any more) never reaches the API.
pub(super) fn no_release() -> Reply {
    Reply::html(
        404,
        "<!DOCTYPE html>\n<html><head><title>404 - File or directory not found.</title></head>\n<body><h1>Server Error</h1><h2>404 - File or directory not found.</h2></body></html>\n",
    )
}

pub(super) fn method(method: &str, allowed: &[&str]) -> Reply {
    plain(405, "ConnectWiseApi", &format!("The requested resource does not support http method '{method}'."))
        .with("Allow", allowed.join(", "))
}

pub(super) fn media_type() -> Reply {
    plain(415, "ConnectWiseApi", "The request entity's media type is not supported for this resource.")
}

pub(super) fn poison() -> Reply {
    plain(500, "ConnectWiseApi", "String was not recognized as a valid Boolean.")
}

pub(super) fn conflict() -> Reply {
    plain(409, "Conflict", "The record is in use.")
}

/// Note `error`, not `code`.
pub(super) fn too_many(seconds: u64) -> Reply {
    let message = format!("Too many requests. Please try again in {seconds} seconds.");
    Reply::json(429, json!({ "error": "ConnectWiseAPI", "message": message }))
}
