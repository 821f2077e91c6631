//! A notice in the form in which somebody takes it.
//!
//! Teams: the message that a workflow with the trigger "When a Teams webhook request is received" takes, one Adaptive
//! Card in `attachments` (learn.microsoft.com, "Create and send messages"; the older message cards are not taken any
//! more). Slack: `text` for notices on a phone and `blocks` for the channel (docs.slack.dev, "Incoming webhooks").

use serde_json::{Value, json};

use super::Notice;
use crate::domain::notice::Preset;

pub fn body(notice: &Notice, preset: Preset) -> Value {
    match preset {
        Preset::Json => json(notice),
        Preset::Teams => teams(notice),
        Preset::Slack => slack(notice),
    }
}

fn json(notice: &Notice) -> Value {
    // Statistics, names and codes are plain values: there is nothing in them that could not be written.
    let mut body = serde_json::to_value(notice).unwrap_or_default();
    if let Some(fields) = body.as_object_mut() {
        fields.insert("text".to_owned(), line(notice).into());
    }
    body
}

/// All of it in one line.
fn line(notice: &Notice) -> String {
    format!("{}: {}", notice.title(), notice.look)
}

fn teams(notice: &Notice) -> Value {
    // A text run is shown as it is, whatever stands in it; a text block and a fact would read it as Markdown.
    let plain = |text: &str, bold: bool| json!({"type": "TextRun", "text": text, "weight": if bold { "Bolder" } else { "Default" }});
    let row = |inlines: Vec<Value>| json!({"type": "RichTextBlock", "inlines": inlines, "spacing": "Small"});
    let mut blocks = vec![json!({
        "type": "TextBlock", "text": notice.title(), "weight": "Bolder", "size": "Medium", "wrap": true
    })];
    let facts = notice.facts();
    blocks.extend(
        facts.iter().map(|(name, value)| row(vec![plain(&format!("{name}: "), true), plain(value, false)])),
    );
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
    });
    if notice.has_address() {
        card["actions"] = json!([{"type": "Action.OpenUrl", "title": "Open the run", "url": notice.look}]);
    } else {
        blocks.push(row(vec![plain("Look with: ", true), plain(&notice.look, false)]));
    }
    card["body"] = Value::Array(blocks);
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    })
}

fn slack(notice: &Notice) -> Value {
    let title = notice.title();
    // Plain text is shown as it is; only what stands in `text` and in `mrkdwn` is read for marks.
    let fields: Vec<Value> = notice
        .facts()
        .iter()
        .map(
            |(name, value)| json!({"type": "plain_text", "text": format!("{name}: {value}"), "emoji": false}),
        )
        .collect();
    let look = if notice.has_address() {
        format!("<{}|Open the run>", escaped(&notice.look))
    } else {
        format!("Look with `{}`", escaped(&notice.look))
    };
    json!({
        "text": escaped(&line(notice)),
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": false}},
            {"type": "section", "fields": fields},
            {"type": "section", "text": {"type": "mrkdwn", "text": look}},
        ],
    })
}

/// The three characters that Slack reads as marks.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
