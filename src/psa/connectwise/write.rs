//! The one change: a PATCH of a single configuration, and what its answer proves.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    ConnectWise,
    client::CallError,
    configurations::PATH,
    errors, number,
    wire::{self, filled},
};
use crate::{
    domain::{Change, State, Wanted},
    http::{Reply, Sent},
    psa::{PsaError, port::Result, port::SetAnswer},
};

pub async fn set(psa: &ConnectWise, change: &Change, hold: &CancellationToken) -> SetAnswer {
    let Some(id) = number(change.config_id().as_str()) else {
        let message = format!("configuration {} has no number", change.config_id());
        return SetAnswer::NotSent { error: PsaError::Unreadable { message } };
    };
    // What the answer will be compared with must be known before anything is sent.
    if let Err(error) = psa.statuses().await {
        return SetAnswer::NotSent { error };
    }
    let plain = match operations(change.wanted()) {
        Ok(plain) => plain,
        Err(error) => return SetAnswer::NotSent { error },
    };
    if psa.wants_custom_fields.load(Ordering::Relaxed) {
        let Ok(fields) = custom_fields(psa, id).await else {
            return outcome(psa, change, id, send(psa, id, &plain, hold).await).await;
        };
        return outcome(psa, change, id, send(psa, id, &with(plain, &fields), hold).await).await;
    }
    let first = send(psa, id, &plain, hold).await;
    match first {
        Ok(reply) if reply.status == 400 => with_custom_fields(psa, change, id, plain, &reply, hold).await,
        other => outcome(psa, change, id, other).await,
    }
}

/// Some tenants refuse every change of a record with custom fields that does not carry those, even unchanged.
async fn with_custom_fields(
    psa: &ConnectWise,
    change: &Change,
    id: i64,
    plain: Vec<Value>,
    refused: &Reply,
    hold: &CancellationToken,
) -> SetAnswer {
    let first = refusal(refused);
    if hold.is_cancelled() {
        return SetAnswer::Refused { error: first };
    }
    let Ok(fields) = custom_fields(psa, id).await else {
        return SetAnswer::Refused { error: first };
    };
    let second = send(psa, id, &with(plain, &fields), hold).await;
    match second {
        Ok(reply) if reply.is_success() => {
            psa.wants_custom_fields.store(true, Ordering::Relaxed);
            outcome(psa, change, id, Ok(reply)).await
        }
        Ok(reply) if (400..500).contains(&reply.status) => {
            let second = refusal(&reply);
            let message = match (&first, &second) {
                (PsaError::Refused { message: a, .. }, PsaError::Refused { message: b, .. }) if a == b => {
                    format!("{a} (the same with the custom fields sent along)")
                }
                (PsaError::Refused { message, .. }, second) => {
                    format!("{message}; with the custom fields sent along: {second}")
                }
                (first, second) => format!("{first}; with the custom fields sent along: {second}"),
            };
            SetAnswer::Refused { error: PsaError::Refused { status: refused.status, message } }
        }
        other => outcome(psa, change, id, other).await,
    }
}

async fn send(
    psa: &ConnectWise,
    id: i64,
    operations: &[Value],
    hold: &CancellationToken,
) -> std::result::Result<Reply, CallError> {
    psa.api.patch(&format!("{PATH}/{id}"), &Value::Array(operations.to_vec()), hold).await
}

/// Absolute values: sending them twice does no more than once.
fn operations(wanted: &Wanted) -> Result<Vec<Value>> {
    let mut operations = Vec::new();
    if let Some(status) = &wanted.status {
        let id = number(&status.id).ok_or_else(|| PsaError::Unreadable {
            message: format!("status \"{}\" has no number", status.name),
        })?;
        operations.push(json!({ "op": "replace", "path": "status", "value": { "id": id } }));
    }
    operations.push(json!({ "op": "replace", "path": "activeFlag", "value": wanted.active }));
    Ok(operations)
}

fn with(mut operations: Vec<Value>, fields: &Value) -> Vec<Value> {
    operations.push(json!({ "op": "replace", "path": "customFields", "value": fields }));
    operations
}

/// The record's custom fields as they are now, in the form in which they are sent back.
async fn custom_fields(psa: &ConnectWise, id: i64) -> Result<Value> {
    let row: wire::Configuration =
        psa.api.object(&format!("{PATH}/{id}"), &[("fields", "id,customFields")]).await?;
    if row.id != Some(id) {
        return Err(PsaError::Unreadable { message: format!("another record came for configuration {id}") });
    }
    let fields = row.custom_fields.unwrap_or_default();
    Ok(fields
        .into_iter()
        .filter_map(|field| Some(json!({ "id": field.id?, "value": field.value })))
        .collect())
}

/// What an answer to a change proves.
async fn outcome(
    psa: &ConnectWise,
    change: &Change,
    id: i64,
    answer: std::result::Result<Reply, CallError>,
) -> SetAnswer {
    let reply = match answer {
        Ok(reply) => reply,
        Err(error) if error.sent() == Sent::Never => return SetAnswer::NotSent { error: error.into_psa() },
        Err(error) => return SetAnswer::Lost { message: error.into_psa().to_string() },
    };
    match reply.status {
        200..=299 => accepted(psa, change, id, &reply).await,
        // Whether it was done before the trouble began, only a read can tell.
        500..=599 => SetAnswer::Lost { message: format!("{}: {}", reply.status, errors::words(&reply)) },
        300..=399 => SetAnswer::Lost { message: format!("{}: the PSA redirects changes", reply.status) },
        401 => SetAnswer::NotSent { error: errors::error(&reply) },
        _ => SetAnswer::Refused { error: refusal(&reply) },
    }
}

async fn accepted(psa: &ConnectWise, change: &Change, id: i64, reply: &Reply) -> SetAnswer {
    let row: wire::Configuration = match reply.json() {
        Ok(row) => row,
        Err(message) => return SetAnswer::Lost { message: format!("{}: {message}", reply.status) },
    };
    if row.id != Some(id) {
        let other = row.id.map_or_else(|| "no record".to_owned(), |other| format!("record {other}"));
        return SetAnswer::Lost { message: format!("the answer shows {other} instead of {id}") };
    }
    if row.active_flag.is_none() {
        return SetAnswer::Lost { message: "the answer does not show the active mark".to_owned() };
    }
    let rows = [row];
    let statuses = match psa.statuses_for(&rows).await {
        Ok(statuses) => statuses,
        Err(error) => return SetAnswer::Lost { message: error.to_string() },
    };
    let state = statuses.state(&rows[0]);
    if change.wanted().is_met_by(&state) {
        SetAnswer::Accepted { state, warning: None }
    } else {
        let message = not_taken(change.wanted(), &state);
        SetAnswer::NotTaken { state: Some(state), message }
    }
}

/// Which of the two sides did not take.
fn not_taken(wanted: &Wanted, state: &State) -> String {
    let mut missed = Vec::new();
    if wanted.active != state.active {
        missed.push(format!("activeFlag is still {}", state.active));
    }
    if let Some(status) = &wanted.status
        && state.status.as_ref().is_none_or(|now| now.id != status.id)
    {
        missed.push(format!(
            "the status is \"{}\" instead of \"{}\"",
            state.status_name().unwrap_or("none"),
            status.name
        ));
    }
    format!("the PSA said yes, but {}", missed.join(" and "))
}

/// A refusal in the vendor's words, with what blocks the record in front.
fn refusal(reply: &Reply) -> PsaError {
    let blocked = errors::required_fields(reply);
    match errors::error(reply) {
        PsaError::Refused { status, message } if !blocked.is_empty() => {
            let fields = blocked.iter().map(|field| format!("\"{field}\"")).collect::<Vec<_>>().join(", ");
            let noun = if blocked.len() == 1 { "field" } else { "fields" };
            PsaError::Refused { status, message: format!("blocked by required {noun} {fields}: {message}") }
        }
        PsaError::Refused { status: 404, message } => {
            let message = filled(Some(&message)).unwrap_or("no such record").to_owned();
            PsaError::Refused { status: 404, message }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::StatusRef;

    #[test]
    fn the_change_is_as_small_as_can_be() {
        let status = StatusRef { id: "7".into(), name: "Retired".into() };
        let sent = Value::Array(operations(&Wanted::inactive(Some(status))).unwrap());
        assert_eq!(
            sent.to_string(),
            r#"[{"op":"replace","path":"status","value":{"id":7}},{"op":"replace","path":"activeFlag","value":false}]"#
        );
        let sent = Value::Array(operations(&Wanted::inactive(None)).unwrap());
        assert_eq!(sent.to_string(), r#"[{"op":"replace","path":"activeFlag","value":false}]"#);
    }
}
