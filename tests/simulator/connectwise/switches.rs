//! Every switch changes what it says.

use mothball::simulator::{Options, Switches};
use serde_json::{Value, json};

use super::{Caller, answer};

async fn with(name: &str, value: &str) -> Caller {
    let mut switches = Switches::default();
    switches.set("connectwise", &format!("{name}={value}")).unwrap();
    Caller::start(Options { switches, ..Options::default() }).await
}

#[tokio::test]
async fn each_switch_has_an_effect() {
    let configurations = "/company/configurations";
    let caller = with("active_flag_in_conditions", "false").await;
    let (status, body) = caller.get(&format!("{configurations}?conditions=activeFlag=true")).await;
    assert_eq!((status, &body["message"]), (400, &json!("activeFlag is not a recognized name.")));

    let caller = with("missing_client_id", "401").await;
    let keys = caller.simulator.credentials();
    let user = format!("{}+{}", keys["company_id"], keys["public_key"]);
    let request = caller.http.get(caller.url(configurations)).basic_auth(user, Some(&keys["private_key"]));
    assert_eq!(answer(request).await.0, 401);

    let caller = with("nulls", "explicit").await;
    let row = caller.rows("/company/companies?pageSize=1").await.remove(0);
    assert_eq!(row.get("dateDeleted"), Some(&Value::Null));

    let caller = with("info_always", "true").await;
    let row = caller.rows(&format!("{configurations}?pageSize=1&fields=id")).await.remove(0);
    assert!(row["_info"]["lastUpdated"].is_string());

    let caller = with("unknown_fields", "refused").await;
    assert_eq!(caller.get(&format!("{configurations}?fields=unheardOf")).await.0, 400);

    let caller = with("type_associations", "false").await;
    assert_eq!(caller.get("/company/companyTypeAssociations").await.0, 404);

    let caller = with("hidden_types", "[\"Printer\"]").await;
    let hidden = caller.simulator.truth().configurations.values().filter(|row| row.hidden).count();
    assert!(hidden > 5);
    assert_eq!(caller.count(&format!("{configurations}/count")).await as usize, 600 - hidden);

    let caller = with("deleted_in_lists", "false").await;
    assert_eq!(caller.count("/company/companies/count").await, 42);
    assert_eq!(caller.count("/company/companies/count?conditions=deletedFlag=true").await, 2);
    let caller = with("deleted_in_lists", "true").await;
    assert_eq!(caller.count("/company/companies/count").await, 44);

    let caller = with("ticket_filter", "false").await;
    assert_eq!(caller.get("/service/tickets?conditions=configuration/id=5").await.0, 400);
    let caller = with("my_security", "false").await;
    assert_eq!(caller.get("/system/mySecurity").await.0, 403);
    let caller = with("agreements_readable", "false").await;
    assert_eq!(caller.get("/finance/agreements/count").await.0, 403);
    let caller = with("tickets_readable", "false").await;
    assert_eq!(caller.get("/service/tickets").await.0, 403);
    let caller = with("agreement_configurations", "false").await;
    let id = caller.rows("/finance/agreements?pageSize=1").await[0]["id"].clone();
    assert_eq!(caller.get(&format!("/finance/agreements/{id}/configurations")).await.0, 403);

    let caller = with("is_cloud", "boolean").await;
    let info = format!("{}/login/companyinfo/fabrikam", caller.simulator.base_url());
    assert_eq!(answer(caller.http.get(info)).await.1["IsCloud"], json!(true));

    let caller = with("requests_per_minute", "3").await;
    for _ in 0..3 {
        assert_eq!(caller.get("/company/companies/count").await.0, 200);
    }
    let refused = caller.request("GET", "/company/companies/count").send().await.unwrap();
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(refused.status() == 429 && (1..=60).contains(&wait), "{wait}");

    let caller = with("double_slash_hrefs", "true").await;
    let row = caller.rows(&format!("{configurations}?pageSize=1")).await.remove(0);
    assert!(row["company"]["_info"]["company_href"].as_str().unwrap().contains("/3.0//company/companies/"));
}

#[test]
fn a_switch_that_does_not_exist_is_refused_with_the_nearest() {
    let mut switches = Switches::default();
    let error = switches.set("connectwise", "foward_only=false").unwrap_err().to_string();
    assert!(error.contains("did you mean \"forward_only\""), "{error}");
    assert!(switches.set("connectwise", "last_link=never").is_err());
    assert!(switches.set("connectwise", "last_link").is_err());
    assert_eq!(switches, Switches::default());
    switches.set("connectwise", "codebase_change_after=5").unwrap();
    assert_eq!(switches.connectwise.codebase_change_after, Some(5));
    assert_ne!(Switches::contrary(), Switches::default());
}
