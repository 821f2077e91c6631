//! Actions on tickets: notes, and what else a client may do to a ticket with one.

use serde_json::{Value, json};

use super::{
    AGENT, HaloPsa, errors, hooks, merge,
    state::{Row, flag, object, text},
};
use crate::simulator::{
    exchange::{Call, Reply},
    faults::{Kind, Rule},
};

/// The members that are understood here. The vendor's file has many more.
const KNOWN: [&str; 16] = [
    "ticket_id",
    "outcome",
    "outcome_id",
    "note",
    "note_html",
    "hiddenfromuser",
    "sendemail",
    "sendsms",
    "emailto",
    "send_survey",
    "dont_do_rules",
    "important",
    "timetaken",
    "utcoffset",
    "who",
    "new_status",
];

impl HaloPsa {
    pub(super) fn post_actions(
        &mut self,
        call: Call<'_>,
        items: &[Value],
        notes: &mut Vec<String>,
    ) -> Result<Reply, Reply> {
        let mut shown = Vec::new();
        for item in items {
            let given = item.as_object().cloned().unwrap_or_default();
            shown.push(self.post_action(call, &given, notes)?);
        }
        Ok(self.stored(shown))
    }

    fn post_action(&mut self, call: Call<'_>, given: &Row, notes: &mut Vec<String>) -> Result<Row, Reply> {
        for name in given.keys().filter(|name| !KNOWN.contains(&name.as_str())) {
            notes.push(format!("an action has no member \"{name}\""));
        }
        let refuse = |text: &str| errors::message(&self.state.switches, text);
        let ticket = given.get("ticket_id").and_then(merge::whole);
        let ticket = ticket.ok_or_else(|| refuse("Ticket ID must be specified"))?;
        let before = self.state.tickets.get(&ticket).cloned().ok_or_else(errors::not_found)?;
        if !self.state.switches.agent_may_act {
            return Err(refuse("You do not have access to this Action at the moment"));
        }
        let (plain, markup) = (text(given, "note"), text(given, "note_html"));
        if plain.trim().is_empty() && markup.trim().is_empty() {
            return Err(refuse("A note must be entered"));
        }
        let of_ticket = self.state.actions.values().filter(|row| row["ticket_id"] == json!(ticket)).count();
        let id = of_ticket as i64 + 1;
        let row = object(json!({
            "id": id,
            "ticket_id": ticket,
            "outcome": given.get("outcome").cloned().unwrap_or_default(),
            "who": AGENT,
            "datetime": hooks::seven_digits(call.request.now),
            "note": if plain.is_empty() { stripped(markup) } else { plain.to_owned() },
            "note_html": if markup.is_empty() { plain } else { markup },
            "hiddenfromuser": flag(given, "hiddenfromuser"),
            "sendemail": flag(given, "sendemail"),
        }));
        let lost = |rule: &Rule| matches!(rule.kind, Kind::FalseOk | Kind::LostWrite);
        if !call.faults.iter().any(lost) {
            // Actions of different tickets may have the same number; the log needs one of its own.
            let place = self.state.actions.keys().next_back().map_or(1, |last| last + 1);
            self.state.actions.insert(place, row.clone());
            self.state.log(call.request.now, ("note", place), &Row::new(), &row, false);
            // An action may move its ticket.
            if let Some(status) = given.get("new_status") {
                let mut after = before;
                after.insert("status_id".to_owned(), status.clone());
                self.state.store_row(call.request.now, "ticket", ticket, &after);
            }
        }
        Ok(row)
    }
}

/// The text without its markup, as the plain note shows it.
fn stripped(markup: &str) -> String {
    let mut text = String::new();
    let mut within = false;
    for c in markup.replace("<br>", "\n").chars() {
        match c {
            '<' => within = true,
            '>' if within => within = false,
            c if !within => text.push(c),
            _ => {}
        }
    }
    for (entity, sign) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#36;", "$"), ("&amp;", "&")] {
        text = text.replace(entity, sign);
    }
    text
}
