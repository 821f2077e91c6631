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
async fn callbacks_are_registered_and_refused_as_captured() {
    let caller = Caller::start(Options::default()).await;
    let entry = json!({"id": 0, "inactiveFlag": false, "url": "https://test.com/webhook?recordId=", "objectId": 0,
        "type": "configuration", "level": "owner", "payloadVersion": "3.0.0", "memberId": 0, "isSelfSuppressedFlag": false,
        "connectWiseID": ""});
    let post = async |body: &Value| answer(caller.request("POST", "/system/callbacks").json(body)).await;
    let (status, made) = post(&entry).await;
    assert_eq!(
        (status, &made["id"], &made["objectId"], &made["memberId"]),
        (201, &json!(26_559), &json!(1), &json!(243))
    );
    let (status, again) = post(&entry).await;
    assert_eq!((status, again["errors"][0]["code"].as_str().unwrap()), (400, "ObjectExists"));
    let mut wrong = entry.clone();
    wrong["level"] = json!("nonsense");
    let (_, refused) = post(&wrong).await;
    assert!(refused["errors"][0]["message"].as_str().unwrap().starts_with("Unrecognized level for type"));
    assert_eq!(answer(caller.request("DELETE", "/system/callbacks/26559")).await.0, 204);
    assert_eq!(caller.rows("/system/callbacks").await.len(), 0);
}

#[tokio::test]
async fn a_change_is_told_to_the_callbacks_signed() {
    use tokio::sync::mpsc;
    let (tell, mut told) = mpsc::channel::<(String, String, String)>(4);
    let hook = axum::Router::new().fallback(
        move |uri: axum::http::Uri, headers: axum::http::HeaderMap, body: String| async move {
            let signature = headers["x-content-signature"].to_str().unwrap().to_owned();
            tell.send((uri.to_string(), signature, body)).await.unwrap();
        },
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?recordId=", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, hook).await });
    let caller = Caller::start(Options::default()).await;
    for kind in ["configuration", "company"] {
        let entry = json!({ "url": url, "objectId": 1, "type": kind, "level": "owner" });
        assert_eq!(answer(caller.request("POST", "/system/callbacks").json(&entry)).await.0, 201);
    }
    let truth = caller.simulator.truth();
    let id = &truth.configurations.values().find(|row| row.is_active()).unwrap().id;
    let off = json!([{ "op": "replace", "path": "activeFlag", "value": false }]);
    caller.patch(&format!("/company/configurations/{id}"), off).await;
    let (path, signature, body) = told.recv().await.unwrap();
    assert_eq!(path, format!("/hook?recordId={id}&action=updated"));
    assert_eq!(signature.len(), 44);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&body["Type"], &body["CallbackObjectRecId"]), (&json!("configuration"), &json!(26_559)));
    let entity: Value = serde_json::from_str(body["Entity"].as_str().unwrap()).unwrap();
    assert_eq!(entity["activeFlag"], json!(false));
    let key_url = body["Metadata"]["key_url"].as_str().unwrap();
    assert!(answer(caller.http.get(key_url)).await.1["signing_key"].is_string());
    // A colleague's change is told, too.
    let company: i64 =
        truth.companies.values().find(|company| company.role == "active").unwrap().id.parse().unwrap();
    caller.simulator.edit_state(|state: &mut mothball::simulator::connectwise::State| {
        state.set_company_status(company, "Inactive")
    });
    assert_eq!(told.recv().await.unwrap().0, format!("/hook?recordId={company}&action=updated"));
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
