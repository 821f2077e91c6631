//! Conditions, child conditions, custom field conditions, `fields`, `orderBy`.

use mothball::simulator::{Options, Switches};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

use super::Caller;

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn find(caller: &Caller, what: &str, conditions: &str) -> Vec<Value> {
    caller.rows(&format!("/company/{what}?pageSize=1000&conditions={}", encoded(conditions))).await
}

async fn refusal(caller: &Caller, path: &str) -> (String, String) {
    let (status, body) = caller.get(path).await;
    assert_eq!(status, 400, "{path}: {body}");
    (body["code"].as_str().unwrap().to_owned(), body["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_grammar_finds_what_it_says() {
    let caller = Caller::start(Options::default()).await;
    let truth = caller.simulator.truth();
    let all: Vec<_> = truth.configurations.values().collect();
    let company = &all[100].company;
    let theirs = all.iter().filter(|row| row.company == *company).count();
    let lower = |row: &&&mothball::simulator::ConfigurationTruth| row.name.to_lowercase();
    for (conditions, count) in [
        (format!("company/id={company}"), theirs),
        (format!("company/id = \"{company}\""), theirs),
        (format!("COMPANY/ID in ({company}, 999999)"), theirs),
        (format!("company/id!={company}"), all.len() - theirs),
        (format!("company/id not in ({company})"), all.len() - theirs),
        (
            "activeFlag = True AND status/name='Active'".into(),
            all.iter().filter(|row| row.is_active() && row.status.as_deref() == Some("Active")).count(),
        ),
        ("activeFlag=FALSE".into(), all.iter().filter(|row| row.active == Some(false)).count()),
        ("status/id in (14,19,23)".into(), all.iter().filter(|row| row.closed).count()),
        ("type/name like \"ser*\"".into(), all.iter().filter(|row| row.type_name == "Server").count()),
        (
            "type/name like '%er%'".into(),
            all.iter().filter(|row| row.type_name.to_lowercase().contains("er")).count(),
        ),
        ("name contains \"srv\"".into(), all.iter().filter(|row| lower(row).contains("srv")).count()),
        ("name not contains 'SRV'".into(), all.iter().filter(|row| !lower(row).contains("srv")).count()),
        (
            "name not like '*srv*' and name != ''".into(),
            all.iter().filter(|row| !lower(row).contains("srv") && !row.name.is_empty()).count(),
        ),
        ("managementLink != null".into(), all.iter().filter(|row| row.rmm.is_some()).count()),
        ("managementLink=null".into(), all.iter().filter(|row| row.rmm.is_none()).count()),
        ("lastUpdated > [1999-01-01T00:00:00Z]".into(), all.len()),
        ("_info/dateEntered < [1999-01-01]".into(), 0),
        (
            "(type/name='Server' or type/name='Firewall') and activeFlag=true".into(),
            all.iter()
                .filter(|row| {
                    row.active == Some(true) && (row.type_name == "Server" || row.type_name == "Firewall")
                })
                .count(),
        ),
        (
            "type/name='Server' or type/name='Firewall' and activeFlag=true".into(),
            all.iter()
                .filter(|row| {
                    row.type_name == "Server" || (row.active == Some(true) && row.type_name == "Firewall")
                })
                .count(),
        ),
        ("id>0 and id<=0".into(), 0),
    ] {
        assert_eq!(find(&caller, "configurations", &conditions).await.len(), count, "{conditions}");
        let counted =
            caller.count(&format!("/company/configurations/count?conditions={}", encoded(&conditions))).await;
        assert_eq!(counted as usize, count, "{conditions}");
    }
    assert_eq!(caller.simulator.notes(), Vec::<String>::new());
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_the_vendors_words() {
    let caller = Caller::start(Options::default()).await;
    for (conditions, said) in [
        ("typeids=1", "typeids is not a recognized name."),
        ("types/name='Client'", "types/name is not a recognized name."),
        ("types=1", "types is not a recognized name."),
        ("not (id=1)", "not is not a recognized name."),
        ("deletedFlag=1", "Expected a boolean value, not a numeric. String values should be enclosed"),
        ("name=5", "Expected a string value, not a numeric."),
        ("id=five", "Expected a value"),
        ("lastUpdated>'2020-01-01'", "Expected a datetime value, not a string."),
        ("id=1 and", "ends where a name is expected"),
        ("(id=1", "parenthesis is not closed"),
        ("id in 1", "Expected ( after in"),
        ("name='x", "not closed with a quote"),
        ("id=1 id=2", "after the end"),
        ("status=5", "reference can only be compared with null"),
        ("lastUpdated>[soon]", "was not recognized as a valid DateTime"),
    ] {
        let (code, message) =
            refusal(&caller, &format!("/company/companies?conditions={}", encoded(conditions))).await;
        assert_eq!(code, "ApiFindCondition", "{conditions}");
        assert!(message.contains(said), "{conditions}: {message}");
    }
    let (_, message) =
        refusal(&caller, &format!("/company/companies?childConditions={}", encoded("types/id in (1)"))).await;
    assert!(message.contains("in operator"), "{message}");
    // Tickets name their configurations in the singular, and once.
    for conditions in ["configurations/id=5", "configuration/id=5 or configuration/id=6"] {
        refusal(&caller, &format!("/service/tickets?conditions={}", encoded(conditions))).await;
    }
}

#[tokio::test]
async fn child_and_custom_field_conditions_look_into_lists() {
    let caller = Caller::start(Options::default()).await;
    let truth = caller.simulator.truth();
    let find = async |parameters: &str| {
        caller.rows(&format!("/company/companies?pageSize=1000&{parameters}")).await.len()
    };
    let tagged = truth.companies.values().filter(|row| row.offboarded.tag).count();
    assert!(tagged >= 2);
    assert_eq!(find(&format!("childConditions={}", encoded("types/name='Offboarded'"))).await, tagged);
    assert_eq!(find(&format!("childConditions={}", encoded("types/id = 13"))).await, tagged);
    let marked = truth.companies.values().filter(|row| row.offboarded.custom_field).count();
    assert!(marked >= 2);
    let custom = encoded("caption=\"Offboarded\" AND value = \"Yes\"");
    assert_eq!(find(&format!("customFieldConditions={custom}")).await, marked);
    // The three are combined with AND.
    let both =
        truth.companies.values().filter(|row| row.offboarded.tag && row.offboarded.custom_field).count();
    let child = encoded("types/id=13");
    assert_eq!(find(&format!("customFieldConditions={custom}&childConditions={child}")).await, both);
    let associations =
        caller.rows("/company/companyTypeAssociations?pageSize=1000&conditions=type/id=13").await;
    assert_eq!(associations.len(), tagged);
}

#[tokio::test]
async fn fields_give_what_was_asked_and_the_id() {
    let caller = Caller::start(Options::default()).await;
    let id =
        caller.rows("/company/configurations?conditions=site/id!=null&pageSize=1").await[0]["id"].clone();
    let path = format!("/company/configurations/{id}?fields=name,company/id,status/name,site");
    let row = caller.get(&path).await.1;
    let keys: Vec<&String> = row.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["company", "id", "name", "site", "status"]);
    assert_eq!(row["company"].as_object().unwrap().len(), 1);
    assert!(row["site"].get("_info").is_none());
    let all = caller.get(&format!("/company/configurations/{id}?fields=*")).await.1;
    assert_eq!(all, json!({ "id": id }));
    let absent = caller.get(&format!("/company/configurations/{id}?fields=id,unheardOf")).await;
    assert_eq!(absent, (200, json!({ "id": id })));
    let info = caller.get(&format!("/company/configurations/{id}?fields=_info/lastUpdated")).await.1;
    assert!(info["_info"]["lastUpdated"].is_string());
}

#[tokio::test]
async fn fields_lead_as_deep_as_they_say() {
    let caller = Caller::start(Options::default()).await;
    let path = "/company/configurations?pageSize=1&fields=company/_info/company_href,company/id";
    let row = caller.rows(path).await[0].clone();
    assert!(row["company"]["_info"]["company_href"].as_str().unwrap().starts_with("http"), "{row}");
    assert!(row["company"]["id"].is_number());
}

#[tokio::test]
async fn an_order_has_several_members_and_two_ways() {
    let caller = Caller::start(Options::default()).await;
    let path = "/company/configurations?pageSize=1000&fields=type/name,id&orderBy=";
    let key =
        |row: &Value| (row["type"]["name"].as_str().unwrap().to_lowercase(), row["id"].as_i64().unwrap());
    let rows = caller.rows(&format!("{path}type/name%20DESC,%20%20id+asc")).await;
    let keys: Vec<_> = rows.iter().map(key).collect();
    assert!(
        keys.windows(2)
            .all(|pair| pair[0].0 > pair[1].0 || (pair[0].0 == pair[1].0 && pair[0].1 < pair[1].1))
    );
    for (order, said) in [
        ("name%20sideways", "Expected asc or desc after name, not 'sideways'."),
        ("name%20asc%20id", "Expected asc or desc after name, not 'asc id'."),
        ("nonsense", "nonsense is not a recognized name."),
    ] {
        assert_eq!(refusal(&caller, &format!("{path}{order}")).await.1, said);
    }
}

#[tokio::test]
async fn tickets_are_searched_by_a_body() {
    let caller = Caller::start(Options::default()).await;
    let search = async |body: &str| {
        let request = caller.request("POST", "/service/tickets/search?pageSize=1000");
        super::answer(request.header("content-type", "application/json").body(body.to_owned())).await
    };
    let open =
        caller.rows("/service/tickets?pageSize=1000&conditions=closedFlag=false&orderBy=id%20desc").await;
    let found = search(r#"{"conditions": "closedFlag=false", "orderBy": "id desc"}"#).await;
    assert_eq!(found, (200, Value::Array(open)));
    // What cannot be read never means "all".
    for body in
        ["", "[]", "closedFlag=false", r#"{"conditions": ["closedFlag=false"]}"#, r#"{"conditions": "x"}"#]
    {
        assert_eq!(search(body).await.0, 400, "{body}");
    }
}

#[tokio::test]
async fn a_part_of_a_record_is_the_part_of_the_whole() {
    let caller = Caller::start(Options::default()).await;
    let whole = caller.rows("/company/configurations?pageSize=200").await;
    let fields = "id,name,type/id,type/name,status/id,status/name,company/id,company/name,company/identifier,site/id,\
                  site/name,activeFlag,billFlag,parentConfigurationId,managementLink,deviceIdentifier,serialNumber,tagNumber,\
                  questions,customFields,_info/lastUpdated,_info/dateEntered,_info/updatedBy,ipAddress";
    let parts = caller.rows(&format!("/company/configurations?pageSize=200&fields={fields}")).await;
    for (whole, part) in whole.iter().zip(&parts) {
        for (name, value) in part.as_object().unwrap() {
            match value {
                Value::Object(members) => {
                    for (member, value) in members {
                        assert_eq!(value, &whole[name][member], "{name}/{member}");
                    }
                }
                value => assert_eq!(value, &whole[name], "{name}"),
            }
        }
        assert_eq!(part.get("managementLink").is_some(), whole.get("managementLink").is_some());
    }
}

#[tokio::test]
async fn unknown_parameters_are_ignored_but_noted() {
    let caller = Caller::start(Options::default()).await;
    let all = caller.rows("/company/companies?pageSize=1000").await;
    let misspelt = caller.rows("/company/companies?pageSize=1000&condition=id=1").await;
    assert_eq!(all, misspelt);
    assert_eq!(
        caller.simulator.notes(),
        ["GET /company/companies: unknown query parameter \"condition\" (ignored)"]
    );
}

#[tokio::test]
async fn quotes_and_days_follow_their_switches() {
    let mut switches = Switches::default();
    switches.set("connectwise", "quote_escape=doubled").unwrap();
    switches.set("connectwise", "dates=day_only").unwrap();
    let caller = Caller::start(Options { switches, ..Options::default() }).await;
    assert_eq!(find(&caller, "configurations", "name=\"a \"\"b\"\"\"").await.len(), 0);
    assert_eq!(find(&caller, "configurations", "lastUpdated>[1999-01-01T00:00:00Z]").await.len(), 0);
    assert_eq!(find(&caller, "configurations", "lastUpdated>[1999-01-01]").await.len(), 600);
}

/// Random conditions: the count is the number of rows in either mode of paging.
#[test]
fn counts_equal_rows_for_random_conditions() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let caller =
        runtime.block_on(Caller::start(Options { clients: 20, configurations: 150, ..Options::default() }));
    let leaf = prop_oneof![
        (250i64..330).prop_map(|id| format!("company/id={id}")),
        proptest::collection::vec(1000i64..1400, 1..8).prop_map(|ids| format!(
            "id in ({})",
            ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        )),
        any::<bool>().prop_map(|flag| format!("activeFlag={flag}")),
        "[a-z]{1,2}".prop_map(|text| format!("name like '*{text}*'")),
        Just("parentConfigurationId!=null".to_owned()),
        (1000i64..1400).prop_map(|id| format!("id>={id}")),
    ];
    let conditions = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a} or {b})")),
        ]
    });
    let mut runner = TestRunner::new(ProptestConfig { cases: 60, ..ProptestConfig::default() });
    runner
        .run(&conditions, |conditions| {
            runtime.block_on(async {
                let conditions = encoded(&conditions);
                let count =
                    caller.count(&format!("/company/configurations/count?conditions={conditions}")).await;
                let path = format!("/company/configurations?pageSize=1000&fields=id&conditions={conditions}");
                let rows = caller.rows(&path).await;
                prop_assert_eq!(rows.len() as i64, count);
                let forward =
                    super::answer(caller.request("GET", &path).header("pagination-type", "forward-only"))
                        .await;
                prop_assert_eq!(forward.1, Value::Array(rows));
                Ok(())
            })
        })
        .unwrap();
}
