//! Secrets in tests are canaries. Whatever the suite writes is searched for them, in every form that a
//! careless line could give them.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use mothball::simulator::Simulator;

/// The forms in which a secret could leak.
pub fn forms(simulator: &Simulator) -> Vec<String> {
    let credentials = simulator.credentials();
    let get = |key: &str| credentials.get(key).cloned().unwrap_or_default();
    super::vendor::secrets(simulator)
        .into_iter()
        .flat_map(|(_, secret)| {
            let pair = format!("{}+{}:{secret}", get("company_id"), get("public_key"));
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let json = serde_json::to_string(&secret).unwrap_or_default().trim_matches('"').to_owned();
            [STANDARD.encode(&secret), STANDARD.encode(pair), encoded, json, secret]
        })
        .collect()
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
