//! The faults, in the vendor's own words and in its lists.

use std::time::Duration;

use mothball::simulator::{
    Options, Write,
    faults::{Kind, Plan, Rule},
};
use serde_json::{Value, json};

use super::{Caller, all, answer, texts};

async fn bench() -> (Caller, i64) {
    let caller = Caller::start(Options::default()).await;
    let truth = caller.simulator.truth();
    let id = truth.configurations.values().find(|row| row.is_active()).unwrap().id.parse().unwrap();
    (caller, id)
}

/// Makes the item inactive under a fault; what is stored afterwards.
async fn patch(caller: &Caller, id: i64, rule: Rule) -> (u16, Value, Vec<Write>) {
    caller.simulator.set_faults(rule.into());
    let request =
        caller.request("PATCH", "/ConfigurationItems").json(&json!({ "id": id, "isActive": false }));
    let (status, body) = match request.timeout(Duration::from_secs(3)).send().await {
        Ok(response) => {
            let status = response.status().as_u16();
            let text = response.text().await.unwrap_or_default();
            (status, serde_json::from_str(&text).unwrap_or(Value::Null))
        }
        Err(_) => (0, Value::Null),
    };
    caller.simulator.set_faults(Plan::none());
    (status, body, caller.simulator.writes())
}

async fn list(caller: &Caller, rule: Option<Rule>, path: &str, body: &Value) -> (u16, Value) {
    caller.simulator.set_faults(rule.map_or_else(Plan::none, Plan::from));
    let seen = caller.send("POST", path, body.clone()).await;
    caller.simulator.set_faults(Plan::none());
    seen
}

fn ids(page: &Value) -> Vec<i64> {
    page["items"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

/// What a write meets under each kind: the status (0: broken off), and whether it was stored.
fn on_a_write(kind: Kind) -> Option<(u16, bool)> {
    Some(match kind {
        Kind::Refused | Kind::ResetBeforeWrite | Kind::Hang => (0, false),
        Kind::ResetAfterWrite | Kind::Reset | Kind::HangAfterWrite | Kind::HeaderFlood => (0, true),
        Kind::Truncated | Kind::GzipBomb => return None,
        Kind::Throttled
        | Kind::ThrottledDate
        | Kind::ThrottledBare
        | Kind::ThrottledAbsurd
        | Kind::ThrottledNegative => (429, false),
        // The vendor says nearly everything with a 500.
        Kind::ThreadLimit
        | Kind::Error500
        | Kind::Html500
        | Kind::Empty500
        | Kind::Forbidden
        | Kind::Invalid
        | Kind::NotFound
        | Kind::Conflict => (500, false),
        Kind::Html502 => (502, false),
        Kind::Html503 => (503, false),
        Kind::Empty504 => (504, false),
        Kind::ErrorAfterCommit => (500, true),
        Kind::Empty401 | Kind::Unauthorized => (401, false),
        Kind::FalseOk | Kind::LostWrite | Kind::Html200 => (200, false),
        Kind::Redirect301 => (301, false),
        Kind::Redirect302 => (302, false),
        _ => (200, true),
    })
}

#[tokio::test]
async fn every_kind_meets_a_write_as_it_says() {
    for kind in Kind::ALL {
        let (caller, id) = bench().await;
        let rule = match kind {
            Kind::Slow | Kind::Jitter | Kind::Drip => Rule::always(*kind).lasting(Duration::from_millis(5)),
            Kind::Hang | Kind::HangAfterWrite => Rule::always(*kind).lasting(Duration::from_millis(300)),
            Kind::HugeBody | Kind::GzipBomb => Rule::always(*kind).sized(100_000),
            _ => Rule::always(*kind),
        };
        let (status, body, writes) = patch(&caller, id, rule).await;
        if let Some((wanted, stored)) = on_a_write(*kind) {
            assert_eq!((status, writes.len()), (wanted, usize::from(stored)), "{kind}: {body}");
        }
        assert!(writes.iter().all(|write| write.id == id.to_string()), "{kind}");
    }
}

#[tokio::test]
async fn the_vendors_own_words() {
    let (caller, id) = bench().await;
    for (kind, said) in [
        (Kind::Throttled, "API thread threshold of 3 threads"),
        (Kind::Forbidden, "adequate permissions to update"),
        (Kind::Invalid, "is a required field."),
        (Kind::NotFound, "No matching records found."),
        (Kind::Conflict, "locked"),
        (Kind::Error500, "An error occurred"),
    ] {
        // The id of the item stands in the body, and the rule finds it there.
        let (_, body, _) = patch(&caller, id, Rule::on_configuration(kind, id)).await;
        assert!(texts(&body)[0].contains(said), "{kind}: {body}");
        let (status, body, _) = patch(&caller, id, Rule::on_configuration(kind, id + 100_000)).await;
        assert_eq!(status, 200, "{kind}: {body}");
    }
    caller.simulator.set_faults("429=1:30s".parse().unwrap());
    let response = caller.request("GET", "/Version").send().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "30");
}

#[tokio::test]
async fn answers_that_lie() {
    let (caller, id) = bench().await;
    for kind in [Kind::FalseOk, Kind::LostWrite] {
        let (status, body, writes) = patch(&caller, id, Rule::always(kind)).await;
        assert_eq!((status, body, writes.len()), (200, json!({ "itemId": id }), 0), "{kind}");
    }
    let (_, body, writes) = patch(&caller, id, Rule::always(Kind::OtherRecord)).await;
    assert_ne!(body["itemId"], json!(id));
    assert_eq!(writes[0].id, id.to_string());
}

#[tokio::test]
async fn lists_that_do_not_add_up() {
    let (caller, _) = bench().await;
    let path = "/ConfigurationItems/query";
    let body = json!({ "maxRecords": 50, "filter": all() });
    let (_, page) = list(&caller, None, path, &body).await;
    let link = page["pageDetails"]["nextPageUrl"].as_str().unwrap().to_owned();
    let (first, second) = (ids(&page), ids(&list(&caller, None, &link, &body).await.1));
    let met =
        async |kind: Kind, path: &str| ids(&list(&caller, Some(Rule::always(kind)), path, &body).await.1);
    assert_eq!(met(Kind::DroppedPage, path).await, second);
    assert_eq!(met(Kind::RepeatedPage, &link).await, first);
    assert_eq!(met(Kind::ShortenedPage, path).await, first[..49]);
    let one = json!({ "filter": [{ "op": "eq", "field": "id", "value": first[3] }] });
    let (_, unfiltered) = list(&caller, Some(Rule::always(Kind::FilterIgnored)), path, &one).await;
    assert_eq!(ids(&unfiltered).len(), 500);
    assert_eq!(ids(&list(&caller, None, path, &one).await.1), [first[3]]);
    let counted =
        list(&caller, Some(Rule::always(Kind::LyingCount)), "/ConfigurationItems/query/count", &body).await;
    assert_eq!(counted.1["queryCount"], 601);
    let poisoned = Rule::on_configuration(Kind::PoisonRow, first[10]);
    let (status, refused) = list(&caller, Some(poisoned.clone()), path, &body).await;
    assert!(status == 500 && texts(&refused)[0].starts_with("Object reference"), "{refused}");
    assert_eq!(list(&caller, Some(poisoned), &link, &body).await.0, 200);
    list(&caller, Some(Rule::always(Kind::RowsAdded)), path, &body).await;
    assert_eq!(caller.count("ConfigurationItems", all()).await, 601);
    assert_eq!(caller.simulator.writes(), []);
    assert!(caller.simulator.all_writes()[0].by_others);
}

#[tokio::test]
async fn rows_in_shapes_nobody_promised() {
    let (caller, id) = bench().await;
    let path = format!("/ConfigurationItems/{id}");
    let met = async |kind: Kind| {
        caller.simulator.set_faults(Rule::always(kind).into());
        let one = answer(caller.request("GET", &path)).await.1["item"].clone();
        let rows = caller.query("Companies", all()).await;
        caller.simulator.set_faults(Plan::none());
        (one, rows[5].clone())
    };
    let whole = caller.get(&path).await.1["item"].clone();
    let (one, row) = met(Kind::NumbersAsStrings).await;
    assert!(one["companyID"].is_string() && row["id"].is_string());
    let (one, row) = met(Kind::ExtraFields).await;
    assert!(one["futureMember"].is_object() && row["futureFlag"].is_boolean());
    let (one, _) = met(Kind::MissingFields).await;
    assert_eq!(one.as_object().unwrap().len() + 1, whole.as_object().unwrap().len());
    let (one, _) = met(Kind::NullFields).await;
    assert_eq!(one.as_object().unwrap().len(), whole.as_object().unwrap().len());
}
