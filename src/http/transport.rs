//! The last step before the wire, and the words for what can go wrong there.

use async_trait::async_trait;
use reqwest::{Method, Url, header::HeaderMap};
use thiserror::Error;

/// Sends one request and reads one whole reply. Follows no redirect and retries nothing.
#[async_trait]
pub trait Transport: Send + Sync {
    async fn send(&self, request: WireRequest) -> Result<WireReply, TransportError>;
}

/// A request as it goes out. Its `Debug` shows neither headers nor body: they may carry secrets.
#[derive(Clone)]
pub struct WireRequest {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<Vec<u8>>,
}

impl std::fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({} headers, redacted)", self.method, self.url.path(), self.headers.len())
    }
}

/// A reply as it came in, decompressed and complete.
#[derive(Clone)]
pub struct WireReply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl std::fmt::Debug for WireReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

/// Whether the PSA may have seen a request that got no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// Certainly not: nothing of it left, or the connection never stood.
    Never,
    /// It may have been acted upon.
    Maybe,
}

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The host's name is not known.
    Name,
    /// Nobody listens there, or the way there is closed.
    Connect,
    /// The certificate or the encryption does not fit. Does not mend itself.
    Tls,
    Timeout,
    /// The connection broke, or the body ended early.
    Broken,
    /// The body is larger than any real answer.
    TooLarge,
}

/// No usable reply.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct TransportError {
    pub sent: Sent,
    pub failure: Failure,
    pub message: String,
}

impl TransportError {
    pub fn new(sent: Sent, failure: Failure, message: impl Into<String>) -> Self {
        Self { sent, failure, message: message.into() }
    }
}
