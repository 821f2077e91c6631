//! A look at one client, as cheap as it can be: whether there is anything to do about it at all. Whoever is told of
//! thousands of changes a day asks this first; what is done then looks at everything once more.

use super::{Engine, EngineError};
use crate::{
    domain::{ClientId, Lifecycle, Timestamp, client::Offboarded},
    psa::port::ClientScope,
    store::Sighting,
};

/// What there is to do about a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Glance {
    /// It does not count as offboarded, or is not there.
    Stays,
    /// Nothing of it is active any more.
    NothingLeft,
    /// It left, and rests until this moment before anybody acts unattended.
    Rests { until: Timestamp },
    /// It left, and something of it is active.
    Left,
}

impl Engine {
    /// Reads this client from the PSA. What is seen counts for how long it has been gone, as every look does.
    pub async fn glance(&self, id: &ClientId) -> Result<Glance, EngineError> {
        let criteria = &self.profile.criteria;
        let ids = [id.clone()];
        let found = self.psa.clients(ClientScope::Ids(&ids), criteria).await?;
        let today = self.now().day();
        let client = found.listing.rows().iter().find(|client| client.id == *id);
        let offboarded: Option<Offboarded> = client.and_then(|client| criteria.judge(client, today));
        let tenant = self.psa.tenant().await?;
        let profile = &self.profile.name;
        let mut known = self.store.last_offboarded(&tenant, profile).await?.unwrap_or_default();
        if offboarded.is_none() {
            // It came back: should it leave again, it rests anew.
            if known.clients.remove(id).is_some() {
                self.store.record_offboarded(&tenant, profile, &known).await?;
            }
            return Ok(Glance::Stays);
        }
        let now = self.now();
        let since = if let Some(sighting) = known.clients.get(id) {
            sighting.since
        } else {
            known.clients.insert(id.clone(), Sighting { since: now, accepted: false });
            self.store.record_offboarded(&tenant, profile, &known).await?;
            now
        };
        let until = self.profile.safeguards.rests_until(since);
        if now < until {
            return Ok(Glance::Rests { until });
        }
        let listing = self.psa.configurations(&ids, None).await?;
        let active = listing.rows().iter().any(|found| found.lifecycle() == Lifecycle::Active);
        Ok(if active { Glance::Left } else { Glance::NothingLeft })
    }
}
