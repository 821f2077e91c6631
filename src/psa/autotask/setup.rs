//! The tenant's own words: picklists, user-defined fields, and the names of what rows only number. Read once,
//! because these questions count like any other.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tokio::sync::Mutex;

use super::{Autotask, client::Api, paging::List, wire};
use crate::{
    domain::{Label, text::same_name},
    psa::{PsaError, lenient::filled, port::Result},
};

/// What was read of the tenant's setup.
#[derive(Default)]
pub struct Setup {
    picklists: Mutex<BTreeMap<&'static str, Arc<Picklists>>>,
    names: Mutex<BTreeMap<&'static str, Arc<BTreeMap<i64, Label>>>>,
    /// Names that are asked for by id, as far as they were needed.
    some_names: Mutex<BTreeMap<(&'static str, i64), Option<Label>>>,
    company_fields: Mutex<Option<Arc<Vec<UserDefinedField>>>>,
}

impl Setup {
    pub async fn forget(&self) {
        self.picklists.lock().await.clear();
        self.names.lock().await.clear();
        self.some_names.lock().await.clear();
        *self.company_fields.lock().await = None;
    }
}

/// A value that a field may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub value: i64,
    pub label: String,
    /// Values that are not offered any more still stand in rows.
    pub active: bool,
    /// What the tenant takes where nothing is said.
    pub default: bool,
}

/// The picklists of an entity, by field.
#[derive(Debug, Clone, Default)]
pub struct Picklists(BTreeMap<String, Vec<Choice>>);

impl Picklists {
    pub fn of(fields: wire::Fields) -> Self {
        let mut lists = BTreeMap::new();
        for field in fields.fields.unwrap_or_default() {
            let choices: Vec<Choice> = field
                .picklist_values
                .unwrap_or_default()
                .into_iter()
                .filter_map(|choice| {
                    Some(Choice {
                        // A text, although the rows hold a number.
                        value: choice.value?.trim().parse().ok()?,
                        label: filled(choice.label.as_ref())?.to_owned(),
                        active: choice.is_active != Some(false),
                        default: choice.is_default_value == Some(true),
                    })
                })
                .collect();
            if let Some(name) = field.name {
                lists.insert(name.to_lowercase(), choices);
            }
        }
        Self(lists)
    }

    /// The choices of a field; none if it has no picklist.
    pub fn of_field(&self, field: &str) -> &[Choice] {
        self.0.get(&field.to_lowercase()).map_or(&[], Vec::as_slice)
    }

    pub fn label(&self, field: &str, value: Option<i64>) -> Option<&str> {
        let value = value?;
        let choice = self.of_field(field).iter().find(|choice| choice.value == value)?;
        Some(&choice.label)
    }

    /// The values of a field whose label is one of these words.
    pub fn labelled(&self, field: &str, words: &[&str]) -> Vec<i64> {
        let is_one = |label: &str| words.iter().any(|word| same_name(word, label));
        self.of_field(field)
            .iter()
            .filter(|choice| is_one(&choice.label))
            .map(|choice| choice.value)
            .collect()
    }
}

/// A user-defined field of companies.
#[derive(Debug, Clone)]
pub struct UserDefinedField {
    pub name: String,
    pub label: String,
    pub queryable: bool,
    /// Its choices, where it is a list: what is stored, and what people see.
    pub choices: Vec<(String, String)>,
}

impl UserDefinedField {
    fn of(field: wire::Field) -> Option<Self> {
        let name = filled(field.name.as_ref())?.to_owned();
        let label = filled(field.label.as_ref()).unwrap_or(&name).to_owned();
        let choices = field
            .picklist_values
            .unwrap_or_default()
            .into_iter()
            .filter_map(|choice| {
                Some((filled(choice.value.as_ref())?.to_owned(), choice.label.unwrap_or_default()))
            })
            .collect();
        Some(Self { name, label, queryable: field.is_queryable != Some(false), choices })
    }

    /// A field that stores what people see.
    pub fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), label: name.to_owned(), queryable: true, choices: Vec::new() }
    }

    /// The texts that may be stored where `wanted` is meant. Whether a list stores its values or their labels is not
    /// certain [L].
    pub fn stored(&self, wanted: &str) -> Vec<String> {
        let mut texts = vec![wanted.trim().to_owned()];
        for (value, label) in &self.choices {
            if (same_name(label, wanted) || same_name(value, wanted)) && !texts.contains(value) {
                texts.push(value.clone());
            }
        }
        texts
    }

    /// What a stored text means to people.
    pub fn shown(&self, stored: &str) -> String {
        let choice = self.choices.iter().find(|(value, _)| same_name(value, stored));
        choice.map_or(stored, |(_, label)| filled(Some(label)).unwrap_or(stored)).to_owned()
    }
}

impl Autotask {
    /// The picklists of an entity.
    pub(super) async fn picklists(&self, entity: &'static str) -> Result<Arc<Picklists>> {
        let mut known = self.setup.picklists.lock().await;
        if let Some(known) = known.get(entity) {
            return Ok(Arc::clone(known));
        }
        let fields: wire::Fields = self.api.about(entity, "entityInformation/fields").await?;
        let read = Arc::new(Picklists::of(fields));
        known.insert(entity, Arc::clone(&read));
        Ok(read)
    }

    /// The user-defined fields of companies.
    pub(super) async fn company_fields(&self) -> Result<Arc<Vec<UserDefinedField>>> {
        let mut known = self.setup.company_fields.lock().await;
        if let Some(known) = &*known {
            return Ok(Arc::clone(known));
        }
        let fields: wire::Fields =
            self.api.about(super::companies::ENTITY, "entityInformation/userDefinedFields").await?;
        let read: Arc<Vec<UserDefinedField>> = Arc::new(
            fields.fields.unwrap_or_default().into_iter().filter_map(UserDefinedField::of).collect(),
        );
        *known = Some(Arc::clone(&read));
        Ok(read)
    }

    /// All names of a short list, such as categories.
    pub(super) async fn names(&self, entity: &'static str) -> Result<Arc<BTreeMap<i64, Label>>> {
        let mut known = self.setup.names.lock().await;
        if let Some(known) = known.get(entity) {
            return Ok(Arc::clone(known));
        }
        let list = List::all("name", entity, &["id", "name"]);
        let rows: Vec<wire::Named> = self.api.short_list(&list).await?;
        let read: Arc<BTreeMap<i64, Label>> =
            Arc::new(rows.into_iter().filter_map(|row| Some((row.id?, row.name?))).collect());
        known.insert(entity, Arc::clone(&read));
        Ok(read)
    }

    /// The names of a few of many, by id. Each is asked for once.
    pub(super) async fn names_of(
        &self,
        entity: &'static str,
        ids: impl IntoIterator<Item = i64>,
    ) -> Result<BTreeMap<i64, Label>> {
        let ids: BTreeSet<i64> = ids.into_iter().collect();
        let mut known = self.setup.some_names.lock().await;
        let missing: Vec<i64> =
            ids.iter().copied().filter(|id| !known.contains_key(&(entity, *id))).collect();
        let rows = named(&self.api, entity, &missing).await?;
        known.extend(missing.iter().map(|id| ((entity, *id), rows.get(id).cloned())));
        Ok(ids.into_iter().filter_map(|id| Some((id, known.get(&(entity, id))?.clone()?))).collect())
    }
}

async fn named(api: &Api, entity: &'static str, ids: &[i64]) -> Result<BTreeMap<i64, Label>> {
    let list = List::all("name", entity, &["id", "name"]);
    let mut rows = BTreeMap::new();
    for chunk in super::paging::batches(ids) {
        let list = list.clone().when(super::filter::Filter::one_of("id", &chunk));
        let found: Vec<wire::Named> = api.short_list(&list).await?;
        rows.extend(found.into_iter().filter_map(|row| Some((row.id?, row.name?))));
    }
    Ok(rows)
}

/// What serves only to show a record may be missing: without the right to read it, its number does.
pub fn spared<T: Default>(what: &str, read: Result<T>) -> Result<T> {
    match read {
        Err(
            error @ (PsaError::Permission { .. } | PsaError::Refused { .. } | PsaError::Unreadable { .. }),
        ) => {
            tracing::warn!(%error, what, "names cannot be read");
            Ok(T::default())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> wire::Fields {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_picklist_holds_texts_for_numbers_and_keeps_what_is_no_longer_offered() {
        let lists = Picklists::of(fields(
            r#"{"fields":[{"name":"companyType","isPickList":true,"picklistValues":[
                {"value":"1","label":"Customer","isActive":true},{"value":"6","label":"Cancelation","isActive":false},
                {"value":7,"label":"Vendor"},{"value":"x","label":"Broken"}]},{"name":"companyName","picklistValues":null}]}"#,
        ));
        assert_eq!(lists.label("companyType", Some(6)), Some("Cancelation"));
        assert_eq!(lists.of_field("companytype").iter().filter(|choice| choice.active).count(), 2);
        assert_eq!(lists.labelled("companyType", &["cancelation", "vendor"]), [6, 7]);
        assert!(lists.of_field("companyName").is_empty());
    }

    #[test]
    fn a_list_field_is_asked_for_by_what_it_stores_and_by_what_it_shows() {
        let field = UserDefinedField::of(
            fields(
                r#"{"fields":[{"name":"Offboarded","label":"Has left","isPickList":true,
                "picklistValues":[{"value":"17","label":"Yes"},{"value":"18","label":"No"}]}]}"#,
            )
            .fields
            .unwrap()
            .remove(0),
        )
        .unwrap();
        assert_eq!(field.stored(" yes"), ["yes", "17"]);
        assert_eq!(field.shown("17"), "Yes");
        assert_eq!(field.shown("Yes"), "Yes");
        assert_eq!(field.stored("maybe"), ["maybe"]);
    }
}
