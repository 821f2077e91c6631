//! `[serve]`: where the server listens, and to whom.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use super::section::Section;

/// `[serve]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeSettings {
    pub listen: SocketAddr,
    /// Names that the server is called by, besides its address.
    pub hosts: Vec<String>,
    pub tls_certificate: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    /// A proxy stands before it, does TLS, and tells in `X-Forwarded-For` who calls.
    pub behind_proxy: bool,
    /// Runs that go on at the same time.
    pub workers: u32,
}

pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7878);

impl Default for ServeSettings {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            hosts: Vec::new(),
            tls_certificate: None,
            tls_key: None,
            behind_proxy: false,
            workers: 4,
        }
    }
}

pub fn read(section: Section<'_, '_>) -> ServeSettings {
    let defaults = ServeSettings::default();
    let listen = section.text("listen").and_then(|found| {
        found.value.parse().ok().or_else(|| {
            section.fault_of(
                "listen",
                "this is no address with a port; write it as \"127.0.0.1:7878\" or \"[::1]:7878\"",
            );
            None
        })
    });
    // As written, beside the settings file if it is no full path.
    let folder = section.document().path().parent().map(std::path::Path::to_owned).unwrap_or_default();
    let file = |key: &str| section.text(key).map(|found| folder.join(found.value));
    let settings = ServeSettings {
        listen: listen.unwrap_or(defaults.listen),
        hosts: section.texts("hosts"),
        tls_certificate: file("tls_certificate"),
        tls_key: file("tls_key"),
        behind_proxy: section.flag("behind_proxy").unwrap_or(defaults.behind_proxy),
        workers: section.small("workers", 1..=64).unwrap_or(defaults.workers),
    };
    if settings.tls_certificate.is_some() != settings.tls_key.is_some() {
        let (there, missing) = if settings.tls_key.is_some() {
            ("tls_key", "tls_certificate")
        } else {
            ("tls_certificate", "tls_key")
        };
        section.fault_of(there, format!("{missing} is missing: TLS needs a certificate and its key"));
    }
    section.done();
    settings
}
