//! What went wrong, as RFC 9457 wants it told, with the contract's codes where one fits.

use aide::{
    generate::GenContext, openapi::Operation, openapi::Response as Described, operation::OperationOutput,
};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::answer::described;
use crate::{
    domain::{Code, text::harmless_json},
    engine::EngineError,
    psa::PsaError,
    store::StoreError,
};

/// What is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProblemDetails {
    /// Names the kind of problem: `urn:mothball:problem:` and its code.
    pub r#type: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// One of the report's codes, or one of the API's own.
    pub code: String,
}

/// The document's word for a problem.
pub struct ProblemAnswer;

impl OperationOutput for ProblemAnswer {
    type Inner = ProblemDetails;

    fn operation_response(ctx: &mut GenContext, _: &mut Operation) -> Option<Described> {
        let schema = ctx.schema.subschema_for::<ProblemDetails>();
        Some(described("application/problem+json", schema))
    }
}

/// A request that is not done.
#[derive(Debug, Clone)]
pub struct Trouble {
    status: StatusCode,
    code: String,
    title: &'static str,
    detail: String,
}

impl OperationOutput for Trouble {
    type Inner = ProblemDetails;
}

impl Trouble {
    fn new(status: StatusCode, code: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), title, detail: detail.into() }
    }

    /// What was sent cannot be understood, or contradicts itself or the settings.
    pub fn input(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "InvalidInput",
            "The inputs are not ones to work with",
            detail,
        )
    }

    pub fn no_json(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidInput", "The body is no JSON", detail)
    }

    pub fn not_json() -> Self {
        let detail = "Send the inputs as JSON, with Content-Type: application/json.";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", "This is not JSON", detail)
    }

    /// Says nothing about what was wrong with the token.
    pub fn token_refused() -> Self {
        let detail = "Send a token that is in force: Authorization: Bearer mb_…";
        Self::new(StatusCode::UNAUTHORIZED, "TokenRefused", "This needs a token", detail)
    }

    /// Says nothing about what was wrong.
    pub fn not_proven() -> Self {
        let detail = "Only the PSA of this profile may call this, and proves it as its vendor has it.";
        Self::new(StatusCode::UNAUTHORIZED, "NotProven", "Nothing proves who sent this", detail)
    }

    /// It cannot be taken now; the vendor sends it again upon this status.
    pub fn come_again(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        Self::new(status, "NotNow", "This cannot be taken now", "Send it again in a while.")
    }

    pub fn not_allowed(needed: &str) -> Self {
        let detail = format!("This token was made without the scope {needed}.");
        Self::new(StatusCode::FORBIDDEN, "NotAllowed", "The token does not allow this", detail)
    }

    pub fn no_such_run() -> Self {
        let detail = "GET /v1/runs lists the runs there are.";
        Self::new(StatusCode::NOT_FOUND, "RunNotFound", "There is no such run", detail)
    }

    pub fn no_such_profile(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "ProfileNotFound", "There is no such profile", detail)
    }

    /// The settings do not allow it, whoever asks.
    pub fn refused(detail: impl Into<String>) -> Self {
        let code = Code::SafeguardRefused.to_string();
        Self::new(StatusCode::FORBIDDEN, &code, "The settings do not allow this", detail)
    }

    pub fn no_such_page() -> Self {
        let detail = "GET /v1/openapi.json tells what there is.";
        Self::new(StatusCode::NOT_FOUND, "NotFound", "There is nothing here", detail)
    }

    pub fn wrong_method() -> Self {
        let detail = "The Allow header names the methods that there are.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "Not with this method", detail)
    }

    pub fn wrong_state(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "WrongState", "The run is not in a state for this", detail)
    }

    pub fn key_used_otherwise(run: &str) -> Self {
        let detail =
            format!("This Idempotency-Key was used with other inputs, for run {run}. Choose another one.");
        let title = "The key was used for something else";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "IdempotencyKeyReused", title, detail)
    }

    pub fn misdirected() -> Self {
        let detail =
            "This server does not go by that name; serve.hosts in the settings says by which it does.";
        Self::new(StatusCode::MISDIRECTED_REQUEST, "WrongHost", "Not for this server", detail)
    }

    pub fn too_large(limit: usize) -> Self {
        let detail = format!("A body may have {limit} bytes.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "TooLarge", "The body is too large", detail)
    }

    pub fn too_slow() -> Self {
        let detail = "The request did not arrive in time.";
        Self::new(StatusCode::REQUEST_TIMEOUT, "TooSlow", "That took too long", detail)
    }

    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Unavailable", "Not now", detail)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store");
        match error {
            StoreError::UnknownRun(_) => Self::no_such_run(),
            error => Self::unavailable(format!(
                "The store does not answer as it should: {error}. {}",
                error.advice()
            )),
        }
    }
}

impl From<EngineError> for Trouble {
    fn from(error: EngineError) -> Self {
        let status = match &error {
            EngineError::Store(_) | EngineError::Psa(PsaError::Unreachable { .. }) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            EngineError::Psa(_) => StatusCode::BAD_GATEWAY,
            EngineError::Refused(_) => StatusCode::FORBIDDEN,
            _ => StatusCode::CONFLICT,
        };
        let code = match &error {
            // The inputs are sound, but name what this run has not.
            EngineError::Usage(_) => "NotInThisRun".to_owned(),
            EngineError::NotWaiting(_) => "WrongState".to_owned(),
            error => error.code().to_string(),
        };
        let title = match error.code() {
            Code::PlanExpired => "The plan is out of date",
            Code::RunLocked => "Another run is at work on it",
            _ => "It is not done",
        };
        Self { status, code, title, detail: error.to_string() }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let problem = ProblemDetails {
            r#type: format!("urn:mothball:problem:{}", self.code),
            title: self.title.to_owned(),
            status: self.status.as_u16(),
            detail: self.detail,
            code: self.code,
        };
        let text = harmless_json(&serde_json::to_string(&problem).unwrap_or_default());
        let mut response = (self.status, text).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(self.status, StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE) {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
