//! Callbacks. ConnectWise signs each with a key of the tenant's and says in the body where that key is: an address
//! that must not be believed, in a body that is not proven yet. So:
//!
//! 1. The address that a callback comes to has a key of its own in it, made from the settings' secret. Nobody who does
//!    not know it makes this program do anything at all.
//! 2. The signature is held against the keys that are known already. Nothing of the body is looked at for that.
//! 3. Only if none fits, one thing is cut out of the raw bytes: the text of `key_url` (`place`). It must name the
//!    configured host and the configured company, and have the one shape there is; the address that is asked is then
//!    built from the settings, with nothing of the body in it but the number of the key and the release (`keys`). Few
//!    are asked for in a minute, one at a time.
//! 4. The body is read when its signature fits, and not before.

mod keys;
mod place;
mod register;

use std::sync::Arc;

use async_trait::async_trait;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::client;
use crate::{
    domain::{ClientId, ConfigId},
    psa::{
        PsaError, lenient,
        registry::{Connection, Field, FieldKind},
        webhook::{
            About, Delivery, Door, Lock, Registration, Told, Turned, Webhooks, matches, only, parameter,
        },
    },
};
use keys::Keys;
use place::Pins;

/// What this room declares.
pub const WEBHOOKS: Webhooks = Webhooks {
    fields: &[Field {
        key: "secret",
        kind: FieldKind::Secret,
        required: false,
        help: "a text of your own that nobody can guess; it makes the address that callbacks are sent to, which the PSA's signature then proves",
        example: "CW_WEBHOOK_SECRET",
    }],
    ways: &[&["secret"]],
    // It comes again on 404, 409, 419 and 429 only [C: DG].
    again: 429,
    door,
    registrar: register::open,
    steps,
};

const SIGNATURE: &str = "x-content-signature";
/// The parameter of the address that holds its key.
pub const ADDRESS_KEY: &str = "key";

fn door(lock: &Lock, connection: &Connection) -> Result<Arc<dyn Door>, PsaError> {
    let company = connection.value("company_id")?;
    let root = client::root(&connection.address("base_url")?);
    Ok(Arc::new(Callbacks {
        address_key: address_key(lock.secret("secret")?, &lock.profile),
        company: company.clone(),
        keys: Keys::new(Pins::new(&root, &company), connection)?,
    }))
}

/// The way in for callbacks.
struct Callbacks {
    address_key: String,
    company: String,
    keys: Keys,
}

#[async_trait]
impl Door for Callbacks {
    async fn admit(&self, delivery: &Delivery<'_>) -> Result<Vec<Told>, Turned> {
        let signature = only(delivery.headers, SIGNATURE)?;
        let key = parameter(delivery.query, ADDRESS_KEY).unwrap_or_default();
        if !matches(key.as_bytes(), self.address_key.as_bytes()) {
            return Err(Turned::Away("the address has not the key that makes it ours"));
        }
        self.keys.prove(delivery.body, signature).await?;
        told(delivery.body, &self.company)
    }
}

/// What makes the address of a profile's callbacks one that nobody guesses. It stands in the PSA, and perhaps in the
/// logs of what lies between; the secret itself does not.
pub fn address_key(secret: &SecretString, profile: &str) -> String {
    let secret = secret.expose_secret().trim().as_bytes();
    let about = ["the address of callbacks to mothball, profile ", profile].concat();
    URL_SAFE_NO_PAD.encode(hmac(secret, about.as_bytes()))
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256>>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// Whether a signature is that of the body: base64 of an HMAC whose key is the hash of the signing key [C: DG, AMP].
fn is_signed(hashed_key: &[u8; 32], body: &[u8], signature: &[u8]) -> bool {
    matches(signature, STANDARD.encode(hmac(hashed_key, body)).as_bytes())
}

fn hashed(signing_key: &str) -> [u8; 32] {
    Sha256::digest(signing_key.as_bytes()).into()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Callback {
    #[serde(default, rename = "ID", deserialize_with = "lenient::integer")]
    id: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    r#type: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    company_id: Option<String>,
}

/// What a proven body says.
fn told(body: &[u8], company: &str) -> Result<Vec<Told>, Turned> {
    let Ok(callback) = serde_json::from_slice::<Callback>(body) else {
        return Ok(vec![Told::of(body, About::Nothing("the body is no callback that this program knows"))]);
    };
    // The key was that of the configured company. A body that speaks of another one is no mistake.
    if callback.company_id.as_ref().is_some_and(|named| !named.trim().eq_ignore_ascii_case(company)) {
        return Err(Turned::Away("the callback is another company's"));
    }
    let id = callback.id.filter(|id| *id > 0);
    let kind = callback.r#type.as_deref().unwrap_or_default().to_ascii_lowercase();
    let about = match (kind.as_str(), id) {
        ("company", Some(id)) => About::Client(ClientId::from(id.to_string())),
        ("configuration", Some(id)) => About::Configuration(ConfigId::from(id.to_string())),
        (_, None) => About::Nothing("the callback names no record"),
        _ => About::Nothing("the callback is about something else than companies and configurations"),
    };
    Ok(vec![Told::of(body, about)])
}

/// The address that callbacks go to: the PSA appends the record's number and the action as they are [C: DG].
pub fn target(wanted: &Registration) -> Result<String, PsaError> {
    let key = address_key(wanted.lock.secret("secret")?, &wanted.lock.profile);
    Ok(format!("{}?{ADDRESS_KEY}={key}&recordId=", wanted.address.url()))
}

fn steps(wanted: &Registration) -> Vec<String> {
    let url = target(wanted).unwrap_or_else(|error| format!("(none yet: {error})"));
    let post = |kind: &str| {
        let body = serde_json::json!({ "url": url, "type": kind, "level": "owner", "objectId": 1 });
        format!("POST /system/callbacks {body}")
    };
    vec![
        "The PSA has no screen for callbacks with an address of one's own; its API has. With any API member who may change System tables, send these two:".to_owned(),
        post("company"),
        post("configuration"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector that the simulator's own signature was checked with, made by openssl.
    #[test]
    fn the_signature_is_hmac_sha256_with_the_hashed_key() {
        let key = hashed("secret");
        assert!(is_signed(&key, b"message", b"B0muVgOBJA1CJ5BxT5gIMtgVLdVAWZ78QzjgHT4PgTQ="));
        for wrong in [
            "",
            "B0muVgOBJA1CJ5BxT5gIMtgVLdVAWZ78QzjgHT4PgTQ",
            "B0muVgOBJA1CJ5BxT5gIMtgVLdVAWZ78QzjgHT4PgTR=",
        ] {
            assert!(!is_signed(&key, b"message", wrong.as_bytes()), "{wrong}");
        }
        assert!(!is_signed(&hashed("Secret"), b"message", b"B0muVgOBJA1CJ5BxT5gIMtgVLdVAWZ78QzjgHT4PgTQ="));
    }

    #[test]
    fn the_key_of_an_address_is_the_profiles_and_does_not_show_the_secret() {
        let key = |secret: &str, profile: &str| address_key(&SecretString::from(secret.to_owned()), profile);
        let main = key("a secret of sixteen", "main");
        assert_eq!(main.len(), 43);
        assert!(main.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')), "{main}");
        assert_ne!(main, key("a secret of sixteen", "other"));
        assert_ne!(main, key("a secret of sixteem", "main"));
    }

    #[test]
    fn a_proven_body_says_which_record_to_look_at() {
        let about = |body: &str| told(body.as_bytes(), "Acme").map(|mut told| told.remove(0).about);
        let client = Ok(About::Client(ClientId::from("250")));
        assert_eq!(about(r#"{"ID":250,"Type":"company","CompanyId":"acme","Action":"updated"}"#), client);
        assert_eq!(about(r#"{"ID":"250","Type":"Company"}"#), client);
        let configuration = Ok(About::Configuration(ConfigId::from("7")));
        assert_eq!(
            about(r#"{"ID":7,"Type":"configuration","Entity":null,"Action":"deleted"}"#),
            configuration
        );
        for other in [
            r#"{"ID":7,"Type":"ticket"}"#,
            r#"{"Type":"company"}"#,
            r#"{"ID":-1,"Type":"company"}"#,
            "[]",
            "\u{fe}",
        ] {
            assert!(matches!(about(other), Ok(About::Nothing(_))), "{other}");
        }
        assert!(about(r#"{"ID":250,"Type":"company","CompanyId":"mallory"}"#).is_err());
    }
}
