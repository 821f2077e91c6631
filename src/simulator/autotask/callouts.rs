//! Webhook callouts: whom a change is told to, what it says, and how it is signed.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    entities::{CHILDREN, Entity, Field},
    records::Record,
    setup, sha1,
    state::{By, State},
    switches::{CalloutFields, SignatureOver},
};
use crate::simulator::deliver::Delivery;

impl State {
    /// Makes ready what the webhooks are to be told of a change.
    pub(super) fn announce(
        &mut self,
        at: Timestamp,
        entity: &'static Entity,
        before: Option<&Record>,
        after: Option<&Record>,
        by: By,
    ) {
        let (hooks, kind) = match entity.path {
            "ConfigurationItems" => ("ConfigurationItemWebhooks", "InstalledProduct"),
            "Companies" => ("CompanyWebhooks", "Account"),
            _ => return,
        };
        let (action, subscribed) = match (before, after) {
            (None, _) => ("Create", "isSubscribedToCreateEvents"),
            (_, None) => ("Delete", "isSubscribedToDeleteEvents"),
            _ => ("Update", "isSubscribedToUpdateEvents"),
        };
        let Some(record) = after.or(before) else { return };
        // A colleague has a resource of their own.
        let person = if by.others { setup::COLLEAGUE } else { by.person };
        let listening: Vec<Record> = self
            .table(hooks)
            .values()
            .filter(|hook| hook.flag("isActive") && hook.flag("isReady") && hook.flag(subscribed))
            .filter(|hook| {
                !self
                    .below(hooks, "ExcludedResources", hook.id)
                    .any(|row| row.number("resourceID") == Some(person))
            })
            .cloned()
            .collect();
        for hook in listening {
            let Some(fields) = self.told(entity, hooks, hook.id, before, after) else { continue };
            let sequence = self.sequence.entry(hook.id).or_default();
            *sequence += 1;
            let body = json!({
                "Action": action,
                "Guid": hook.text("webhookGUID"),
                "EntityType": kind,
                "Id": record.id,
                "Fields": fields,
                "EventTime": Timestamp::from_second(at.as_second()).unwrap_or(at),
                "SequenceNumber": *sequence,
                "PersonID": person,
            })
            .to_string();
            let signed = match self.switches.signature_over {
                SignatureOver::Raw => body.clone(),
                SignatureOver::Escaped => escaped(&body),
            };
            let signature = signature(hook.text("secretKey"), &signed);
            self.deliveries.push(Delivery {
                url: hook.text("webhookUrl").to_owned(),
                headers: vec![("x-hook-signature".to_owned(), signature)],
                body,
            });
        }
    }

    /// The records below a webhook.
    fn below(&self, hooks: &str, segment: &str, webhook: i64) -> impl Iterator<Item = &Record> {
        let kin = CHILDREN.iter().find(|kin| kin.parent == hooks && kin.segment == segment);
        let rows = kin.map(|kin| self.table(kin.entity).values());
        rows.into_iter().flatten().filter(move |row| row.number("webhookID") == Some(webhook))
    }

    /// The fields that a callout tells: the watched ones that changed, and those that always come. `None` if none of
    /// the watched ones changed.
    fn told(
        &self,
        entity: &'static Entity,
        hooks: &str,
        webhook: i64,
        before: Option<&Record>,
        after: Option<&Record>,
    ) -> Option<Map<String, Value>> {
        let shown = after.or(before)?;
        let mut told = Map::new();
        let mut changed = false;
        let mut tell = |row: &Record, name: &str, before: Value, after: Value, value: Value| {
            let differs = before != after;
            let watched = row.flag("isSubscribedField") && differs;
            changed |= watched;
            if watched || row.flag("isDisplayAlwaysField") {
                let (name, value) = self.worded(name, value);
                told.insert(name, value);
            }
        };
        for row in self.below(hooks, "Fields", webhook) {
            let Some(field) = row.number("fieldID").and_then(|id| watched(entity, id)) else { continue };
            let of =
                |record: Option<&Record>| record.map(|record| record.get(field.name)).unwrap_or_default();
            tell(row, field.name, of(before), of(after), shown.get(field.name));
        }
        for row in self.below(hooks, "UdfFields", webhook) {
            let udf = row.number("udfFieldID").and_then(|id| self.udfs.iter().find(|udf| udf.id == id));
            let Some(udf) = udf else { continue };
            let of = |record: Option<&Record>| json!(record.and_then(|record| record.udf(udf.id)));
            tell(row, &udf.name, of(before), of(after), of(Some(shown)));
        }
        (changed || before.is_none() || after.is_none()).then_some(told)
    }

    fn worded(&self, name: &str, value: Value) -> (String, Value) {
        if self.switches.callout_fields == CalloutFields::Plain {
            return (name.to_owned(), value);
        }
        let mut name = name.to_owned();
        if let Some(first) = name.get_mut(0..1) {
            first.make_ascii_uppercase();
        }
        let value = match value {
            Value::Bool(flag) => json!(if flag { "True" } else { "False" }),
            Value::Number(number) => json!(number.to_string()),
            other => other,
        };
        (name, value)
    }
}

/// The fields that webhooks can watch; `fieldID` counts them from 1.
pub(super) fn watchable(entity: &'static Entity) -> impl Iterator<Item = (i64, &'static Field)> {
    (1..).zip(entity.fields.iter().filter(|field| field.watched))
}

fn watched(entity: &'static Entity, id: i64) -> Option<&'static Field> {
    watchable(entity).find(|(number, _)| *number == id).map(|(_, field)| field)
}

/// `sha1=` and the base64 of the HMAC-SHA1.
fn signature(key: &str, body: &str) -> String {
    format!("sha1={}", STANDARD.encode(sha1::hmac(key.as_bytes(), body.as_bytes())))
}

/// The body with the letters inside of its strings escaped that some .NET serialisers escape.
fn escaped(body: &str) -> String {
    let mut text = String::new();
    let (mut inside, mut after_backslash) = (false, false);
    for letter in body.chars() {
        let quote = letter == '"' && !after_backslash;
        let code = |text: &mut String, letter: char| {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                text.push_str(&["\\u", &format!("{unit:04X}")].concat());
            }
        };
        match letter {
            '"' if quote => {
                inside = !inside;
                text.push('"');
            }
            // An escaped quote or backslash: its own backslash has just been written and goes.
            '"' | '\\' if after_backslash => {
                text.pop();
                code(&mut text, letter);
            }
            '&' | '<' | '>' | '\'' | '`' | '+' if inside => code(&mut text, letter),
            letter if inside && !letter.is_ascii() => code(&mut text, letter),
            letter => text.push(letter),
        }
        after_backslash = letter == '\\' && !after_backslash;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector of the vendor sheet: made with the published algorithm, not captured.
    #[test]
    fn the_signature_is_that_of_the_published_algorithm() {
        let body = r#"{"Action":"Update","Guid":"6f1b","EntityType":"InstalledProduct","Id":2,"Fields":{"isActive":false},"EventTime":"2026-01-02T03:04:05Z","SequenceNumber":1,"PersonID":4}"#;
        assert_eq!(signature("topsecret", body), "sha1=vby5CFGdaOLDfLJJlnWFkr00l4E=");
    }

    #[test]
    fn what_is_escaped_stands_inside_of_strings() {
        assert_eq!(escaped(r#"{"a+":"<é>","n":1}"#), r#"{"a\u002B":"\u003C\u00E9\u003E","n":1}"#);
        assert_eq!(
            escaped(r#"{"a":"say \"hi\" \\ \n🖥"}"#),
            r#"{"a":"say \u0022hi\u0022 \u005C \n\uD83D\uDDA5"}"#
        );
    }
}
