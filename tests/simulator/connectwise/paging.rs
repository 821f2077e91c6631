//! Both ways of paging, and the `Link` header as it was captured.

use std::collections::BTreeSet;

use mothball::simulator::{Options, Switches};
use serde_json::Value;

use super::Caller;

async fn page(caller: &Caller, path: &str, forward: bool) -> (Vec<Value>, Option<String>) {
    let mut request = caller.request("GET", path);
    if forward {
        request = request.header("pagination-type", "forward-only");
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["api-current-version"], "2026.1");
    let link = response.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
    (response.json().await.unwrap(), link)
}

fn ids(rows: &[Value]) -> Vec<i64> {
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn the_link_header_is_written_as_captured() {
    let caller = Caller::start(Options::default()).await;
    let base = caller.simulator.base_url();
    let query = "conditions=LastUpdated%20%3E%3D%20[2015-04-01T20:02:28Z]&pageSize=2";
    let (rows, link) = page(&caller, &format!("/company/companies?{query}"), false).await;
    assert_eq!(rows.len(), 2);
    let link = link.unwrap();
    let first = format!(
        "<{base}/v4_6_release/apis/3.0/company/companies/?conditions=LastUpdated+%3e%3d+%5b2015-04-01T20%3a02%3a28Z%5d&pageSize=2&page=2>; rel=\"next\""
    );
    assert!(link.starts_with(&first), "{link}");
    let (_, link) = page(&caller, &format!("/company/companies?page=2&{query}&fields=id,name"), false).await;
    let link = link.unwrap();
    // `page` is last wherever it stood, commas are encoded, so that a split at commas is safe.
    assert!(link.contains("&fields=id%2cname&page=3>; rel=\"next\""), "{link}");
    let relations: Vec<&str> = link.split(", ").map(|part| part.rsplit("rel=").next().unwrap()).collect();
    assert_eq!(relations, ["\"next\"", "\"prev\"", "\"first\"", "\"last\""]);
}

#[tokio::test]
async fn pages_are_25_by_default_1000_at_most_and_empty_past_the_end() {
    let caller = Caller::start(Options { configurations: 1_300, ..Options::default() }).await;
    assert_eq!(page(&caller, "/company/configurations", false).await.0.len(), 25);
    assert_eq!(page(&caller, "/company/configurations?pageSize=1001", false).await.0.len(), 1000);
    assert_eq!(page(&caller, "/company/configurations?page=3&pageSize=1000", false).await, (vec![], None));
    let notes = caller.simulator.notes();
    assert!(notes.iter().any(|note| note.contains("capped")), "{notes:?}");
    // Without `page` repeated conditions, a page is a page of the whole table.
    let counted = caller.count("/company/configurations/count").await;
    assert_eq!(counted, 1_300);
}

/// The words of a refusal were captured in 2016 (sgtoj/PSConnectWise#2), when pages had 100 rows at most.
#[tokio::test]
async fn a_page_that_cannot_be_is_refused() {
    let caller = Caller::start(Options::default()).await;
    for (query, code, said) in [
        ("pageSize=0", "OutOfRange", "The field pageSize must be between 1 and 1000."),
        ("pageSize=-1", "OutOfRange", "The field pageSize must be between 1 and 1000."),
        ("page=0", "OutOfRange", "The field page must be between 1 and 2147483647."),
        ("pageSize=ten", "InvalidField", "The value 'ten' is not valid for pageSize."),
        ("pageSize=99999999999", "InvalidField", "The value '99999999999' is not valid for pageSize."),
        ("pageId=x", "InvalidField", "The value 'x' is not valid for pageId."),
    ] {
        let (status, body) = caller.get(&format!("/company/configurations?{query}")).await;
        let error = &body["errors"][0];
        assert_eq!((status, &body["code"]), (400, &Value::from("InvalidObject")), "{query}: {body}");
        assert_eq!((error["code"].as_str(), error["message"].as_str()), (Some(code), Some(said)), "{query}");
    }
    // Left empty is not asked for.
    assert_eq!(page(&caller, "/company/configurations?page=&pageSize=", false).await.0.len(), 25);
}

#[tokio::test]
async fn forward_only_follows_ids_to_the_end() {
    let caller = Caller::start(Options { configurations: 700, ..Options::default() }).await;
    let path = "/company/configurations?conditions=activeFlag=true&pageSize=100&orderBy=name";
    let mut seen = Vec::new();
    let mut after = 0;
    loop {
        let (rows, link) = page(&caller, &format!("{path}&pageId={after}&page=5"), true).await;
        seen.extend(ids(&rows));
        let link = link.expect("the header is always there");
        if link.is_empty() {
            break;
        }
        after = *ids(&rows).last().unwrap();
        assert!(link.ends_with(&format!("&pageId={after}>; rel=\"next\"")), "{link}");
        assert!(!link.contains("page=5"), "{link}");
    }
    assert!(seen.is_sorted());
    assert_eq!(
        seen.len() as i64,
        caller.count("/company/configurations/count?conditions=activeFlag=true").await
    );
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
}

#[tokio::test]
async fn both_modes_give_the_same_rows() {
    let caller = Caller::start(Options::default()).await;
    let mut navigable = Vec::new();
    for number in 1.. {
        let (rows, _) =
            page(&caller, &format!("/company/configurations?pageSize=64&page={number}"), false).await;
        if rows.is_empty() {
            break;
        }
        navigable.extend(ids(&rows));
    }
    let (rows, _) = page(&caller, "/company/configurations?pageSize=1000&pageId=0", true).await;
    assert_eq!(navigable, ids(&rows));
}

#[tokio::test]
async fn the_end_of_forward_only_differs_by_switch() {
    let switch = async |name: &str, value: &str, path: &str| {
        let mut switches = Switches::default();
        switches.set("connectwise", &format!("{name}={value}")).unwrap();
        let caller = Caller::start(Options { switches, ..Options::default() }).await;
        page(&caller, path, true).await
    };
    let whole = "/company/configurations?pageSize=1000";
    assert_eq!(switch("last_link", "empty", whole).await.1, Some(String::new()));
    assert_eq!(switch("last_link", "absent", whole).await.1, None);
    // 600 rows in pages of 100: the last page is full.
    let last = "/company/configurations?pageSize=600";
    assert!(switch("full_last_page_links", "true", last).await.1.unwrap().contains("rel=\"next\""));
    // Without the mode there is no header at all, and `page` counts again.
    let (rows, link) = switch("forward_only", "false", "/company/configurations?pageSize=10&page=2").await;
    assert_eq!((rows.len(), link), (10, None));
    let refused = "[\"/company/configurations\"]";
    assert_eq!(switch("forward_only_refused_on", refused, "/company/configurations").await.1, None);
}
