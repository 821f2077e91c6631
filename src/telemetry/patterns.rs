//! What looks like a secret, whether it is a known one or not: credentials in headers, fields with telling names,
//! passwords in addresses.

use super::redact::REDACTED;

/// Names of fields whose values are secret, in lower case.
const FIELDS: [&str; 16] = [
    "authorization",
    "proxy-authorization",
    "set-cookie",
    "cookie",
    "client_secret",
    "clientsecret",
    "private_key",
    "privatekey",
    "password",
    "passwd",
    "access_token",
    "refresh_token",
    "id_token",
    "api_key",
    "apiintegrationcode",
    "x-api-key",
];

/// The text without what looks secret; `None` if nothing does.
pub fn clean(text: &str) -> Option<String> {
    // ASCII lower case keeps every byte where it is.
    let lower = text.to_ascii_lowercase();
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for field in FIELDS {
        for (at, _) in lower.match_indices(field) {
            spans.extend(value_after(text, at + field.len()));
        }
    }
    for scheme in ["basic ", "bearer "] {
        for (at, _) in lower.match_indices(scheme) {
            spans.extend(token(text, at + scheme.len()));
        }
    }
    for (at, _) in lower.match_indices("://") {
        spans.extend(password_in_address(text, at + 3));
    }
    if spans.is_empty() {
        return None;
    }
    spans.sort_unstable();
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    for (start, end) in spans {
        if end > done {
            clean.push_str(&text[done..start.max(done)]);
            if start >= done {
                clean.push_str(REDACTED);
            }
            done = end;
        }
    }
    clean.push_str(&text[done..]);
    Some(clean)
}

/// The value in `name=value`, `name: value`, `"name":"value"`, `\"name\": \"value\"`. A header's value goes to the
/// end of its line or quote, any other to the next blank or separator.
fn value_after(text: &str, from: usize) -> Option<(usize, usize)> {
    let rest = &text[from..];
    let opened = rest.trim_start_matches(['"', '\'', '\\']);
    let opened = opened.trim_start_matches(' ');
    let value = opened.strip_prefix([':', '='])?;
    let is_header = opened.starts_with(':');
    let bare = value.trim_start_matches([' ', '\\']);
    let (quote, value) = match bare.strip_prefix(['"', '\'']) {
        Some(inner) => (bare.chars().next(), inner),
        None => (None, bare),
    };
    let start = text.len() - value.len();
    let end = match quote {
        Some(quote) => value.find([quote, '\\']),
        None if is_header => value.find(['\n', '\r', ',', '"', '}']),
        None => value.find(['&', ' ', ',', ';', '"', '\'', '\n', '\r', '}', ')', ']']),
    };
    let end = start + end.unwrap_or(value.len());
    (end > start && &text[start..end] != REDACTED).then_some((start, end))
}

/// Credentials after `Basic ` or `Bearer `; a word of prose is none.
fn token(text: &str, from: usize) -> Option<(usize, usize)> {
    let rest = &text[from..];
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+/=._~-_".contains(c);
    let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let token = &rest[..length];
    let is_word = token.chars().skip(1).all(|c| c.is_ascii_lowercase() || ".-".contains(c));
    (length >= 8 && !is_word).then_some((from, from + length))
}

/// `PASSWORD` in `scheme://user:PASSWORD@host`.
fn password_in_address(text: &str, from: usize) -> Option<(usize, usize)> {
    let rest = &text[from..];
    let authority = &rest[..rest.find(['/', ' ', '?', '#', '"', '\n']).unwrap_or(rest.len())];
    let at = authority.rfind('@')?;
    let colon = authority[..at].find(':')?;
    (at > colon + 1).then_some((from + colon + 1, from + at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_secret_is_taken_out_and_nothing_else() {
        for (text, expected) in [
            ("Authorization: Basic YWNtZTprZXk=", "Authorization: «redacted»"),
            (
                "{\"authorization\": \"Basic YWNtZTprZXk=\", \"x\": 1}",
                "{\"authorization\": \"«redacted»\", \"x\": 1}",
            ),
            ("sent Basic YWNtZTprZXk= to it", "sent Basic «redacted» to it"),
            ("Bearer eyJh.eyJz.abc-_1 ok", "Bearer «redacted» ok"),
            ("grant_type=x&client_secret=a%2Bb&scope=all", "grant_type=x&client_secret=«redacted»&scope=all"),
            ("{\"access_token\":\"abc\",\"n\":1}", "{\"access_token\":\"«redacted»\",\"n\":1}"),
            ("{\\\"password\\\":\\\"abc\\\"}", "{\\\"password\\\":\\\"«redacted»\\\"}"),
            ("password=two words", "password=«redacted» words"),
            ("postgres://me:hunter2@db/x and more", "postgres://me:«redacted»@db/x and more"),
            ("ApiIntegrationCode: ABC, UserName: me", "ApiIntegrationCode: «redacted», UserName: me"),
            ("private_key = 'abc' done", "private_key = '«redacted»' done"),
        ] {
            assert_eq!(clean(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "basic authentication is used",
            "https://na.example.com:8080/v4_6_release?a=b@c",
            "the password was not accepted",
            "authorization failed",
        ] {
            assert_eq!(clean(text), None, "{text}");
        }
    }
}
