//! Every switch has an effect.

use mothball::simulator::{Options, Switches, autotask::State};
use serde_json::{Value, json};

use super::{Caller, all, answer, texts};

async fn zone(caller: &Caller) -> String {
    let url = format!(
        "{}/atservicesrest/v1.0/zoneInformation?user=api%40fabrikam.example",
        caller.simulator.base_url()
    );
    answer(caller.http.get(url)).await.1["url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_zone_may_be_wrong_at_first() {
    let caller = Caller::with(&["wrong_zone_first=true"]).await;
    let (first, second) = (zone(&caller).await, zone(&caller).await);
    assert!(
        first.ends_with("/zone9/ATServicesRest/")
            && second == format!("{}/ATServicesRest/", caller.simulator.base_url())
    );
    assert_eq!(caller.get(&format!("{first}V1.0/Version")).await.0, 401);
    assert_eq!(caller.get(&format!("{second}V1.0/Version")).await.0, 200);
    assert_eq!(caller.simulator.notes(), Vec::<String>::new());
}

#[tokio::test]
async fn the_tenant_may_move_to_another_zone() {
    let caller = Caller::with(&["zone_moves_after=2"]).await;
    let old = zone(&caller).await;
    for status in [200, 200, 401, 401] {
        assert_eq!(caller.get(&format!("{old}V1.0/Version")).await.0, status);
    }
    let new = zone(&caller).await;
    assert!(new.ends_with("/zone2/ATServicesRest/"), "{new}");
    let body = json!({ "maxRecords": 1, "filter": all() });
    let (status, page) = caller.send("POST", &format!("{new}V1.0/Companies/query"), body).await;
    assert_eq!(status, 200);
    assert!(page["pageDetails"]["nextPageUrl"].as_str().unwrap().starts_with(&new));
}

#[tokio::test]
async fn a_401_may_be_empty_and_refusals_may_lock_the_user() {
    let caller = Caller::with(&["unauthorized_body=empty", "locks_after=2"]).await;
    let own = caller.simulator.credentials();
    let sign_in = async |secret: &str| {
        let request = caller.http.get(caller.url("/Version")).header("UserName", &own["user_name"]);
        answer(request.header("Secret", secret).header("ApiIntegrationCode", &own["integration_code"])).await
    };
    assert_eq!(sign_in("x").await, (401, json!("")));
    assert_eq!(sign_in(&own["secret"]).await.0, 200);
    assert_eq!((sign_in("x").await.0, sign_in("x").await.0), (401, 401));
    assert_eq!(sign_in(&own["secret"]).await.0, 401);
}

#[tokio::test]
async fn answers_have_other_shapes() {
    let caller = Caller::with(&[
        "missing_is_404=true",
        "error_objects=true",
        "dates=bare",
        "queries_show_less=true",
        "soap_entity_name=true",
    ])
    .await;
    let (status, body) = caller.get("/ConfigurationItems/999999999").await;
    assert!(status == 404 && body["Message"].is_string());
    let (_, body) = caller
        .send(
            "POST",
            "/ConfigurationItems/query",
            json!({ "filter": [{ "op": "eq", "field": "x", "value": 1 }] }),
        )
        .await;
    assert_eq!(body["errors"], json!([{ "message": "Unable to find x in the InstalledProduct Entity." }]));
    caller.simulator.set_faults("400".parse().unwrap());
    assert!(
        caller.patch(json!({ "id": 1001, "isActive": false })).await.1["errors"][0]["message"].is_string()
    );
    caller.simulator.set_faults(mothball::simulator::faults::Plan::none());
    let (_, info) = caller.get("/ConfigurationItems/entityInformation").await;
    assert_eq!(info["info"]["name"], "InstalledProduct");
    let row = caller.query("ConfigurationItems", all()).await[0].clone();
    let one = caller.item("ConfigurationItems", &row["id"].to_string()).await;
    let time = one["createDate"].as_str().unwrap();
    assert!(time.contains('T') && !time.ends_with('Z'), "{time}");
    assert!(row.get("notes").is_none() && one.get("notes").is_some());
}

#[tokio::test]
async fn queries_mean_other_things() {
    let usual = Caller::with(&[]).await;
    let other = Caller::with(&[
        "non_queryable_refused=false",
        "negations_match_empty=true",
        "list_udf_matches_label=true",
    ])
    .await;
    let one = |op: &str, field: &str, value: Value| json!([{ "op": op, "field": field, "value": value }]);
    let person = one("eq", "lastActivityPersonType", json!(1));
    assert_eq!(usual.send("POST", "/ConfigurationItems/query", json!({ "filter": person })).await.0, 500);
    assert!(!other.query("ConfigurationItems", person).await.is_empty());
    for negation in [one("noteq", "contractID", json!(1)), one("notIn", "contractID", json!([1]))] {
        let (few, many) = (
            usual.count("ConfigurationItems", negation.clone()).await,
            other.count("ConfigurationItems", negation).await,
        );
        assert!(few < many && many == 600, "{few} {many}");
    }
    let tier = |value: &str| json!([{ "op": "eq", "field": "Service Tier", "value": value, "udf": true }]);
    assert!(
        usual.count("Companies", tier("1")).await > 0 && usual.count("Companies", tier("gold")).await == 0
    );
    assert!(
        other.count("Companies", tier("gold")).await > 0 && other.count("Companies", tier("1")).await == 0
    );
}

#[tokio::test]
async fn saves_mean_other_things() {
    let caller =
        Caller::with(&["read_only=ignored", "patch_validates_all=true", "cascades_to_children=true"]).await;
    let truth = caller.simulator.truth();
    let blocked: Vec<_> =
        truth.configurations.values().filter(|row| row.is_active() && row.blocked.is_some()).collect();
    let said =
        |text: &str| blocked.iter().find(|row| row.blocked.as_deref().unwrap().contains(text)).unwrap();
    for row in [said("Disposal Method"), said("productID")] {
        let (status, body) = caller.patch(json!({ "id": row.id, "isActive": false })).await;
        assert!(status == 500 && texts(&body).contains(&row.blocked.as_deref().unwrap()), "{body}");
    }
    let parent = truth
        .configurations
        .values()
        .find(|row| row.is_active() && row.blocked.is_none() && !row.active_children.is_empty())
        .unwrap();
    assert_eq!(caller.patch(json!({ "id": parent.id, "isActive": false, "companyID": 0 })).await.0, 200);
    let after = caller.simulator.truth();
    assert_eq!(after.configurations[&parent.id].company, parent.company);
    assert!(parent.active_children.iter().all(|child| !after.configurations[child].is_active()));
    // The client made one change; the others are the vendor's.
    assert_eq!(caller.simulator.writes().len(), 1);
    assert_eq!(caller.simulator.all_writes().len(), 1 + parent.active_children.len());
}

#[tokio::test]
async fn a_first_patch_may_be_taken_back() {
    let caller = Caller::with(&["first_patch_reverts=true"]).await;
    let truth = caller.simulator.truth();
    let id = &truth.configurations.values().find(|row| row.is_active()).unwrap().id;
    for active in [true, false] {
        assert_eq!(caller.patch(json!({ "id": id, "isActive": false })).await.0, 200);
        assert_eq!(caller.item("ConfigurationItems", id).await["isActive"], active);
    }
}

#[tokio::test]
async fn a_contrary_tenant_still_does_the_job() {
    let switches = Switches::contrary();
    let caller = Caller::start(Options { switches, ..Options::default() }).await;
    zone(&caller).await;
    let base = zone(&caller).await;
    let truth = caller.simulator.truth();
    let free = truth
        .configurations
        .values()
        .find(|row| row.is_active() && row.blocked.is_none() && row.company != "0")
        .unwrap();
    let filter = json!([{ "op": "in", "field": "companyID", "value": [free.company.parse::<i64>().unwrap()] }, { "op": "eq", "field": "isActive", "value": true }]);
    let (status, page) = caller
        .send("POST", &format!("{base}V1.0/ConfigurationItems/query"), json!({ "filter": filter }))
        .await;
    assert_eq!(status, 200, "{page}");
    assert!(page["items"].as_array().unwrap().iter().any(|row| row["id"].as_i64() == free.id.parse().ok()));
    let (status, body) = caller
        .send("PATCH", &format!("{base}V1.0/ConfigurationItems"), json!({ "id": free.id, "isActive": false }))
        .await;
    assert_eq!(status, 200, "{body}");
    assert!(!caller.simulator.truth().configurations[&free.id].is_active());
}

#[tokio::test]
async fn a_renamed_user_defined_field_is_known_by_its_new_name_alone() {
    let caller = Caller::with(&[]).await;
    caller.simulator.edit_state(|state: &mut State| state.rename_udf("Offboarded", "Client Left"));
    let by = |name: &str| json!({ "filter": [{ "op": "eq", "field": name, "value": "Yes", "udf": true }] });
    assert_eq!(caller.send("POST", "/Companies/query", by("Offboarded")).await.0, 500);
    let (status, page) = caller.send("POST", "/Companies/query", by("Client Left")).await;
    assert!(status == 200 && !page["items"].as_array().unwrap().is_empty());
}

#[test]
fn every_switch_has_a_contrary_value_except_those_that_leave_nothing_to_do() {
    let values = |switches: Switches| serde_json::to_value(switches).unwrap()["autotask"].take();
    let (usual, contrary) = (values(Switches::default()), values(Switches::contrary()));
    let same: Vec<&String> = usual
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, value)| contrary[*name] == **value)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(same, ["empty_entities", "first_patch_reverts", "may_edit", "pool", "refused_entities"]);
    let error = Switches::default().set("autotask", "zone_moves=5").unwrap_err().to_string();
    assert!(error.contains("did you mean \"zone_moves_after\""), "{error}");
}
