//! What a tenant's clients look like, for whoever must choose the criteria: who is marked inactive, which statuses and
//! tags there are, and when contracts ended. Read once; how many each choice would match is then counted without asking.

use std::collections::BTreeSet;

use crate::{
    domain::{Client, Criteria, criteria::Matching},
    psa::{
        Psa, PsaError,
        port::{ClientScope, Clients},
    },
};

/// No tenant has a name like this: asked for it, an adapter tells the names that there are.
const NO_NAME: &str = "\u{fffd} the names that there are \u{fffd}";

/// All clients with everything that a criterion may look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Census {
    /// The MSP's own and what the PSA keeps for itself are among them, marked as such.
    pub clients: Vec<Client>,
    /// The names that a criterion may have in this tenant, whether a client bears them or not.
    pub statuses: Vec<String>,
    pub tags: Vec<String>,
    /// Why nothing is known about contracts.
    pub no_contracts: Option<String>,
    /// Names that can be set together with the inactive mark, where the PSA has them.
    pub statuses_to_set: Vec<String>,
}

/// Reads all clients.
pub async fn take(psa: &dyn Psa) -> Result<Census, PsaError> {
    let statuses = names(psa, |names| Criteria { statuses: names, ..Criteria::default() }).await?;
    let tags = names(psa, |names| Criteria { tags: names, ..Criteria::default() }).await?;
    let all = Criteria {
        inactive: true,
        statuses: statuses.clone(),
        tags: tags.clone(),
        contract_ended_days: Some(0),
        matching: Matching::Any,
        custom_field: None,
    };
    let (Clients { listing, .. }, no_contracts) = match psa.clients(ClientScope::All, &all).await {
        Ok(clients) => (clients, None),
        // Contracts are an extra right: without it all the rest can be chosen from.
        Err(error @ (PsaError::Permission { .. } | PsaError::Refused { .. })) => {
            let rest = Criteria { contract_ended_days: None, ..all };
            (psa.clients(ClientScope::All, &rest).await?, Some(error.to_string()))
        }
        Err(error) => return Err(error),
    };
    let statuses_to_set = statuses_to_set(psa).await?;
    Ok(Census { clients: listing.into_rows(), statuses, tags, no_contracts, statuses_to_set })
}

/// The names that a criterion may have in this tenant.
async fn names(psa: &dyn Psa, criteria: fn(Vec<String>) -> Criteria) -> Result<Vec<String>, PsaError> {
    let asked = psa.clients(ClientScope::Candidates, &criteria(vec![NO_NAME.to_owned()])).await;
    match asked {
        Err(PsaError::UnknownName { candidates, .. }) => {
            Ok(candidates.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
        }
        // Names that cannot be read cannot be chosen from; numbers in their place are shown by the clients' own records.
        Ok(_) | Err(PsaError::Settings { .. } | PsaError::Permission { .. } | PsaError::Refused { .. }) => {
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

async fn statuses_to_set(psa: &dyn Psa) -> Result<Vec<String>, PsaError> {
    if !psa.capabilities().sets_status {
        return Ok(Vec::new());
    }
    match psa.wanted(Some(NO_NAME)).await {
        Err(PsaError::UnknownName { mut candidates, .. }) => {
            candidates.sort();
            Ok(candidates)
        }
        Err(error @ (PsaError::SignIn { .. } | PsaError::Unreachable { .. })) => Err(error),
        // It is optional: `doctor` tells more.
        _ => Ok(Vec::new()),
    }
}
