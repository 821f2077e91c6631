//! What an auditor asks, one line per configuration of a run: who, when, why, what it was before and after, and where
//! in the journal that stands.

use std::collections::HashMap;

use serde::Serialize;

use super::csv;
use crate::domain::{
    ConfigId, Event, Outcome, Plan, RunState, SkipReason, Stamped, State, Timestamp,
    event::Answer,
    plan::Kind,
    survey::{Found, Header, Survey, SurveyedClient},
    text::harmless_json,
};

/// One record of the journal after record 0.
#[derive(Debug, Clone)]
pub struct Entry {
    pub seq: u64,
    pub hash: String,
    pub stamped: Stamped,
}

/// A run as it is stored.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub header: &'a Header,
    pub survey: &'a Survey,
    pub plan: Option<&'a Plan>,
    /// The hash of record 0, which covers header, survey and plan.
    pub genesis: &'a str,
    pub entries: &'a [Entry],
    /// Whether the chain is as it was written.
    pub whole: bool,
}

/// Declares the line once, for JSON and for CSV alike.
macro_rules! audit_line {
    ($($(#[$doc:meta])* $field:ident: $type:ty),+ $(,)?) => {
        /// One configuration in one run.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        pub struct AuditLine {
            $($(#[$doc])* pub $field: $type),+
        }

        impl AuditLine {
            /// The names of the columns, in order.
            pub const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),+];

            fn cells(&self) -> Vec<String> {
                vec![$(text(&serde_json::json!(self.$field))),+]
            }
        }
    };
}

audit_line! {
    run_id: String,
    kind: Kind,
    parent_run_id: Option<String>,
    started_at: Timestamp,
    run_state: String,
    profile: String,
    psa: String,
    tenant_id: Option<String>,
    tenant_name: Option<String>,
    client_id: Option<String>,
    client_name: Option<String>,
    config_id: String,
    config_name: String,
    config_type: String,
    site: Option<String>,
    operator: String,
    system_user: String,
    requested_by: Option<String>,
    /// `attended` or `unattended`.
    source: String,
    reason: Option<String>,
    ticket: Option<String>,
    dry_run: bool,
    /// Of this item: empty if it was not approved.
    approved_by: Option<String>,
    approved_at: Option<Timestamp>,
    approval_digest: Option<String>,
    plan_digest: Option<String>,
    before_active: bool,
    before_status: Option<String>,
    wanted_active: Option<bool>,
    wanted_status: Option<String>,
    /// As last read from the PSA.
    after_active: bool,
    after_status: Option<String>,
    outcome: String,
    skip_reason: Option<SkipReason>,
    error_code: Option<String>,
    /// The outcome in words, with what was behind it.
    outcome_text: String,
    verified: bool,
    /// How often a change was about to be sent.
    attempts: u32,
    intended_at: Option<Timestamp>,
    answered_at: Option<Timestamp>,
    answer: Option<String>,
    /// When it was read back and its outcome settled.
    settled_at: Option<Timestamp>,
    /// The last record about it; record 0, which covers what was found, if there is none of its own.
    journal_seq: u64,
    journal_hash: String,
    /// The last record of the run.
    journal_head: String,
    /// Whether the run's journal is as it was written.
    journal_whole: bool,
}

impl AuditLine {
    /// One line of JSON.
    pub fn to_json(&self) -> String {
        // Every field is text, a number or a flag, so this cannot fail; if it does, say so in JSON.
        let json = serde_json::to_string(self)
            .unwrap_or_else(|error| serde_json::json!({ "error": error.to_string() }).to_string());
        format!("{}\n", harmless_json(&json))
    }

    pub fn to_csv(&self) -> String {
        csv::line(self.cells().iter().map(String::as_str))
    }

    pub fn csv_head() -> String {
        csv::line(Self::COLUMNS.iter().copied())
    }
}

/// A field as the text of a cell.
fn text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What the journal tells about one item.
#[derive(Debug, Clone, Default)]
struct Trace {
    attempts: u32,
    intended_at: Option<Timestamp>,
    answered: Option<(Timestamp, String)>,
    settled_at: Option<Timestamp>,
    last: Option<(u64, String)>,
}

/// One line for every configuration that the run found, in the order in which it found them.
pub fn lines(source: &Source<'_>) -> Vec<AuditLine> {
    let mut state = source.plan.map(RunState::of).unwrap_or_default();
    source.entries.iter().for_each(|entry| state.apply(&entry.stamped));
    let traces = traces(source.entries);
    let head = source.entries.last().map_or(source.genesis, |entry| &entry.hash);
    source
        .survey
        .clients
        .iter()
        .flat_map(|client| client.found.iter().map(move |found| (client, found)))
        .map(|(client, found)| line(source, &state, &traces, head, client, found))
        .collect()
}

fn traces(entries: &[Entry]) -> HashMap<&ConfigId, Trace> {
    let mut traces: HashMap<&ConfigId, Trace> = HashMap::new();
    for Entry { seq, hash, stamped } in entries {
        let (Event::Intended { config_id, .. }
        | Event::Answered { config_id, .. }
        | Event::Settled { config_id, .. }) = &stamped.event
        else {
            continue;
        };
        let trace = traces.entry(config_id).or_default();
        trace.last = Some((*seq, hash.clone()));
        match &stamped.event {
            Event::Intended { attempt, .. } => {
                trace.attempts = trace.attempts.max(*attempt);
                trace.intended_at = Some(stamped.at);
            }
            Event::Answered { answer, .. } => trace.answered = Some((stamped.at, answer_words(answer))),
            _ => trace.settled_at = Some(stamped.at),
        }
    }
    traces
}

fn answer_words(answer: &Answer) -> String {
    match answer {
        Answer::Accepted => "accepted".to_owned(),
        Answer::Refused { message } => format!("refused: {message}"),
        Answer::Lost { message } => format!("lost: {message}"),
        Answer::NotSent => "not sent".to_owned(),
    }
}

fn line(
    source: &Source<'_>,
    state: &RunState,
    traces: &HashMap<&ConfigId, Trace>,
    head: &str,
    client: &SurveyedClient,
    found: &Found,
) -> AuditLine {
    let header = source.header;
    let configuration = &found.configuration;
    let id = &configuration.id;
    let outcome = found.outcome(state, header.dry_run);
    let before = &configuration.state;
    let after = state.state_of(id).unwrap_or(before);
    let wanted = source.plan.and_then(|plan| plan.item(id)).map(|item| &item.wanted);
    let approval = state.approval.as_ref().filter(|approval| approval.items.contains(id));
    let trace = traces.get(id).cloned().unwrap_or_default();
    let (journal_seq, journal_hash) = trace.last.unwrap_or_else(|| (0, source.genesis.to_owned()));
    let status = |state: &State| state.status_name().map(str::to_owned);
    let (answered_at, answer) = trace.answered.unzip();
    AuditLine {
        run_id: header.run.to_string(),
        kind: header.kind,
        parent_run_id: header.parent.as_ref().map(ToString::to_string),
        started_at: header.started_at,
        run_state: state.phase.words().to_owned(),
        profile: header.profile.clone(),
        psa: header.psa.clone(),
        tenant_id: header.tenant.as_ref().map(|tenant| tenant.id.clone()),
        tenant_name: header.tenant.as_ref().map(|tenant| tenant.name.clone()),
        client_id: client.id.as_ref().map(ToString::to_string),
        client_name: client.name.clone(),
        config_id: id.to_string(),
        config_name: configuration.title(),
        config_type: configuration.config_type.to_string(),
        site: configuration.site.as_deref().map(str::to_owned),
        operator: header.operator.clone(),
        system_user: header.user.clone(),
        requested_by: header.requested_by.clone(),
        source: if header.attended { "attended" } else { "unattended" }.to_owned(),
        reason: header.reason.clone(),
        ticket: header.ticket.clone(),
        dry_run: header.dry_run,
        approved_by: approval.map(|approval| approval.approver.clone()),
        approved_at: approval.map(|approval| approval.at),
        approval_digest: approval.map(|approval| approval.digest.clone()),
        plan_digest: source.plan.map(Plan::digest),
        before_active: before.active,
        before_status: status(before),
        wanted_active: wanted.map(|wanted| wanted.active),
        wanted_status: wanted.and_then(|wanted| wanted.status.as_ref()).map(|status| status.name.to_string()),
        after_active: after.active,
        after_status: status(after),
        outcome: outcome.name().to_owned(),
        skip_reason: outcome.skip_reason(),
        error_code: error_code(&outcome),
        outcome_text: match (&outcome, &found.why) {
            (Outcome::Skipped { reason }, Some(why)) => format!("{}: {why}", reason.words()),
            _ => outcome.words(),
        },
        verified: outcome.is_verified(),
        attempts: trace.attempts,
        intended_at: trace.intended_at,
        answered_at,
        answer,
        settled_at: trace.settled_at,
        journal_seq,
        journal_hash,
        journal_head: head.to_owned(),
        journal_whole: source.whole,
    }
}

fn error_code(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed { code, .. } => Some(code.to_string()),
        Outcome::Unknown { .. } => Some("NotVerified".to_owned()),
        Outcome::ChangedSinceReview { .. } => Some("ChangedSinceReview".to_owned()),
        _ => None,
    }
}
