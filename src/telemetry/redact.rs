//! Striking secrets out of lines, whatever form a careless line gives them.

use std::{
    io,
    sync::{PoisonError, RwLock},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use tracing_subscriber::fmt::MakeWriter;

const STRUCK: &str = "«redacted»";
/// Shorter texts would strike out ordinary words.
const LEAST: usize = 6;

static KNOWN: RwLock<Vec<SecretString>> = RwLock::new(Vec::new());

pub fn keep(secret: &SecretString) {
    let text = secret.expose_secret();
    if text.len() < LEAST {
        return;
    }
    let url: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let json = serde_json::to_string(text).unwrap_or_default().trim_matches('"').to_owned();
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    for form in [text.to_owned(), STANDARD.encode(text), url, json] {
        if !known.iter().any(|other| other.expose_secret() == form) {
            known.push(form.into());
        }
    }
    // The longest first: a form may hold another.
    known.sort_by_key(|form| std::cmp::Reverse(form.expose_secret().len()));
}

/// The text without known secrets, and without what follows the words that announce one.
pub fn redacted(text: &str) -> String {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let mut line = text.to_owned();
    for secret in known.iter() {
        if line.contains(secret.expose_secret()) {
            line = line.replace(secret.expose_secret(), STRUCK);
        }
    }
    for mark in ["Basic ", "Bearer ", "client_secret=", "private_key=", "access_token\":\""] {
        line = strike_after(&line, mark);
    }
    line
}

/// Strikes out the word after each occurrence of `mark`.
fn strike_after(line: &str, mark: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(mark) {
        let (before, after) = rest.split_at(at + mark.len());
        out.push_str(before);
        let end = after
            .find(|c: char| !(c.is_ascii_alphanumeric() || "+/=-_.~%".contains(c)))
            .unwrap_or(after.len());
        // A credential is long; a word of prose after "Basic" is not.
        if end >= 12 {
            out.push_str(STRUCK);
        } else {
            out.push_str(&after[..end]);
        }
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}

/// Writers that redact what is written through them, event by event.
pub struct Redacting<W>(W);

impl<W> Redacting<W> {
    pub fn over(writer: W) -> Self {
        Self(writer)
    }
}

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Redacting<W> {
    type Writer = Struck<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Struck(self.0.make_writer())
    }
}

pub struct Struck<W>(W);

impl<W: io::Write> io::Write for Struck<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The formatter hands over whole events.
        let text = String::from_utf8_lossy(bytes);
        self.0.write_all(redacted(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_struck_out() {
        let secret = "canary+/$\"secret";
        keep(&SecretString::from(secret.to_owned()));
        let url: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for form in [secret.to_owned(), STANDARD.encode(secret), url, secret.replace('"', "\\\"")] {
            let line = redacted(&format!("before {form} after"));
            assert_eq!(line, format!("before {STRUCK} after"));
        }
    }

    #[test]
    fn announced_credentials_are_struck_out_without_being_known() {
        assert_eq!(
            redacted("authorization: Basic YWJjZGVmZ2hpamts"),
            format!("authorization: Basic {STRUCK}")
        );
        assert_eq!(redacted("Basic plan \"Gold\""), "Basic plan \"Gold\"");
    }
}
