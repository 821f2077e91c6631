//! Pages: how a query goes on, and what each way of asking for the next page is answered.

use mothball::simulator::Options;
use serde_json::{Value, json};

use super::{Caller, all, answer, texts};

fn ids(page: &Value) -> Vec<i64> {
    page["items"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

fn next(page: &Value) -> Option<&str> {
    page["pageDetails"]["nextPageUrl"].as_str()
}

#[tokio::test]
async fn a_posted_query_goes_on_with_the_same_body_posted_again() {
    let caller = Caller::start(Options::default()).await;
    let body = json!({ "maxRecords": 50, "includeFields": ["id"], "filter": all() });
    let (_, mut page) = caller.send("POST", "/ConfigurationItems/query", body.clone()).await;
    assert_eq!(page["pageDetails"]["requestCount"], 50);
    let root = format!(
        "{}/ATServicesRest/V1.0/ConfigurationItems/query/next?paging=%7b%22pageSize%22%3a50",
        caller.simulator.base_url()
    );
    assert!(next(&page).unwrap().starts_with(&root), "{page}");
    let mut found = ids(&page);
    while let Some(url) = next(&page).map(ToOwned::to_owned) {
        let (status, following) = caller.send("POST", &url, body.clone()).await;
        assert_eq!(status, 200, "{following}");
        page = following;
        found.extend(ids(&page));
    }
    assert_eq!(found.len(), 600);
    assert!(found.is_sorted_by(|a, b| a < b));
    let back = page["pageDetails"]["prevPageUrl"].as_str().unwrap().to_owned();
    let (_, before) = caller.send("POST", &back, body).await;
    assert_eq!(ids(&before), found[500..550]);
    assert_eq!(caller.simulator.notes(), Vec::<String>::new());
}

#[tokio::test]
async fn the_link_of_a_posted_query_holds_no_conditions() {
    let caller = Caller::start(Options::default()).await;
    let gone = json!([{ "op": "eq", "field": "isActive", "value": false }]);
    let body = json!({ "maxRecords": 2, "filter": gone });
    let (_, page) = caller.send("POST", "/Companies/query", body).await;
    let url = next(&page).unwrap();
    assert!(!url.contains("search"), "{url}");
    let (status, refused) = caller.get(url).await;
    assert_eq!(
        (status, &refused["Message"]),
        (405, &json!("The requested resource does not support http method 'GET'."))
    );
    let (status, refused) = answer(caller.request("POST", url)).await;
    assert!(status == 500 && texts(&refused)[0].contains("Parameter name: filters"), "{refused}");
    // Another body is taken at its word: the rows are then those of another query.
    let (_, other) = caller.send("POST", url, json!({ "filter": all() })).await;
    assert!(other["items"].as_array().unwrap().iter().any(|row| row["isActive"] == true));
}

#[tokio::test]
async fn a_query_by_get_goes_on_by_get() {
    let caller = Caller::start(Options::default()).await;
    let query = json!({ "maxRecords": 250, "filter": all() }).to_string();
    let search: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let (_, mut page) = caller.get(&format!("/ConfigurationItems/query?search={search}")).await;
    let mut found = ids(&page);
    while let Some(url) = next(&page).map(ToOwned::to_owned) {
        assert!(url.contains("&search=%7B"), "{url}");
        page = caller.get(&url).await.1;
        found.extend(ids(&page));
    }
    assert_eq!(found.len(), 600);
    assert!(found.is_sorted_by(|a, b| a < b));
}

#[tokio::test]
async fn a_full_page_is_500_and_the_cursor_needs_the_id() {
    let caller = Caller::start(Options::default()).await;
    let (_, page) = caller.send("POST", "/ConfigurationItems/query", json!({ "filter": all() })).await;
    assert_eq!((ids(&page).len(), &page["pageDetails"]["count"]), (500, &json!(500)));
    assert!(next(&page).is_some());
    let body = json!({ "includeFields": ["referenceTitle"], "filter": all() });
    let (_, page) = caller.send("POST", "/ConfigurationItems/query", body).await;
    assert_eq!((page["items"].as_array().unwrap().len(), next(&page)), (500, None));
    assert!(caller.simulator.notes().iter().any(|note| note.contains("IncludeFields without id")));
}

#[tokio::test]
async fn rows_that_leave_the_result_do_not_shift_the_pages() {
    let caller = Caller::start(Options::default()).await;
    let body = json!({ "maxRecords": 20, "filter": [{ "op": "eq", "field": "isActive", "value": true }] });
    let (_, page) = caller.send("POST", "/ConfigurationItems/query", body.clone()).await;
    let (_, second) = caller.send("POST", next(&page).unwrap(), body.clone()).await;
    for id in ids(&page) {
        assert_eq!(caller.patch(json!({ "id": id, "isActive": false })).await.0, 200);
    }
    let (_, again) = caller.send("POST", next(&page).unwrap(), body).await;
    assert_eq!(ids(&again), ids(&second));
}
