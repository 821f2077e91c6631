//! Setting webhooks up at the PSA, as far as its API allows that.

use async_trait::async_trait;
use thiserror::Error;

use super::{Lock, Url};
use crate::{domain::criteria::Criteria, http::address, psa::port::Result};

/// Sets webhooks up at one tenant, lists and removes them.
#[async_trait]
pub trait Registrar: Send + Sync {
    /// Every webhook that the PSA has and this account may see.
    async fn list(&self, profile: &str) -> Result<Vec<Registered>>;

    /// Makes those that are missing. What is there already, as it should be, is left alone.
    async fn register(&self, wanted: &Registration) -> Result<Vec<Registered>>;

    /// Removes one that [`Registrar::list`] named.
    async fn remove(&self, hook: &Registered) -> Result<()>;
}

/// What shall be set up.
#[derive(Debug, Clone)]
pub struct Registration {
    pub address: Address,
    pub lock: Lock,
    /// What tells that a client is offboarded: where a vendor watches single fields, those of these criteria.
    pub criteria: Criteria,
}

/// One webhook at the PSA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The PSA's number of it, and where several kinds are numbered, of which kind.
    pub id: String,
    /// What it tells of, in the vendor's word.
    pub about: String,
    pub name: String,
    /// Where it goes to, without what stands behind `?`: a secret may.
    pub url: String,
    pub active: bool,
    /// It was made by this program for this profile.
    pub ours: bool,
    /// It was made just now.
    pub new: bool,
    /// What a person should know of it.
    pub note: Option<String>,
}

/// The name of our webhooks at the PSA, by which they are found again.
pub fn mark(profile: &str) -> String {
    format!("mothball {profile}")
}

/// Where a PSA sends the webhooks of a profile to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    #[error(transparent)]
    Address(#[from] address::AddressError),
    #[error("\"{0}\" cannot be part of an address; give the profile a name of letters, digits, - and _")]
    Profile(String),
}

impl Address {
    /// `https://hooks.example` becomes `https://hooks.example/v1/webhooks/main`. A path before that stays, for servers
    /// that stand behind a proxy; one that is there already is not added again.
    ///
    /// # Errors
    /// [`AddressError`] with what to write instead.
    pub fn of(public: &str, profile: &str) -> std::result::Result<Self, AddressError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if profile.is_empty() || profile.starts_with('.') || !profile.chars().all(plain) {
            return Err(AddressError::Profile(profile.to_owned()));
        }
        let mut url = address::check(public)?;
        let path = Self::path(profile);
        let root = url.path().trim_end_matches('/').to_owned();
        let root = root.strip_suffix(&path).unwrap_or(&root);
        url.set_path(&format!("{root}{path}"));
        Ok(Self(url))
    }

    /// The path at our server.
    pub fn path(profile: &str) -> String {
        format!("/v1/webhooks/{profile}")
    }

    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether another address, with whatever stands behind `?`, is this one.
    pub fn is_of(&self, other: &str) -> bool {
        bare(other) == self.0.as_str()
    }
}

/// An address without what stands behind `?` and `#`.
pub fn bare(address: &str) -> String {
    address.split(['?', '#']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_the_profile() {
        for (public, whole) in [
            ("https://hooks.msp.example", "https://hooks.msp.example/v1/webhooks/main"),
            ("https://hooks.msp.example/mothball/", "https://hooks.msp.example/mothball/v1/webhooks/main"),
            ("https://hooks.msp.example/v1/webhooks/main", "https://hooks.msp.example/v1/webhooks/main"),
            ("http://127.0.0.1:8700", "http://127.0.0.1:8700/v1/webhooks/main"),
        ] {
            let address = Address::of(public, "main").unwrap();
            assert_eq!(address.url().as_str(), whole);
            assert!(address.is_of(&format!("{whole}?key=x&recordId=")));
            assert!(!address.is_of(&format!("{whole}2")));
        }
        for wrong in
            ["http://hooks.msp.example", "https://u:p@hooks.msp.example", "https://x.example?a=1", "hooks"]
        {
            assert!(matches!(Address::of(wrong, "main"), Err(AddressError::Address(_))), "{wrong}");
        }
        for profile in ["", "..", "a/b", "a?b", "ä"] {
            assert!(
                matches!(Address::of("https://x.example", profile), Err(AddressError::Profile(_))),
                "{profile}"
            );
        }
    }
}
