//! Certificates, good and bad, and an encrypted door in front of a simulated PSA.

use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

/// What is wrong with a certificate, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    None,
    Expired,
    NotYetValid,
    SelfSigned,
    WrongHost,
    /// The authority's own certificate, shown as the server's.
    AuthorityAsLeaf,
    /// Signed by an authority that nobody trusts.
    UnknownAuthority,
}

impl Flaw {
    pub const BAD: [Self; 6] = [
        Self::Expired,
        Self::NotYetValid,
        Self::SelfSigned,
        Self::WrongHost,
        Self::AuthorityAsLeaf,
        Self::UnknownAuthority,
    ];
}

/// An encrypted door to a server on loopback.
pub struct Door {
    pub port: u16,
    /// The file of the authority that is to be trusted.
    pub authority: tempfile::NamedTempFile,
    /// Connections whose other end accepted the certificate.
    pub accepted: Arc<AtomicUsize>,
}

struct Authority {
    params: CertificateParams,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { params, key: KeyPair::generate().unwrap() }
    }

    fn certificate(&self) -> rcgen::Certificate {
        self.params.self_signed(&self.key).unwrap()
    }

    fn file(&self) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(self.certificate().pem().as_bytes()).unwrap();
        file
    }
}

fn server_certificate(flaw: Flaw, trusted: &Authority) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let host = if flaw == Flaw::WrongHost { "psa.example" } else { "127.0.0.1" };
    let mut leaf = CertificateParams::new(vec![host.to_owned()]).unwrap();
    match flaw {
        Flaw::Expired => {
            leaf.not_before = date_time_ymd(2020, 1, 1);
            leaf.not_after = date_time_ymd(2021, 1, 1);
        }
        Flaw::NotYetValid => leaf.not_before = date_time_ymd(2090, 1, 1),
        Flaw::SelfSigned => return (leaf.self_signed(&key).unwrap(), key),
        Flaw::AuthorityAsLeaf => {
            let copy = KeyPair::try_from(trusted.key.serialize_der()).unwrap();
            return (trusted.certificate(), copy);
        }
        Flaw::None | Flaw::WrongHost | Flaw::UnknownAuthority => {}
    }
    let stranger = Authority::new();
    let signer = if flaw == Flaw::UnknownAuthority { &stranger } else { trusted };
    let issuer = Issuer::from_params(&signer.params, &signer.key);
    (leaf.signed_by(&key, &issuer).unwrap(), key)
}

/// What a server of somebody else's may be given to show, and whom its clients are to trust: all in PEM form.
pub struct Shown {
    pub certificate: String,
    pub key: String,
    pub authority: tempfile::NamedTempFile,
}

pub fn shown(flaw: Flaw) -> Shown {
    let trusted = Authority::new();
    let (certificate, key) = server_certificate(flaw, &trusted);
    Shown { certificate: certificate.pem(), key: key.serialize_pem(), authority: trusted.file() }
}

/// Opens a door with such a certificate in front of what listens at `http://127.0.0.1:PORT`.
pub async fn door(flaw: Flaw, to: &str) -> Door {
    let to = to.trim_start_matches("http://").to_owned();
    let trusted = Authority::new();
    let (certificate, key) = server_certificate(flaw, &trusted);
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let accepted = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&accepted);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, to, counter) = (acceptor.clone(), to.clone(), Arc::clone(&counter));
            tokio::spawn(async move {
                let Ok(mut inside) = acceptor.accept(stream).await else { return };
                counter.fetch_add(1, Ordering::SeqCst);
                let Ok(mut outside) = TcpStream::connect(to).await else { return };
                // Either end may hang up whenever it likes.
                let _ = tokio::io::copy_bidirectional(&mut inside, &mut outside).await;
            });
        }
    });
    Door { port, authority: trusted.file(), accepted }
}

/// A certificate that nobody but itself vouches for, for loopback, with its key: both in PEM form.
pub struct OwnCertificate {
    pub certificate: String,
    pub key: String,
}

pub fn certificate() -> OwnCertificate {
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    OwnCertificate { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() }
}
