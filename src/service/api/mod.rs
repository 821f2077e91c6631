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
    answer::{Answer, EventStream, RunAnswer, RunList},
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

fn list(op: Said<'_>) -> Said<'_> {
    op.id("listRuns")
        .summary("The latest runs, and what waits to become one")
        .response_with::<200, Answer<RunList>, _>(|response| {
            response.description("Those that wait first, then the latest")
        })
}

fn create(op: Said<'_>) -> Said<'_> {
    op.id("startRun")
        .summary("Ask for a run")
        .description(
            "The inputs narrow what the settings of the profile allow, and never widen it. The run is durable before this is \
             answered. An Idempotency-Key makes repeating safe for 24 hours: the same inputs are the same run, others are refused.",
        )
        .response_with::<202, Answer<RunAnswer>, _>(|response| response.description("The run; it waits, or goes on"))
        .response_with::<200, Answer<Report>, _>(|response| {
            response.description("The report, where `wait` was given and the run came to an end or waits for a person by then")
        })
}

fn show(op: Said<'_>) -> Said<'_> {
    op.id("showRun")
        .summary("One run, also while it only waits")
        .response_with::<200, Answer<RunAnswer>, _>(|response| response.description("The run as it is now"))
}

fn report(op: Said<'_>) -> Said<'_> {
    op.id("showReport")
        .summary("The report of a run, complete once it has ended")
        .response_with::<200, Answer<Report>, _>(|response| response.description("The report as of now"))
}

fn events(op: Said<'_>) -> Said<'_> {
    op.id("followRun")
        .summary("What happens in a run, as server-sent events")
        .description(
            "Each event has its number in the run's journal as its id; with Last-Event-ID it goes on behind that one. The \
             stream ends when the run does.",
        )
        .response_with::<200, EventStream, _>(|response| response.description("One event for each record of the journal"))
}

fn approve(op: Said<'_>) -> Said<'_> {
    op.id("approveRun")
        .summary("Approve a run that waits, all of it or a part, and apply it")
        .description("The token's name is the person who approves.")
        .response_with::<202, Answer<RunAnswer>, _>(|response| response.description("It will be applied"))
}

fn reject(op: Said<'_>) -> Said<'_> {
    op.id("rejectRun")
        .summary("End a run that waits; nothing is changed")
        .response_with::<200, Answer<RunAnswer>, _>(|response| response.description("It is rejected"))
}

fn cancel(op: Said<'_>) -> Said<'_> {
    op.id("cancelRun")
        .summary("Cancel a run: what was sent is waited for, nothing more is sent")
        .response_with::<202, Answer<RunAnswer>, _>(|response| {
            response.description("Whoever works on it was told")
        })
}

fn resume(op: Said<'_>) -> Said<'_> {
    op.id("resumeRun")
        .summary("Go on with a run that was interrupted")
        .response_with::<202, Answer<RunAnswer>, _>(|response| response.description("It will go on"))
}

fn undo(op: Said<'_>) -> Said<'_> {
    op.id("undoRun")
        .summary("Ask for a run that sets back what this one set inactive")
        .response_with::<202, Answer<RunAnswer>, _>(|response| response.description("The run that undoes it"))
}

fn receive(op: Said<'_>) -> Said<'_> {
    op.id("receiveWebhook")
        .summary("What a PSA tells")
        .description(
            "For the PSAs, not for people: each proves itself as its vendor has it. What it says is never believed further \
             than that a client is worth a look. A profile without a webhook secret has no such address.",
        )
        .response_with::<204, (), _>(|response| response.description("It is put down, or was before"))
}

fn healthz(op: Said<'_>) -> Said<'_> {
    op.id("healthz")
        .summary("Whether the server answers at all")
        .response_with::<200, Answer<health::Health>, _>(|response| response.description("It does"))
}

fn readyz(op: Said<'_>) -> Said<'_> {
    op.id("readyz")
        .summary("Whether the server can take work: its store answers and it is not about to end")
        .response_with::<200, Answer<health::Health>, _>(|response| response.description("It can"))
}
