//! A request as a vendor's room sees it, and the reply it gives, both free of the server.

use axum::http::{HeaderMap, Method};
use serde_json::Value;

use super::faults::Rule;

/// One request to a vendor's route.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub method: Method,
    /// As sent, still percent-encoded.
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub now: jiff::Timestamp,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What kind of body it says to have, without parameters, in small letters.
    pub fn media(&self) -> String {
        let kind = self.header("content-type").unwrap_or_default();
        kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The site's root as this client addresses it: who came by another name for this host, or through something
    /// that speaks TLS for it, is led back the same way. `base` is the site's own.
    pub fn site(&self, base: &str) -> String {
        let scheme = match self.header("x-forwarded-proto") {
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => "https",
            _ => base.split_once("://").map_or("http", |(scheme, _)| scheme),
        };
        let named = self.header("host").filter(|host| !host.is_empty());
        named.map_or_else(|| base.to_owned(), |host| format!("{scheme}://{host}"))
    }
}

/// What a request is about, before it is carried out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sighting {
    /// With place holders: `PATCH /company/configurations/{id}`.
    pub route: String,
    pub item: Option<(&'static str, String)>,
    /// The other records, where a request is about several at once.
    pub also: Vec<(&'static str, String)>,
    pub write: bool,
    pub list: bool,
    pub count: bool,
    /// Whether the right credentials came with it.
    pub authorised: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Empty,
    Json(Value),
    Html(String),
    Text(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub content: Content,
}

impl Reply {
    pub fn json(status: u16, value: Value) -> Self {
        Self { status, headers: Vec::new(), content: Content::Json(value) }
    }

    pub fn html(status: u16, page: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), content: Content::Html(page.into()) }
    }

    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), content: Content::Empty }
    }

    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// A vendor's answer, and what it noticed on the way.
#[derive(Debug)]
pub(crate) struct Answer {
    pub reply: Reply,
    pub notes: Vec<String>,
}

/// A request with the faults that a vendor's room itself has to play.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub request: &'a Request,
    pub faults: &'a [Rule],
}
