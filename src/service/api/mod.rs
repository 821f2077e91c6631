//! The HTTP API: its routes, and the OpenAPI document that is made from them.
//!
//! [`extract`] takes a request apart, [`runs`] does what it asks for, [`answer`] and [`problem`] are what comes back,
//! [`events`] is the journal as it grows, [`health`] is for whoever watches the server.

pub mod answer;
mod events;
mod extract;
mod health;
pub mod problem;
mod runs;
mod webhooks;

use std::sync::Arc;

use aide::{
    axum::{
        ApiRouter,
        routing::{get_with, post_with},
    },
    openapi::{Info, License, OpenApi, SecurityScheme},
    operation::OperationOutput,
    transform::TransformOperation,
};
use axum::{
    Router,
    http::{HeaderValue, header},
    middleware,
    response::IntoResponse,
    routing::get,
};

use self::{
    answer::{Answer, EventStream, OneRun, RunList},
    problem::{ProblemAnswer, Trouble},
};
use super::{Service, doors};
use crate::domain::document::Report;

/// The name of the scheme in the document.
const SCHEME: &str = "token";

/// A change of what an operation says of itself.
type Said<'t> = TransformOperation<'t>;

/// What the server answers.
pub fn router(service: Arc<Service>) -> Router {
    let (router, document) = routes();
    let text = serde_json::to_string(&document).unwrap_or_default();
    router
        .route("/v1/openapi.json", get(move || std::future::ready(openapi(text.clone()))))
        .route("/metrics", get(health::metrics))
        .fallback(|| std::future::ready(Trouble::no_such_page()))
        .method_not_allowed_fallback(|| std::future::ready(Trouble::wrong_method()))
        .layer(middleware::from_fn_with_state(Arc::clone(&service), doors::pass))
        .with_state(service)
}

/// The OpenAPI document of it.
pub fn document() -> OpenApi {
    routes().1
}

fn routes() -> (Router<Arc<Service>>, OpenApi) {
    // What can come back is told below, status by status, not guessed from the types.
    aide::generate::infer_responses(false);
    let told = ApiRouter::new()
        .api_route("/v1/runs", get_with(runs::list, list).post_with(runs::create, create))
        .api_route("/v1/runs/{id}", get_with(runs::show, show))
        .api_route("/v1/runs/{id}/report", get_with(runs::report, report))
        .api_route("/v1/runs/{id}/events", get_with(events::events, events))
        .api_route("/v1/runs/{id}/approve", post_with(runs::approve, approve))
        .api_route("/v1/runs/{id}/reject", post_with(runs::reject, reject))
        .api_route("/v1/runs/{id}/cancel", post_with(runs::cancel, cancel))
        .api_route("/v1/runs/{id}/resume", post_with(runs::resume, resume))
        .api_route("/v1/runs/{id}/undo", post_with(runs::undo, undo))
        .api_route("/v1/webhooks/{profile}", post_with(webhooks::receive, receive))
        .api_route("/healthz", get_with(health::healthz, healthz))
        .api_route("/readyz", get_with(health::readyz, readyz));
    let mut document = OpenApi {
        info: Info {
            title: "mothball".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: Some("Retire the PSA configurations of offboarded clients, unattended.".to_owned()),
            license: Some(License { name: "MIT".to_owned(), ..License::default() }),
            ..Info::default()
        },
        ..OpenApi::default()
    };
    let router = told.finish_api_with(&mut document, |api| {
        let bearer = SecurityScheme::Http {
            scheme: "bearer".to_owned(),
            bearer_format: None,
            description: Some(
                "A token of `mothball tokens make`, with the scopes that it was made with.".to_owned(),
            ),
            extensions: indexmap_of_nothing(),
        };
        api.security_scheme(SCHEME, bearer).default_response_with::<ProblemAnswer, _>(|response| {
            response.description("What is wrong (RFC 9457)")
        })
    });
    (router, document)
}

/// The type of a map of the crate that makes the document, which is not among ours.
fn indexmap_of_nothing<T: Default>() -> T {
    T::default()
}

fn openapi(text: String) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text)
}

/// What an operation does, and what comes back if that goes well.
fn said<'t, const STATUS: u16, R: OperationOutput>(
    op: Said<'t>,
    id: &'static str,
    summary: &'static str,
    comes_back: &'static str,
) -> Said<'t> {
    op.id(id).summary(summary).response_with::<STATUS, R, _>(|response| response.description(comes_back))
}

fn list(op: Said<'_>) -> Said<'_> {
    let comes_back = "Those that wait first, then the latest";
    said::<200, Answer<RunList>>(op, "listRuns", "The latest runs, and what waits to become one", comes_back)
}

fn create(op: Said<'_>) -> Said<'_> {
    said::<202, OneRun>(op, "startRun", "Ask for a run", "The run; it waits, or goes on")
        .description(
            "The inputs narrow what the settings of the profile allow, and never widen it. The run is durable before this is \
             answered. An Idempotency-Key, one for each thing that is asked for, makes repeating safe for 24 hours: the same \
             inputs are the same run, others are refused.",
        )
        .response_with::<200, Answer<Report>, _>(|response| {
            response.description("The report, where `wait` was given and the run came to an end or waits for a person by then")
        })
}

fn show(op: Said<'_>) -> Said<'_> {
    said::<200, OneRun>(op, "showRun", "One run, also while it only waits", "The run as it is now")
}

fn report(op: Said<'_>) -> Said<'_> {
    let summary = "The report of a run, complete once it has ended";
    said::<200, Answer<Report>>(op, "showReport", summary, "The report as of now")
}

fn events(op: Said<'_>) -> Said<'_> {
    let comes_back = "One event for each record of the journal; the schema is that of one event";
    said::<200, EventStream>(op, "followRun", "What happens in a run, as server-sent events", comes_back)
        .description(
            "Each event has its number in the run's journal as its id; with Last-Event-ID it goes on behind that one. The \
             stream ends when the run does.",
        )
}

fn approve(op: Said<'_>) -> Said<'_> {
    let summary = "Approve a run that waits, all of it or a part, and apply it";
    said::<202, OneRun>(op, "approveRun", summary, "It will be applied")
        .description("The token's name is the person who approves.")
}

fn reject(op: Said<'_>) -> Said<'_> {
    said::<200, OneRun>(op, "rejectRun", "End a run that waits; nothing is changed", "It is rejected")
}

fn cancel(op: Said<'_>) -> Said<'_> {
    let summary = "Cancel a run: what was sent is waited for, nothing more is sent";
    said::<202, OneRun>(op, "cancelRun", summary, "Whoever works on it was told")
}

fn resume(op: Said<'_>) -> Said<'_> {
    said::<202, OneRun>(op, "resumeRun", "Go on with a run that was interrupted", "It will go on")
}

fn undo(op: Said<'_>) -> Said<'_> {
    let summary = "Ask for a run that sets back what this one set inactive";
    said::<202, OneRun>(op, "undoRun", summary, "The run that undoes it")
}

fn receive(op: Said<'_>) -> Said<'_> {
    said::<204, ()>(op, "receiveWebhook", "What a PSA tells", "It is put down, or was before").description(
        "For the PSAs, not for people: each proves itself as its vendor has it. What it says is never believed further \
         than that a client is worth a look. A profile without a webhook secret has no such address.",
    )
}

fn healthz(op: Said<'_>) -> Said<'_> {
    said::<200, Answer<health::Health>>(op, "healthz", "Whether the server answers at all", "It does")
}

fn readyz(op: Said<'_>) -> Said<'_> {
    let summary = "Whether the server can take work: its store answers and it is not about to end";
    said::<200, Answer<health::Health>>(op, "readyz", summary, "It can")
}
