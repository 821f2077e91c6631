//! What every request passes before anything looks at it: for whom it is, how large it may be, how long it may take;
//! and what is written down of it afterwards.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use futures_util::StreamExt;

use super::{Service, api::problem::Trouble};
use crate::{domain::text::one_line, system::random};

/// Bounds that tests make narrow.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub connections: usize,
    pub body: usize,
    /// How long the head and the body of a request may take to arrive, each.
    pub read: Duration,
    /// How long an answer may wait for somebody to read any more of it.
    pub write: Duration,
    /// What a refusal waits, for each one that is too many, and at most ten of them.
    pub penalty: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 64,
            body: 64 * 1024,
            read: Duration::from_secs(10),
            write: Duration::from_secs(30),
            penalty: Duration::from_secs(1),
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct Doors {
    /// Names that the server is called by, in lower case and without a port.
    pub hosts: Vec<String>,
    /// A proxy stands before it and tells who calls.
    pub behind_proxy: bool,
    pub limits: Limits,
}

/// Who calls.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// So many times its limit of a body is heard out before it is refused.
const PATIENCE: usize = 8;

/// Open to whoever asks after the server's health, by whatever name: they tell nothing.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

impl Doors {
    /// Whether the request is for this server. A page that points its own name at this address is not.
    fn is_meant(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let mut named = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (named.next(), named.next()) else { return false };
        let in_uri = uri.authority().map(axum::http::uri::Authority::as_str);
        host.to_str().ok().into_iter().chain(in_uri).all(|host| self.knows(host)) && host.to_str().is_ok()
    }

    fn knows(&self, host: &str) -> bool {
        let bare = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            // An IPv6 address stands in brackets.
            Some((address, "")) => address,
            Some((address, port)) if port.starts_with(':') => address,
            Some(_) => return false,
            None => host.rsplit_once(':').map_or(host, |(name, _)| name),
        };
        let bare = bare.trim_end_matches('.').to_lowercase();
        self.hosts.contains(&bare)
    }
}

/// The way in and out of the server.
pub async fn pass(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let id = random::run_id(service.clock.now());
    let begun = service.clock.now();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let mut response = match admit(&service, request).await {
        Ok(request) => next.run(request).await,
        Err(trouble) => trouble.into_response(),
    };
    let status = response.status().as_u16();
    service.metrics.answered(&route, status);
    let took = service.clock.now().duration_since(begun);
    tracing::info!(
        target: "mothball::serve",
        request = %id, method = %one_line(method.as_str(), 20), %route, status, ms = took.as_millis() as u64,
        "answered"
    );
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-request-id", id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Takes the whole request in, if it is meant for this server and small and fast enough.
async fn admit(service: &Service, mut request: Request) -> Result<Request, Trouble> {
    let doors = &service.doors;
    if !PROBES.contains(&request.uri().path()) && !doors.is_meant(request.uri(), request.headers()) {
        service.metrics.refused_host();
        return Err(Trouble::misdirected());
    }
    if doors.behind_proxy
        && let Some(told) = forwarded(request.headers())
    {
        request.extensions_mut().insert(Peer(told));
    }
    let (parts, body) = request.into_parts();
    let limit = doors.limits.body;
    let claimed = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if claimed.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > PATIENCE * limit)
    {
        return Err(Trouble::too_large(limit));
    }
    match tokio::time::timeout(doors.limits.read, whole(body, limit)).await {
        Ok(Ok(bytes)) => Ok(Request::from_parts(parts, Body::from(bytes))),
        Ok(Err(trouble)) => Err(trouble),
        Err(_) => Err(Trouble::too_slow()),
    }
}

/// The body, if it is no larger than the limit. What is a little too large is heard out, so that whoever sends it can hear
/// the answer.
async fn whole(body: Body, limit: usize) -> Result<Vec<u8>, Trouble> {
    let mut pieces = body.into_data_stream();
    let (mut taken, mut seen) = (Vec::new(), 0);
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Trouble::no_json("The body was cut off."))?;
        seen += piece.len();
        if seen <= limit {
            taken.extend_from_slice(&piece);
        } else if seen > PATIENCE * limit {
            break;
        }
    }
    if seen > limit { Err(Trouble::too_large(limit)) } else { Ok(taken) }
}

/// The last address in `X-Forwarded-For`: the one that the proxy itself saw. What stands before it anybody can write.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors() -> Doors {
        let hosts = ["localhost", "127.0.0.1", "::1", "mothball.msp.example"];
        Doors { hosts: hosts.map(str::to_owned).to_vec(), ..Doors::default() }
    }

    #[test]
    fn only_its_own_names_are_known_whatever_the_port() {
        for host in [
            "localhost",
            "LocalHost:7878",
            "127.0.0.1",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:7878",
            "mothball.msp.example.",
            "mothball.msp.example:443",
        ] {
            assert!(doors().knows(host), "{host}");
        }
        for host in [
            "",
            ":80",
            "evil.example",
            "localhost.evil.example",
            "evil.example:127.0.0.1",
            "127.0.0.1.evil.example",
            "127.0.0.2",
            "::1",
            "[::1]evil",
            "[::1",
            "0.0.0.0",
            "xlocalhost",
            "localhost:80:80",
        ] {
            assert!(!doors().knows(host), "{host}");
        }
    }

    #[test]
    fn a_request_names_one_host_and_the_same_in_its_address() {
        let headers = |hosts: &[&'static str]| {
            let pairs = hosts.iter().map(|host| (header::HOST, HeaderValue::from_static(host)));
            pairs.collect::<Vec<_>>().into_iter().fold(HeaderMap::new(), |mut all, (name, value)| {
                all.append(name, value);
                all
            })
        };
        let here = Uri::from_static("/v1/runs");
        assert!(doors().is_meant(&here, &headers(&["localhost"])));
        assert!(!doors().is_meant(&here, &headers(&[])));
        assert!(!doors().is_meant(&here, &headers(&["localhost", "evil.example"])));
        assert!(!doors().is_meant(&here, &headers(&["localhost", "localhost"])));
        assert!(
            !doors().is_meant(&Uri::from_static("http://evil.example/v1/runs"), &headers(&["localhost"]))
        );
    }

    #[test]
    fn the_proxy_has_the_last_word_on_who_calls() {
        let mut headers = HeaderMap::new();
        assert_eq!(forwarded(&headers), None);
        headers.append("x-forwarded-for", HeaderValue::from_static("6.6.6.6, 10.0.0.7"));
        assert_eq!(forwarded(&headers), Some(IpAddr::from([10, 0, 0, 7])));
        headers.append("x-forwarded-for", HeaderValue::from_static("nonsense"));
        assert_eq!(forwarded(&headers), None);
    }
}
