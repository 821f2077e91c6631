use std::sync::Arc;

use super::*;
use crate::domain::{
    ClientId, ConfigId, State, StatusRef, Timestamp,
    configuration::Record,
    links::{Link, LinkAnswer},
};

fn now() -> Timestamp {
    Timestamp::parse("2026-11-26T12:00:00Z").unwrap()
}

fn labels() -> Vec<Arc<str>> {
    ["Manufacturer", "IP address"].map(Arc::from).into()
}

fn query(text: &str) -> Query {
    Query::of_rows(text, Known { labels: &labels(), now: now() })
}

fn row(name: &str, config_type: &str) -> Row {
    Row {
        configuration: Record {
            id: ConfigId::from("42"),
            client: ClientId::from("1"),
            name: name.into(),
            names: Vec::new(),
            config_type: config_type.into(),
            site: Some("HQ Berlin".into()),
            serial: Some("SN-9".into()),
            state: State {
                active: true,
                status: Some(StatusRef { id: "2".into(), name: "In Use".into() }),
                closed: Some(false),
            },
            parent: Some(ConfigId::from("7")),
            rmm: Some("Datto RMM 55".into()),
            last_updated: Timestamp::parse("2026-06-15T08:00:00Z"),
            record_url: None,
            details: [("Manufacturer".into(), "Dell".into()), ("IP address".into(), "10.0.0.7".into())]
                .into_iter()
                .collect(),
        }
        .into(),
        locked: None,
        hold: None,
        again: None,
    }
}

fn fits(text: &str, row: &Row, links: &Links) -> bool {
    query(text).fits(Candidate { row, links }, &mut matcher())
}

fn billed() -> Links {
    let gold = Link { id: "1".into(), name: "Gold".into(), detail: None, record_url: None };
    Links { billing: LinkAnswer::of(vec![gold]), ..Links::default() }
}

#[test]
fn words_and_fields() {
    let row = row("SRV-DC01", "Managed Server");
    for yes in [
        "",
        "dc01",
        "SDC1",
        "server",
        "sn-9",
        "42",
        "type:server",
        "site:berlin",
        "status:use",
        "status:active",
        "linked:billing",
        "linked:b",
        "!switch",
        "dc01 type:managed !old",
        "type:",
        "!type:switch",
        "name:srv serial:9 id:42 parent:7 rmm:datto",
        "manufacturer:dell ip:10.0",
        "!manufacturer:hp",
        "\"srv-dc\"",
        "site:\"hq berlin\"",
        "\"managed server\"",
        "!\"managed switch\"",
    ] {
        assert!(fits(yes, &row, &billed()), "{yes}");
    }
    for no in [
        "dc02",
        "type:switch",
        "site:paris",
        "linked:rmm",
        "!dc01",
        "!type:server",
        "linked:none",
        "status:inactive",
        "name:sdc1",
        "\"sdc1\"",
        "manufacturer:hp",
        "site:\"hq paris\"",
    ] {
        assert!(!fits(no, &row, &billed()), "{no}");
    }
    assert!(!fits("linked:none", &row, &Links::default()), "not read is never none");
    assert!(fits("linked:unknown", &row, &Links::default()));
}

#[test]
fn active_is_not_found_in_inactive() {
    let mut row = row("A", "B");
    row.configuration.state = State {
        active: false,
        status: Some(StatusRef { id: "9".into(), name: "Inactive".into() }),
        closed: Some(true),
    };
    assert!(!fits("status:active", &row, &Links::default()));
    assert!(fits("status:inact", &row, &Links::default()));
}

#[test]
fn ages_and_dates() {
    let old = row("A", "B");
    for yes in [
        "updated:>90d",
        "updated:<1y",
        "updated:2026-06",
        "updated:<2026-07",
        "updated:>2026-06-01",
        "updated:",
    ] {
        assert!(fits(yes, &old, &Links::default()), "{yes}");
    }
    for no in ["updated:<90d", "updated:>1y", "updated:2026-07", "updated:>2026-07", "updated:none"] {
        assert!(!fits(no, &old, &Links::default()), "{no}");
    }
    let mut unknown = row("A", "B");
    unknown.configuration.last_updated = None;
    assert!(fits("updated:none", &unknown, &Links::default()));
    assert!(!fits("updated:>1d", &unknown, &Links::default()), "what is not known is not old");
    assert!(query("updated:soon").complaint.unwrap().contains("<90d"));
}

#[test]
fn what_a_row_is() {
    let mut row = row("A", "B");
    assert!(!fits("is:locked", &row, &Links::default()));
    row.locked = Some("Protected: type rule".into());
    assert!(fits("is:locked", &row, &Links::default()) && fits("is:protected", &row, &Links::default()));
    assert!(!fits("!is:locked", &row, &Links::default()));
    row.configuration.state.closed = Some(true);
    assert!(fits("is:mixed", &row, &Links::default()));
}

#[test]
fn what_is_not_understood_is_said_with_what_could_be_meant() {
    for (typed, meant) in
        [("linked:wat", "billing, tickets"), ("is:wat", "mixed, held"), ("sit:hq", "did you mean site:?")]
    {
        let complaint = query(typed).complaint.unwrap();
        assert!(complaint.contains(meant), "{complaint}");
    }
    let strange = query("00:1b:63").complaint.unwrap();
    assert!(strange.starts_with("No field is called 00. There are name, type"), "{strange}");
    assert!(strange.contains("ipaddress") && strange.contains("Quotes"), "{strange}");
    assert_eq!(query("\"00:1b:63\"").complaint, None);
    // An "all" key must not take what was meant to be left out.
    assert!(!fits("sit:hq", &row("A", "B"), &Links::default()));
    assert!(!fits("!sit:hq", &row("A", "B"), &Links::default()));
    let client = Query::of_clients("type:server").complaint.unwrap();
    assert!(client.contains("There are name, id, because"), "{client}");
}

#[test]
fn longer_words_narrow_unless_negated() {
    assert!(query("srv").narrows(&query("sr")));
    assert!(!query("!srv").narrows(&query("!sr")));
    assert!(!query("sr").narrows(&query("srv")));
    assert!(!query("\"a b\" c").narrows(&query("\"a b")), "a closing quote lets more through");
}

#[test]
fn marks_say_what_fitted_and_where() {
    let marks = |text: &str, field: Field, shown: &str| query(text).marks(&field, shown, &mut matcher());
    assert_eq!(marks("dc", Field::Name, "SRV-DC01"), [4, 5]);
    assert_eq!(marks("type:man", Field::Type, "Managed"), [0, 1, 2]);
    assert_eq!(marks("type:man", Field::Name, "Managed"), [0u32; 0]);
    assert_eq!(
        marks("mg", Field::Type, "Managed"),
        [0u32; 0],
        "types are not matched fuzzily, so they are not marked so"
    );
    assert_eq!(marks("!dc", Field::Name, "SRV-DC01"), [0u32; 0]);
    assert_eq!(marks("ip:0.7", Field::Detail(Arc::from("IP address")), "10.0.0.7"), [5, 6, 7]);
    // Graphemes, not bytes or characters.
    assert_eq!(marks("日", Field::Name, "e\u{301}x日本"), [2]);
}
