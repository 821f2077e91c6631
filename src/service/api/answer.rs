//! What the API answers.

use aide::{
    generate::GenContext,
    openapi::{Link, LinkOperation, MediaType, Operation, ReferenceOr, Response as Described, SchemaObject},
    operation::OperationOutput,
};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Origin, Phase, RunId, Tenant, Timestamp, plan::Kind, survey::Header, text::harmless_json},
    service::task,
    store::{Job, RunSummary, Stage},
};

/// JSON in which nothing that a PSA said can drive a terminal.
pub struct Answer<T>(pub T);

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        match serde_json::to_string(&self.0) {
            Ok(text) => {
                let json = HeaderValue::from_static("application/json");
                ([(header::CONTENT_TYPE, json)], harmless_json(&text)).into_response()
            }
            Err(error) => {
                tracing::error!(%error, "an answer could not be written");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

impl<T: JsonSchema> OperationOutput for Answer<T> {
    type Inner = T;

    fn operation_response(ctx: &mut GenContext, _: &mut Operation) -> Option<Described> {
        let schema = ctx.schema.subschema_for::<T>();
        Some(described("application/json", schema))
    }
}

/// What can be done with a run, as the document calls it.
const NEXT: [&str; 8] =
    ["showRun", "showReport", "followRun", "approveRun", "rejectRun", "cancelRun", "resumeRun", "undoRun"];

/// The document's word for a run, with what can be done with it next.
pub struct OneRun;

impl OperationOutput for OneRun {
    type Inner = RunAnswer;

    fn operation_response(ctx: &mut GenContext, _: &mut Operation) -> Option<Described> {
        let schema = ctx.schema.subschema_for::<RunAnswer>();
        let link = |to: &str| Link {
            description: None,
            operation: LinkOperation::OperationId(to.to_owned()),
            request_body: None,
            parameters: std::iter::once(("id".to_owned(), "$response.body#/run_id".into())).collect(),
            server: None,
            extensions: super::indexmap_of_nothing(),
        };
        let links = NEXT.into_iter().map(|to| (to.to_owned(), ReferenceOr::Item(link(to)))).collect();
        Some(Described { links, ..described("application/json", schema) })
    }
}

/// The document's word for server-sent events: each of them has this form.
pub struct EventStream;

/// One event of the stream.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct RecordEvent {
    /// The number of the record in the run's journal.
    #[schemars(regex(pattern = "^[0-9]+$"))]
    pub id: String,
    /// What happened, in one word.
    pub event: String,
    /// The record, as JSON: `at`, `event`, and what belongs to that kind of event.
    #[schemars(extend("contentMediaType" = "application/json"))]
    pub data: String,
}

impl OperationOutput for EventStream {
    type Inner = RecordEvent;

    fn operation_response(ctx: &mut GenContext, _: &mut Operation) -> Option<Described> {
        let schema = ctx.schema.subschema_for::<RecordEvent>();
        Some(described("text/event-stream", schema))
    }
}

pub(super) fn described(media: &str, json_schema: Schema) -> Described {
    let schema = Some(SchemaObject { json_schema, example: None, external_docs: None });
    Described {
        content: std::iter::once((media.to_owned(), MediaType { schema, ..MediaType::default() })).collect(),
        ..Described::default()
    }
}

/// The runs there are.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RunList {
    pub runs: Vec<RunAnswer>,
}

/// Where a run is: first those that only the server knows, then the states of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStage {
    /// It waits for its turn.
    Queued,
    /// It is being looked at; no plan stands yet.
    Preparing,
    /// No run came of it; `trouble` says why.
    NotBegun,
    Planned,
    AwaitingApproval,
    Approved,
    Applying,
    Paused,
    Verifying,
    Finished,
    Rejected,
    Expired,
    Cancelled,
    Interrupted,
    Refused,
}

impl From<Phase> for RunStage {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Planned => Self::Planned,
            Phase::AwaitingApproval => Self::AwaitingApproval,
            Phase::Approved => Self::Approved,
            Phase::Applying => Self::Applying,
            Phase::Paused => Self::Paused,
            Phase::Verifying => Self::Verifying,
            Phase::Finished => Self::Finished,
            Phase::Rejected => Self::Rejected,
            Phase::Expired => Self::Expired,
            Phase::Cancelled => Self::Cancelled,
            Phase::Interrupted => Self::Interrupted,
            Phase::Refused => Self::Refused,
        }
    }
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RunAnswer {
    pub run_id: RunId,
    pub state: RunStage,
    /// `deactivate` or `undo`; null as long as it only waits.
    pub kind: Option<String>,
    pub profile: String,
    pub psa: Option<String>,
    pub tenant: Option<Tenant>,
    pub origin: Origin,
    pub operator: String,
    pub requested_by: Option<String>,
    pub ticket: Option<String>,
    pub reason: Option<String>,
    pub dry_run: bool,
    /// The run that this one undoes, or repeats in part.
    pub parent: Option<RunId>,
    /// When it began; when it was asked for as long as it waits.
    pub at: Timestamp,
    pub last_event: Option<Timestamp>,
    /// What an approval is bound to.
    pub plan_digest: Option<String>,
    pub counts: Counts,
    /// A newer run that took its place.
    pub superseded_by: Option<RunId>,
    /// Why the server could not do what it was asked for last.
    pub trouble: Option<String>,
    /// When the server tries again.
    pub next_try: Option<Timestamp>,
}

/// How many configurations of the plan came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    pub items: u64,
    /// Deactivated, or restored.
    pub changed: u64,
    pub skipped: u64,
    pub errors: u64,
}

impl RunAnswer {
    /// One that is only a job so far.
    pub fn of_job(job: &Job) -> Self {
        let state = match &job.stage {
            Stage::Waiting => RunStage::Queued,
            Stage::Held { .. } => RunStage::Preparing,
            Stage::Ended { .. } => RunStage::NotBegun,
        };
        let inputs = &job.new.task["inputs"];
        // A task of a run has its inputs beside its name, one of an undo below it.
        let said = |key: &str| {
            let text = job.new.task[key].as_str().or_else(|| inputs[key].as_str());
            text.map(str::to_owned)
        };
        let dry_run = job.new.task["dry_run"].as_bool().or_else(|| inputs["dry_run"].as_bool());
        Self {
            run_id: job.new.run.clone(),
            state,
            kind: None,
            profile: job.new.profile.clone(),
            psa: None,
            tenant: None,
            origin: job.new.origin.clone(),
            operator: task::operator(&job.new.origin),
            requested_by: said("requested_by"),
            ticket: said("ticket"),
            reason: said("reason"),
            dry_run: dry_run.unwrap_or_default(),
            parent: job.new.task["of"].as_str().map(RunId::from),
            at: job.new.at,
            last_event: None,
            plan_digest: None,
            counts: Counts::default(),
            superseded_by: None,
            trouble: None,
            next_try: None,
        }
        .with(Some(job))
    }

    pub fn of_summary(run: &RunSummary, job: Option<&Job>) -> Self {
        let mut counts = Counts { items: run.items, ..Counts::default() };
        for (outcome, n) in &run.outcomes {
            count(&mut counts, outcome, *n);
        }
        Self {
            state: run.phase.into(),
            last_event: Some(run.last_event),
            plan_digest: run.plan_digest.clone(),
            counts,
            ..Self::of_header(&run.header)
        }
        .with(job)
    }

    fn of_header(header: &Header) -> Self {
        let kind = match header.kind {
            Kind::Deactivate => "deactivate",
            Kind::Undo => "undo",
        };
        Self {
            run_id: header.run.clone(),
            state: RunStage::Planned,
            kind: Some(kind.to_owned()),
            profile: header.profile.clone(),
            psa: Some(header.psa.clone()),
            tenant: header.tenant.clone(),
            origin: header.origin.clone(),
            operator: header.operator.clone(),
            requested_by: header.requested_by.clone(),
            ticket: header.ticket.clone(),
            reason: header.reason.clone(),
            dry_run: header.dry_run,
            parent: header.parent.clone(),
            at: header.started_at,
            last_event: None,
            plan_digest: None,
            counts: Counts::default(),
            superseded_by: None,
            trouble: None,
            next_try: None,
        }
    }

    /// What the queue knows of it besides.
    fn with(mut self, job: Option<&Job>) -> Self {
        match job {
            Some(Job { stage: Stage::Waiting, tries, new }) if *tries > 0 => {
                self.next_try = Some(new.not_before);
            }
            Some(Job { stage: Stage::Ended { trouble, .. }, .. }) => self.trouble.clone_from(trouble),
            _ => {}
        }
        self
    }
}

fn count(counts: &mut Counts, outcome: &str, n: u64) {
    let place = match outcome {
        "deactivated" | "restored" => &mut counts.changed,
        "failed" | "unknown" => &mut counts.errors,
        _ => &mut counts.skipped,
    };
    *place += n;
}
