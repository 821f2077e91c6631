//! A PSA, or what stands before it, may say in its complaint what it was sent. What it complains with is shown, kept and
//! reported, so the profile's secrets are struck out of it before anybody reads it.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::transport::{Transport, TransportError, WireReply, WireRequest};

const STRUCK_OUT: &[u8] = "«redacted»".as_bytes();
/// A shorter text is no secret, and would be found everywhere.
const SHORTEST: usize = 4;

/// Another transport, whose complaints tell no secret. What is no complaint stays as it came: it is data.
pub struct Discreet {
    inner: Arc<dyn Transport>,
    secrets: Vec<SecretString>,
}

impl Discreet {
    pub fn new<'a>(inner: Arc<dyn Transport>, secrets: impl Iterator<Item = &'a SecretString>) -> Self {
        let mut secrets: Vec<SecretString> =
            secrets.flat_map(|secret| forms(secret.expose_secret())).map(SecretString::from).collect();
        // The longest first: what contains another form must go as a whole.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        Self { inner, secrets }
    }
}

/// A secret as it is, as JSON writes it, and as an address or a form does.
fn forms(secret: &str) -> Vec<String> {
    let secret = secret.trim();
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    let json = serde_json::Value::from(secret).to_string();
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    vec![secret.to_owned(), json.trim_matches('"').to_owned(), form.replace('+', "%20"), form]
}

#[async_trait]
impl Transport for Discreet {
    async fn send(&self, request: WireRequest) -> Result<WireReply, TransportError> {
        // What was sent in a header, such as `Basic` with the pair in it, is as secret as the secrets themselves.
        let sent: Vec<Vec<u8>> = request
            .headers
            .values()
            .filter(|value| value.is_sensitive())
            .filter_map(|value| value.as_bytes().rsplit(|byte| *byte == b' ').next())
            .filter(|value| value.len() >= SHORTEST)
            .map(<[u8]>::to_vec)
            .collect();
        let mut reply = self.inner.send(request).await?;
        if (200..300).contains(&reply.status) {
            return Ok(reply);
        }
        let secrets = self.secrets.iter().map(|secret| secret.expose_secret().as_bytes());
        for secret in secrets.chain(sent.iter().map(Vec::as_slice)) {
            reply.body = without(std::mem::take(&mut reply.body), secret);
        }
        Ok(reply)
    }
}

fn without(body: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    let mut clean = Vec::new();
    let mut rest = body.as_slice();
    while let Some(at) = rest.windows(secret.len()).position(|window| window == secret) {
        clean.extend_from_slice(&rest[..at]);
        clean.extend_from_slice(STRUCK_OUT);
        rest = &rest[at + secret.len()..];
    }
    if clean.is_empty() && rest.len() == body.len() {
        return body;
    }
    clean.extend_from_slice(rest);
    clean
}

#[cfg(test)]
mod tests {
    use reqwest::{
        Method, Url,
        header::{HeaderMap, HeaderValue},
    };

    use super::*;

    /// Says what it was sent.
    struct Parrot(u16);

    #[async_trait]
    impl Transport for Parrot {
        async fn send(&self, request: WireRequest) -> Result<WireReply, TransportError> {
            let mut body = b"{\"message\":\"you sent ".to_vec();
            for value in request.headers.values() {
                body.extend_from_slice(value.as_bytes());
                body.push(b' ');
            }
            body.extend(request.body.unwrap_or_default());
            Ok(WireReply { status: self.0, headers: HeaderMap::new(), body })
        }
    }

    async fn said(status: u16, sent: &str) -> String {
        let secret = SecretString::from("pa\"ss &word".to_owned());
        let discreet = Discreet::new(Arc::new(Parrot(status)), std::iter::once(&secret));
        let mut headers = HeaderMap::new();
        let mut header = HeaderValue::from_static("Basic YWJjZGVm");
        header.set_sensitive(true);
        headers.insert("authorization", header);
        let url = Url::parse("https://psa.example/").unwrap();
        let body = Some(sent.as_bytes().to_vec());
        let reply = discreet.send(WireRequest { method: Method::GET, url, headers, body }).await.unwrap();
        String::from_utf8(reply.body).unwrap()
    }

    #[tokio::test]
    async fn a_complaint_tells_no_secret_in_any_form_that_it_was_sent_in() {
        let sent = r#"pa"ss &word pa\"ss &word pa%22ss+%26word pa%22ss%20%26word, and the rest"#;
        let told = said(401, sent).await;
        let struck = "«redacted»";
        assert_eq!(
            told,
            format!(
                "{{\"message\":\"you sent Basic {struck} {struck} {struck} {struck} {struck}, and the rest"
            )
        );
        assert!(said(200, sent).await.contains("pa%22ss+%26word"), "what is no complaint stays as it came");
    }
}
