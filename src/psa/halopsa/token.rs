//! The sign-in: where the authorisation server is, asked without credentials, and a token of an application, kept until
//! shortly before it expires.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    sync::{Mutex, OnceCell},
    time::Instant,
};

use super::{
    errors,
    wire::{AuthInfo, OAuthError, OAuthToken, filled},
};
use crate::http::{
    Authorizer, HeaderMap, HeaderValue, Http, HttpError, Judgement, Renewed, Reply, Request, Sent, Url,
    header::AUTHORIZATION,
};

/// Without these the main job cannot be done.
pub const NEEDED: [&str; 3] = ["read:assets", "edit:assets", "read:customers"];
/// What serves the warnings.
pub const EXTRAS: [&str; 3] = ["read:contracts", "read:invoices", "read:tickets"];
/// What a note on a ticket needs.
pub const NOTES: &str = "edit:tickets";

/// Domains under which the vendor hosts tenants. A tenant's authorisation server may be another host there.
const VENDOR_DOMAINS: [&str; 5] =
    ["halopsa.com", "haloitsm.com", "haloservicedesk.com", "halocrm.com", "usehalo.com"];

/// What a token lives if its answer does not say.
const USUAL_LIFE: Duration = Duration::from_hours(1);
/// What a token is believed to live at most, whatever its answer says: some answers are nonsense.
const LONGEST_LIFE: Duration = Duration::from_hours(24);
/// A token is not used in the last moments of its life: a request may wait for its turn.
const LONGEST_MARGIN: Duration = Duration::from_mins(1);

/// Where the sign-in of this tenant is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    token: Url,
    /// What is sent as `tenant`; an installation on premise needs none.
    tenant: Option<String>,
    /// What the PSA calls the tenant, if it does.
    pub told: Option<String>,
}

impl Place {
    /// The settings name another tenant than the PSA.
    pub fn differs(&self) -> bool {
        match (&self.tenant, &self.told) {
            (Some(tenant), Some(told)) => !tenant.eq_ignore_ascii_case(told),
            _ => false,
        }
    }

    /// The tenant's name: as the PSA tells it, else as the settings do.
    pub fn name(&self) -> Option<&str> {
        self.told.as_deref().or(self.tenant.as_deref())
    }
}

/// The application of the profile.
pub struct Application {
    root: Url,
    tenant: Option<String>,
    client_id: String,
    secret: SecretString,
    /// What is asked for besides, if the application may have it.
    extras: Vec<&'static str>,
    place: OnceCell<Arc<Place>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// What is asked for, once it is known what the application may have.
    scopes: Option<Vec<&'static str>>,
}

struct Token {
    header: HeaderValue,
    until: Instant,
    granted: Option<String>,
}

enum Answer {
    Token(Token),
    /// The application may not have all that was asked for.
    TooMuch(String),
}

impl Application {
    pub fn new(
        root: Url,
        tenant: Option<String>,
        client_id: String,
        secret: SecretString,
        extras: Vec<&'static str>,
    ) -> Self {
        Self { root, tenant, client_id, secret, extras, place: OnceCell::new(), state: Mutex::default() }
    }

    /// Where the sign-in is. Asked once, without credentials.
    pub async fn place(&self, http: &Http) -> Result<Arc<Place>, HttpError> {
        self.place.get_or_try_init(|| self.discover(http)).await.cloned()
    }

    /// The request that discovery is; it also shows whether the PSA is back.
    pub fn discovery(&self) -> Request {
        let mut url = self.root.clone();
        url.set_path("/api/AuthInfo");
        Request::get(url).without_credentials()
    }

    async fn discover(&self, http: &Http) -> Result<Arc<Place>, HttpError> {
        let reply = http.send(self.discovery()).await?;
        let info: AuthInfo = match reply.status {
            200..=299 => {
                let info: Option<AuthInfo> =
                    reply.json().map_err(|message| HttpError::Unreadable { message })?;
                info.unwrap_or_default()
            }
            // Builds without it exist; the usual place is tried.
            401 | 403 | 404 => AuthInfo::default(),
            500..=599 => {
                return Err(unreachable(format!(
                    "{} answered {} when asked for its sign-in ({}); in the vendor's cloud that is also what a host without a tenant says",
                    self.root.host_str().unwrap_or_default(),
                    reply.status,
                    errors::words(&reply)
                )));
            }
            status => {
                return Err(unreachable(format!(
                    "{} answered {status} when asked for its sign-in",
                    self.root.host_str().unwrap_or_default()
                )));
            }
        };
        let told = filled(info.tenant_id.as_ref()).map(ToOwned::to_owned);
        let mut token = auth_server(&self.root, filled(info.auth_url.as_ref()))?;
        token.set_path(&format!("{}/token", token.path().trim_end_matches('/')));
        let tenant = self.tenant.clone().or_else(|| told.clone());
        token.set_query(None);
        if let Some(tenant) = &tenant {
            token.query_pairs_mut().append_pair("tenant", tenant);
        }
        Ok(Arc::new(Place { token, tenant, told }))
    }

    /// The scopes that the present token was granted, if its answer told.
    pub async fn granted(&self) -> Option<String> {
        self.state.lock().await.token.as_ref()?.granted.clone()
    }

    /// A new token. What the application may not have is left out, if it is not needed.
    async fn fetch(&self, http: &Http, known: &mut Option<Vec<&'static str>>) -> Result<Token, HttpError> {
        let wide = || NEEDED.into_iter().chain(self.extras.iter().copied()).collect::<Vec<_>>();
        let asked = known.clone().unwrap_or_else(wide);
        if let Answer::Token(token) = self.ask(http, &asked).await? {
            *known = Some(asked);
            return Ok(token);
        }
        let mut scopes = NEEDED.to_vec();
        let mut token = match self.ask(http, &scopes).await? {
            Answer::Token(token) => token,
            Answer::TooMuch(said) => {
                return Err(HttpError::TooFewRights {
                    message: format!(
                        "the application may not have {} ({said}); tick them under Permissions of the application",
                        scopes.join(" ")
                    ),
                });
            }
        };
        for extra in self.extras.iter().copied() {
            scopes.push(extra);
            match self.ask(http, &scopes).await? {
                Answer::Token(wider) => token = wider,
                Answer::TooMuch(_) => {
                    scopes.pop();
                }
            }
        }
        *known = Some(scopes);
        Ok(token)
    }

    async fn ask(&self, http: &Http, scopes: &[&str]) -> Result<Answer, HttpError> {
        let place = self.place(http).await?;
        let scope = scopes.join(" ");
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.secret.expose_secret()),
            ("scope", scope.as_str()),
        ];
        let request =
            Request::form(place.token.clone(), &fields).without_credentials().as_read().as_sign_in();
        // A tenant that the PSA does not know can show as trouble; that is not worth insisting.
        let reply = http.send(if place.differs() { request.once() } else { request }).await?;
        match reply.status {
            200..=299 => Ok(Answer::Token(token(&reply)?)),
            _ => Self::refused(&place, &reply),
        }
    }

    fn refused(place: &Place, reply: &Reply) -> Result<Answer, HttpError> {
        let said = errors::words(reply);
        let error: OAuthError = reply.json().unwrap_or_default();
        let tenant = match (&place.tenant, &place.told) {
            (Some(tenant), Some(told)) if place.differs() => {
                format!("; tenant is \"{tenant}\" in the profile, but the PSA calls itself \"{told}\"")
            }
            _ => String::new(),
        };
        match (reply.status, filled(error.error.as_ref())) {
            (400 | 401 | 403, Some("invalid_scope")) => Ok(Answer::TooMuch(said)),
            (400 | 401 | 403, _) => Err(HttpError::SignIn {
                message: format!(
                    "{said} ({}); client_id or client_secret is wrong, or the application is not active{tenant}",
                    reply.status
                ),
            }),
            (404 | 500, _) if place.differs() => {
                Err(HttpError::SignIn { message: format!("{said} ({}){tenant}", reply.status) })
            }
            (status, _) => {
                Err(unreachable(format!("the sign-in at {} answered {status}: {said}", host(&place.token))))
            }
        }
    }

    async fn renewed(&self, http: &Http) -> Result<(), HttpError> {
        let mut state = self.state.lock().await;
        state.token = None;
        let State { token, scopes } = &mut *state;
        *token = Some(self.fetch(http, scopes).await.map_err(unsent)?);
        Ok(())
    }
}

#[async_trait]
impl Authorizer for Application {
    async fn headers(&self, http: &Http) -> Result<HeaderMap, HttpError> {
        let mut state = self.state.lock().await;
        let State { token, scopes } = &mut *state;
        let header = match token {
            Some(token) if Instant::now() < token.until => token.header.clone(),
            _ => {
                let fresh = self.fetch(http, scopes).await.map_err(unsent)?;
                token.insert(fresh).header.clone()
            }
        };
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, header);
        Ok(headers)
    }

    fn signs_each_request(&self) -> bool {
        false
    }

    fn judge(&self, reply: &Reply) -> Judgement {
        if reply.status == 401 { Judgement::Stale } else { Judgement::Fine }
    }

    async fn renew(&self, http: &Http) -> Result<Renewed, HttpError> {
        self.renewed(http).await?;
        Ok(Renewed::Headers)
    }

    /// A token that is refused at one address although it is new: a right is missing there.
    fn judge_renewed(&self, _reply: &Reply) -> Judgement {
        Judgement::Fine
    }
}

fn token(reply: &Reply) -> Result<Token, HttpError> {
    let garbled = |message: String| HttpError::Unreadable { message: format!("the token: {message}") };
    let token: OAuthToken = reply.json().map_err(garbled)?;
    let secret = filled(token.access_token.as_ref()).ok_or_else(|| garbled("there is none".to_owned()))?;
    let mut header = HeaderValue::from_str(&format!("Bearer {secret}"))
        .map_err(|_| garbled("it has characters that cannot be sent".to_owned()))?;
    header.set_sensitive(true);
    let life =
        token.expires_in.and_then(|seconds| u64::try_from(seconds).ok()).filter(|seconds| *seconds > 0);
    let life = life.map_or(USUAL_LIFE, Duration::from_secs).min(LONGEST_LIFE);
    let until = Instant::now() + life - LONGEST_MARGIN.min(life / 10);
    Ok(Token { header, until, granted: filled(token.scope.as_ref()).map(ToOwned::to_owned) })
}

/// The authorisation server, if the secret may go there: the configured host, or one of the vendor's own where the
/// tenant is one of theirs, too. Never unencrypted, but to this very origin.
fn auth_server(root: &Url, told: Option<&str>) -> Result<Url, HttpError> {
    let Some(told) = told else { return Ok(below(root, "/auth")) };
    let forbidden = |why: &str| {
        Err(HttpError::Forbidden {
            message: format!(
                "{} says that its sign-in is at {}, but {why}; the secret is not sent there. If that is the right place, set base_url to it",
                host(root),
                crate::domain::text::one_line(told, 100)
            ),
        })
    };
    let Ok(mut url) = root.join(told) else { return forbidden("that is no address") };
    if url.scheme() == "http" && root.scheme() == "https" && url.host() == root.host() {
        // What stands behind a proxy does not know that it is called with encryption.
        url = below(root, url.path());
    }
    let same_origin = url.origin() == root.origin();
    match url.scheme() {
        _ if same_origin => Ok(url),
        "https" if url.host() == root.host() && root.scheme() == "https" => Ok(url),
        "https" if url.port().is_none() && vendor(&url).is_some() && vendor(&url) == vendor(root) => Ok(url),
        "https" => forbidden("that is another host"),
        _ => forbidden("that is not encrypted"),
    }
}

fn below(root: &Url, path: &str) -> Url {
    let mut url = root.clone();
    url.set_path(path);
    url
}

/// The vendor's domain that a host is under.
fn vendor(url: &Url) -> Option<&'static str> {
    let host = url.host_str()?.to_ascii_lowercase();
    VENDOR_DOMAINS
        .into_iter()
        .find(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')))
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

fn unreachable(message: String) -> HttpError {
    HttpError::Unreachable { message, sent: Sent::Never, failure: None, gave_up: false }
}

/// Without a token the request itself was not sent, whatever became of the one for the token.
fn unsent(error: HttpError) -> HttpError {
    match error {
        HttpError::Unreachable { message, failure, gave_up, .. } => {
            HttpError::Unreachable { message, sent: Sent::Never, failure, gave_up }
        }
        HttpError::Unreadable { message } => unreachable(message),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by fuzzing: a life that no clock can hold.
    #[test]
    fn a_token_that_claims_to_live_for_ever_lives_for_a_day() {
        for claimed in ["9223372036854775807", "1e15", "31536000000"] {
            let body = format!(r#"{{ "access_token": "x", "expires_in": {claimed} }}"#).into_bytes();
            let reply = Reply { status: 200, headers: HeaderMap::new(), body };
            let until = token(&reply).expect("it is a token all the same").until;
            assert!(until <= Instant::now() + LONGEST_LIFE, "{claimed}");
        }
    }

    fn server(root: &str, told: Option<&str>) -> Result<String, HttpError> {
        auth_server(&Url::parse(root).unwrap(), told).map(String::from)
    }

    #[test]
    fn the_secret_goes_to_the_configured_host_or_to_the_vendors_own() {
        let acme = "https://acme.halopsa.com/";
        for (root, told, at) in [
            (acme, None, "https://acme.halopsa.com/auth"),
            (acme, Some("https://acme.halopsa.com/auth/"), "https://acme.halopsa.com/auth/"),
            (acme, Some("/auth"), "https://acme.halopsa.com/auth"),
            (acme, Some("https://auth.halopsa.com"), "https://auth.halopsa.com/"),
            (
                "https://halo.msp.example/",
                Some("https://halo.msp.example:8443/auth"),
                "https://halo.msp.example:8443/auth",
            ),
            (
                "https://halo.msp.example/",
                Some("http://halo.msp.example/auth"),
                "https://halo.msp.example/auth",
            ),
            ("http://127.0.0.1:81/", Some("http://127.0.0.1:81/auth"), "http://127.0.0.1:81/auth"),
        ] {
            assert_eq!(server(root, told).unwrap(), at, "{root} {told:?}");
        }
        for (root, told) in [
            (acme, "https://acme.halopsa.com.evil.example/auth"),
            (acme, "https://evilhalopsa.com/auth"),
            (acme, "https://acme.haloitsm.com/auth"),
            (acme, "http://auth.halopsa.com/auth"),
            ("https://halo.msp.example/", "https://msp.halopsa.com/auth"),
            ("http://127.0.0.1:81/", "http://127.0.0.1:82/auth"),
            ("http://127.0.0.1:81/", "http://localhost:81/auth"),
            ("http://127.0.0.1:81/", "https://evil.example/auth"),
            (acme, "ftp://acme.halopsa.com/auth"),
            (acme, "https://"),
        ] {
            assert!(matches!(server(root, Some(told)), Err(HttpError::Forbidden { .. })), "{root} {told}");
        }
    }
}
