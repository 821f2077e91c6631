//! What is asked of the sending layer, and what it answers.

use async_trait::async_trait;
use reqwest::{
    Method, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde::de::{DeserializeOwned, IgnoredAny};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use super::{
    Http, body,
    sign_in::Rest,
    transport::{Failure, Sent},
};

/// Whose name a request is sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Nobody's: discovery never carries credentials.
    None,
    /// The profile's. Goes to the configured host only.
    Profile,
}

/// How stubbornly a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tries {
    /// As often as its kind allows.
    Usual,
    /// Once, and its failure says nothing about the PSA as a whole: for finding out what is wrong with one record.
    Once,
}

/// One request.
#[derive(Clone)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub auth: Auth,
    pub headers: HeaderMap,
    pub body: Option<Vec<u8>>,
    pub tries: Tries,
    /// Sending it twice does no more than sending it once, whatever its method is: a query that is posted.
    pub reads: bool,
    /// It carries the credentials themselves, although it is nobody's request: it asks for a token.
    pub signs_in: bool,
    /// Whether a reply that looks stale is worth a new sign-in.
    pub renews: bool,
    /// The thing that it is about, where the vendor limits calls for each: see [`super::Limits::per_object`].
    pub object: Option<&'static str>,
    /// Once it is cancelled, a request that still waits for its turn is not sent.
    pub hold: Option<CancellationToken>,
}

impl Request {
    pub fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            auth: Auth::Profile,
            headers: HeaderMap::new(),
            body: None,
            tries: Tries::Usual,
            reads: false,
            signs_in: false,
            renews: true,
            object: None,
            hold: None,
        }
    }

    /// A request with a JSON body.
    pub fn json(method: Method, url: Url, body: &serde_json::Value) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self { method, headers, body: Some(body.to_string().into_bytes()), ..Self::get(url) }
    }

    /// A form that is posted, as token endpoints want it.
    pub fn form(url: Url, fields: &[(&str, &str)]) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self { method: Method::POST, headers, body: Some(body.into_bytes()), ..Self::get(url) }
    }

    /// It only reads, whatever its method is.
    #[must_use]
    pub fn as_read(mut self) -> Self {
        self.reads = true;
        self
    }

    /// A request for a token: it carries the credentials in its body.
    #[must_use]
    pub fn as_sign_in(mut self) -> Self {
        self.signs_in = true;
        self
    }

    #[must_use]
    pub fn about(mut self, object: &'static str) -> Self {
        self.object = Some(object);
        self
    }

    #[must_use]
    pub fn without_credentials(mut self) -> Self {
        self.auth = Auth::None;
        self
    }

    #[must_use]
    pub fn once(mut self) -> Self {
        self.tries = Tries::Once;
        self
    }

    /// Not worth a new sign-in: a reply that looks stale is taken as it is.
    #[must_use]
    pub fn without_renewal(mut self) -> Self {
        self.renews = false;
        self
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    #[must_use]
    pub fn unless(mut self, hold: &CancellationToken) -> Self {
        self.hold = Some(hold.clone());
        self
    }

    /// Whether sending it twice does no more than sending it once.
    pub fn is_read(&self) -> bool {
        self.reads || self.method == Method::GET || self.method == Method::HEAD
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.url.path())
    }
}

/// An answer, with any status.
#[derive(Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn is_json(&self) -> bool {
        serde_json::from_slice::<IgnoredAny>(&self.body).is_ok()
    }

    /// The body in the wanted form.
    ///
    /// # Errors
    /// One readable line about what came instead.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_slice(&self.body).map_err(|error| {
            if self.is_json() {
                format!("JSON of another form ({error})")
            } else {
                format!("{} instead of JSON", self.line())
            }
        })
    }

    /// One readable line of a body that is not JSON.
    pub fn line(&self) -> String {
        body::readable(&self.body)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

/// How requests are signed, and what a vendor's answers mean where their status alone would mislead.
#[async_trait]
pub trait Authorizer: Send + Sync {
    /// Headers for a request of the profile. They are marked as secret and never logged. `http` is for getting a
    /// token: requests without credentials only.
    async fn headers(&self, http: &Http) -> Result<HeaderMap, HttpError>;

    /// Whether each request of the profile carries the credentials themselves. Where they get a token first, asking for
    /// that is the sign-in.
    fn signs_each_request(&self) -> bool {
        true
    }

    /// What a reply says about the sign-in.
    fn judge(&self, reply: &Reply) -> Judgement;

    /// What a reply is, if its status does not say it. Asked of replies to requests without credentials, too.
    fn weigh(&self, _reply: &Reply) -> Option<Weight> {
        None
    }

    /// Gets a new token, or looks for the tenant's new home, after [`Judgement::Stale`]. Other calls of the profile
    /// wait for it, and it happens at most once per request. `http` is for requests without credentials only.
    async fn renew(&self, _http: &Http) -> Result<Renewed, HttpError> {
        Ok(Renewed::Nothing)
    }

    /// What a reply says that was still stale after a renewal.
    fn judge_renewed(&self, _reply: &Reply) -> Judgement {
        Judgement::Refused("the sign-in is refused even with a new token".to_owned())
    }
}

/// What a reply says about the sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    Fine,
    /// The token has run out, or the tenant has moved: renew and ask again, once.
    Stale,
    /// The credentials are refused, in these words. Nothing more is sent with them.
    Refused(String),
}

/// What a reply is, whatever its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The PSA looked at the request and said what it says: asking again changes nothing.
    Considered,
    /// Turned away unlooked at, because too much is asked at once.
    TurnedAway,
}

/// What a renewal came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renewed {
    /// Nothing is new; the refusal stands.
    Nothing,
    /// Ask again with what [`Authorizer::headers`] gives now.
    Headers,
    /// The tenant lives elsewhere: what began with the one address begins with the other.
    Moved { from: Url, to: Url },
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HttpError {
    /// No answer, or none that could be read whole.
    #[error("{message}")]
    Unreachable { message: String, sent: Sent, failure: Option<Failure>, gave_up: bool },
    /// The credentials were refused before; this request was not sent, or turned away.
    #[error("{message}")]
    SignIn { message: String },
    /// The credentials were refused not long ago, perhaps in another process; this request was not sent.
    #[error("{rest}")]
    Resting { rest: Rest },
    /// The credentials are good, but not for what the program needs above all: nothing more can be sent with them until
    /// somebody gives them more rights.
    #[error("{message}")]
    TooFewRights { message: String },
    /// Too many requests, again and again. The request was turned away each time.
    #[error("{message}")]
    RateLimited { message: String },
    /// The PSA sends us elsewhere.
    #[error(
        "{from} redirects to {to}; credentials are not sent there. If that is the right place, set base_url to it"
    )]
    Redirected { from: String, to: String },
    /// The answer to a read is not JSON, however often it is asked.
    #[error("{message}")]
    Unreadable { message: String },
    /// It still waited for its turn when nothing more was to be sent.
    #[error("not sent: it still waited for its turn when the work was stopped")]
    Held,
    /// The request must not be sent.
    #[error("{message}")]
    Forbidden { message: String },
}

impl HttpError {
    /// Whether the PSA may have acted on it.
    pub fn sent(&self) -> Sent {
        match self {
            Self::Unreachable { sent, .. } => *sent,
            Self::SignIn { .. }
            | Self::Resting { .. }
            | Self::TooFewRights { .. }
            | Self::RateLimited { .. }
            | Self::Held
            | Self::Forbidden { .. } => Sent::Never,
            Self::Redirected { .. } | Self::Unreadable { .. } => Sent::Maybe,
        }
    }
}
