//! The one change: a POST of a few assets, each with its id and the marks to set and nothing else, and what the answer
//! proves. Lists of fields are never sent: they would replace what is there.
//!
//! Whether a failed batch was carried out in part is not known. So it is read first, what took effect is left alone,
//! and the rest is sent in halves until the item that the PSA does not take is alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    HaloPsa,
    assets::{PATH, Words, state},
    client::right,
    errors, number,
    read::by_ids,
    wire::{self, filled},
};
use crate::{
    domain::{Change, ConfigId, State, Wanted, text::one_line},
    http::{HttpError, Reply, Sent},
    psa::{PsaError, port::SetAnswer},
};

/// One change and its number.
struct Item<'a> {
    id: i64,
    change: &'a Change,
    body: Value,
}

type Answers = BTreeMap<i64, SetAnswer>;

pub async fn set(psa: &HaloPsa, changes: &[Change], hold: &CancellationToken) -> Vec<SetAnswer> {
    let mut answers = Answers::new();
    let mut items = Vec::new();
    let mut spoilt: BTreeMap<&ConfigId, SetAnswer> = BTreeMap::new();
    for change in changes {
        match item(psa, change).await {
            Ok(item) => items.push(item),
            Err(answer) => {
                spoilt.insert(change.config_id(), answer);
            }
        }
    }
    if !items.is_empty() {
        let mut refusals = Refusals::default();
        send(psa, items, hold, &mut refusals, &mut answers).await;
    }
    changes
        .iter()
        .map(|change| {
            let told = number(change.config_id().as_str()).and_then(|id| answers.remove(&id));
            told.or_else(|| spoilt.remove(change.config_id())).unwrap_or_else(|| SetAnswer::Lost {
                message: "nothing is known of what became of it".to_owned(),
            })
        })
        .collect()
}

/// A change as it is sent, unless it is certain that it would be refused.
async fn item<'a>(psa: &HaloPsa, change: &'a Change) -> Result<Item<'a>, SetAnswer> {
    let unsent = |message: String| SetAnswer::NotSent { error: PsaError::Unreadable { message } };
    let id = number(change.config_id().as_str())
        .ok_or_else(|| unsent(format!("asset {} has no number", change.config_id())))?;
    let wanted = change.wanted();
    let body = body(id, wanted).map_err(unsent)?;
    if let (Some(status), Some(kind)) = (&wanted.status, psa.type_of(id))
        && let Ok(types) = psa.types().await
        && let Some(number) = number(&status.id)
        && !types.allows(kind, number)
    {
        let kind = types.name(kind).map_or_else(|| format!("#{kind}"), |name| format!("\"{name}\""));
        let message = format!(
            "the asset type {kind} does not allow the status \"{}\"; allow it in Configuration > Asset Management > Asset Types, or leave deactivate.status out",
            status.name
        );
        return Err(SetAnswer::Refused { error: PsaError::Refused { status: 400, message } });
    }
    Ok(Item { id, change, body })
}

/// Absolute values: sending them twice does no more than once.
fn body(id: i64, wanted: &Wanted) -> Result<Value, String> {
    let mut body = json!({ "id": id, "inactive": !wanted.active });
    if let Some(status) = &wanted.status {
        let status_id =
            number(&status.id).ok_or_else(|| format!("status \"{}\" has no number", status.name))?;
        body["status_id"] = status_id.into();
    }
    Ok(body)
}

/// What was refused for want of rights, so that splitting a batch does not go on where nothing is allowed.
#[derive(Default)]
struct Refusals {
    singles: usize,
    taken: bool,
}

impl Refusals {
    fn are_total(&self) -> bool {
        self.singles >= 2 && !self.taken
    }
}

/// Sends a batch and finds out what became of each item.
async fn send(
    psa: &HaloPsa,
    items: Vec<Item<'_>>,
    hold: &CancellationToken,
    refusals: &mut Refusals,
    answers: &mut Answers,
) {
    let mut open = vec![items];
    while let Some(items) = open.pop() {
        let body = Value::Array(items.iter().map(|item| item.body.clone()).collect());
        let reply = match psa.api.post(PATH, &body, hold).await {
            Ok(reply) => reply,
            Err(error) => {
                all(&items, answers, |_| unanswered(&error));
                continue;
            }
        };
        match reply.status {
            200..=299 => {
                refusals.taken = true;
                accepted(psa, &items, &reply, answers).await;
            }
            // Whether it was done before the trouble began, only a read can tell.
            500..=599 => {
                let message = format!("{}: {}", reply.status, errors::words(&reply));
                all(&items, answers, |_| SetAnswer::Lost { message: message.clone() });
            }
            300..=399 => {
                let message = format!("{}: the PSA redirects changes", reply.status);
                all(&items, answers, |_| SetAnswer::Lost { message: message.clone() });
            }
            status => {
                let error = errors::error(&reply, right(PATH, true));
                if let [only] = &items[..] {
                    refusals.singles += usize::from(matches!(status, 401 | 403));
                    answers.insert(only.id, SetAnswer::Refused { error });
                    continue;
                }
                let sent = items.len();
                let left = untouched(psa, items, &error, refusals, answers).await;
                if left.is_empty() {
                    continue;
                }
                if matches!(status, 401 | 403) && refusals.are_total() {
                    all(&left, answers, |_| SetAnswer::Refused { error: error.clone() });
                } else if hold.is_cancelled() {
                    all(&left, answers, |_| SetAnswer::NotSent { error: HttpError::Held.into() });
                } else {
                    // Places are those of the whole batch.
                    let named = if left.len() == sent { named(&reply) } else { BTreeSet::new() };
                    open.extend(parts(left, &named));
                }
            }
        }
    }
}

fn all(items: &[Item<'_>], answers: &mut Answers, answer: impl Fn(&Item<'_>) -> SetAnswer) {
    answers.extend(items.iter().map(|item| (item.id, answer(item))));
}

fn unanswered(error: &HttpError) -> SetAnswer {
    match error.sent() {
        Sent::Never => SetAnswer::NotSent { error: error.clone().into() },
        Sent::Maybe => SetAnswer::Lost { message: PsaError::from(error.clone()).to_string() },
    }
}

/// Reads the items of a batch that was refused, and returns those that it left as they were. The others have their
/// answers.
async fn untouched<'a>(
    psa: &HaloPsa,
    items: Vec<Item<'a>>,
    refusal: &PsaError,
    refusals: &mut Refusals,
    answers: &mut Answers,
) -> Vec<Item<'a>> {
    let ids: Vec<ConfigId> = items.iter().map(|item| item.change.config_id().clone()).collect();
    let rows = match by_ids(psa, &ids).await {
        Ok(rows) => rows,
        Err(error) => {
            let message = format!("{refusal}; what was done of it could not be read: {error}");
            all(&items, answers, |_| SetAnswer::Lost { message: message.clone() });
            return Vec::new();
        }
    };
    let mut left = Vec::new();
    for item in items {
        match rows.get(item.change.config_id()) {
            Some(Some(row)) if item.change.wanted().is_met_by(&row.state) => {
                refusals.taken = true;
                answers.insert(item.id, SetAnswer::Accepted { state: row.state.clone(), warning: None });
            }
            Some(Some(row)) if item.change.before().is_same_as(&row.state) => left.push(item),
            Some(Some(_)) => {
                let message = format!("{refusal}; it is neither as it was nor as it shall be");
                answers.insert(item.id, SetAnswer::Lost { message });
            }
            Some(None) => {
                let error = PsaError::Refused { status: 404, message: "the record is gone".to_owned() };
                answers.insert(item.id, SetAnswer::Refused { error });
            }
            None => {
                let message = format!("{refusal}; what was done of it could not be read");
                answers.insert(item.id, SetAnswer::Lost { message });
            }
        }
    }
    left
}

/// What is sent next of a batch that was refused: what the PSA named, each by itself, and all the rest together; else
/// two halves.
fn parts<'a>(items: Vec<Item<'a>>, named: &BTreeSet<usize>) -> Vec<Vec<Item<'a>>> {
    let mut items = items;
    if !named.is_empty() && named.len() < items.len() && named.iter().all(|at| *at < items.len()) {
        let mut parts = Vec::new();
        let mut rest = Vec::new();
        for (at, item) in items.into_iter().enumerate() {
            if named.contains(&at) {
                parts.push(vec![item]);
            } else {
                rest.push(item);
            }
        }
        parts.push(rest);
        return parts;
    }
    if items.len() < 2 {
        return vec![items];
    }
    let second = items.split_off(items.len() / 2);
    vec![second, items]
}

/// The items that a refusal names by their place: `{"[3].status_id":["…"]}`.
fn named(reply: &Reply) -> BTreeSet<usize> {
    let members: serde_json::Map<String, Value> = reply.json().unwrap_or_default();
    members
        .keys()
        .chain(members.get("errors").and_then(Value::as_object).into_iter().flat_map(serde_json::Map::keys))
        .filter_map(|place| place.strip_prefix('[')?.split_once(']')?.0.parse().ok())
        .collect()
}

/// What a yes proves: one object or a list of them, of which some may be missing.
async fn accepted(psa: &HaloPsa, items: &[Item<'_>], reply: &Reply, answers: &mut Answers) {
    let rows = match shown(reply) {
        Ok(rows) => rows,
        Err(message) => {
            all(items, answers, |_| SetAnswer::Lost { message: format!("{}: {message}", reply.status) });
            return;
        }
    };
    if let ([only], [row]) = (items, &rows[..])
        && row.id != Some(only.id)
    {
        let other = row.id.map_or_else(|| "no record".to_owned(), |other| format!("record {other}"));
        let message = format!("the answer shows {other} instead of {}", only.id);
        answers.insert(only.id, SetAnswer::Lost { message });
        return;
    }
    let words = Words::of(psa, &rows).await.unwrap_or_default();
    for item in items {
        let row = rows.iter().find(|row| row.id == Some(item.id));
        let answer = row.map_or(SetAnswer::Taken { warning: None }, |row| judged(item, row, &words));
        answers.insert(item.id, answer);
    }
}

fn judged(item: &Item<'_>, row: &wire::Asset, words: &Words) -> SetAnswer {
    let warning = filled(row.warning.as_ref()).map(|warning| one_line(warning, 300));
    if row.inactive.is_none() {
        return SetAnswer::Taken { warning };
    }
    let state = state(row, words);
    if item.change.wanted().is_met_by(&state) {
        return SetAnswer::Accepted { state, warning };
    }
    let mut message = not_taken(item.change.wanted(), &state);
    if let Some(warning) = warning {
        message = format!("{message} ({warning})");
    }
    SetAnswer::NotTaken { state: Some(state), message }
}

fn shown(reply: &Reply) -> Result<Vec<wire::Asset>, String> {
    let value: Value = reply.json()?;
    let rows = match value {
        Value::Array(_) => value,
        Value::Object(mut members) => match members.remove("assets") {
            Some(rows @ Value::Array(_)) => rows,
            _ => Value::Array(vec![Value::Object(members)]),
        },
        _ => return Err("an answer that shows no record".to_owned()),
    };
    serde_json::from_value(rows).map_err(|error| format!("records of another form ({error})"))
}

/// Which of the two marks did not take.
fn not_taken(wanted: &Wanted, state: &State) -> String {
    let mut missed = Vec::new();
    if wanted.active != state.active {
        missed.push(format!("inactive is still {}", !state.active));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::StatusRef, http::HeaderMap};

    fn reply(body: &str) -> Reply {
        Reply { status: 201, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn the_change_is_as_small_as_can_be() {
        let status = StatusRef { id: "7".into(), name: "Retired".into() };
        let sent = |wanted: &Wanted| body(68, wanted).unwrap().to_string();
        assert_eq!(sent(&Wanted::inactive(Some(status))), r#"{"id":68,"inactive":true,"status_id":7}"#);
        assert_eq!(sent(&Wanted::inactive(None)), r#"{"id":68,"inactive":true}"#);
        assert_eq!(sent(&Wanted { active: true, status: None }), r#"{"id":68,"inactive":false}"#);
    }

    #[test]
    fn an_answer_is_one_record_or_several() {
        for (body, ids) in [
            (r#"{"id":68,"inactive":true}"#, vec![Some(68)]),
            (r#"[{"id":"68"},{"id":69}]"#, vec![Some(68), Some(69)]),
            (r#"{"assets":[{"id":68}]}"#, vec![Some(68)]),
            ("[]", vec![]),
        ] {
            let rows = shown(&reply(body)).unwrap();
            assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), ids, "{body}");
        }
        assert!(shown(&reply("")).is_err() && shown(&reply("true")).is_err());
    }

    #[test]
    fn an_item_that_is_named_by_its_place_is_found() {
        assert_eq!(named(&reply(r#"{"[3].status_id":["x"],"[10].inactive":["y"]}"#)), [3, 10].into());
        assert_eq!(named(&reply(r#"{"errors":{"[0].id":["x"]}}"#)), [0].into());
        assert!(named(&reply(r#""A Site must be selected""#)).is_empty());
    }
}
