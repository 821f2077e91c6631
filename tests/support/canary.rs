//! Secrets in tests are canaries. Whatever the suite writes is searched for them, in every form that a
//! careless line could give them.

use std::{collections::BTreeMap, path::Path};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use mothball::simulator::{Options, Simulator};

/// The same tenant with secrets that look different in each form: quotes, slashes, signs that an address escapes.
pub fn planted(mut options: Options) -> Options {
    if options.credentials.is_none() {
        let secrets: BTreeMap<_, _> = super::vendor::secret_keys(&options.psa)
            .into_iter()
            .map(|key| (key.to_owned(), format!("cAn\"aRy\\{key}+/=&%20<1>'$x~")))
            .collect();
        options.credentials = Some(secrets);
    }
    options
}

/// The forms in which a secret could leak.
pub fn forms(simulator: &Simulator) -> Vec<String> {
    let credentials = simulator.credentials();
    let get = |key: &str| credentials.get(key).cloned().unwrap_or_default();
    let of_settings = super::vendor::secrets(simulator).into_iter().flat_map(|(_, secret)| {
        // As each vendor, or a careless line, would pair it with a name.
        let pairs = [
            format!("{}+{}:{secret}", get("company_id"), get("public_key")),
            format!("{}:{secret}", get("client_id")),
            format!("{}:{secret}", get("user_name")),
        ];
        pairs.iter().flat_map(|pair| encoded(pair)).chain(of_one(&secret)).collect::<Vec<_>>()
    });
    of_settings.chain(simulator.issued().iter().flat_map(|token| of_one(token))).collect()
}

fn hex(byte: u8) -> impl Iterator<Item = char> {
    [byte >> 4, byte & 15]
        .into_iter()
        .filter_map(|half| char::from_digit(half.into(), 16))
        .map(|c| c.to_ascii_uppercase())
}

fn encoded(text: &str) -> [String; 4] {
    [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].map(|base64| base64.encode(text))
}

fn of_one(secret: &str) -> Vec<String> {
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let percent: String = secret.bytes().flat_map(|byte| ['%'].into_iter().chain(hex(byte))).collect();
    let address = form.replace('+', "%20");
    let json = serde_json::to_string(secret).unwrap_or_default().trim_matches('"').to_owned();
    let debug = format!("{secret:?}").trim_matches('"').to_owned();
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut forms = vec![secret.to_owned(), address, form, percent, json, debug, html];
    forms.extend(encoded(secret));
    forms
}

/// Searches a folder and everything in it, databases and logs included.
pub fn assert_clean(folder: &Path, simulator: &Simulator) {
    let forms = forms(simulator);
    assert!(
        !forms.is_empty() && forms.iter().all(|form| form.len() >= 8),
        "the canaries are long enough to be searched for"
    );
    for path in files(folder) {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        assert_none(&bytes, &forms, &path.display().to_string());
    }
}

/// The same for one secret that is no simulator's.
pub fn assert_without(folder: &Path, secret: &str) {
    for path in files(folder) {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        assert_none(&bytes, &of_one(secret), &path.display().to_string());
    }
}

pub fn assert_none(bytes: &[u8], forms: &[String], place: &str) {
    for form in forms {
        let found = bytes.windows(form.len()).any(|window| window == form.as_bytes());
        assert!(!found, "a secret stands in {place}");
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut list = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { list.extend(files(&path)) } else { list.push(path) }
    }
    list
}

#[test]
fn a_planted_secret_is_found() {
    let forms = vec!["canary-secret".to_owned()];
    let found = std::panic::catch_unwind(|| assert_none(b"..canary-secret..", &forms, "here"));
    assert!(found.is_err());
}

/// No file below this folder has this text in it.
pub fn assert_nowhere(folder: &Path, secret: &str) {
    assert!(secret.len() >= 8);
    for path in files(folder) {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        assert_none(&bytes, &[secret.to_owned()], &path.display().to_string());
    }
}
