//! The real network, through reqwest with rustls. Certificates are always verified.

use std::{error::Error as _, path::Path, time::Duration};

use async_trait::async_trait;
use reqwest::{Certificate, Client, redirect, tls};
use thiserror::Error;

use super::transport::{Failure, Sent, Transport, TransportError, WireReply, WireRequest};

/// No single answer of a PSA is larger than this, after decompression.
const MOST_BODY: usize = 64 * 1024 * 1024;
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// From the first byte out to the last byte in.
pub(super) const TOTAL_LIMIT: Duration = Duration::from_mins(1);

/// Why the network cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NetworkError {
    #[error("ca_file {path} cannot be read: {why}")]
    CaFile { path: String, why: String },
    #[error("ca_file {path} holds no certificate; it must be a PEM file with \"BEGIN CERTIFICATE\" in it")]
    NoCertificate { path: String },
    #[error("the network cannot be set up: {0}")]
    Setup(String),
}

/// Sends over the network. Uses the system's proxy and, besides the system's certificates, those of `ca_file`.
#[derive(Debug, Clone)]
pub struct Network {
    client: Client,
}

impl Network {
    /// # Errors
    /// [`NetworkError`] if `ca_file` does not serve, or the system's certificates cannot be loaded.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, NetworkError> {
        let mut builder = Client::builder()
            .connect_timeout(CONNECT_LIMIT)
            .timeout(TOTAL_LIMIT)
            .redirect(redirect::Policy::none())
            .referer(false)
            .tls_version_min(tls::Version::TLS_1_2)
            .user_agent(super::http_client::USER_AGENT);
        if let Some(path) = ca_file {
            builder = builder.tls_certs_merge(certificates(path)?);
        }
        let client = builder.build().map_err(|error| NetworkError::Setup(chain(&error)))?;
        Ok(Self { client })
    }
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, NetworkError> {
    let shown = || path.display().to_string();
    let pem = std::fs::read(path)
        .map_err(|error| NetworkError::CaFile { path: shown(), why: error.to_string() })?;
    let found = Certificate::from_pem_bundle(&pem)
        .map_err(|error| NetworkError::CaFile { path: shown(), why: error.to_string() })?;
    if found.is_empty() { Err(NetworkError::NoCertificate { path: shown() }) } else { Ok(found) }
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: WireRequest) -> Result<WireReply, TransportError> {
        let WireRequest { method, url, headers, body } = request;
        let mut building = self.client.request(method, url).headers(headers);
        if let Some(body) = body {
            building = building.body(body);
        }
        let mut response = building.send().await.map_err(|error| classify(&error))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
            if body.len() + chunk.len() > MOST_BODY {
                return Err(TransportError::new(
                    Sent::Maybe,
                    Failure::TooLarge,
                    format!("the answer is larger than {} MiB", MOST_BODY / 1024 / 1024),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(WireReply { status, headers, body })
    }
}

fn classify(error: &reqwest::Error) -> TransportError {
    let text = chain(error);
    let lower = text.to_lowercase();
    if error.is_connect() || error.is_builder() {
        let failure = if lower.contains("certificate") || lower.contains("tls") || lower.contains("handshake")
        {
            Failure::Tls
        } else if error.is_dns() || lower.contains("dns error") {
            Failure::Name
        } else if error.is_timeout() {
            Failure::Timeout
        } else {
            Failure::Connect
        };
        return TransportError::new(Sent::Never, failure, text);
    }
    let failure = if error.is_timeout() { Failure::Timeout } else { Failure::Broken };
    TransportError::new(Sent::Maybe, failure, text)
}

/// The error and its causes in one line, without the address: its query is long, and the log has it.
fn chain(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if parts.last().is_none_or(|last| !last.contains(&text)) {
            parts.push(text);
        }
        cause = inner.source();
    }
    if error.is_timeout() && parts.is_empty() {
        parts.push("no answer in time".to_owned());
    }
    if parts.is_empty() {
        // `without_url` needs the error by value; its kind says enough.
        parts.push(if error.is_body() { "the answer broke off" } else { "the request failed" }.to_owned());
    }
    parts.join(": ")
}
