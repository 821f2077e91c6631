//! Company info, credentials, and the shapes of refusals.

use mothball::simulator::{Options, Switches};
use serde_json::{Value, json};

use super::{Caller, answer};

#[tokio::test]
async fn company_info_is_as_captured_and_null_for_strangers() {
    let caller = Caller::start(Options::default()).await;
    let ask = async |id: &str| {
        answer(caller.http.get(format!("{}/login/companyinfo/{id}", caller.simulator.base_url()))).await
    };
    let known = json!({
        "CompanyName": "Fabrikam Managed IT", "Codebase": "v2026_1/", "VersionCode": "v2026.1",
        "VersionNumber": "v4.6.95512", "CompanyID": "fabrikam", "IsCloud": "True",
    });
    assert_eq!(ask("fabrikam").await, (200, known));
    assert_eq!(ask("nobody").await, (200, Value::Null));
}

#[tokio::test]
async fn who_may_come_in() {
    let caller = Caller::start(Options::default()).await;
    let url = caller.url("/company/configurations/count");
    let keys = caller.simulator.credentials();
    let user = format!("{}+{}", keys["company_id"], keys["public_key"]);
    let get = || caller.http.get(&url);
    let right = || get().basic_auth(&user, Some(&keys["private_key"]));
    let code = async |request| {
        let (status, body) = answer(request).await;
        (status, body["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(code(get()).await, (401, "Unauthorized".into()));
    assert_eq!(
        code(get().basic_auth(&user, Some("wrong")).header("clientid", "x")).await,
        (401, "Unauthorized".into())
    );
    assert_eq!(code(get().basic_auth("fabrikam", Some("x"))).await, (401, "Unauthorized".into()));
    assert_eq!(code(right()).await, (403, "Security".into()));
    assert_eq!(answer(right().header("CLIENTID", "x")).await, (200, json!({ "count": 600 })));
    // System info proves nothing: it needs no keys.
    assert_eq!(answer(caller.http.get(caller.url("/system/info"))).await.0, 200);
    let seen = caller.simulator.requests();
    let authorised: Vec<bool> = seen.iter().map(|request| request.authorised).collect();
    assert_eq!(authorised, [false, false, false, true, true, false]);
}

#[tokio::test]
async fn refusals_have_the_vendors_shape() {
    let caller = Caller::start(Options::default()).await;
    let id = caller
        .simulator
        .edit_state(|state: &mut mothball::simulator::connectwise::State| state.configuration_ids()[0]);
    let one = format!("/company/configurations/{id}");
    assert_eq!(
        caller.get("/company/configurations/999999").await,
        (404, json!({ "code": "NotFound", "message": "Configuration 999999 not found", "errors": null }))
    );
    assert_eq!(
        caller.get("/company/nonsense").await,
        (404, json!({ "code": "ConnectWiseApi", "message": "The endpoint does not exist.", "errors": null }))
    );
    assert_eq!(answer(caller.request("POST", &one).json(&json!({}))).await.0, 405);
    assert_eq!(answer(caller.request("PATCH", &one).body("[]")).await.0, 415);
    let (status, page) =
        answer(caller.http.get(caller.url("/company/companies").replace("v4_6_release", "v2017_3"))).await;
    assert_eq!(status, 404);
    assert!(page.as_str().unwrap().contains("<html>"));
    // Double slashes of naive joins do no harm.
    let doubled = caller.url(&one).replace("/3.0/", "/3.0//");
    let keys = caller.simulator.credentials();
    let user = format!("{}+{}", keys["company_id"], keys["public_key"]);
    let request =
        caller.http.get(doubled).basic_auth(user, Some(&keys["private_key"])).header("clientId", "x");
    assert_eq!(answer(request).await.0, 200);
}

#[tokio::test]
async fn an_upgrade_in_mid_run_moves_the_release() {
    let mut switches = Switches::default();
    switches.connectwise.codebase_change_after = Some(3);
    let caller = Caller::start(Options { switches, ..Options::default() }).await;
    let get = async |release: &str| {
        let keys = caller.simulator.credentials();
        let user = format!("{}+{}", keys["company_id"], keys["public_key"]);
        let url = caller.url("/company/configurations/count").replace("v4_6_release", release);
        let request =
            caller.http.get(url).basic_auth(user, Some(&keys["private_key"])).header("clientId", "x");
        answer(request).await.0
    };
    assert_eq!([get("v2026_1").await, get("v2026_1").await, get("v2026_1").await], [200, 200, 200]);
    assert_eq!(get("v2026_1").await, 404);
    assert_eq!(get("v2026_2").await, 200);
    assert_eq!(get("v4_6_release").await, 200);
    let info = format!("{}/login/companyinfo/fabrikam", caller.simulator.base_url());
    assert_eq!(answer(caller.http.get(info)).await.1["Codebase"], "v2026_2/");
}

#[tokio::test]
async fn control_routes_tell_and_set() {
    let caller = Caller::start(Options::default()).await;
    let base = caller.simulator.base_url();
    let get = async |path: &str| answer(caller.http.get(format!("{base}/_sim/{path}"))).await.1;
    let post = async |path: &str, body: &str| {
        let request =
            caller.http.post(format!("{base}/_sim/{path}")).header("content-type", "application/json");
        answer(request.body(body.to_owned())).await
    };
    caller.rows("/company/companies").await;
    assert_eq!(get("requests").await["total"], 1);
    assert_eq!(get("requests?last=1").await["last"][0]["route"], "GET /company/companies");
    assert_eq!(post("faults", "503=1").await.0, 200);
    assert_eq!(caller.get("/company/companies").await.0, 503);
    assert_eq!(post("faults", "flase_200").await.0, 400);
    assert_eq!(post("faults", "").await.0, 200);
    assert_eq!(post("switches", r#"{"may_edit": false}"#).await.0, 200);
    assert!(!caller.simulator.switches().connectwise.may_edit);
    assert!(
        post("switches", r#"{"may_edti": false}"#).await.1["error"].as_str().unwrap().contains("may_edit")
    );
    assert!(get("state").await["state"]["configurations"].is_object());
    let id = caller.simulator.edit_state(|state: &mut mothball::simulator::connectwise::State| {
        let id = state.configuration_ids()[0];
        state.configuration_mut(id).unwrap().active = Some(false);
        id
    });
    assert_eq!(get("writes").await, json!([]));
    assert_eq!(get("writes?all=1").await[0]["record"], format!("configuration/{id}"));
    assert_eq!(post("reset", "").await.0, 200);
    assert_eq!(get("requests").await["total"], 0);
    assert_eq!(get("writes?all=1").await, json!([]));
    assert_eq!(get("notes").await, json!([]));
    let ready: Value = serde_json::from_str(&caller.simulator.ready_line()).unwrap();
    assert_eq!(ready["base_url"], base.as_str());
    assert_eq!(ready["credentials"]["company_id"], "fabrikam");
}
