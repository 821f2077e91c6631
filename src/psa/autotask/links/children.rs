//! Children: active items below an item, and active companies below a company.

use std::collections::BTreeMap;

use super::{
    super::{
        Autotask, companies,
        configurations::{ENTITY, WHAT},
        filter::Filter,
        paging::List,
        wire,
    },
    Scope, title,
};
use crate::{
    domain::{SignOfLife, links::Link},
    psa::{
        linking::{Found, Signs},
        port::Result,
    },
};

const FIELDS: &[&str] = &["id", "companyID", "referenceTitle", "parentConfigurationItemID", "isActive"];

pub async fn read_children(psa: &Autotask, scope: &Scope<'_>) -> Found {
    let list = List::all(WHAT, ENTITY, FIELDS).when(Filter::is("isActive", true));
    let parent = |row: &wire::ConfigurationItem| row.parent;
    let rows: Vec<wire::ConfigurationItem> =
        match psa.api.proven_of(&list, "parentConfigurationItemID", &scope.ids(), parent).await {
            Ok(rows) => rows,
            Err(error) => return Found::failed(&error),
        };
    let mut found = Found::default();
    for row in rows.iter().filter(|row| row.is_active == Some(true)) {
        if let (Some(id), Some(parent)) = (row.id, row.parent) {
            let name = title(row.reference_title.as_deref(), id);
            found.add(parent, Link { id: id.to_string(), name, detail: None, record_url: None });
        }
    }
    found
}

pub async fn read_child_companies(psa: &Autotask, scope: &Scope<'_>) -> Signs {
    match child_companies(psa, scope).await {
        Ok(signs) => Signs::Read(signs),
        Err(error) => Signs::unread("child companies", &error),
    }
}

async fn child_companies(psa: &Autotask, scope: &Scope<'_>) -> Result<BTreeMap<i64, Vec<SignOfLife>>> {
    let list = List::all("company", companies::ENTITY, &["id", "companyName", "parentCompanyID", "isActive"])
        .when(Filter::is("isActive", true));
    let rows: Vec<wire::Company> = psa
        .api
        .proven_of(&list, "parentCompanyID", &scope.companies, |row: &wire::Company| row.parent)
        .await?;
    let mut signs: BTreeMap<i64, Vec<SignOfLife>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_active != Some(false)) {
        if let (Some(id), Some(parent)) = (row.id, row.parent) {
            let name = title(row.company_name.as_deref(), id);
            signs.entry(parent).or_default().push(SignOfLife::ActiveChild { name });
        }
    }
    Ok(signs)
}
