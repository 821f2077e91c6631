//! The custom field of clients that the criteria name. Lists carry such fields on some builds only.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    AT_ONCE, HaloPsa,
    clients::{everybody, one},
    wire::{self, filled},
};
use crate::{
    domain::{Listing, criteria::CustomField, text::same_name},
    psa::{
        PsaError, lenient::field_text, linking::MOST_SINGLE, listing::each, names::known_field, port::Result,
    },
};

/// What a row says of custom fields.
pub trait Fields {
    fn field(&self, wanted: &CustomField) -> Option<&wire::CustomField>;

    /// The value as text: of what is stored and what is shown, the one that the profile asks for, if it is one.
    fn custom_value(&self, wanted: &CustomField) -> Option<String>;
}

impl Fields for wire::Client {
    fn field(&self, wanted: &CustomField) -> Option<&wire::CustomField> {
        self.customfields.iter().flatten().find(|field| is_called(field, &wanted.name))
    }

    fn custom_value(&self, wanted: &CustomField) -> Option<String> {
        let field = self.field(wanted)?;
        let mut texts: Vec<String> =
            filled(field.display.as_ref()).into_iter().map(ToOwned::to_owned).collect();
        texts.extend(value_texts(&field.value, &wanted.value));
        let hit = texts.iter().position(|text| same_name(text, &wanted.value)).unwrap_or(0);
        (hit < texts.len()).then(|| texts.swap_remove(hit))
    }
}

/// The vendor puts `CF` before the names of custom fields; people know the label.
fn is_called(field: &wire::CustomField, name: &str) -> bool {
    let plain = field.name.as_deref().map(|name| name.strip_prefix("CF").unwrap_or(name));
    [field.name.as_deref(), plain, field.label.as_deref()]
        .into_iter()
        .flatten()
        .any(|known| same_name(known, name))
}

/// A value, or those of a selection of several.
fn value_texts(value: &Value, wanted: &str) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(|value| value_texts(value, wanted)).collect(),
        Value::Object(members) => ["display", "name", "label", "value", "id"]
            .into_iter()
            .filter_map(|name| members.get(name))
            .flat_map(|value| value_texts(value, wanted))
            .collect(),
        value => field_text(value, wanted).into_iter().collect(),
    }
}

/// The same clients with the custom field, however much has to be asked for it. `whole`: these are all clients.
pub async fn complete(
    psa: &HaloPsa,
    listing: Listing<wire::Client>,
    wanted: &CustomField,
    whole: bool,
) -> Result<Listing<wire::Client>> {
    if listing.rows().is_empty() || listing.rows().iter().any(|row| row.field(wanted).is_some()) {
        return Ok(listing);
    }
    if listing.rows().iter().any(|row| row.customfields.as_ref().is_some_and(|fields| !fields.is_empty())) {
        // These rows do carry fields. One that nobody filled is left out; one that does not exist is a mistake.
        return known(psa, &listing, wanted, whole).await.map(|_| listing);
    }
    let Some(id) = known(psa, &listing, wanted, whole).await? else { return Ok(listing) };
    if whole {
        let list = everybody().with("include_custom_fields", &id);
        let carried = psa.api.proven_list(&list, &|_: &wire::Client| true, None).await?;
        if carried.rows().iter().any(|row| row.field(wanted).is_some()) {
            return Ok(carried);
        }
    }
    // Only the records themselves carry it here.
    let ids: Vec<i64> = listing.rows().iter().filter_map(|row| row.id).collect();
    if ids.len() > MOST_SINGLE {
        return Err(PsaError::Settings {
            message: format!(
                "this PSA shows the custom field \"{}\" on single clients only, and {} of them would have to be asked for; use another criterion",
                wanted.name,
                ids.len()
            ),
        });
    }
    let mut records = each(ids, AT_ONCE, |id| one(psa, id)).await?.into_iter().flatten().collect::<Vec<_>>();
    Ok(listing.map(|mut row| {
        if let Some(at) = records.iter().position(|record| record.id == row.id) {
            row.customfields = records.swap_remove(at).customfields;
        }
        row
    }))
}

/// The field's id, looked for on one record. A field that no client has is a mistake in the settings.
async fn known(
    psa: &HaloPsa,
    listing: &Listing<wire::Client>,
    wanted: &CustomField,
    whole: bool,
) -> Result<Option<i64>> {
    let Some(id) = listing.rows().iter().find_map(|row| row.id) else { return Ok(None) };
    let Some(record) = one(psa, id).await? else { return Ok(None) };
    if let Some(field) = record.field(wanted) {
        return Ok(field.id);
    }
    if whole {
        let names: BTreeSet<&str> = listing
            .rows()
            .iter()
            .chain([&record])
            .flat_map(|row| row.customfields.iter().flatten())
            .filter_map(|field| filled(field.label.as_ref()).or(filled(field.name.as_ref())))
            .collect();
        known_field("custom field of clients", wanted, names)?;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str, name: &str, wanted: &str) -> Option<String> {
        let row: wire::Client =
            serde_json::from_str(&format!(r#"{{"id":2,"customfields":[{json}]}}"#)).unwrap();
        row.custom_value(&CustomField { name: name.into(), value: wanted.into() })
    }

    #[test]
    fn a_field_is_found_by_name_or_label_and_matched_by_value_or_display() {
        let select = r#"{"id":7,"name":"CFOffboarded","label":"Has left","value":1,"display":"Yes"}"#;
        for (name, wanted, found) in
            [("CFOffboarded", "Yes", "Yes"), ("offboarded", "1", "1"), ("has left", "No", "Yes")]
        {
            assert_eq!(value(select, name, wanted).as_deref(), Some(found), "{name} {wanted}");
        }
        assert_eq!(value(select, "Other", "Yes"), None);
        assert_eq!(value(r#"{"name":"CFGone","value":true}"#, "Gone", "Yes").as_deref(), Some("yes"));
        assert_eq!(value(r#"{"name":"CFGone","value":null}"#, "Gone", "Yes"), None);
        let several =
            r#"{"name":"CFTags","value":[{"id":1,"name":"A"},{"id":2,"name":"Gone"}],"display":"A, Gone"}"#;
        assert_eq!(value(several, "Tags", "gone").as_deref(), Some("Gone"));
    }
}
