//! What the vendors' files, as they are cut, leave out of notes: put in from where it is known.

use serde_json::{Value, json};

/// Notes of tickets are, in the vendor's whole file, what configurations of tickets are, with the model `ServiceNote`
/// (ai-connor/connectwise, `model_service_note.go`, of version 2025.8).
pub fn connectwise(document: &mut Value) {
    let paths = document["paths"].as_object_mut().expect("the file has paths");
    for ending in ["", "/count"] {
        let known = paths[&format!("/service/tickets/{{parentId}}/configurations{ending}")].to_string();
        let made = known.replace("ConfigurationReference", "ServiceNote");
        let made = serde_json::from_str(&made).expect("it was JSON before");
        paths.insert(format!("/service/tickets/{{parentId}}/notes{ending}"), made);
    }
    let flag = json!({ "type": "boolean", "nullable": true });
    let text = json!({ "type": "string" });
    document["components"]["schemas"]["ServiceNote"] = json!({ "type": "object", "properties": {
        "id": { "type": "integer" }, "ticketId": { "type": "integer", "nullable": true }, "text": text,
        "detailDescriptionFlag": flag, "internalAnalysisFlag": flag, "resolutionFlag": flag, "issueFlag": flag,
        "member": { "type": "object", "additionalProperties": true },
        "contact": { "type": "object", "additionalProperties": true },
        "customerUpdatedFlag": flag, "processNotifications": flag, "dateCreated": text, "createdBy": text,
        "internalFlag": flag, "externalFlag": flag, "sentimentScore": { "type": "number", "nullable": true },
        "_info": { "type": "object", "additionalProperties": true },
    }});
}

/// Notes of tickets are what notes of items are, with three more fields (aenichols/ATREST-CSharp-Client,
/// `docs/TicketNotesChildApi.md` and `docs/TicketNoteModel.md`).
pub fn autotask(document: &mut Value) {
    let renamed = |value: &Value| -> Value {
        let text = value.to_string().replace("ConfigurationItemNote", "TicketNote");
        serde_json::from_str(&text).expect("it was JSON before")
    };
    let paths = document["paths"].as_object_mut().expect("the file has paths");
    let known: Vec<(String, Value)> =
        paths.iter().map(|(path, operations)| (path.clone(), operations.clone())).collect();
    for (path, operations) in known {
        if path.contains("/ConfigurationItemNotes/") {
            paths.insert(path.replace("ConfigurationItemNotes", "TicketNotes"), renamed(&operations));
        } else if path.contains("/ConfigurationItems/{parentId}/Notes") {
            paths.insert(path.replace("ConfigurationItems", "Tickets"), renamed(&operations));
        }
    }
    let schemas = document["components"]["schemas"].as_object_mut().expect("the file has schemas");
    for name in ["Model", "ItemResult", "QueryResult"] {
        let made = renamed(&schemas[&format!("ConfigurationItemNote{name}")]);
        schemas.insert(format!("TicketNote{name}"), made);
    }
    let fields = schemas["TicketNoteModel"]["properties"].as_object_mut().expect("it has fields");
    fields.remove("configurationItemID");
    for name in ["ticketID", "publish", "createdByContactID"] {
        fields.insert(name.to_owned(), json!({ "type": "integer", "format": "int32", "nullable": true }));
    }
}

/// Actions, as far as they are sent and answered here (covenanttechnologysolutions/halopsa-rest,
/// `src/HaloPSA/ActionsAPI.ts`; the members as in Angelic-Software/angelic and CloudRadial's recorded request).
pub fn halopsa(document: &mut Value) {
    let flag = json!({ "type": "boolean", "nullable": true });
    let text = json!({ "type": "string", "nullable": true });
    let number = json!({ "type": "integer", "format": "int32", "nullable": true });
    document["components"]["schemas"]["Actions"] = json!({ "type": "object", "properties": {
        "id": number, "ticket_id": number, "outcome": text, "outcome_id": number, "who": text, "datetime": text,
        "note": text, "note_html": text, "hiddenfromuser": flag, "sendemail": flag, "send_survey": flag,
        "dont_do_rules": flag, "new_status": number,
    }});
    let parameter =
        |name: &str, kind: &str| json!({ "name": name, "in": "query", "schema": { "type": kind } });
    let action = json!({ "$ref": "#/components/schemas/Actions" });
    let content = |schema: Value| json!({ "content": { "application/json": { "schema": schema } } });
    let refused = json!({ "description": "no" });
    // The events of webhooks are bound by notifications, posted as webhooks are (the sheet; the model is in the file).
    let posted =
        document["paths"]["/Webhook"]["post"].to_string().replace("/Webhook\"", "/UnameNotification\"");
    document["paths"]["/Notification"]["post"] = serde_json::from_str(&posted).expect("it was JSON before");
    document["paths"]["/Actions"] = json!({
        "get": {
            "parameters": [
                parameter("ticket_id", "integer"),
                parameter("count", "integer"),
                parameter("includehtmlnote", "boolean"),
                parameter("excludesys", "boolean"),
            ],
            "responses": { "200": content(json!({ "type": "object", "properties": {
                "record_count": { "type": "integer" }, "actions": { "type": "array", "items": action },
            }})) },
        },
        "post": {
            "requestBody": content(json!({ "type": "array", "items": action })),
            "responses": {
                "201": content(action),
                "400": content(json!({})),
                "401": refused, "403": refused, "404": refused,
            },
        },
    });
}
