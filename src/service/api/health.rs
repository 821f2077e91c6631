//! For whoever watches the server.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    answer::Answer,
    extract::{Caller, ToRead},
    problem::Trouble,
};
use crate::{service::Service, store::Stage};

#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Health {
    /// `ok`; a server that is not says so by its status.
    pub status: String,
}

impl Health {
    fn ok() -> Answer<Self> {
        Answer(Self { status: "ok".to_owned() })
    }
}

/// It answers.
pub async fn healthz() -> Answer<Health> {
    Health::ok()
}

/// It can take work. The settings were checked before it began to listen.
pub async fn readyz(State(service): State<Arc<Service>>) -> Result<Answer<Health>, Trouble> {
    if service.stop.soon.is_cancelled() {
        return Err(Trouble::unavailable("The server is about to end."));
    }
    match service.store.next_job().await {
        Ok(_) => Ok(Health::ok()),
        Err(error) => {
            tracing::error!(%error, "not ready");
            Err(Trouble::unavailable("The store does not answer; the log says why."))
        }
    }
}

pub async fn metrics(
    State(service): State<Arc<Service>>,
    _caller: Caller<ToRead>,
) -> Result<Response, Trouble> {
    let jobs = service.store.jobs().await?;
    let held = jobs.iter().filter(|job| matches!(job.stage, Stage::Held { .. })).count();
    let text = service.metrics.text(jobs.len() - held, held);
    let media = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, media)], text).into_response())
}
