//! The query grammar.

use mothball::simulator::Options;
use serde_json::{Value, json};

use super::{Caller, all, texts};

const ITEMS: &str = "ConfigurationItems";

fn one(op: &str, field: &str, value: impl Into<Value>) -> Value {
    json!([{ "op": op, "field": field, "value": value.into() }])
}

#[tokio::test]
async fn every_op_finds_what_it_says() {
    let caller = Caller::start(Options::default()).await;
    let rows = caller.query(ITEMS, all()).await;
    assert_eq!(rows.len(), 500);
    let rows: Vec<Value> = rows[..40].to_vec();
    let (low, high) = (rows[0]["id"].as_i64().unwrap(), rows[39]["id"].as_i64().unwrap());
    // Compared with what the same forty rows say.
    let within = async |condition: Value, fits: &dyn Fn(&Value) -> bool| {
        let filter = json!([{ "op": "gte", "field": "id", "value": low }, { "op": "lte", "field": "id", "value": high }, condition]);
        let found: Vec<Value> =
            caller.query(ITEMS, filter).await.iter().map(|row| row["id"].clone()).collect();
        let wanted: Vec<Value> = rows.iter().filter(|row| fits(row)).map(|row| row["id"].clone()).collect();
        assert_eq!(found, wanted, "{condition}");
        assert!(
            !wanted.is_empty() && wanted.len() < rows.len(),
            "{condition} tells nothing apart: {}",
            wanted.len()
        );
    };
    let company = rows[20]["companyID"].clone();
    let title = rows[7]["referenceTitle"].as_str().unwrap().to_owned();
    let some = [rows[3]["id"].clone(), rows[9]["id"].clone()];
    let active = rows[20]["isActive"].clone();
    let text = |row: &Value| row["referenceTitle"].as_str().unwrap_or_default().to_lowercase();
    let condition = |op: &str, field: &str, value: Value| one(op, field, value)[0].clone();
    within(condition("eq", "companyID", company.clone()), &|row| row["companyID"] == company).await;
    within(condition("noteq", "companyID", company.clone()), &|row| row["companyID"] != company).await;
    within(condition("eq", "CompanyId", json!(company.to_string())), &|row| row["companyID"] == company)
        .await;
    within(condition("gt", "id", some[1].clone()), &|row| row["id"].as_i64() > some[1].as_i64()).await;
    within(condition("lt", "id", some[1].clone()), &|row| row["id"].as_i64() < some[1].as_i64()).await;
    within(condition("in", "id", json!(some)), &|row| some.contains(&row["id"])).await;
    within(condition("notIn", "id", json!(some)), &|row| !some.contains(&row["id"])).await;
    within(condition("eq", "referenceTitle", json!(title.to_uppercase())), &|row| {
        text(row) == title.to_lowercase()
    })
    .await;
    let head: String = title.chars().take(3).collect::<String>().to_lowercase();
    within(condition("beginsWith", "referenceTitle", json!(head)), &|row| text(row).starts_with(&head)).await;
    let tail = title[title.len() - 1..].to_lowercase();
    within(condition("endsWith", "referenceTitle", json!(tail)), &|row| text(row).ends_with(&tail)).await;
    within(condition("contains", "referenceTitle", json!("-ws")), &|row| text(row).contains("-ws")).await;
    within(json!({ "op": "exist", "field": "contactID" }), &|row| !row["contactID"].is_null()).await;
    within(json!({ "op": "notExist", "field": "contactID" }), &|row| row["contactID"].is_null()).await;
    within(condition("eq", "isActive", json!(!active.as_bool().unwrap())), &|row| row["isActive"] != active)
        .await;
    let time = rows[5]["lastModifiedTime"].as_str().unwrap().to_owned();
    let bare = time.trim_end_matches('Z').to_owned();
    within(condition("lte", "lastModifiedTime", json!(bare)), &|row| {
        row["lastModifiedTime"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() <= time.parse().unwrap()
    })
    .await;
    let nested = json!({ "op": "OR", "items": [
        { "op": "eq", "field": "id", "value": some[0] },
        { "op": "and", "items": [{ "op": "eq", "field": "id", "value": some[1] }, { "op": "eq", "field": "companyID", "value": rows[9]["companyID"] }] },
    ] });
    within(nested, &|row| some.contains(&row["id"])).await;
    assert_eq!(caller.simulator.notes(), Vec::<String>::new());
}

#[tokio::test]
async fn keys_are_read_in_any_case_and_search_asks_the_same() {
    let caller = Caller::start(Options::default()).await;
    let body = json!({ "MAXRECORDS": 3, "IncludeFields": ["id", "companyname"], "Filter": one("eq", "isActive", json!(false)) });
    let (status, posted) = caller.send("POST", "/companies/QUERY/", body.clone()).await;
    assert_eq!((status, posted["items"].as_array().unwrap().len()), (200, 3));
    let members: Vec<&String> = posted["items"][0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["companyName", "id", "userDefinedFields"]);
    let search: String = url::form_urlencoded::byte_serialize(body.to_string().as_bytes()).collect();
    let (_, got) = caller.get(&format!("/Companies/query?search={search}")).await;
    assert_eq!(got["items"], posted["items"]);
    assert_eq!(caller.simulator.notes(), Vec::<String>::new());
}

#[tokio::test]
async fn included_fields_name_user_defined_ones_too() {
    let caller = Caller::start(Options::default()).await;
    let filter = json!([{ "op": "eq", "field": "offboarded", "value": "yes", "udf": true }]);
    let body = json!({ "includeFields": ["id", "Offboarded"], "filter": filter });
    let (_, answer) = caller.send("POST", "/Companies/query", body).await;
    let rows = answer["items"].as_array().unwrap();
    let truth = caller.simulator.truth();
    let wanted = truth.companies.values().filter(|company| company.offboarded.custom_field).count();
    assert!(wanted >= 2 && rows.len() == wanted, "{wanted}: {rows:?}");
    for row in rows {
        assert_eq!(row["userDefinedFields"], json!([{ "name": "Offboarded", "value": "Yes" }]));
        assert!(row.get("companyName").is_none(), "{row}");
    }
    // Fields without a value are null, not absent; a field nobody asked for is absent.
    let whole = caller.item("Companies", &rows[0]["id"].to_string()).await;
    assert_eq!(whole.get("parentCompanyID"), Some(&Value::Null));
}

#[tokio::test]
async fn a_misspelt_op_vanishes_without_a_word() {
    let caller = Caller::start(Options::default()).await;
    let filter = json!([{ "op": "eq", "field": "isActive", "value": false }, { "op": "noteExist", "field": "contactID" }]);
    let wanted = caller.count(ITEMS, one("eq", "isActive", json!(false))).await;
    assert_eq!(caller.count(ITEMS, filter).await, wanted);
    assert_eq!(caller.count(ITEMS, json!([{ "op": "noteExist", "field": "contactID" }])).await, 600);
    let either = json!([{ "op": "or", "items": [{ "op": "is", "field": "id", "value": 1 }] }]);
    assert_eq!(caller.count(ITEMS, either).await, 600);
    let notes = caller.simulator.notes();
    assert!(notes.iter().any(|note| note.contains("no op is called \"noteExist\"")), "{notes:?}");
}

#[tokio::test]
async fn an_empty_filter_finds_nothing_and_a_missing_one_is_an_error() {
    let caller = Caller::start(Options::default()).await;
    assert_eq!(caller.query(ITEMS, json!([])).await, Vec::<Value>::new());
    assert_eq!(caller.count(ITEMS, json!([])).await, 0);
    for body in [json!({}), json!({ "filter": null })] {
        let (status, answer) = caller.send("POST", "/ConfigurationItems/query", body).await;
        assert_eq!((status, texts(&answer)), (500, vec!["Value cannot be null.\r\nParameter name: filters"]));
    }
    assert_eq!(caller.get("/ConfigurationItems/query").await.0, 500);
    let request =
        caller.request("POST", "/ConfigurationItems/query").header("content-type", "application/json");
    let (status, answer) = super::answer(request.body("this is no JSON")).await;
    assert!(
        status == 500
            && texts(&answer)[0].starts_with("Unexpected character encountered while parsing value: t.")
    );
}

#[tokio::test]
async fn what_the_grammar_refuses() {
    let caller = Caller::start(Options::default()).await;
    let refused = async |body: Value, said: &str| {
        let (status, answer) = caller.send("POST", "/ConfigurationItems/query", body.clone()).await;
        assert_eq!(status, 500, "{body}: {answer}");
        assert!(texts(&answer)[0].contains(said), "{body}: {answer}");
    };
    let filter = |filter: Value| json!({ "filter": filter });
    refused(
        filter(one("eq", "attachedObjectID", json!(1))),
        "Unable to find attachedObjectID in the ConfigurationItem Entity.",
    )
    .await;
    refused(filter(one("eq", "lastActivityPersonType", json!(1))), "Unable to find lastActivityPersonType")
        .await;
    refused(filter(one("eq", "id", json!("ten"))), "Error converting value \"ten\"").await;
    refused(filter(one("in", "id", json!(5))), "array").await;
    let many: Vec<i64> = (0..501).collect();
    refused(filter(one("in", "id", json!(many))), "limited to 500 or fewer 'OR' conditions").await;
    let alternatives: Vec<Value> =
        many.iter().map(|id| json!({ "op": "eq", "field": "id", "value": id })).collect();
    refused(filter(json!([{ "op": "or", "items": alternatives }])), "'OR' conditions").await;
    let udf = |name: &str| json!({ "op": "eq", "field": name, "value": "x", "udf": true });
    refused(filter(json!([udf("Asset Owner"), udf("Disposal Method")])), "Only one user-defined field").await;
    refused(filter(json!([udf("Nobody")])), "Unable to find Nobody").await;
    for size in [0, 501] {
        refused(
            json!({ "maxRecords": size, "filter": all() }),
            "maxCountOfRecordsToReturn must be between 1 and 500",
        )
        .await;
    }
    assert_eq!(caller.count(ITEMS, one("in", "id", json!(many[..500]))).await, 0);
}

#[tokio::test]
async fn odd_keys_and_fields_are_passed_over_and_noted() {
    let caller = Caller::start(Options::default()).await;
    let body = json!({ "pageNumber": 2, "includeFields": ["id", "companyNmae"], "filter": all() });
    assert_eq!(caller.send("POST", "/Companies/query?top=5", body).await.0, 200);
    let notes = caller.simulator.notes();
    for said in ["no parameter is called \"top\"", "knows no \"pageNumber\"", "names \"companyNmae\""] {
        assert!(notes.iter().any(|note| note.contains(said)), "{said}: {notes:?}");
    }
}
