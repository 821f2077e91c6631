//! Many configurations in one request. The vendor's file documents 207 with a `BulkResult` (and, for POST and PUT, one
//! configuration, which cannot be); no use of it in the field is known.

use serde_json::{Value, json};

use super::{ConnectWise, errors};
use crate::simulator::exchange::{Content, Reply, Request};

impl ConnectWise {
    /// POST makes each entry, PUT replaces each. One that is refused does not keep the others from it.
    pub(super) fn bulk(
        &mut self,
        request: &Request,
        method: &str,
        notes: &mut Vec<String>,
    ) -> Result<Reply, Reply> {
        notes.push(format!("{method} of many configurations: what one of them does not say is lost"));
        let body = errors::parsed(&request.body)?;
        let Value::Array(entries) = &body else {
            return Err(errors::cast(&body, "System.Collections.Generic.List`1[Configuration]"));
        };
        let payload: Vec<Value> = entries
            .iter()
            .enumerate()
            .map(|(index, entry)| {
                let outcome = if method == "POST" {
                    self.create(request.now, entry)
                } else {
                    let id = entry["id"].as_i64().unwrap_or(0);
                    self.replace(request.now, id, entry)
                };
                told(index, outcome)
            })
            .collect();
        Ok(Reply::json(207, json!({ "payload": payload, "_info": {} })))
    }
}

/// `ResultInfo`: what became of one entry.
fn told(index: usize, outcome: Result<Reply, Reply>) -> Value {
    let success = outcome.is_ok();
    let (Ok(reply) | Err(reply)) = outcome;
    let Content::Json(body) = reply.content else { return Value::Null };
    let mut info = json!({ "success": success, "originalIndex": index, "statusCode": reply.status });
    if success {
        info["data"] = json!({ "id": body["id"] });
    } else {
        info["error"] = body;
    }
    info
}
