//! Webhooks: making them, binding them to events, and telling them.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    errors,
    state::{Row, State, flag, guid, number, object, text},
};
use crate::simulator::{deliver::Delivery, exchange::Reply};

/// The lookup that lists the events.
pub(super) const EVENT_LOOKUP: i64 = 64;

/// The events that the data here can cause.
const KNOWN: [(i64, &str); 6] = [
    (57, "Customer Created"),
    (58, "Customer Updated"),
    (59, "Customer Deleted"),
    (121, "Asset Created"),
    (122, "Asset Updated"),
    (123, "Asset Deleted"),
];

pub(super) fn event_name(event: i64) -> String {
    let known = KNOWN.iter().find(|(id, _)| *id == event);
    known.map_or_else(|| format!("Event {event}"), |(_, name)| (*name).to_owned())
}

/// The password is never told again.
pub(super) fn without_password(row: &Row) -> Row {
    let mut row = row.clone();
    row.remove("basic_password");
    row
}

impl State {
    /// `POST /Webhook`, one element of it.
    pub(super) fn save_webhook(&mut self, given: &Row) -> Result<Row, Reply> {
        let id = text(given, "id").to_owned();
        let mut row = if id.is_empty() {
            let id = guid(9_000 + self.webhooks.len() as i64);
            object(
                json!({ "id": id, "type": 0, "active": true, "method": 1, "content_type": "application/json", "authentication_type": 0 }),
            )
        } else {
            self.webhooks.get(&id).cloned().ok_or_else(errors::not_found)?
        };
        // Bindings are made through /Notification; what a webhook says of events is dropped.
        for (name, value) in given.iter().filter(|(name, _)| *name != "events" && *name != "id") {
            row.insert(name.clone(), value.clone());
        }
        if text(&row, "name").is_empty() {
            return Err(errors::message(&self.switches, "Please enter a name"));
        }
        if url::Url::parse(text(&row, "url")).is_err() {
            return Err(errors::message(&self.switches, "Please enter a valid URL"));
        }
        let shown = without_password(&row);
        self.webhooks.insert(text(&row, "id").to_owned(), row);
        Ok(shown)
    }

    /// `POST /Notification`, one element of it.
    pub(super) fn save_notification(&mut self, given: &Row) -> Result<Row, Reply> {
        let id = number(given, "id").filter(|id| *id > 0);
        let mut row = match id {
            Some(id) => self.notifications.get(&id).cloned().ok_or_else(errors::not_found)?,
            None => object(json!({ "id": self.notifications.len() as i64 + 41 })),
        };
        row.extend(
            given.iter().filter(|(name, _)| *name != "id").map(|(name, value)| (name.clone(), value.clone())),
        );
        if text(&row, "name").is_empty() {
            return Err(errors::message(&self.switches, "Please enter a name"));
        }
        let id = number(&row, "id").unwrap_or(0);
        self.notifications.insert(id, row.clone());
        Ok(row)
    }

    /// Makes ready what the webhooks are to be told of a change.
    pub(super) fn announce(&mut self, at: Timestamp, kind: &str, id: i64, action: &str, entity: &Row) {
        let (word, entity_name) = match kind {
            "configuration" => ("Asset", "asset"),
            "client" => ("Customer", "client"),
            _ => return,
        };
        let event = format!("{word} {action}");
        let wanted = KNOWN.iter().find(|(_, name)| name.eq_ignore_ascii_case(&event)).map(|(id, _)| *id);
        let bound: Vec<(i64, Row)> = self
            .notifications
            .iter()
            .filter(|(_, row)| number(row, "eventno") == wanted && number(row, "delivery_method") == Some(6))
            .filter_map(|(number, row)| {
                let hook = self.webhooks.get(text(row, "webhook_id")).filter(|hook| flag(hook, "active"))?;
                Some((*number, hook.clone()))
            })
            .collect();
        for (notification, hook) in bound {
            let serial = self.webhook_events.len() as i64;
            let delivery = guid(70_000 + serial);
            let mut body = object(json!({
                "id": delivery,
                "webhook_id": hook.get("id"),
                "notification_id": notification,
                "escmsg_id": guid(80_000 + serial),
                "event": event.to_lowercase(),
                "message": format!("The {word} with ID {id} has been {action}."),
                "object_id": id,
                "agent_id": 3,
                "timestamp": seven_digits(at),
            }));
            match number(&hook, "payload_type") {
                // Event information only.
                Some(2) => {}
                // Everything.
                Some(1) => {
                    body.insert(entity_name.to_owned(), Value::Object(entity.clone()));
                }
                // The key fields.
                _ => {
                    let mut short = entity.clone();
                    short.retain(|name, _| {
                        matches!(
                            name.as_str(),
                            "id" | "name"
                                | "inventory_number"
                                | "key_field"
                                | "client_id"
                                | "client_name"
                                | "inactive"
                        )
                    });
                    body.insert(entity_name.to_owned(), Value::Object(short));
                }
            }
            let body = Value::Object(body);
            self.webhook_events.push(object(json!({
                "id": delivery, "webhook_id": hook.get("id"), "notification_id": notification, "timestamp": at,
                "status": 1, "requestbody": body.to_string(), "entity_id": id, "error": false,
            })));
            let mut headers = Vec::new();
            if number(&hook, "authentication_type") == Some(1) {
                let pair = format!("{}:{}", text(&hook, "basic_username"), text(&hook, "basic_password"));
                headers.push(("authorization".to_owned(), format!("Basic {}", STANDARD.encode(pair))));
            }
            let url = text(&hook, "url").to_owned();
            let delivery = Delivery { url, headers, body: String::new() };
            self.due.push((text(&hook, "id").to_owned(), delivery, body));
        }
    }

    /// The webhooks that are due: each on its own, or those of one webhook together.
    pub(super) fn take_deliveries(&mut self) -> Vec<Delivery> {
        let mut ready: Vec<(String, Delivery, Vec<Value>)> = Vec::new();
        for (hook, delivery, body) in std::mem::take(&mut self.due) {
            match ready.iter_mut().find(|(other, ..)| self.switches.webhook_batches && *other == hook) {
                Some((_, _, bodies)) => bodies.push(body),
                None => ready.push((hook, delivery, vec![body])),
            }
        }
        let batches = self.switches.webhook_batches;
        ready
            .into_iter()
            .map(|(_, delivery, mut bodies)| {
                let body = if batches { Value::Array(bodies) } else { bodies.remove(0) };
                Delivery { body: body.to_string(), ..delivery }
            })
            .collect()
    }
}

/// A time as .NET writes it: seven digits after the second.
/// As .NET writes a time.
pub(super) fn seven_digits(at: Timestamp) -> String {
    let whole = Timestamp::from_second(at.as_second()).unwrap_or(at).to_string();
    format!("{}.{:07}Z", whole.trim_end_matches('Z'), at.subsec_nanosecond().unsigned_abs() / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_seven_digits_after_the_second() {
        let at: Timestamp = "2026-09-25T06:41:08.7895915Z".parse().unwrap();
        assert_eq!(seven_digits(at), "2026-09-25T06:41:08.7895915Z");
        let whole: Timestamp = "2026-09-25T06:41:08Z".parse().unwrap();
        assert_eq!(seven_digits(whole), "2026-09-25T06:41:08.0000000Z");
    }
}
