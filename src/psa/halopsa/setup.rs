//! The tenant's own words: statuses of assets, types of assets and what they allow, top levels. Read once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    HaloPsa,
    paging::{List, PAGE},
    wire::{self, filled},
};
use crate::{
    domain::{StatusRef, text::same_name},
    psa::{PsaError, names::unknown_name, port::Result},
};

/// The lookup that holds the customer types where it was seen.
const CUSTOMER_TYPES: i64 = 33;

/// What was read of the setup.
#[derive(Default)]
pub struct Setup {
    types: Option<Arc<Types>>,
    statuses: Option<Arc<Statuses>>,
    internal: Option<Arc<BTreeSet<i64>>>,
}

/// The types of assets.
pub struct Types {
    by_id: BTreeMap<i64, wire::AssetType>,
}

impl Types {
    fn of(rows: Vec<wire::AssetType>) -> Self {
        Self { by_id: rows.into_iter().filter_map(|row| Some((row.id?, row))).collect() }
    }

    /// Whether assets of a type may take a status, as far as the type says.
    pub fn allows(&self, kind: i64, status: i64) -> bool {
        let Some(kind) = self.by_id.get(&kind).filter(|kind| kind.allowall_status == Some(false)) else {
            return true;
        };
        let allowed = kind.allowed_status.as_deref().unwrap_or_default();
        allowed.is_empty() || allowed.iter().any(|allowed| allowed.status_id == Some(status))
    }

    pub fn name(&self, kind: i64) -> Option<&str> {
        filled(self.by_id.get(&kind)?.name.as_ref())
    }

    pub fn group(&self, kind: i64) -> Option<i64> {
        self.by_id.get(&kind)?.assetgroup_id
    }

    /// Statuses that some type names: those certainly are statuses of assets.
    fn statuses(&self) -> impl Iterator<Item = (i64, &str)> {
        let allowed = self.by_id.values().flat_map(|kind| kind.allowed_status.iter().flatten());
        allowed.filter_map(|status| Some((status.status_id?, filled(status.status_name.as_ref())?)))
    }
}

/// The statuses of assets.
pub struct Statuses {
    by_id: BTreeMap<i64, String>,
    /// The list may hold statuses of other things, too: the PSA did not look at what was asked for.
    mixed: bool,
    /// Statuses that some type of assets names.
    sure: BTreeSet<i64>,
}

impl Statuses {
    fn of(rows: Vec<wire::Status>, types: &Types) -> Self {
        let kinds: BTreeSet<i64> = rows.iter().filter_map(|row| row.kind).collect();
        let mut by_id: BTreeMap<i64, String> = rows
            .into_iter()
            .filter_map(|row| Some((row.id?, filled(row.name.as_ref())?.to_owned())))
            .collect();
        by_id.extend(types.statuses().map(|(id, name)| (id, name.to_owned())));
        Self { by_id, mixed: kinds.len() > 1, sure: types.statuses().map(|(id, _)| id).collect() }
    }

    pub fn names(&self) -> Vec<String> {
        self.by_id.values().cloned().collect()
    }

    pub fn name(&self, id: i64) -> Option<&str> {
        self.by_id.get(&id).map(String::as_str)
    }

    /// The ids that a name may mean, those that a type of assets names first.
    fn meant(&self, name: &str) -> Vec<i64> {
        let hits: Vec<i64> =
            self.by_id.iter().filter(|(_, other)| same_name(other, name)).map(|(id, _)| *id).collect();
        let sure: Vec<i64> = hits.iter().copied().filter(|id| self.sure.contains(id)).collect();
        if sure.is_empty() { hits } else { sure }
    }
}

impl HaloPsa {
    pub(super) async fn types(&self) -> Result<Arc<Types>> {
        let mut setup = self.setup.lock().await;
        if let Some(known) = &setup.types {
            return Ok(Arc::clone(known));
        }
        let rows = self.api.setup_list(&List::new("asset type", "/AssetType", "assettypes")).await?;
        let types = Arc::new(Types::of(rows));
        setup.types = Some(Arc::clone(&types));
        Ok(types)
    }

    pub(super) async fn statuses(&self) -> Result<Arc<Statuses>> {
        let types = match self.types().await {
            Err(error @ (PsaError::SignIn { .. } | PsaError::Unreachable { .. })) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "the types of assets cannot be read");
                Arc::new(Types::of(Vec::new()))
            }
            Ok(types) => types,
        };
        let mut setup = self.setup.lock().await;
        if let Some(known) = &setup.statuses {
            return Ok(Arc::clone(known));
        }
        let list = List::new("asset status", "/Status", "statuses").with("type", &"asset");
        let rows = match self.api.setup_list(&list).await {
            // The types name some, which may do.
            Err(PsaError::Permission { .. } | PsaError::Refused { .. })
                if types.statuses().next().is_some() =>
            {
                Vec::new()
            }
            rows => rows?,
        };
        let statuses = Arc::new(Statuses::of(rows, &types));
        setup.statuses = Some(Arc::clone(&statuses));
        Ok(statuses)
    }

    /// A status of assets by its name.
    pub(super) async fn status_by_name(&self, name: &str) -> Result<StatusRef> {
        let statuses = self.statuses().await?;
        let meant = statuses.meant(name);
        let found =
            |id: i64| StatusRef { id: id.to_string().into(), name: statuses.name(id).unwrap_or(name).into() };
        match meant[..] {
            [] => Err(unknown_name("asset status", name, statuses.by_id.values().map(String::as_str))),
            [id] if statuses.sure.contains(&id) || !statuses.mixed || self.is_borne(id).await? => {
                Ok(found(id))
            }
            [_] => Err(PsaError::Settings {
                message: format!(
                    "\"{name}\" is a status here, but the PSA does not say that it is one of assets; allow it for a type of assets (Configuration > Asset Management > Asset Types), or give it to one asset"
                ),
            }),
            _ => {
                let mut borne = Vec::new();
                for id in &meant {
                    if self.is_borne(*id).await? {
                        borne.push(*id);
                    }
                }
                match borne[..] {
                    [id] => Ok(found(id)),
                    _ => Err(PsaError::Settings {
                        message: format!(
                            "this PSA has more than one status \"{name}\"; rename one in Configuration > Asset Management > Asset Statuses"
                        ),
                    }),
                }
            }
        }
    }

    /// Whether a status is still there, by its id. Where the list of them may not be read, one that an asset has is.
    pub(super) async fn has_status_of_assets(&self, id: &str) -> Result<bool> {
        let Some(id) = super::number(id) else { return Ok(false) };
        Ok(self.statuses().await?.name(id).is_some() || self.is_borne(id).await?)
    }

    /// Whether some asset has this status.
    async fn is_borne(&self, status: i64) -> Result<bool> {
        let list = super::assets::everything().with("assetstatuses", &status);
        let rows: Vec<wire::Asset> = self.api.ask(&list, 1, PAGE, false).await?.rows;
        Ok(rows.iter().any(|row| row.status_id == Some(status)))
    }

    /// The top levels, by id.
    pub(super) async fn top_levels(&self) -> Result<BTreeMap<i64, String>> {
        let list = List::new("top level", "/TopLevel", "tree");
        let rows = self.api.proven_list(&list, &|_: &wire::Named| true, None).await?;
        Ok(rows
            .into_rows()
            .into_iter()
            .filter_map(|row| Some((row.id?, filled(row.name.as_ref())?.to_owned())))
            .collect())
    }

    /// The labels of the customer types in use, by number: the lookup that has every one of them, and the names that
    /// are asked for. Which lookup holds them is not documented.
    pub(super) async fn customer_types(
        &self,
        used: &BTreeSet<i64>,
        named: &[&str],
    ) -> Result<BTreeMap<i64, String>> {
        let list = List::new("lookup", "/Lookup", "lookups");
        let usual: Vec<wire::Lookup> =
            self.api.setup_list(&list.clone().with("lookupid", &CUSTOMER_TYPES)).await?;
        let usual = labels(usual.iter().filter(|row| row.lookupid.is_none_or(|of| of == CUSTOMER_TYPES)));
        let fits = |labels: &BTreeMap<i64, String>| {
            used.iter().all(|kind| labels.contains_key(kind))
                && named.iter().all(|name| labels.values().any(|label| same_name(label, name)))
        };
        if fits(&usual) {
            return Ok(usual);
        }
        let all: Vec<wire::Lookup> = self.api.setup_list(&list).await?;
        let lookups: BTreeSet<i64> = all.iter().filter_map(|row| row.lookupid).collect();
        let mut fitting = lookups
            .into_iter()
            .map(|lookup| labels(all.iter().filter(|row| row.lookupid == Some(lookup))))
            .filter(|labels| fits(labels));
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Ok(only),
            _ if used.iter().all(|kind| usual.contains_key(kind)) => Ok(usual),
            _ => Ok(BTreeMap::new()),
        }
    }

    /// Clients that the PSA itself leaves out as internal.
    pub(super) async fn internal(&self, everybody: &[wire::Client]) -> Result<Arc<BTreeSet<i64>>> {
        let mut setup = self.setup.lock().await;
        if let Some(known) = &setup.internal {
            return Ok(Arc::clone(known));
        }
        let list = super::clients::everybody().with("exclude_internal", &true);
        let customers = self.api.count(&list).await?;
        let internal = if customers == 0 || customers >= everybody.len() as u64 {
            BTreeSet::new()
        } else {
            let customers = self.api.proven_list(&list, &|_: &wire::Client| true, None).await?;
            let customers: BTreeSet<i64> = customers.rows().iter().filter_map(|row| row.id).collect();
            everybody.iter().filter_map(|row| row.id).filter(|id| !customers.contains(id)).collect()
        };
        let internal = Arc::new(internal);
        setup.internal = Some(Arc::clone(&internal));
        Ok(internal)
    }

    pub(super) async fn knows_internal(&self) -> bool {
        self.setup.lock().await.internal.is_some()
    }

    /// Forgets what was read of the setup; somebody may have changed it.
    pub(super) async fn forget_setup(&self) {
        *self.setup.lock().await = Setup::default();
    }
}

fn labels<'a>(rows: impl Iterator<Item = &'a wire::Lookup>) -> BTreeMap<i64, String> {
    rows.filter_map(|row| Some((row.id?, filled(row.name.as_ref())?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types() -> Types {
        Types::of(
            serde_json::from_str(
                r#"[{"id":130,"name":"Server","allowall_status":true},
                {"id":"131","name":"Switch","allowall_status":false,"allowed_status":[{"status_id":1,"status_name":"Active"},{"status_id":7,"status_name":"Retired"}]},
                {"id":132,"allowall_status":false}]"#,
            )
            .unwrap(),
        )
    }

    #[test]
    fn a_type_that_allows_some_statuses_refuses_the_others() {
        assert!(
            types().allows(130, 99)
                && types().allows(131, 7)
                && types().allows(132, 1)
                && types().allows(5, 1)
        );
        assert!(!types().allows(131, 99));
    }

    #[test]
    fn a_name_means_the_status_that_a_type_of_assets_names() {
        let rows = r#"[{"id":7,"name":"Retired","type":1},{"id":8,"name":" retired ","type":0},{"id":9,"name":"Closed","type":0}]"#;
        let statuses = Statuses::of(serde_json::from_str(rows).unwrap(), &types());
        assert_eq!(statuses.meant("RETIRED"), [7]);
        assert_eq!(statuses.meant("closed"), [9]);
        assert!(statuses.mixed && !statuses.sure.contains(&9));
    }
}
