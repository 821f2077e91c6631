//! What is in the tenant.

use mothball::simulator::{Layout, Options};
use serde_json::{Value, json};

use super::Caller;

#[tokio::test]
async fn an_item_is_listed_patched_and_the_write_is_logged() {
    let caller = Caller::start(Options::default()).await;
    let rows =
        caller.query("ConfigurationItems", json!([{ "op": "eq", "field": "isActive", "value": true }])).await;
    assert!(rows.len() > 300, "{}", rows.len());
    let id = &rows[0]["id"];
    assert_eq!(caller.patch(json!({ "id": id, "isActive": false })).await, (200, json!({ "itemId": id })));
    let after = caller.item("ConfigurationItems", &id.to_string()).await;
    assert_eq!(after["isActive"], json!(false));
    assert_ne!(after["lastModifiedTime"], rows[0]["lastModifiedTime"]);
    let writes = caller.simulator.writes();
    assert_eq!(writes.len(), 1);
    assert_eq!(
        (&writes[0].record, &writes[0].client),
        (&format!("configuration/{id}"), &rows[0]["companyID"].to_string())
    );
    let change = &writes[0].changes[0];
    assert_eq!(
        (change.field.as_str(), &change.before, &change.after),
        ("isActive", &json!(true), &Value::Bool(false))
    );
    assert_eq!(writes[0].changes.len(), 1);
    assert_eq!(caller.simulator.notes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_uniform_tenant_has_exactly_what_was_asked() {
    let layout = Layout::Uniform { offboarded: 500, each: 50 };
    let caller = Caller::start(Options { layout, ..Options::default() }).await;
    let truth = caller.simulator.truth();
    let gone: Vec<_> =
        truth.companies.values().filter(|company| company.offboarded.any() && !company.own).collect();
    assert_eq!(gone.len(), 500);
    for company in gone {
        let theirs = truth.configurations.values().filter(|row| row.company == company.id && row.is_active());
        assert_eq!(theirs.count(), 50);
    }
}
