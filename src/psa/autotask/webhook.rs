//! Webhooks. Each is signed with the secret that it was made with: `sha1=` and the base64 of an HMAC-SHA1 over the body
//! [C: help, ART, N8N]. Which form of the body is signed is not certain: the raw one, or one with some letters inside of
//! strings written as `\uXXXX`. They are the same JSON, and each needs the secret, so all are tried.

mod escape;
mod register;

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha1::Sha1;

use crate::{
    domain::{ClientId, ConfigId},
    psa::{
        PsaError, lenient,
        registry::{Connection, Field, FieldKind},
        webhook::{About, Delivery, Door, Lock, Registration, Told, Turned, Webhooks, matches, only},
    },
};
use escape::Backslash;

/// What this room declares.
pub const WEBHOOKS: Webhooks = Webhooks {
    fields: &[Field {
        key: "secret",
        kind: FieldKind::Secret,
        required: false,
        help: "the webhooks' secret key, 16 to 64 characters; `mothball webhooks register` gives it to the PSA, which signs with it",
        example: "AUTOTASK_WEBHOOK_SECRET",
    }],
    ways: &[&["secret"]],
    // Whatever is no success comes again [C help].
    again: 503,
    door,
    registrar: register::open,
    steps,
};

const SIGNATURE: &str = "x-hook-signature";
/// The vendor takes no longer one.
pub const LONGEST_SECRET: usize = 64;
/// How far a signed time may be from ours: the vendor gives up on an event after 2 minutes [C help], so what is older
/// was kept by somebody.
const TOLERANCE: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

fn door(lock: &Lock, _connection: &Connection) -> Result<Arc<dyn Door>, PsaError> {
    Ok(Arc::new(Hooks { secret: secret(lock)?.clone() }))
}

/// The secret of the settings, as the vendor takes it.
pub fn secret(lock: &Lock) -> Result<&SecretString, PsaError> {
    let secret = lock.secret("secret")?;
    if secret.expose_secret().trim().len() > LONGEST_SECRET {
        let message = format!(
            "profiles.{}.webhook.secret is longer than the {LONGEST_SECRET} characters that Autotask takes",
            lock.profile
        );
        return Err(PsaError::Settings { message });
    }
    Ok(secret)
}

/// The way in for webhooks.
struct Hooks {
    secret: SecretString,
}

#[async_trait]
impl Door for Hooks {
    async fn admit(&self, delivery: &Delivery<'_>) -> Result<Vec<Told>, Turned> {
        let signature = only(delivery.headers, SIGNATURE)?;
        let proven = proven(&self.secret, delivery.body, signature)
            .ok_or(Turned::Away("the signature does not fit the body"))?;
        Ok(vec![told(&proven, delivery.at)])
    }
}

/// The bytes that are signed, in the form that is the same for all ways of signing; `None` if the signature fits none.
fn proven(secret: &SecretString, body: &[u8], signature: &[u8]) -> Option<Vec<u8>> {
    if body.is_empty() {
        return None;
    }
    let kept = escape::escaped(body, Backslash::Kept);
    let coded = escape::escaped(body, Backslash::Coded);
    let fits =
        [body, &kept, &coded].into_iter().fold(false, |fits, form| fits | is_signed(secret, form, signature));
    fits.then_some(coded)
}

fn is_signed(secret: &SecretString, bytes: &[u8], signature: &[u8]) -> bool {
    let key = secret.expose_secret().trim().as_bytes();
    let mut mac = <Hmac<Sha1>>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(bytes);
    let wanted = format!("sha1={}", STANDARD.encode(mac.finalize().into_bytes()));
    matches(signature, wanted.as_bytes())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Callout {
    #[serde(default, deserialize_with = "lenient::text")]
    action: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    entity_type: Option<String>,
    #[serde(default, deserialize_with = "lenient::integer")]
    id: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    event_time: Option<String>,
}

/// What a proven body says.
fn told(body: &[u8], now: jiff::Timestamp) -> Told {
    let Ok(callout) = serde_json::from_slice::<Callout>(body) else {
        return Told::of(body, About::Nothing("the body is no callout that this program knows"));
    };
    let word = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_ascii_lowercase();
    if word(&callout.action) == "deactivated" {
        return Told::of(body, About::Stopped);
    }
    // Where the time says of which zone it is; else it cannot be judged, and the event is remembered all the same.
    let at = callout.event_time.as_deref().and_then(|at| at.trim().parse::<jiff::Timestamp>().ok());
    if at.is_some_and(|at| now.duration_since(at).abs() > TOLERANCE) {
        return Told::of(body, About::Nothing("the callout is more than 5 minutes off our clock"));
    }
    let id = callout.id.filter(|id| *id >= 0);
    let about = match (word(&callout.entity_type).as_str(), id) {
        ("account" | "company", Some(id)) => About::Client(ClientId::from(id.to_string())),
        ("installedproduct" | "configurationitem", Some(id)) => {
            About::Configuration(ConfigId::from(id.to_string()))
        }
        (_, None) => About::Nothing("the callout names no record"),
        _ => About::Nothing("the callout is about something else than companies and configuration items"),
    };
    Told::of(body, about)
}

/// The vendor's help has webhooks made through the API; which screens show them is not certain.
fn steps(wanted: &Registration) -> Vec<String> {
    let url = wanted.address.url().as_str();
    let hook = serde_json::json!({
        "name": crate::psa::webhook::mark(&wanted.lock.profile),
        "webhookUrl": url,
        "deactivationUrl": url,
        "secretKey": "(the text of the settings' secret)",
        "isActive": true,
        "isSubscribedToUpdateEvents": true,
    });
    vec![
        "Webhooks are made through the API. As an API user whose security level allows them, send:".to_owned(),
        format!("POST /V1.0/CompanyWebhooks {hook}"),
        "GET /V1.0/CompanyWebhooks/{id}/Fields/entityInformation/fields tells the numbers of the fields; for isActive, and for companyType, classification and companyCategoryID as far as your criteria use them, send:".to_owned(),
        "POST /V1.0/CompanyWebhooks/{id}/Fields {\"fieldID\": N, \"isSubscribedField\": true, \"isDisplayAlwaysField\": false}".to_owned(),
        "The same at /V1.0/ConfigurationItemWebhooks, with the field isActive.".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HeaderMap, HeaderValue};

    /// The vector of the vendor sheet: made with the published algorithm, not captured.
    const BODY: &str = r#"{"Action":"Update","Guid":"6f1b","EntityType":"InstalledProduct","Id":2,"Fields":{"isActive":false},"EventTime":"2026-01-02T03:04:05Z","SequenceNumber":1,"PersonID":4}"#;
    const SIGNED: &str = "sha1=vby5CFGdaOLDfLJJlnWFkr00l4E=";

    fn topsecret() -> SecretString {
        SecretString::from("topsecret".to_owned())
    }

    async fn admitted(headers: &[(&'static str, &str)], body: &str, at: &str) -> Result<About, Turned> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let delivery = Delivery { query: "", headers: &map, body: body.as_bytes(), at: at.parse().unwrap() };
        let door = Hooks { secret: topsecret() };
        door.admit(&delivery).await.map(|mut told| told.remove(0).about)
    }

    #[tokio::test]
    async fn the_published_algorithm_lets_in() {
        let now = "2026-01-02T03:04:35Z";
        let item = Ok(About::Configuration(ConfigId::from("2")));
        assert_eq!(admitted(&[("x-hook-signature", SIGNED)], BODY, now).await, item);
        let lower = SIGNED.to_ascii_lowercase();
        for wrong in
            [lower.as_str(), "vby5CFGdaOLDfLJJlnWFkr00l4E=", "sha1=", "sha1=vby5CFGdaOLDfLJJlnWFkr00l4F="]
        {
            assert!(admitted(&[("x-hook-signature", wrong)], BODY, now).await.is_err(), "{wrong}");
        }
        assert!(admitted(&[], BODY, now).await.is_err());
        let twice = [("x-hook-signature", SIGNED), ("x-hook-signature", SIGNED)];
        assert!(admitted(&twice, BODY, now).await.is_err());
    }

    #[tokio::test]
    async fn an_event_of_another_hour_is_nothing() {
        for (now, is_new) in [
            ("2026-01-02T03:09:05Z", true),
            ("2026-01-02T03:09:06Z", false),
            ("2026-01-02T02:59:05Z", true),
            ("2026-01-02T02:59:04Z", false),
            ("2027-01-01T00:00:00Z", false),
        ] {
            let about = admitted(&[("x-hook-signature", SIGNED)], BODY, now).await.unwrap();
            assert_eq!(matches!(about, About::Configuration(_)), is_new, "{now}");
        }
    }

    #[test]
    fn all_forms_of_a_body_are_one_event() {
        let raw =
            r#"{"Action":"Update","EntityType":"Account","Id":7,"Fields":{"n":"R&D <caf\u00e9> é C:\\"}}"#;
        let escaped = escape::escaped(raw.as_bytes(), Backslash::Kept);
        let sign = |bytes: &[u8]| {
            let mut mac = <Hmac<Sha1>>::new_from_slice(b"topsecret").unwrap();
            mac.update(bytes);
            format!("sha1={}", STANDARD.encode(mac.finalize().into_bytes()))
        };
        let events: Vec<Told> = [
            (raw.as_bytes(), sign(raw.as_bytes())),
            (raw.as_bytes(), sign(&escaped)),
            (&escaped, sign(&escaped)),
        ]
        .into_iter()
        .map(|(body, signature)| {
            let proven = proven(&topsecret(), body, signature.as_bytes()).expect("it is signed");
            told(&proven, jiff::Timestamp::UNIX_EPOCH)
        })
        .collect();
        assert_eq!(events[0].about, About::Client(ClientId::from("7")));
        assert!(events.iter().all(|told| *told == events[0]));
    }

    #[tokio::test]
    async fn an_unsigned_farewell_is_none() {
        let body = r#"{"Action":"Deactivated","Guid":"6f1b"}"#;
        assert!(admitted(&[], body, "2026-01-02T03:04:05Z").await.is_err());
        assert!(admitted(&[("x-hook-signature", SIGNED)], body, "2026-01-02T03:04:05Z").await.is_err());
        let told = told(body.as_bytes(), jiff::Timestamp::UNIX_EPOCH);
        assert_eq!(told.about, About::Stopped);
    }
}
