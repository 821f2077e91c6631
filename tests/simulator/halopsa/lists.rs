//! Lists: paging, what is in them by default, filters, and what is passed over without a word.

use mothball::simulator::Options;
use serde_json::json;

use super::{Caller, rows};

#[tokio::test]
async fn paging_counts_only_when_it_is_asked_for() {
    let caller = Caller::with("token_seconds", "3600").await;
    let all = caller.ids("/Asset").await;
    assert!(all.len() > 400);
    assert_eq!(caller.ids("/Asset?page_size=10&page_no=3").await, all);
    assert!(caller.simulator.notes().iter().any(|note| note.contains("only with pageinate=true")));
    assert_eq!(caller.ids("/Asset?count=7").await, all[..7]);
    let page = caller.read("/Asset?pageinate=true&page_no=2&page_size=30").await;
    assert_eq!(
        (&page["page_no"], &page["page_size"], &page["record_count"]),
        (&json!(2), &json!(30), &json!(all.len()))
    );
    assert_eq!(caller.ids("/Asset?pageinate=true&page_no=2&page_size=30").await, all[30..60]);
    // `count` is for lists that are not paged.
    assert_eq!(caller.ids("/Asset?pageinate=true&count=3").await, all[..50]);
    assert_eq!(caller.ids("/asset?pageinate=true&page_no=99&page_size=100").await, [] as [i64; 0]);
    let last = caller.read(&format!("/Asset?pageinate=true&page_no={}&page_size=1", all.len())).await;
    assert_eq!(rows(&last)[0]["id"], json!(all[all.len() - 1]));
}

#[tokio::test]
async fn unpaged_clients_are_the_first_fifty() {
    let options = mothball::simulator::Options { clients: 120, ..Default::default() };
    let caller = Caller::start(options).await;
    let all = caller.ids("/Client?count=100000&includeinactive=true").await;
    assert_eq!(all.len(), 123);
    let active = caller.ids("/Client?count=100000").await;
    assert!(active.len() < 123 && active.len() > 60);
    assert_eq!(caller.ids("/Client").await, active[..50]);
    assert_eq!(caller.ids("/Client?pageinate=true&page_no=2").await, active[50..active.len().min(100)]);
}

#[tokio::test]
async fn pages_of_tickets_hold_a_hundred_at_most() {
    let options = mothball::simulator::Options { clients: 200, ..Default::default() };
    let caller = Caller::start(options).await;
    let page = caller.read("/Tickets?pageinate=true&page_size=1000").await;
    assert_eq!((rows(&page).len(), &page["page_size"]), (100, &json!(100)));
    assert!(page["record_count"].as_i64().unwrap() > 100);
}

#[tokio::test]
async fn active_rows_come_unasked_and_inactive_ones_do_not() {
    let caller = Caller::with("token_seconds", "3600").await;
    for (list, member) in
        [("/Asset?count=9999", "assets"), ("/Client?count=9999", "clients"), ("/Site?count=9999", "sites")]
    {
        let count = async |more: &str, inactive: bool| {
            let body = caller.read(&format!("{list}{more}")).await;
            let rows = body[member].as_array().unwrap();
            rows.iter().filter(|row| row["inactive"] == json!(inactive)).count()
        };
        assert!(count("", false).await > 0 && count("", true).await == 0);
        let both = "&includeinactive=true";
        assert!(count(both, false).await > 0 && count(both, true).await > 0);
        for only in ["&includeactive=false&includeinactive=true", "&activeinactive=false,true"] {
            assert!(count(only, false).await == 0 && count(only, true).await > 0, "{list}{only}");
        }
    }
}

/// As .NET reads them; Python writes its own in capitals.
#[tokio::test]
async fn flags_are_read_in_any_case_and_numbers_are_none() {
    let caller = Caller::start(Options::default()).await;
    let inactive = caller.ids("/Asset?includeactive=false&includeinactive=true").await;
    assert!(!inactive.is_empty());
    assert_eq!(caller.ids("/Asset?includeactive=False&includeinactive=True").await, inactive);
    assert_eq!(caller.ids("/Asset?activeinactive=False,TRUE").await, inactive);
    let page = caller.read("/Asset?pageinate=True&page_no=2&page_size=10").await;
    assert_eq!((rows(&page).len(), &page["page_no"]), (10, &json!(2)));
    assert_eq!(caller.simulator.notes(), Vec::<String>::new());
    let all = caller.ids("/Asset").await;
    assert_eq!(caller.ids("/Asset?includeactive=0&pageinate=1&page_size=10").await, all);
    assert_eq!(caller.simulator.notes().len(), 3);
}

#[tokio::test]
async fn a_misspelt_filter_returns_everything() {
    let caller = Caller::with("token_seconds", "3600").await;
    let all = caller.ids("/Asset").await;
    assert_eq!(caller.ids("/Asset?clientid=1").await, all);
    assert!(caller.simulator.notes().iter().any(|note| note.contains("no parameter \"clientid\"")));
    // Booleans are words.
    assert_eq!(caller.ids("/Asset?includeinactive=1").await, all);
    assert!(caller.simulator.notes().iter().any(|note| note.contains("only true and false")));
    let mut turned = all.clone();
    turned.reverse();
    assert_eq!(caller.ids("/Asset?order=id&orderdesc=1").await, all);
    assert_eq!(caller.ids("/Asset?order=id&orderdesc=true").await, turned);
}

#[tokio::test]
async fn a_number_that_is_none_is_refused_by_name() {
    let caller = Caller::with("token_seconds", "3600").await;
    let refused =
        |name: &str, value: &str| (400, json!({ name: [format!("The value '{value}' is not valid.")] }));
    assert_eq!(caller.get("/Asset/probe").await, refused("id", "probe"));
    assert_eq!(caller.get("/Asset?client_id=x").await, refused("client_id", "x"));
    assert_eq!(caller.get("/Asset?pageinate=true&page_no=two").await, refused("page_no", "two"));
    assert_eq!(caller.get("/Asset/999999").await, (404, json!("")));
    assert_eq!(caller.get("/NoSuchThing").await, (404, json!("")));
    assert_eq!(caller.get("/Asset/1/2").await, (404, json!("")));
}

#[tokio::test]
async fn assets_are_filtered_by_what_they_belong_to() {
    let caller = Caller::with("token_seconds", "3600").await;
    let truth = caller.simulator.truth();
    let ids = async |query: &str| caller.ids(&format!("/Asset?includeinactive=true&{query}")).await;
    let wanted = |pick: &dyn Fn(&mothball::simulator::ConfigurationTruth) -> bool| -> Vec<i64> {
        let mut ids: Vec<i64> = truth
            .configurations
            .values()
            .filter(|row| pick(row))
            .map(|row| row.id.parse().unwrap())
            .collect();
        ids.sort_unstable();
        ids
    };
    let linked =
        truth.configurations.values().find(|row| row.is_active() && !row.active_children.is_empty()).unwrap();
    let client = &linked.company;
    assert_eq!(ids(&format!("client_id={client}")).await, wanted(&|row| row.company == *client));
    assert_eq!(
        ids(&format!("client_ids=1,{client}")).await,
        wanted(&|row| row.company == *client || row.company == "1")
    );
    assert_eq!(ids("assettype_id=130").await, wanted(&|row| row.type_name == "Server"));
    assert_eq!(
        ids("assettypes=130,152").await,
        wanted(&|row| ["Server", "Domain"].contains(&row.type_name.as_str()))
    );
    let group = ["Domain", "SSL Certificate", "Licence"];
    assert_eq!(ids("assetgroup_id=11").await, wanted(&|row| group.contains(&row.type_name.as_str())));
    assert_eq!(
        ids("assetstatuses=52,57").await,
        wanted(&|row| ["Retired", "Decommissioned"].map(Some).contains(&row.status.as_deref()))
    );
    assert_eq!(ids(&format!("assets=999999,{}", linked.id)).await, [linked.id.parse::<i64>().unwrap()]);
    let kin = ids(&format!("linkedto_id={}", linked.id)).await;
    assert!(linked.active_children.iter().all(|child| kin.contains(&child.parse().unwrap())), "{kin:?}");
    assert!(kin.len() < 20);
    assert_eq!(ids(&format!("search={}", linked.name)).await.first(), Some(&linked.id.parse().unwrap()));
    let everything = ids("").await;
    assert_eq!(ids(&format!("excludethese={}", linked.id)).await.len(), everything.len() - 1);
}

#[tokio::test]
async fn links_are_found_from_the_asset() {
    let caller = Caller::with("token_seconds", "3600").await;
    let truth = caller.simulator.truth();
    let ticketed = truth.configurations.values().find(|row| !row.open_tickets.is_empty()).unwrap();
    let found = caller.ids(&format!("/Tickets?open_only=true&asset_id={}", ticketed.id)).await;
    let mut found: Vec<String> = found.iter().map(ToString::to_string).collect();
    found.sort();
    assert_eq!(found, ticketed.open_tickets);
    let detail = caller.read(&format!("/Asset/{}?includedetails=true", ticketed.id)).await;
    assert_eq!(detail["open_ticket_count"], json!(found.len()));
    let ticket = caller.read(&format!("/Tickets/{}", found[0])).await;
    assert!(
        ticket["assets"].as_array().unwrap().iter().any(|row| row["id"].as_i64() == ticketed.id.parse().ok())
    );

    // By contract, and by a line that names it.
    let mut kinds = std::collections::BTreeSet::new();
    for row in truth.configurations.values().filter(|row| !row.agreements.is_empty()).take(60) {
        let contracts = caller.ids(&format!("/ClientContract?device_id={}", row.id)).await;
        let invoices = caller.read(&format!("/RecurringInvoice?asset_id={}&includelines=true", row.id)).await;
        for agreement in row.agreements.keys().map(|id| id.parse::<i64>().unwrap()) {
            let by_contract = contracts.contains(&agreement);
            let by_line = rows(&invoices).iter().any(|invoice| invoice["id"] == json!(agreement));
            kinds.insert((by_contract, by_line));
            if !by_contract && !by_line {
                let counted = caller.read(&format!("/RecurringInvoice/{agreement}")).await;
                let lines = counted["lines"].as_array().unwrap();
                assert!(lines.iter().any(|line| line["quantity_assets"][0]["type_id"].is_i64()), "{counted}");
            }
        }
    }
    assert_eq!(kinds, [(false, false), (false, true), (true, false)].into());
}

#[tokio::test]
async fn invoices_show_their_lines_when_asked() {
    let caller = Caller::with("token_seconds", "3600").await;
    assert!(rows(&caller.read("/RecurringInvoice").await).iter().all(|row| row.get("lines").is_none()));
    let with = caller.read("/RecurringInvoice?includelines=true").await;
    assert!(rows(&with).iter().all(|row| !row["lines"].as_array().unwrap().is_empty()));
}

#[tokio::test]
async fn labels_of_customer_types_are_in_a_lookup() {
    let caller = Caller::with("token_seconds", "3600").await;
    let types = caller.read("/Lookup?lookupid=33").await;
    let former = rows(&types).iter().find(|row| row["name"] == "Former Client").unwrap();
    let clients = caller.read("/Client?count=1000").await;
    assert!(rows(&clients).iter().any(|row| row["customertype"] == former["id"]));
    assert_eq!(rows(&caller.read("/Lookup?lookupid=64").await).len(), 205);
    assert_eq!(rows(&caller.read("/Lookup").await).len(), 205 + rows(&types).len());
}
