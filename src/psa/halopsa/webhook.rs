//! Webhooks. This vendor signs none: what it sends proves itself by a user and password of Basic authentication, which
//! the webhook has in the PSA [C: usehalo.com], or by a secret header that something on the way adds. Where the settings
//! have both, both are asked for.

mod register;

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::{
    domain::{ClientId, ConfigId},
    psa::{
        PsaError,
        registry::{Connection, Field, FieldKind},
        webhook::{
            About, Delivery, Door, HeaderName, Lock, Registration, Told, Turned, Webhooks, mark, matches,
            only,
        },
    },
};

/// What this room declares.
pub const WEBHOOKS: Webhooks = Webhooks {
    fields: &[
        Field {
            key: "user_name",
            kind: FieldKind::Text,
            required: false,
            help: "the user name of the webhook's Basic authentication; `mothball webhooks register` gives it to the PSA",
            example: "mothball",
        },
        Field {
            key: "password",
            kind: FieldKind::Secret,
            required: false,
            help: "its password, at least 16 characters",
            example: "HALO_WEBHOOK_PASSWORD",
        },
        Field {
            key: "header",
            kind: FieldKind::Text,
            required: false,
            help: "a header that a proxy or an integration adds, in place of Basic authentication or besides it",
            example: "x-mothball-secret",
        },
        Field {
            key: "secret",
            kind: FieldKind::Secret,
            required: false,
            help: "what that header must say, at least 16 characters",
            example: "HALO_WEBHOOK_SECRET",
        },
    ],
    ways: &[&["user_name", "password"], &["header", "secret"]],
    again: 503,
    door,
    registrar: register::open,
    steps,
};

fn door(lock: &Lock, _connection: &Connection) -> Result<Arc<dyn Door>, PsaError> {
    Ok(Arc::new(Hooks::behind(lock)?))
}

impl Hooks {
    fn behind(lock: &Lock) -> Result<Self, PsaError> {
        let settings = |message: String| PsaError::Settings { message };
        let basic = match lock.value("user_name") {
            Some(user) => {
                let pair = format!("{user}:{}", lock.secret("password")?.expose_secret().trim());
                Some(SecretString::from(STANDARD.encode(pair)))
            }
            None => None,
        };
        let header = match lock.value("header") {
            Some(name) => {
                let known = HeaderName::try_from(name).map_err(|_| {
                    settings(format!("profiles.{}.webhook.header is no name of a header", lock.profile))
                })?;
                Some((known, lock.secret("secret")?.clone()))
            }
            None => None,
        };
        if basic.is_none() && header.is_none() {
            return Err(settings(format!("profiles.{}.webhook has no secret", lock.profile)));
        }
        Ok(Self { basic, header })
    }
}

/// The way in for webhooks.
struct Hooks {
    /// User and password, as they are sent.
    basic: Option<SecretString>,
    header: Option<(HeaderName, SecretString)>,
}

#[async_trait]
impl Door for Hooks {
    async fn admit(&self, delivery: &Delivery<'_>) -> Result<Vec<Told>, Turned> {
        if let Some(wanted) = &self.basic {
            let given = only(delivery.headers, "authorization")?;
            // The scheme may be written as it pleases; the rest may not.
            let (scheme, pair) = given.split_at_checked(6).unwrap_or((given, b""));
            if !scheme.eq_ignore_ascii_case(b"basic ") || !matches(pair, wanted.expose_secret().as_bytes()) {
                return Err(Turned::Away("user name or password is wrong"));
            }
        }
        if let Some((name, wanted)) = &self.header {
            let given = only(delivery.headers, name.as_str())?;
            if !matches(given, wanted.expose_secret().trim().as_bytes()) {
                return Err(Turned::Away("the secret header is wrong"));
            }
        }
        if delivery.body.is_empty() {
            return Err(Turned::Away("the body is empty"));
        }
        Ok(told(delivery.body))
    }
}

/// What a body says: one event, or several that the PSA sends together.
fn told(body: &[u8]) -> Vec<Told> {
    match serde_json::from_slice(body) {
        Ok(Value::Array(events)) => events.iter().map(event).collect(),
        Ok(one) => vec![event(&one)],
        Err(_) => vec![Told::of(body, About::Nothing("the body is no JSON"))],
    }
}

/// The entity nests under the name of its type, and `id` at the top is the delivery's own number.
fn event(event: &Value) -> Told {
    let id = |value: &Value| {
        let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
        number.filter(|id| (1..=i64::from(i32::MAX)).contains(id))
    };
    let word = event["event"].as_str().unwrap_or_default().to_ascii_lowercase();
    let names = |words: &[&str]| words.iter().any(|name| word.contains(name));
    let object = id(&event["object_id"]);
    // The event says what it is about; if it does not, the entity does.
    let asset =
        names(&["asset", "device"]) || (!names(&["client", "customer"]) && event["asset"].is_object());
    let client = names(&["client", "customer"]) || event["client"].is_object();
    let other =
        names(&["ticket", "user", "opportunit", "contract", "invoice", "quot", "appointment", "site"]);
    let about = match (asset, client) {
        (true, _) => match object.or_else(|| id(&event["asset"]["id"])) {
            Some(id) => About::Configuration(ConfigId::from(id.to_string())),
            None => About::Nothing("the event names no asset"),
        },
        (false, true) if !other => match object.or_else(|| id(&event["client"]["id"])) {
            Some(id) => About::Client(ClientId::from(id.to_string())),
            None => About::Nothing("the event names no client"),
        },
        _ => About::Nothing("the event is about something else than clients and assets"),
    };
    Told::of(event.to_string().as_bytes(), about)
}

fn steps(wanted: &Registration) -> Vec<String> {
    let proof = if wanted.lock.has("user_name") {
        "Authentication: Basic, with the user name and the password of the settings."
    } else {
        "Authentication: None; have your proxy add the secret header of the settings to what the PSA sends."
    };
    vec![
        "Configuration > Integrations > Webhooks > New.".to_owned(),
        format!("Name: {}", mark(&wanted.lock.profile)),
        format!("Payload URL: {}   Method: POST   Content type: application/json", wanted.address.url()),
        proof.to_owned(),
        "Events: those for a changed client (Customer Updated) and a changed asset (Asset Updated)."
            .to_owned(),
        "Tick Active and save.".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::http::{HeaderMap, HeaderValue};

    const PASSWORD: &str = "a password of some length";
    const SECRET: &str = "a header of some length";

    fn hooks(basic: bool, header: bool) -> Hooks {
        Hooks {
            basic: basic.then(|| SecretString::from(STANDARD.encode(format!("mothball:{PASSWORD}")))),
            header: header
                .then(|| (HeaderName::from_static("x-proof"), SecretString::from(SECRET.to_owned()))),
        }
    }

    async fn admits(door: &Hooks, headers: &[(&'static str, String)], body: &str) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let at = jiff::Timestamp::UNIX_EPOCH;
        door.admit(&Delivery { query: "", headers: &map, body: body.as_bytes(), at }).await.is_ok()
    }

    #[tokio::test]
    async fn what_the_settings_have_is_asked_for() {
        let basic =
            || ("authorization", format!("Basic {}", STANDARD.encode(format!("mothball:{PASSWORD}"))));
        let header = || ("x-proof", SECRET.to_owned());
        for (door, headers, enters) in [
            (hooks(true, false), vec![basic()], true),
            (hooks(true, false), vec![], false),
            (hooks(true, false), vec![basic(), basic()], false),
            (hooks(true, false), vec![header()], false),
            (hooks(false, true), vec![header()], true),
            (hooks(false, true), vec![basic()], false),
            (hooks(true, true), vec![basic()], false),
            (hooks(true, true), vec![header()], false),
            (hooks(true, true), vec![header(), basic()], true),
        ] {
            assert_eq!(admits(&door, &headers, "{}").await, enters, "{headers:?}");
            assert!(!admits(&door, &headers, "").await, "an empty body is no event");
        }
        let lower = ("authorization", basic().1.replacen("Basic", "basic", 1));
        assert!(admits(&hooks(true, false), &[lower], "{}").await);
        for wrong in ["Basic", "Basic ", "Bearer x", "é"] {
            assert!(
                !admits(&hooks(true, false), &[("authorization", wrong.to_owned())], "{}").await,
                "{wrong}"
            );
        }
    }

    #[test]
    fn an_event_is_about_its_object_and_never_about_its_own_number() {
        let about = |text: &str| told(text.as_bytes()).remove(0).about;
        let asset = About::Configuration(ConfigId::from("42"));
        let client = About::Client(ClientId::from("12"));
        assert_eq!(
            about(r#"{"id":"8e25bc7b","event":"asset updated","object_id":42,"client":{"id":9}}"#),
            asset
        );
        assert_eq!(about(r#"{"id":7,"event":"","asset":{"id":"42"}}"#), asset);
        assert_eq!(about(r#"{"id":7,"event":"Customer Updated","object_id":"12","asset":{"id":3}}"#), client);
        assert_eq!(about(r#"{"id":7,"client":{"id":12}}"#), client);
        for other in [
            r#"{"id":7,"event":"ticket status changed","object_id":4242,"client":{"id":12}}"#,
            r#"{"id":7,"event":"customer updated"}"#,
            r#"{"id":7,"event":"asset updated","object_id":-3}"#,
            "7",
            "{}",
            "not JSON",
        ] {
            assert!(matches!(about(other), About::Nothing(_)), "{other}");
        }
        let both = told(
            br#"[{"event":"asset updated","object_id":42},{"event":"customer updated","object_id":12}]"#,
        );
        assert_eq!(both.into_iter().map(|told| told.about).collect::<Vec<_>>(), [asset, client]);
    }

    #[test]
    fn a_door_without_a_secret_is_not_opened() {
        let lock = |values: &[(&str, &str)], secrets: &[(&str, &str)]| Lock {
            profile: "main".to_owned(),
            values: values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            secrets: secrets
                .iter()
                .map(|(key, value)| ((*key).to_owned(), SecretString::from((*value).to_owned())))
                .collect::<BTreeMap<_, _>>(),
        };
        let opens = |lock: Lock| Hooks::behind(&lock).is_ok();
        assert!(opens(lock(&[("user_name", "mothball")], &[("password", PASSWORD)])));
        assert!(opens(lock(&[("header", "x-proof")], &[("secret", SECRET)])));
        assert!(!opens(lock(&[], &[])));
        assert!(!opens(lock(&[("user_name", "mothball")], &[])));
        assert!(!opens(lock(&[("user_name", "mothball")], &[("password", "short")])));
        assert!(!opens(lock(&[("header", "x proof")], &[("secret", SECRET)])));
        assert!(!opens(lock(&[("header", "x-proof"), ("user_name", "mothball")], &[("secret", SECRET)])));
    }
}
