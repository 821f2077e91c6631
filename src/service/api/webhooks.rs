//! `POST /v1/webhooks/{profile}`: what the PSAs tell. No token is asked for: each vendor proves itself in its own way,
//! and whoever does not learns nothing, not even why.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::problem::Trouble;
use crate::{
    psa::webhook::Delivery,
    service::{Service, webhooks::Answer},
};

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ProfilePath {
    /// The profile of the settings.
    pub profile: String,
}

pub async fn receive(
    State(service): State<Arc<Service>>,
    Path(path): Path<ProfilePath>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Trouble> {
    let query = query.unwrap_or_default();
    let delivery = Delivery { query: &query, headers: &headers, body: &body, at: service.clock.now() };
    let ways = service.profiles.ways();
    match ways.receive(&path.profile, &delivery, service.store.as_ref()).await {
        Answer::Taken => Ok(StatusCode::NO_CONTENT.into_response()),
        Answer::Nowhere => Err(Trouble::no_such_page()),
        Answer::Away => Err(Trouble::not_proven()),
        Answer::TooLarge => Err(Trouble::too_large(crate::service::webhooks::LARGEST)),
        Answer::Again(status) => Err(Trouble::come_again(status)),
    }
}
