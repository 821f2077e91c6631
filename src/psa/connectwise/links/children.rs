//! Children: configurations below a configuration, and companies below a company.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        CHUNKS_AT_ONCE, ConnectWise, client::Place, companies, conditions::Condition,
        configurations::PATH as CONFIGURATIONS, paging::List, wire,
    },
    Found, Scope, Signs, title,
};
use crate::{
    domain::{Lifecycle, Listing, SignOfLife, links::Link},
    psa::{
        PsaError,
        listing::{chunks, each},
        port::Result,
    },
};

const CHILD_FIELDS: &str = "id,name,status/id,status/name,company/id,parentConfigurationId,activeFlag";

pub async fn read_children(psa: &ConnectWise, place: &Place, scope: &Scope<'_>) -> Found {
    let ids: Vec<i64> = scope.configurations.iter().map(|(id, _, _)| *id).collect();
    let room = psa.api.room_for_ids(
        place,
        CONFIGURATIONS,
        CHILD_FIELDS,
        &Condition::one_of("parentConfigurationId", &[]),
    );
    let parts = each(chunks(&ids, room), CHUNKS_AT_ONCE, |chunk| async move {
        let asked: BTreeSet<i64> = chunk.iter().copied().collect();
        let list = List::new("configuration", CONFIGURATIONS, CHILD_FIELDS)
            .when(Condition::one_of("parentConfigurationId", &chunk));
        let belongs =
            |row: &wire::Configuration| row.parent_configuration_id.is_some_and(|id| asked.contains(&id));
        psa.api.proven_list(&list, &belongs).await
    })
    .await;
    let parts = match parts {
        // The list operator is not proven for this member; asking for all children of the companies is.
        Err(PsaError::Refused { status: 400, .. }) => children_by_company(psa, place, scope).await,
        other => other,
    };
    let rows = match parts {
        Ok(parts) => Listing::joined(parts).into_rows(),
        Err(error) => return Found::failed(&error),
    };
    let statuses = match psa.statuses_for(&rows).await {
        Ok(statuses) => statuses,
        Err(error) => return Found::failed(&error),
    };
    let mut found = Found::default();
    for row in &rows {
        let (Some(id), Some(parent)) = (row.id, row.parent_configuration_id) else { continue };
        let state = statuses.state(row);
        if state.lifecycle() == Lifecycle::Active {
            let detail = state.status_name().map(ToOwned::to_owned);
            let record_url = psa.api.screen(place, "ConfigFV", id);
            found.add(
                parent,
                Link { id: id.to_string(), name: title(row.name.as_deref(), id), detail, record_url },
            );
        }
    }
    found
}

async fn children_by_company(
    psa: &ConnectWise,
    place: &Place,
    scope: &Scope<'_>,
) -> Result<Vec<Listing<wire::Configuration>>> {
    let children = Condition::present("parentConfigurationId");
    let empty = Condition::one_of("company/id", &[]).and(&children);
    let room = psa.api.room_for_ids(place, CONFIGURATIONS, CHILD_FIELDS, &empty);
    let children = &children;
    each(chunks(&scope.companies, room), CHUNKS_AT_ONCE, |chunk| async move {
        let asked: BTreeSet<i64> = chunk.iter().copied().collect();
        let list = List::new("configuration", CONFIGURATIONS, CHILD_FIELDS)
            .when(Condition::one_of("company/id", &chunk).and(children));
        let belongs = |row: &wire::Configuration| {
            row.company.as_ref().and_then(|company| company.id).is_some_and(|id| asked.contains(&id))
        };
        psa.api.proven_list(&list, &belongs).await
    })
    .await
}

/// Child companies whose status is not an inactive one.
pub async fn read_child_companies(psa: &ConnectWise, place: &Place, scope: &Scope<'_>) -> Signs {
    match child_companies(psa, place, scope).await {
        Ok(signs) => Signs::Read(signs),
        Err(error) => Signs::unread("child companies", &error),
    }
}

async fn child_companies(
    psa: &ConnectWise,
    place: &Place,
    scope: &Scope<'_>,
) -> Result<BTreeMap<i64, Vec<SignOfLife>>> {
    let fields = "id,name,status/id,parentCompany/id,deletedFlag";
    let there = Condition::flag("deletedFlag", false);
    let empty = Condition::one_of("parentCompany/id", &[]).and(&there);
    let room = psa.api.room_for_ids(place, companies::PATH, fields, &empty);
    let there = &there;
    let parent_of = |row: &wire::Company| row.parent_company.as_ref().and_then(|parent| parent.id);
    let parts = each(chunks(&scope.companies, room), CHUNKS_AT_ONCE, |chunk| async move {
        let asked: BTreeSet<i64> = chunk.iter().copied().collect();
        let list = List::new("company", companies::PATH, fields)
            .when(Condition::one_of("parentCompany/id", &chunk).and(there));
        let belongs = |row: &wire::Company| parent_of(row).is_some_and(|id| asked.contains(&id));
        psa.api.proven_list(&list, &belongs).await
    })
    .await?;
    let rows = Listing::joined(parts).into_rows();
    let mut signs: BTreeMap<i64, Vec<SignOfLife>> = BTreeMap::new();
    if rows.is_empty() {
        return Ok(signs);
    }
    let statuses = psa.company_statuses().await?;
    for row in rows {
        let inactive = row.status.as_ref().and_then(|status| statuses.is_inactive(status.id?));
        if let (Some(parent), Some(id)) = (parent_of(&row), row.id)
            && row.deleted_flag != Some(true)
            && inactive != Some(true)
        {
            let name = title(row.name.as_deref(), id);
            signs.entry(parent).or_default().push(SignOfLife::ActiveChild { name });
        }
    }
    Ok(signs)
}
