//! What is in the tenant.

use mothball::simulator::{Layout, Options};
use serde_json::json;

use super::Caller;

#[tokio::test]
async fn a_configuration_is_listed_patched_and_the_write_is_logged() {
    let caller = Caller::start(Options::default()).await;
    let rows = caller.rows("/company/configurations?conditions=activeFlag=true&pageSize=1000").await;
    assert!(rows.len() > 300, "{}", rows.len());
    let id = rows[0]["id"].as_i64().unwrap();
    let (status, after) = caller
        .patch(
            &format!("/company/configurations/{id}"),
            json!([{"op": "replace", "path": "status", "value": {"id": 23}}, {"op": "replace", "path": "/activeFlag", "value": false}]),
        )
        .await;
    assert_eq!(
        (status, &after["activeFlag"], &after["status"]["name"]),
        (200, &json!(false), &json!("Decommissioned"))
    );
    let writes = caller.simulator.writes();
    assert_eq!(writes.len(), 1);
    assert_eq!(writes[0].record, format!("configuration/{id}"));
    let fields: Vec<&str> = writes[0].changes.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(fields, ["activeFlag", "status"]);
    let audit = caller.rows(&format!("/system/audittrail?type=Configuration&id={id}")).await;
    assert!(audit[0]["text"].as_str().unwrap().contains("<b>Decommissioned</b>"), "{audit:?}");
    assert_eq!(caller.simulator.notes(), Vec::<String>::new());
}

#[tokio::test]
async fn the_same_seed_gives_the_same_tenant_and_another_seed_another() {
    let truth = async |seed| Caller::start(Options { seed, ..Options::default() }).await.simulator.truth();
    let first = truth(1).await;
    assert_eq!(first, truth(1).await);
    assert_ne!(first, truth(2).await);
    assert_eq!(first.configurations.len(), 600);
    assert_eq!(first.companies.len(), 40 + 4);
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
