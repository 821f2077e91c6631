//! The way of every request: latency, faults before, the vendor's room, faults after, the log.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, Request as HttpRequest},
    http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header},
};

use super::{
    at_once::AtOnce,
    exchange::{Call, Content, Reply, Request, Sighting},
    faults::{Dice, Kind, Plan, Sight},
    log::{Journal, RequestSeen},
    spoil,
    vendor::{Arrival, Vendor},
    wire::Wire,
};
use crate::system::Clock;

/// Request bodies are never larger than this.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Put on a response by the in-process router where the server would have broken the connection: a transport
/// that sees it must report a broken connection, not the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    Refused,
    Reset,
}

/// Put on a response by the in-process router: the faults that met the request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Met(pub Vec<Kind>);

/// What the handle, the handlers and the listener share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub vendor: Mutex<Box<dyn Vendor>>,
    pub journal: Mutex<Journal>,
    pub dice: Mutex<Dice>,
    pub latency: Duration,
    pub clock: Clock,
    pub seed: u64,
    pub base_url: String,
    pub keep_bodies: bool,
    /// Where redirects to "another host" lead.
    pub elsewhere: String,
    pub elsewhere_seen: Mutex<Vec<RequestSeen>>,
    pub at_once: Mutex<AtOnce>,
    next: AtomicU64,
}

/// A panic in one request must not take the simulator down for the others.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    #[expect(clippy::too_many_arguments, reason = "called once, by the handle")]
    pub fn new(
        vendor: Box<dyn Vendor>,
        plan: Plan,
        latency: Duration,
        clock: Clock,
        seed: u64,
        keep_bodies: bool,
        base_url: String,
        elsewhere: String,
    ) -> Self {
        Self {
            vendor: Mutex::new(vendor),
            journal: Mutex::default(),
            dice: Mutex::new(Dice::new(plan, seed)),
            latency,
            clock,
            seed,
            base_url,
            keep_bodies,
            elsewhere,
            elsewhere_seen: Mutex::default(),
            at_once: Mutex::default(),
            next: AtomicU64::new(0),
        }
    }

    pub fn refuses_connection(&self) -> bool {
        lock(&self.dice).refuse_connection()
    }

    /// Sends the callbacks that are due, in tasks of their own.
    pub fn deliver(self: &Arc<Self>) {
        let due = lock(&self.vendor).take_deliveries();
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        for delivery in due {
            let shared = Arc::clone(self);
            runtime.spawn(async move {
                if let Err(why) = delivery.send(&shared.clock).await {
                    lock(&shared.journal).note(format!("callback to {} not delivered: {why}", delivery.url));
                }
            });
        }
    }

    pub fn set_faults(&self, plan: Plan) {
        *lock(&self.dice) = Dice::new(plan, self.seed);
    }

    /// One request of a client.
    pub async fn serve(self: Arc<Self>, http: HttpRequest) -> Response<Body> {
        let wire = http.extensions().get::<ConnectInfo<Wire>>().map(|info| info.0.clone());
        // In process there is no connection to refuse; the first look at the request stands in for it.
        if wire.is_none() && self.refuses_connection() {
            return spoil::Outgoing::Break(Broken::Refused).send(&self.clock, None).await;
        }
        let (parts, body) = http.into_parts();
        let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
            return respond(&Reply::empty(413), None);
        };
        let request = Request {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body: body.to_vec(),
            now: self.clock.now(),
        };
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        let sighting = lock(&self.vendor).sight(&request);
        let visit = Visit::of(&self, &request, &sighting);
        let items: Vec<(&str, &str)> =
            sighting.item.iter().chain(&sighting.also).map(|(kind, id)| (*kind, id.as_str())).collect();
        let rules = lock(&self.dice).throw(Sight {
            route: &sighting.route,
            items: &items,
            write: sighting.write,
            list: sighting.list,
            count: sighting.count,
        });
        let wait = self.latency + visit.arrival.delay;
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
        for slow in rules.iter().filter(|rule| matches!(rule.kind, Kind::Slow | Kind::Jitter)) {
            self.clock.sleep(slow.parameter().time()).await;
        }
        let deciding = rules.iter().find(|rule| spoil::decides(rule.kind));
        let early = deciding.filter(|rule| spoil::before_the_vendor(rule.kind));
        let refused = visit.arrival.refused.clone();
        // Written down before it is answered: who has the answer finds the request in the log.
        let (status, reply) = if let Some(rule) = early {
            spoil::instead(rule, &self, &sighting, &request)
        } else if let Some(reply) = refused {
            (reply.status, spoil::Outgoing::Plain(reply))
        } else {
            if rules.iter().any(|rule| rule.kind == Kind::Duplicate) {
                // What it remarks, it remarks of the other delivery, too.
                let _first = lock(&self.vendor).answer(Call { request: &request, faults: &rules });
            }
            let answer = lock(&self.vendor).answer(Call { request: &request, faults: &rules });
            for note in answer.notes {
                lock(&self.journal).note(note);
            }
            match deciding {
                Some(rule) => spoil::afterwards(rule, &self, &sighting, &request, answer.reply),
                None => (answer.reply.status, spoil::Outgoing::Plain(answer.reply)),
            }
        };
        drop(visit);
        self.deliver();
        let answer = match &reply {
            spoil::Outgoing::Plain(Reply { content: Content::Json(value), .. }) if self.keep_bodies => {
                Some(value.clone())
            }
            _ => None,
        };
        lock(&self.journal).saw(RequestSeen {
            index,
            at: request.now,
            method: request.method.to_string(),
            path: request.path.clone(),
            query: request.query.clone(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
            with_credentials: carries_credentials(&request.headers),
            route: sighting.route,
            authorised: sighting.authorised,
            status,
            answer,
            faults: rules.iter().map(ToString::to_string).collect(),
        });
        let met = Met(rules.iter().map(|rule| rule.kind).collect());
        let mut response = reply.send(&self.clock, wire.as_ref()).await;
        if wire.is_none() {
            response.extensions_mut().insert(met);
        }
        if rules.iter().any(|rule| rule.kind == Kind::HeaderFlood) {
            flood(response.headers_mut());
        }
        if lock(&self.dice).refuses() {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// The routes of the vendor and the control routes.
    pub fn router(self: &Arc<Self>) -> Router {
        let shared = Arc::clone(self);
        super::control::router(Arc::clone(self))
            .fallback(move |http: HttpRequest| Arc::clone(&shared).serve(http))
    }

    /// The other host that redirects lead to: notes who comes, and whether credentials came along.
    pub fn elsewhere_router(self: &Arc<Self>) -> Router {
        let shared = Arc::clone(self);
        Router::new().fallback(move |http: HttpRequest| {
            let seen = RequestSeen {
                index: 0,
                at: shared.clock.now(),
                method: http.method().to_string(),
                path: http.uri().path().to_owned(),
                query: http.uri().query().unwrap_or_default().to_owned(),
                body: String::new(),
                route: "elsewhere".to_owned(),
                with_credentials: carries_credentials(http.headers()),
                authorised: false,
                status: 200,
                answer: None,
                faults: Vec::new(),
            };
            lock(&shared.elsewhere_seen).push(seen);
            async { "{}" }
        })
    }
}

/// A request under way. When it ends, or its connection breaks, the vendor is told.
struct Visit {
    shared: Arc<Shared>,
    sighting: Sighting,
    arrival: Arrival,
    object: Option<&'static str>,
}

impl Visit {
    fn of(shared: &Arc<Shared>, request: &Request, sighting: &Sighting) -> Self {
        let (arrival, object) = {
            let mut vendor = lock(&shared.vendor);
            (vendor.arrive(request, sighting), vendor.object(sighting))
        };
        if sighting.authorised {
            lock(&shared.at_once).enter(object);
        }
        Self { shared: Arc::clone(shared), sighting: sighting.clone(), arrival, object }
    }
}

/// Whether any vendor's credentials came along.
fn carries_credentials(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION) || headers.contains_key("secret")
}

impl Drop for Visit {
    fn drop(&mut self) {
        if self.arrival.refused.is_none() {
            lock(&self.shared.vendor).leave(&self.sighting, self.shared.clock.now());
        }
        if self.sighting.authorised {
            lock(&self.shared.at_once).leave(self.object);
        }
    }
}

fn flood(headers: &mut HeaderMap) {
    for number in 0..200 {
        if let Ok(name) = HeaderName::from_bytes(format!("x-flood-{number}").as_bytes()) {
            headers.insert(name, HeaderValue::from_static("the quick brown fox jumps over the lazy dog"));
        }
    }
}

/// A reply as a response. `body` stands in for the reply's own content.
pub(crate) fn respond(reply: &Reply, body: Option<Body>) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let media = match &reply.content {
        Content::Empty => None,
        Content::Json(_) => Some("application/json; charset=utf-8"),
        Content::Html(_) => Some("text/html; charset=utf-8"),
        Content::Text(_) => Some("text/plain; charset=utf-8"),
    };
    if let Some(media) = media {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    }
    for (name, value) in &reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
        {
            headers.insert(name, value);
        }
    }
    *response.body_mut() = body.unwrap_or_else(|| Body::from(bytes_of(&reply.content)));
    response
}

pub(crate) fn bytes_of(content: &Content) -> Bytes {
    match content {
        Content::Empty => Bytes::new(),
        // A `Value` has string keys only, so it always serialises.
        Content::Json(value) => Bytes::from(serde_json::to_vec(value).unwrap_or_default()),
        Content::Html(text) | Content::Text(text) => Bytes::from(text.clone().into_bytes()),
    }
}
