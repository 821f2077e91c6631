//! PATCH: what it changes, what it only pretends to change, and what it refuses.

use mothball::simulator::{Options, Switches, connectwise};
use serde_json::{Value, json};

use super::Caller;

struct Bench {
    caller: Caller,
    id: i64,
}

impl Bench {
    async fn new(switch: impl FnOnce(&mut connectwise::Switches)) -> Self {
        let mut switches = Switches::default();
        switch(&mut switches.connectwise);
        let caller = Caller::start(Options { switches, ..Options::default() }).await;
        // An active one with nothing that blocks a save.
        let plain = |row: &&mothball::simulator::ConfigurationTruth| {
            row.is_active() && row.blocked.is_none() && row.status.as_deref() == Some("Active") && !row.hidden
        };
        let truth = caller.simulator.truth();
        let id = truth.configurations.values().find(plain).unwrap().id.parse().unwrap();
        Self { caller, id }
    }

    async fn patch(&self, operations: Value) -> (u16, Value) {
        self.caller.patch(&format!("/company/configurations/{}", self.id), operations).await
    }
}

#[expect(clippy::needless_pass_by_value, reason = "reads better in the tables below")]
fn replace(path: &str, value: Value) -> Value {
    json!({ "op": "replace", "path": path, "value": value })
}

#[tokio::test]
async fn values_are_taken_as_the_vendor_takes_them() {
    let bench = Bench::new(|_| {}).await;
    // Ids may be strings; a leading slash is optional; `status/id` works.
    let (_, row) = bench.patch(json!([replace("/status", json!({ "id": "14" }))])).await;
    assert_eq!(row["status"]["id"], 14);
    let (_, row) = bench.patch(json!([replace("status/id", json!(19))])).await;
    assert_eq!(row["status"]["name"], "Retired");
    // A path into a reference other than the id: 200, and nothing changes.
    let (status, after) = bench.patch(json!([replace("company/identifier", json!("Other"))])).await;
    assert_eq!((status, &after["company"]), (200, &row["company"]));
    let (_, row) = bench
        .patch(json!([{ "op": "remove", "path": "managementLink" }, replace("notes", json!("gone"))]))
        .await;
    assert_eq!((row.get("managementLink"), &row["notes"]), (None, &json!("gone")));
    // Custom fields by id; what is left out stays; an empty list clears nothing.
    let (_, row) = bench.patch(json!([replace("customFields", json!([{ "id": 32, "value": 4711 }]))])).await;
    let values: Vec<&Value> =
        row["customFields"].as_array().unwrap().iter().map(|field| &field["value"]).collect();
    assert_eq!(values[2], &json!(4711));
    assert!(
        !values[0].is_null()
            || bench.caller.simulator.truth().configurations[&bench.id.to_string()].blocked.is_none()
    );
    let (_, after) = bench.patch(json!([replace("customFields", json!([]))])).await;
    assert_eq!(after["customFields"], row["customFields"]);
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_changes_nothing() {
    let bench = Bench::new(|_| {}).await;
    for (operations, code, said) in [
        (json!({ "op": "replace" }), "InvalidPatch", "list of patch operations"),
        (json!([{ "op": "update", "path": "name", "value": "x" }]), "InvalidPatch", "'update'"),
        (json!([replace("activeflag", json!(false))]), "InvalidPatch", "'activeflag' was not found"),
        (
            json!([replace("activeFlag", json!("no"))]),
            "InvalidPatch",
            "from System.String to System.Nullable`1[System.Boolean]",
        ),
        (
            json!([replace("status", json!("Inactive"))]),
            "InvalidPatch",
            "Could not cast or convert from System.String to ConnectWise.Apis.v3_0.",
        ),
        (
            json!([replace("status", json!({ "id": 9999 }))]),
            "InvalidObject",
            "configuration object is invalid",
        ),
        (json!([replace("name", json!(""))]), "InvalidObject", "configuration object is invalid"),
        (
            json!([replace("parentConfigurationId", json!("none"))]),
            "InvalidPatch",
            "System.Nullable`1[System.Int32]",
        ),
        (json!([replace("parentConfigurationId", json!(9_999_999))]), "InvalidObject", "object is invalid"),
        (json!([replace("type", json!({ "id": 25 }))]), "InvalidObject", "configuration object is invalid"),
        (
            json!([replace("questions", json!([{ "answerId": 211_535 }]))]),
            "NotFound",
            "Configuration Type Question Value 211535 not found",
        ),
        // The first operation is good, the second is not: nothing is stored.
        (
            json!([replace("activeFlag", json!(false)), replace("status", json!(5))]),
            "InvalidPatch",
            "System.Int64",
        ),
    ] {
        let (status, body) = bench.patch(operations.clone()).await;
        assert!(status == 400 || status == 404, "{operations}: {status}");
        assert_eq!(body["code"], code, "{operations}: {body}");
        assert!(body["message"].as_str().unwrap().contains(said), "{operations}: {body}");
    }
    assert_eq!(bench.caller.simulator.writes(), []);
    let (_, body) = bench.patch(json!([replace("name", json!(""))])).await;
    assert_eq!(
        body["errors"],
        json!([{ "code": "MissingRequiredField", "message": "name is required.", "resource": "configuration", "field": "name" }])
    );
}

#[tokio::test]
async fn a_save_moves_the_time_and_leaves_a_trace() {
    let bench = Bench::new(|_| {}).await;
    let path = format!("/company/configurations/{}", bench.id);
    let before = bench.caller.get(&path).await.1;
    let (_, after) = bench.patch(json!([replace("activeFlag", json!(false))])).await;
    assert!(after["_info"]["lastUpdated"].as_str() > before["_info"]["lastUpdated"].as_str());
    assert_ne!(after["_info"]["updatedBy"], before["_info"]["updatedBy"]);
    assert_eq!(bench.caller.get(&path).await.1, after);
    // The same again is a save, but no change.
    bench.patch(json!([replace("activeFlag", json!(false))])).await;
    let writes = bench.caller.simulator.writes();
    assert_eq!(writes.len(), 1);
    assert_eq!((&writes[0].changes[0].before, &writes[0].changes[0].after), (&json!(true), &json!(false)));
    assert_eq!(writes[0].client, before["company"]["id"].to_string());
    let trail = bench.caller.rows(&format!("/system/audittrail?type=Configuration&id={}", bench.id)).await;
    assert_eq!(trail.len(), 2);
}

#[tokio::test]
async fn closing_follows_its_switch() {
    use connectwise::Closing;
    let to_status = json!([replace("status", json!({ "id": 23 }))]);
    let to_flag = json!([replace("activeFlag", json!(false))]);
    for (closing, operations, flag, status) in [
        (Closing::Independent, &to_status, true, 23),
        (Closing::Independent, &to_flag, false, 11),
        (Closing::StatusFlipsFlag, &to_status, false, 23),
        (Closing::StatusFlipsFlag, &to_flag, false, 11),
        (Closing::FlagFlipsStatus, &to_status, true, 23),
        (Closing::FlagFlipsStatus, &to_flag, false, 14),
    ] {
        let bench = Bench::new(|switches| switches.closing = closing).await;
        let (_, row) = bench.patch(operations.clone()).await;
        assert_eq!((&row["activeFlag"], &row["status"]["id"]), (&json!(flag), &json!(status)), "{closing:?}");
    }
}

#[tokio::test]
async fn saves_are_refused_where_switches_say_so() {
    let off = json!([replace("activeFlag", json!(false))]);
    let bench = Bench::new(|switches| switches.may_edit = false).await;
    let (status, body) = bench.patch(off.clone()).await;
    assert_eq!(
        (status, &body["message"]),
        (403, &json!("You do not have security permission to perform this action."))
    );

    let bench = Bench::new(|switches| switches.custom_fields_required = true).await;
    assert_eq!(bench.patch(off.clone()).await.0, 400);
    let with = json!([
        replace("activeFlag", json!(false)),
        replace("customFields", json!([{ "id": 31, "value": true }]))
    ]);
    assert_eq!(bench.patch(with).await.0, 200);

    let bench = Bench::new(|switches| switches.nested_patch = connectwise::NestedPatch::FalseOk).await;
    let (status, row) = bench.patch(json!([replace("status/id", json!(19))])).await;
    assert_eq!((status, &row["status"]["id"]), (200, &json!(11)));

    let bench = Bench::new(|switches| {
        switches.required_fields_block = true;
        switches.disallow_saving_blocks = true;
    })
    .await;
    let truth = bench.caller.simulator.truth();
    let blocked: Vec<_> = truth.configurations.values().filter(|row| row.blocked.is_some()).collect();
    assert!(blocked.len() > 20, "{}", blocked.len());
    assert!(blocked.iter().any(|row| row.blocked.as_deref().unwrap().contains("does not allow saving")));
    for row in blocked.iter().take(40) {
        let (status, body) =
            bench.caller.patch(&format!("/company/configurations/{}", row.id), off.clone()).await;
        assert_eq!((status, body["errors"][0]["message"].as_str()), (400, row.blocked.as_deref()));
    }
    assert_eq!(bench.caller.simulator.writes(), []);
}

#[tokio::test]
async fn a_put_loses_what_it_leaves_out_and_the_log_tells() {
    let bench = Bench::new(|_| {}).await;
    let path = format!("/company/configurations/{}", bench.id);
    let before = bench.caller.get(&path).await.1;
    let body =
        json!({ "name": "PUT", "type": before["type"], "company": before["company"], "activeFlag": false });
    let (status, after) = super::answer(bench.caller.request("PUT", &path).json(&body)).await;
    assert_eq!((status, &after["name"], &after["serialNumber"]), (200, &json!("PUT"), &json!("")));
    let (status, _) = super::answer(bench.caller.request("PUT", &path).json(&json!({ "name": "x" }))).await;
    assert_eq!(status, 400);
    let changes = &bench.caller.simulator.writes()[0].changes;
    assert!(changes.iter().any(|change| change.field == "serialNumber"), "{changes:?}");
    assert_eq!(super::answer(bench.caller.request("DELETE", &path)).await.0, 403);
    assert_eq!(bench.caller.simulator.notes().len(), 2);
    let made = json!({ "name": "NEW", "type": { "id": 17 }, "company": before["company"] });
    let (status, made) =
        super::answer(bench.caller.request("POST", "/company/configurations").json(&made)).await;
    assert_eq!((status, &made["name"], &made["type"]["name"]), (201, &json!("NEW"), &json!("Server")));
}
