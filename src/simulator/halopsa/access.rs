//! Signing in: where the authorisation server is, tokens and how long they last, and what they allow.

use std::collections::{BTreeMap, HashMap, VecDeque};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    errors,
    switches::{Switches, WrongTenant},
};
use crate::simulator::{
    exchange::{Reply, Request},
    query::Query,
};

/// The vendor counts requests over this time.
const WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// Every scope there is.
const SCOPES: &str = "all all:standard admin read:tickets edit:tickets read:calendar edit:calendar read:customers \
    edit:customers read:crm edit:crm read:timesheets edit:timesheets editMine:timesheets read:contracts \
    edit:contracts read:suppliers edit:suppliers read:items edit:items read:projects edit:projects read:sales \
    edit:sales read:quotes edit:quotes read:sos edit:sos read:pos edit:pos read:invoices edit:invoices \
    read:reporting edit:reporting read:software edit:software read:softwarelicensing edit:softwarelicensing \
    read:kb edit:kb read:assets edit:assets access:chat access:adpasswordreset";

#[derive(Debug, Clone)]
struct Token {
    scopes: Vec<String>,
    until: Timestamp,
    used: u64,
}

/// Tokens given out, and requests counted.
#[derive(Debug, Default)]
pub(super) struct Access {
    tokens: HashMap<String, Token>,
    given: u64,
    /// Requests with a token so far, for the secret that changes in mid-run.
    served: u64,
    recent: VecDeque<Timestamp>,
    /// What `arrive` noticed, to be told with the next answer.
    pub notes: Vec<String>,
}

/// The token of a request.
fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Access {
    /// Counts a request. The one that is too many is turned away, and does not count.
    pub fn admit(&mut self, switches: &Switches, now: Timestamp) -> Result<(), Reply> {
        while self.recent.front().is_some_and(|first| *first + WINDOW <= now) {
            self.recent.pop_front();
        }
        if (self.recent.len() as u64) < switches.requests_per_window {
            self.recent.push_back(now);
            return Ok(());
        }
        self.notes.push(format!("more than {} requests in 5 minutes", switches.requests_per_window));
        let reply = errors::too_many(switches);
        let wait = self.recent.front().map_or(WINDOW, |first| (*first + WINDOW).duration_since(now));
        let seconds = wait.as_secs() + i64::from(wait.subsec_nanos() > 0);
        Err(if switches.retry_after { reply.with("Retry-After", seconds.to_string()) } else { reply })
    }

    /// The secret that is right by now.
    fn secret(&self, switches: &Switches, secret: &str) -> String {
        let rotated = switches.secret_rotated_after.is_some_and(|after| self.served >= after);
        if rotated { format!("{secret}-rotated") } else { secret.to_owned() }
    }

    fn valid(&self, switches: &Switches, request: &Request) -> Option<&Token> {
        let rotated = switches.secret_rotated_after.is_some_and(|after| self.served >= after);
        let token = self.tokens.get(bearer(request)?)?;
        let worn = switches.tokens_revoked_after.is_some_and(|after| token.used >= after);
        (!rotated && !worn && request.now < token.until).then_some(token)
    }

    /// Every token that was given out.
    pub fn issued(&self) -> Vec<String> {
        self.tokens.keys().cloned().collect()
    }

    /// Whether a request comes with the right token, or asks for one with the right secret.
    pub fn authorised(
        &self,
        switches: &Switches,
        credentials: &BTreeMap<String, String>,
        request: &Request,
        for_token: bool,
    ) -> bool {
        if for_token {
            let form = Query::parse(&String::from_utf8_lossy(&request.body));
            return self.knows(switches, credentials, &form);
        }
        self.valid(switches, request).is_some()
    }

    fn knows(&self, switches: &Switches, credentials: &BTreeMap<String, String>, form: &Query) -> bool {
        let known = |name: &str| credentials.get(name).map(String::as_str).unwrap_or_default();
        let secret = self.secret(switches, known("client_secret"));
        form.get("client_id") == Some(known("client_id")) && form.get("client_secret") == Some(&secret)
    }

    /// Takes a request in; its token's scopes.
    pub fn enter(&mut self, switches: &Switches, request: &Request) -> Result<Vec<String>, Reply> {
        let scopes = self.valid(switches, request).map(|token| token.scopes.clone());
        let scopes = scopes.ok_or_else(errors::unauthorized)?;
        self.served += 1;
        if let Some(token) = bearer(request).and_then(|token| self.tokens.get_mut(token)) {
            token.used += 1;
        }
        Ok(scopes)
    }

    /// `POST /auth/token`.
    pub fn token(
        &mut self,
        switches: &Switches,
        credentials: &BTreeMap<String, String>,
        request: &Request,
        notes: &mut Vec<String>,
    ) -> Result<Reply, Reply> {
        if request.method != "POST" {
            notes.push(format!("{} of the token endpoint", request.method));
            return Err(Reply::empty(405));
        }
        if request.header("authorization").is_some() {
            notes.push("an Authorization header sent to the token endpoint, which takes a form".to_owned());
        }
        let query = Query::parse(&request.query);
        for name in ["client_secret", "client_id"] {
            if query.get(name).is_some() {
                notes.push(format!("{name} in the address of the token endpoint"));
            }
        }
        let form = request.header("content-type").is_some_and(|kind| {
            kind.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
        });
        if !form {
            notes.push("the token endpoint was sent something else than a form".to_owned());
            return Err(errors::oauth(
                400,
                "invalid_request",
                "The mandatory 'Content-Type' header is missing.",
            ));
        }
        let form = Query::parse(&String::from_utf8_lossy(&request.body));
        if form.get("grant_type") != Some("client_credentials") {
            let description = "The specified 'grant_type' is not supported.";
            return Err(errors::oauth(400, "unsupported_grant_type", description));
        }
        let own = credentials.get("tenant").map(String::as_str).unwrap_or_default();
        if let Some(tenant) = query.get("tenant").or_else(|| form.get("tenant"))
            && !tenant.eq_ignore_ascii_case(own)
        {
            notes.push(format!("a token asked for under the tenant \"{tenant}\""));
            match switches.wrong_tenant {
                WrongTenant::Refused => return Err(bad_client(switches)),
                WrongTenant::ServerError => return Err(Reply::empty(500)),
                WrongTenant::Ignored => {}
            }
        }
        if !self.knows(switches, credentials, &form) {
            return Err(bad_client(switches));
        }
        let mut scopes = Vec::new();
        for scope in form.get("scope").unwrap_or_default().split_whitespace() {
            if SCOPES.split_whitespace().any(|known| known == scope) {
                scopes.push(scope.to_owned());
            } else {
                notes.push(format!("the scope \"{scope}\" does not exist"));
            }
            if scope == "all" || scope == "all:standard" {
                notes.push("a token with all rights, where a few would do".to_owned());
            }
        }
        if scopes.is_empty() {
            notes.push("a token without a scope".to_owned());
        }
        let seconds = i64::try_from(switches.token_seconds).unwrap_or(i64::MAX);
        let until = request.now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
        let token = self.make(request.now);
        let scope = scopes.join(" ");
        self.tokens.insert(token.clone(), Token { scopes, until, used: 0 });
        Ok(Reply::json(
            200,
            json!({ "token_type": "Bearer", "access_token": token, "expires_in": seconds, "scope": scope }),
        ))
    }

    /// As long as the vendor's, and no two alike.
    fn make(&mut self, now: Timestamp) -> String {
        self.given += 1;
        let parts: Vec<String> = (0..12)
            .map(|part| {
                let text = format!("{}/{now}/{part}", self.given);
                URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
            })
            .collect();
        format!("eyJhbGciOiJSUzI1NiJ9.{}.{}", parts[..8].concat(), parts[8..].concat())
    }
}

fn bad_client(switches: &Switches) -> Reply {
    let description = "The specified client credentials are invalid.";
    errors::oauth(switches.bad_client_status, "invalid_client", description)
}

/// Whether these scopes allow it: `read` or `edit` of an area.
pub(super) fn allows(scopes: &[String], verb: &str, area: &str) -> bool {
    let wanted = if area == "admin" { "admin".to_owned() } else { format!("{verb}:{area}") };
    scopes.iter().any(|scope| match scope.as_str() {
        "all" => true,
        "all:standard" => area != "admin",
        scope => scope == wanted,
    })
}
