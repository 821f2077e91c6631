//! Metadata: what an entity is, its fields with their picklists, its user-defined fields, and what the site says of itself.

use serde_json::{Value, json};

use super::{
    entities::{CHILDREN, Entity, Field, Kind},
    state::{Pick, State, UdfKind},
};
use crate::simulator::exchange::Reply;

/// No access, and all of it.
const NONE: u8 = 0;
const ALL: u8 = 1;

pub(super) fn version_information() -> Reply {
    Reply::json(200, json!({ "apiVersions": ["1.0"] }))
}

pub(super) fn version() -> Reply {
    Reply::json(
        200,
        json!({ "majorVersion": "2026", "minorVersion": "3", "build": "1.0.517", "customerType": "Production" }),
    )
}

/// What may be done with an entity, by the security level of the API user.
pub(super) fn entity(state: &State, entity: &'static Entity) -> Reply {
    let refused = state.switches.refused_entities.iter().any(|path| path.eq_ignore_ascii_case(entity.path));
    // What hangs below a record is made there.
    let mut below = CHILDREN.iter().filter(|kin| kin.entity == entity.path);
    let create = entity.create || below.next().is_some();
    let update =
        entity.update && !refused && (state.switches.may_edit || entity.path != "ConfigurationItems");
    let level = |allowed: bool| if allowed { ALL } else { NONE };
    let info = json!({
        "name": state.entity_name(entity),
        "canCreate": create,
        "canDelete": entity.delete,
        "canQuery": true,
        "canUpdate": entity.update,
        "userAccessForCreate": level(create && !refused),
        "userAccessForDelete": level(entity.delete && !refused),
        "userAccessForQuery": level(!refused),
        "userAccessForUpdate": level(update),
        "hasUserDefinedFields": entity.udfs,
        "supportsWebhookCallouts": entity.callouts,
    });
    Reply::json(200, json!({ "info": info }))
}

pub(super) fn fields(state: &State, entity: &'static Entity) -> Reply {
    let shown: Vec<Value> = entity.fields.iter().map(|field| described(state, entity.path, field)).collect();
    Reply::json(200, json!({ "fields": shown }))
}

fn described(state: &State, path: &str, field: &Field) -> Value {
    let values: Value = if field.picklist {
        state.picks(path, field.name).iter().enumerate().map(|(place, pick)| shown(pick, place)).collect()
    } else {
        Value::Null
    };
    let kind = match field.kind {
        Kind::Int => "integer",
        Kind::Long => "long",
        Kind::Double => "decimal",
        Kind::Text => "string",
        Kind::Flag => "boolean",
        Kind::Date => "datetime",
    };
    json!({
        "name": field.name,
        "dataType": kind,
        "length": field.length.unwrap_or(0),
        "isRequired": field.required,
        "isReadOnly": field.read_only,
        "isQueryable": field.queryable,
        "isReference": field.refers.is_some(),
        "referenceEntityType": field.refers.unwrap_or(""),
        "isPickList": field.picklist,
        "picklistValues": values,
        "picklistParentValueField": "",
        "isSupportedWebhookField": field.watched,
    })
}

/// A value of a picklist: as a string, though the rows hold a number.
fn shown(pick: &Pick, place: usize) -> Value {
    json!({
        "value": pick.value.to_string(),
        "label": pick.label,
        "isDefaultValue": place == 0,
        "sortOrder": place + 1,
        "parentValue": "",
        "isActive": pick.active,
        "isSystem": pick.system,
    })
}

pub(super) fn user_defined_fields(state: &State, entity: &'static Entity) -> Reply {
    let shown = state.udfs_of(entity.path).map(|udf| {
        let (kind, length) = match udf.kind {
            UdfKind::Date => ("datetime", 0),
            UdfKind::Text | UdfKind::List => ("string", 255),
        };
        let values: Value = match udf.kind {
            UdfKind::List => udf
                .list
                .iter()
                .enumerate()
                .map(|(place, (value, label, active))| {
                    json!({
                        "value": value, "label": label, "isDefaultValue": false, "sortOrder": place + 1,
                        "parentValue": "", "isActive": active, "isSystem": false,
                    })
                })
                .collect(),
            _ => Value::Null,
        };
        json!({
            "name": udf.name,
            "label": udf.name,
            "type": kind,
            "length": length,
            "description": "",
            "isRequired": udf.required,
            "isReadOnly": false,
            "isQueryable": !udf.protected,
            "isReference": false,
            "referenceEntityType": "",
            "isPickList": udf.kind == UdfKind::List,
            "picklistValues": values,
            "defaultValue": null,
        })
    });
    Reply::json(200, json!({ "fields": shown.collect::<Vec<_>>() }))
}
