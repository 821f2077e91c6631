//! The sign-in: three headers on every call, and the zone that they are for.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::{
    errors,
    zone::{self, Unknown, Zone},
};
use crate::{
    http::{
        Authorizer, HeaderMap, HeaderValue, Http, HttpError, Judgement, Renewed, Reply, Sent, Url, Weight,
        header::HeaderName,
    },
    psa::{PsaError, port::Result},
};

/// Who signs in, and where.
pub struct Access {
    user: String,
    secret: SecretString,
    integration_code: SecretString,
    host: Url,
    zone: Mutex<Option<Arc<Zone>>>,
    /// Calls that carried the credentials: each counts in the tenant's pool.
    sent: AtomicU64,
    /// A zone that was asked for again and is the same is not asked for once more.
    looked_again: AtomicBool,
}

impl Access {
    /// # Errors
    /// [`PsaError::Settings`] if a value is missing or cannot stand in a request.
    pub fn new(user: &str, secret: SecretString, integration_code: SecretString, host: &Url) -> Result<Self> {
        let access = Self {
            user: user.to_owned(),
            secret,
            integration_code,
            host: zone::host(host),
            zone: Mutex::new(None),
            sent: AtomicU64::new(0),
            looked_again: AtomicBool::new(false),
        };
        for (key, value) in access.values() {
            if value.trim().is_empty() {
                return Err(PsaError::Settings { message: format!("{key} is missing in the profile") });
            }
            header(value).map_err(|()| PsaError::Settings {
                message: format!("{key} has a character that cannot be sent, such as a line feed"),
            })?;
        }
        Ok(access)
    }

    fn values(&self) -> [(&'static str, &str); 3] {
        [
            ("user_name", &self.user),
            ("secret", self.secret.expose_secret()),
            ("integration_code", self.integration_code.expose_secret()),
        ]
    }

    pub fn user(&self) -> &str {
        &self.user
    }

    pub fn host(&self) -> &Url {
        &self.host
    }

    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub fn zone(&self) -> Option<Arc<Zone>> {
        self.zone.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn settle(&self, zone: Zone) -> Arc<Zone> {
        let zone = Arc::new(zone);
        *self.zone.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&zone));
        zone
    }
}

fn header(value: &str) -> std::result::Result<HeaderValue, ()> {
    HeaderValue::from_bytes(value.trim().as_bytes()).map_err(|_| ())
}

#[async_trait]
impl Authorizer for Access {
    async fn headers(&self, _http: &Http) -> std::result::Result<HeaderMap, HttpError> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let names = ["username", "secret", "apiintegrationcode"];
        let mut headers = HeaderMap::new();
        for (name, (key, value)) in names.into_iter().zip(self.values()) {
            let value = header(value)
                .map_err(|()| HttpError::Forbidden { message: format!("{key} cannot be sent") })?;
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(headers)
    }

    fn judge(&self, reply: &Reply) -> Judgement {
        errors::judge(reply)
    }

    fn weigh(&self, reply: &Reply) -> Option<Weight> {
        errors::weigh(reply)
    }

    /// A right sign-in in the wrong zone is a 401 [C]: the zone is asked for once more. If it is the same, the
    /// refusal is final: more of them can lock the API user.
    async fn renew(&self, http: &Http) -> std::result::Result<Renewed, HttpError> {
        let Some(old) = self.zone() else { return Ok(Renewed::Nothing) };
        if self.looked_again.load(Ordering::Relaxed) {
            return Ok(Renewed::Nothing);
        }
        let new = zone::lookup(http, &self.host, &self.user).await.map_err(|unknown| match unknown {
            Unknown::Http(error) => error,
            Unknown::User(message) | Unknown::Other(PsaError::SignIn { message }) => {
                HttpError::SignIn { message }
            }
            Unknown::Other(PsaError::Unreachable { message, gave_up }) => {
                HttpError::Unreachable { message, sent: Sent::Never, failure: None, gave_up }
            }
            Unknown::Other(error) => HttpError::Forbidden { message: error.to_string() },
        })?;
        if new.base == old.base {
            self.looked_again.store(true, Ordering::Relaxed);
            return Ok(Renewed::Nothing);
        }
        if let (Some(before), Some(now)) = (old.database, new.database)
            && before != now
        {
            return Err(HttpError::Forbidden {
                message: format!(
                    "user_name belongs to database {now} now, not to {before} any more: this is another tenant"
                ),
            });
        }
        tracing::info!(from = %old.base, to = %new.base, "the tenant lives in another zone now");
        let moved = Renewed::Moved { from: old.base.clone(), to: new.base.clone() };
        self.settle(new);
        Ok(moved)
    }

    fn judge_renewed(&self, reply: &Reply) -> Judgement {
        errors::refused(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(secret: &str) -> Result<Access> {
        let host = Url::parse(zone::VENDOR).unwrap();
        Access::new("api@msp.example", secret.to_owned().into(), "CODE".to_owned().into(), &host)
    }

    #[test]
    fn a_secret_with_signs_is_sent_as_it_is() {
        for secret in ["4j$N~7Bw#0@e*9X", "schlüssel"] {
            assert_eq!(header(secret).unwrap().as_bytes(), secret.as_bytes());
            assert!(access(secret).is_ok());
        }
        assert!(
            matches!(access("two\nlines"), Err(PsaError::Settings { message }) if !message.contains("two"))
        );
        assert!(matches!(access(" "), Err(PsaError::Settings { message }) if message.contains("secret")));
    }
}
