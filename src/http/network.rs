//! The real network, through reqwest with rustls. Certificates are always verified.

use std::{error::Error as _, path::Path, time::Duration};

use async_trait::async_trait;
use reqwest::{Certificate, Client, ClientBuilder, redirect, tls};
use thiserror::Error;

use super::transport::{Failure, Sent, Transport, TransportError, WireReply, WireRequest};

/// No single answer of a PSA is larger than this, after decompression.
const MOST_BODY: usize = 64 * 1024 * 1024;
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// From the first byte out to the last byte in.
pub(super) const TOTAL_LIMIT: Duration = Duration::from_mins(1);

/// Why the network cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NetworkError {
    #[error("ca_file {path} cannot be read: {why}")]
    CaFile { path: String, why: String },
    #[error("ca_file {path} holds no certificate; it must be a PEM file with \"BEGIN CERTIFICATE\" in it")]
    NoCertificate { path: String },
    #[error("the network cannot be set up: {0}")]
    Setup(String),
}

/// Sends over the network. Uses the system's proxy and, besides the system's certificates, those of `ca_file`.
#[derive(Debug, Clone)]
pub struct Network {
    client: Client,
    /// For this computer's own addresses: what is not encrypted never goes to a proxy.
    direct: Client,
}

impl Network {
    /// # Errors
    /// [`NetworkError`] if `ca_file` does not serve, or the system's certificates cannot be loaded.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, NetworkError> {
        let setup = |error: reqwest::Error| NetworkError::Setup(chain(&error));
        let mut builder = limited();
        if let Some(path) = ca_file {
            builder = builder.tls_certs_merge(certificates(path)?);
        }
        let client = builder.build().map_err(setup)?;
        let direct = limited().no_proxy().tls_certs_only([]).build().map_err(setup)?;
        Ok(Self { client, direct })
    }
}

fn limited() -> ClientBuilder {
    Client::builder()
        .connect_timeout(CONNECT_LIMIT)
        .timeout(TOTAL_LIMIT)
        .redirect(redirect::Policy::none())
        .referer(false)
        .tls_version_min(tls::Version::TLS_1_2)
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, NetworkError> {
    let shown = || path.display().to_string();
    let pem = std::fs::read(path)
        .map_err(|error| NetworkError::CaFile { path: shown(), why: error.to_string() })?;
    let found = Certificate::from_pem_bundle(&pem)
        .map_err(|error| NetworkError::CaFile { path: shown(), why: error.to_string() })?;
    if found.is_empty() { Err(NetworkError::NoCertificate { path: shown() }) } else { Ok(found) }
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: WireRequest) -> Result<WireReply, TransportError> {
        let WireRequest { method, url, headers, body } = request;
        let client = if url.scheme() == "http" { &self.direct } else { &self.client };
        let mut building = client.request(method, url).headers(headers);
        if let Some(body) = body {
            building = building.body(body);
        }
        let mut response = building.send().await.map_err(|error| classify(&error))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
            if body.len() + chunk.len() > MOST_BODY {
                return Err(TransportError::new(
                    Sent::Maybe,
                    Failure::TooLarge,
                    format!("the answer is larger than {} MiB", MOST_BODY / 1024 / 1024),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(WireReply { status, headers, body })
    }
}

fn classify(error: &reqwest::Error) -> TransportError {
    let text = chain(error);
    let lower = text.to_lowercase();
    if error.is_connect() || error.is_builder() {
        let failure = if lower.contains("certificate") || lower.contains("tls") || lower.contains("handshake")
        {
            Failure::Tls
        } else if error.is_dns() || lower.contains("dns error") {
            Failure::Name
        } else if error.is_timeout() {
            Failure::Timeout
        } else {
            Failure::Connect
        };
        return TransportError::new(Sent::Never, failure, text);
    }
    let failure = if error.is_timeout() { Failure::Timeout } else { Failure::Broken };
    TransportError::new(Sent::Maybe, failure, text)
}

/// The error and its causes in one line, without the address: its query is long, and the log has it.
fn chain(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if parts.last().is_none_or(|last| !last.contains(&text)) {
            parts.push(text);
        }
        cause = inner.source();
    }
    if error.is_timeout() && parts.is_empty() {
        parts.push("no answer in time".to_owned());
    }
    if parts.is_empty() {
        // `without_url` needs the error by value; its kind says enough.
        parts.push(if error.is_body() { "the answer broke off" } else { "the request failed" }.to_owned());
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, net::SocketAddr, sync::Arc};

    use reqwest::{Method, Url, header::HeaderMap};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };
    use tokio_rustls::{
        TlsAcceptor,
        rustls::{ServerConfig, pki_types::PrivateKeyDer},
    };

    use super::*;

    fn request(url: &str) -> WireRequest {
        WireRequest {
            method: Method::GET,
            url: Url::parse(url).unwrap(),
            headers: HeaderMap::new(),
            body: None,
        }
    }

    async fn send(url: &str) -> Result<WireReply, TransportError> {
        Network::new(None).unwrap().send(request(url)).await
    }

    /// Answers every connection with these bytes, then closes it.
    async fn answering(bytes: &'static [u8], times: usize) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut heard = [0; 4096];
                    // What was asked does not matter, nor whether all of the answer is wanted.
                    let _ = stream.read(&mut heard).await;
                    for _ in 0..times {
                        if stream.write_all(bytes).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        format!("http://{address}/")
    }

    #[tokio::test]
    async fn what_was_certainly_not_sent_is_told_from_what_may_have_been() {
        let refused = send("http://127.0.0.1:1/").await.unwrap_err();
        assert_eq!((refused.sent, refused.failure), (Sent::Never, Failure::Connect));
        let unknown = send("https://no-such-host.invalid/").await.unwrap_err();
        assert_eq!(unknown.sent, Sent::Never);
        let broken = answering(b"", 1).await;
        assert_eq!(send(&broken).await.unwrap_err().sent, Sent::Maybe);
        let short = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort", 1).await;
        let error = send(&short).await.unwrap_err();
        assert_eq!((error.sent, error.failure), (Sent::Maybe, Failure::Broken));
    }

    #[tokio::test]
    async fn redirects_are_handed_back() {
        let url = answering(
            b"HTTP/1.1 302 Found\r\nlocation: https://thief.example.com/\r\ncontent-length: 0\r\n\r\n",
            1,
        )
        .await;
        assert_eq!(send(&url).await.unwrap().status, 302);
    }

    #[tokio::test]
    async fn a_body_without_end_is_cut_off() {
        static MEGABYTES: [u8; 1024 * 1024] = [b'x'; 1024 * 1024];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = [0; 4096];
            let _ = stream.read(&mut heard).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            while stream.write_all(&MEGABYTES).await.is_ok() {}
        });
        assert_eq!(send(&url).await.unwrap_err().failure, Failure::TooLarge);
    }

    /// A server with a certificate for 127.0.0.1, and the file of the authority that signed it.
    async fn encrypted() -> (SocketAddr, tempfile::NamedTempFile) {
        let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority_key = rcgen::KeyPair::generate().unwrap();
        let authority_certificate = authority.self_signed(&authority_key).unwrap();
        let issuer = rcgen::Issuer::from_params(&authority, &authority_key);
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = leaf.signed_by(&key, &issuer).unwrap();
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(
            tokio_rustls::rustls::crypto::ring::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut heard = [0; 4096];
                    let _ = stream.read(&mut heard).await;
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]").await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(authority_certificate.pem().as_bytes()).unwrap();
        (address, file)
    }

    #[tokio::test]
    async fn an_unknown_authority_is_refused_unless_ca_file_names_it() {
        let (address, ca) = encrypted().await;
        let url = format!("https://{address}/");
        let refused = send(&url).await.unwrap_err();
        assert_eq!((refused.sent, refused.failure), (Sent::Never, Failure::Tls), "{refused}");
        let trusting = Network::new(Some(ca.path())).unwrap();
        assert_eq!(trusting.send(request(&url)).await.unwrap().body, b"[]");
        let other_name = format!("https://localhost:{}/", address.port());
        assert_eq!(trusting.send(request(&other_name)).await.unwrap_err().failure, Failure::Tls);
    }

    #[test]
    fn a_ca_file_that_does_not_serve_is_told() {
        let missing = Network::new(Some(Path::new("/no/such/file.pem"))).unwrap_err();
        assert!(missing.to_string().contains("/no/such/file.pem"));
        let mut empty = tempfile::NamedTempFile::new().unwrap();
        empty.write_all(b"nothing").unwrap();
        assert!(matches!(Network::new(Some(empty.path())), Err(NetworkError::NoCertificate { .. })));
    }
}
