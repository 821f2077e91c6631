//! What the server needs of the settings: the profiles, and an engine for each. The composition root has them.

use async_trait::async_trait;

use super::webhooks::Ways;
use crate::{
    domain::{Criteria, document::Report, safeguards::Safeguards},
    engine::Engine,
};

/// What the settings allow a run of a profile.
#[derive(Debug, Clone)]
pub struct Rules {
    pub safeguards: Safeguards,
    pub criteria: Criteria,
}

#[async_trait]
pub trait Profiles: Send + Sync {
    /// The profile meant by this name, or by none; else why there is none, in words.
    fn chosen(&self, named: Option<&str>) -> Result<String, String>;

    /// What the settings allow; `None` if there is no such profile (any more).
    fn rules(&self, profile: &str) -> Option<Rules>;

    /// The ways in for what the PSAs tell.
    fn ways(&self) -> &Ways;

    /// The engine of this profile, opened when it is first asked for; else why not, without any secret.
    async fn engine(&self, profile: &str) -> Result<Engine, String>;

    /// Keeps a report in the store, and where the reports lie.
    async fn keep(&self, profile: &str, report: &Report);
}
