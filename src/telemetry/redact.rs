//! Nothing secret passes: known secrets in every form that they travel in, and what looks like one.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use secrecy::{ExposeSecret, SecretString};

use super::patterns;

/// What stands in a secret's place.
pub const REDACTED: &str = "«redacted»";

/// A shorter text is no secret, and would be found in every other line.
const SHORTEST: usize = 4;

/// Knows what must not be seen. Cheap to clone; all clones know the same.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Vec<SecretString>>>);

impl Redactor {
    /// From now on this text is not let through, in any of its forms.
    pub fn learn(&self, secret: &SecretString) {
        let mut forms: BTreeSet<String> = BTreeSet::new();
        let secret = secret.expose_secret();
        for text in [secret, secret.trim()] {
            forms.extend(forms_of(text));
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for form in forms.into_iter().filter(|form| form.len() >= SHORTEST) {
            if !known.iter().any(|have| have.expose_secret() == form) {
                known.push(SecretString::from(form));
            }
        }
        // The longest first: what contains another form must go as a whole.
        known.sort_by_key(|form| std::cmp::Reverse(form.expose_secret().len()));
    }

    /// The text without secrets.
    pub fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut clean = Cow::Borrowed(text);
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for form in known.iter().map(ExposeSecret::expose_secret) {
            if clean.contains(form) {
                clean = Cow::Owned(clean.replace(form, REDACTED));
            }
        }
        match patterns::clean(&clean) {
            Some(cleaner) => Cow::Owned(cleaner),
            None => clean,
        }
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}

fn forms_of(text: &str) -> Vec<String> {
    if text.len() < SHORTEST {
        return Vec::new();
    }
    let form: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let percent = form.replace('+', "%20");
    let json = serde_json::to_string(text).unwrap_or_default();
    let debug = format!("{text:?}");
    let hex = text.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let mut forms = vec![
        text.to_owned(),
        lower_percent(&form),
        lower_percent(&percent),
        form,
        percent,
        json.trim_matches('"').to_owned(),
        json.trim_matches('"').replace('\\', "\\\\").replace('"', "\\\""),
        debug.trim_matches('"').to_owned(),
        hex.to_uppercase(),
        hex,
    ];
    forms.extend(within_base64(text.as_bytes()));
    forms
}

/// `%2B` as `%2b`.
fn lower_percent(text: &str) -> String {
    let mut lower = String::with_capacity(text.len());
    let mut escaped = 0_u8;
    for c in text.chars() {
        if c == '%' {
            escaped = 3;
        }
        lower.push(if escaped > 0 { c.to_ascii_lowercase() } else { c });
        escaped = escaped.saturating_sub(1);
    }
    lower
}

/// What a text leaves in the Base64 of anything that contains it (a Basic pair, a document): the characters that
/// depend on it alone, for each of the three ways in which it may be aligned.
fn within_base64(text: &[u8]) -> Vec<String> {
    let mut cores = Vec::new();
    for offset in 0..3 {
        let mut padded = vec![0; offset];
        padded.extend_from_slice(text);
        let first = (offset * 8).div_ceil(6);
        let last = padded.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            let core = encoded.get(first..last).unwrap_or_default();
            // A short piece would be found by chance.
            if core.len() >= 6 {
                cores.push(core.to_owned());
                cores.push(url::form_urlencoded::byte_serialize(core.as_bytes()).collect());
            }
        }
    }
    cores
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    fn knowing(secret: &str) -> Redactor {
        let redactor = Redactor::default();
        redactor.learn(&SecretString::from(secret.to_owned()));
        redactor
    }

    #[test]
    fn what_is_not_secret_passes_unchanged() {
        let redactor = knowing("s3cr3t-value");
        let text = "GET /company/companies?pageSize=1000 200 in 35 ms, basic support, the secret of success";
        assert!(matches!(redactor.clean(text), Cow::Borrowed(same) if same == text));
        let short = knowing("abc");
        assert_eq!(short.clean("abc"), "abc");
    }

    #[test]
    fn a_learned_secret_goes_with_all_its_clones() {
        let redactor = Redactor::default();
        let clone = redactor.clone();
        clone.learn(&SecretString::from("hunter2hunter2".to_owned()));
        assert_eq!(redactor.clean("x hunter2hunter2 y"), format!("x {REDACTED} y"));
        assert!(!format!("{redactor:?}").contains("hunter2"));
    }

    proptest! {
        #[test]
        fn no_form_of_a_secret_passes(
            secret in "[ -~äß☃\\\\\"]{8,40}",
            user in "[a-z+]{0,12}",
            around in "[a-z ]{0,10}",
        ) {
            prop_assume!(secret.trim() == secret);
            let redactor = knowing(&secret);
            let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let pair = format!("{user}:{secret}");
            let carried = [
                secret.clone(),
                serde_json::to_string(&secret).unwrap(),
                serde_json::to_string(&serde_json::to_string(&secret).unwrap()).unwrap(),
                format!("{secret:?}"),
                form.clone(),
                form.replace('+', "%20"),
                STANDARD.encode(&secret),
                URL_SAFE.encode(&secret),
            ];
            for carrier in &carried {
                let text = format!("{around}{carrier}{around}");
                let clean = redactor.clean(&text);
                let bare = carrier.trim_matches('"').trim_matches('=');
                prop_assert!(!clean.contains(bare), "{carrier} in {clean}");
            }
            // Of a Basic pair what the secret alone decides is gone, wherever the user name ends.
            let encoded = STANDARD.encode(&pair);
            let clean = redactor.clean(&encoded).into_owned();
            prop_assert!(clean.contains(REDACTED) && clean.len() < encoded.len() + REDACTED.len(), "{clean}");
        }
    }
}
