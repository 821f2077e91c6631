//! A canary sits in every field of a document. Those that fly out in what a client reads are counted.

use std::collections::{BTreeMap, BTreeSet};

use mothball::{
    domain::{ClientId, document::Report},
    report::export::{Audience, Form, Wish, export, sheets},
};
use serde_json::Value;

use super::samples::{joint, single, undo};

/// Every text of the document replaced by a name of its own place, as far as the field takes any text, and every number
/// by one that stands nowhere else.
struct Aviary {
    report: Report,
    /// Canary to the place where it sits.
    canaries: BTreeMap<String, String>,
}

impl Aviary {
    fn of(report: &Report) -> Self {
        let mut document = serde_json::to_value(report).unwrap();
        let mut places = Vec::new();
        collect(&document, String::new(), &mut places);
        let mut canaries = BTreeMap::new();
        for (at, place) in places.iter().enumerate() {
            let before = document.pointer(place).unwrap().clone();
            let canary = match &before {
                Value::String(_) => Value::String(format!("Kanarienvogel{}", letters(at))),
                _ => Value::from(770_000_000 + at as u64),
            };
            *document.pointer_mut(place).unwrap() = canary.clone();
            // Words of a fixed list and moments take no canary.
            if serde_json::from_value::<Report>(document.clone()).is_ok_and(|read| same_shape(&read, report))
            {
                let text = canary.as_str().map_or_else(|| canary.to_string(), str::to_owned);
                canaries.insert(text, place.clone());
            } else {
                *document.pointer_mut(place).unwrap() = before;
            }
        }
        Self { report: serde_json::from_value(document).unwrap(), canaries }
    }

    /// The places whose canaries are in this text, numbers of rows left out.
    fn flown(&self, text: &str) -> BTreeSet<String> {
        self.canaries
            .iter()
            .filter(|(canary, _)| text.contains(canary.as_str()))
            .map(|(_, place)| {
                place.split('/').filter(|part| part.parse::<usize>().is_err()).collect::<Vec<_>>().join("/")
            })
            .collect()
    }
}

fn same_shape(a: &Report, b: &Report) -> bool {
    matches!((a, b), (Report::Client(_), Report::Client(_)) | (Report::Joint(_), Report::Joint(_)))
}

/// Letters alone, so that no form escapes any of it; as many for each, so that none is the beginning of another.
fn letters(at: usize) -> String {
    format!("{at:04}").bytes().map(|b| char::from(b - b'0' + b'a')).collect()
}

fn collect(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| collect(value, format!("{place}/{key}"), places));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| collect(value, format!("{place}/{at}"), places));
        }
        Value::String(_) | Value::Number(_) => places.push(place),
        Value::Null | Value::Bool(_) => {}
    }
}

fn for_client(form: Form, client: Option<ClientId>) -> Wish {
    Wish { form, audience: Audience::Client, client }
}

const ALLOWED: [&str; 5] =
    ["/client_name", "/configs/config_name", "/configs/config_type", "/configs/site", "/run_id"];

#[test]
fn a_client_reads_its_own_names_and_nothing_else() {
    let allowed: BTreeSet<String> = ALLOWED.iter().map(ToString::to_string).collect();
    for report in [single(), undo()] {
        let aviary = Aviary::of(&report);
        assert!(aviary.canaries.len() > 60, "only {} canaries", aviary.canaries.len());
        for form in Form::ALL {
            let text = export(&aviary.report, &for_client(form, None)).unwrap();
            let mut expected = allowed.clone();
            if form == Form::Csv {
                // One row per configuration: the file's name says whose.
                expected.remove("/client_name");
            }
            assert_eq!(aviary.flown(&text), expected, "{form:?}\n{text}");
        }
        let house = export(&aviary.report, &Wish::default()).unwrap();
        for canary in aviary.canaries.keys() {
            assert!(house.contains(canary), "the canaries do sit in the document");
        }
    }
}

/// The canaries in words of the contract turn every outcome into "not completed"; here the words are real.
#[test]
fn what_a_client_reads_is_made_of_nothing_but_the_allowed_fields() {
    let mut words: BTreeSet<String> = BTreeSet::new();
    for report in [single(), undo()] {
        for form in Form::ALL {
            let text = export(&report, &for_client(form, None)).unwrap();
            let text = text.split("</head>").last().unwrap();
            for never in [
                "120.00",
                "Gold",
                "Datto",
                "4711",
                "jane",
                "joe@msp",
                "boss",
                "pay",
                "signs",
                "Do Not Bill",
                "400",
                "InvalidObject",
                "psa.example",
                "Former",
                "permission",
                "protected",
                "still billed",
                "Cobalt",
                "acmemsp",
                "connectwise",
                "aaaa",
                "bbbb",
                "cccc",
                "javascript",
                "In repair",
            ] {
                assert!(!text.contains(never), "{form:?} tells {never}\n{text}");
            }
            words.extend(text.split_whitespace().map(str::to_owned));
        }
    }
    for told in ["Retired", "Left", "completed", "Planned", "active", "SRV-DC1", "Reference"] {
        assert!(words.iter().any(|word| word.contains(told)), "{told} is told");
    }
}

#[test]
fn no_client_reads_of_another() {
    let aviary = Aviary::of(&joint());
    let ids: Vec<ClientId> =
        aviary.report.clients().iter().filter_map(|client| client.client_id.clone()).collect();
    assert_eq!(ids.len(), 2);
    let names = |at: usize| format!("/clients/{at}/");
    for (at, id) in ids.iter().enumerate() {
        for form in Form::ALL {
            let text = export(&aviary.report, &for_client(form, Some(id.clone()))).unwrap();
            for (canary, place) in aviary.canaries.iter().filter(|(canary, _)| text.contains(canary.as_str()))
            {
                assert!(place.starts_with(&names(at)), "{form:?} for {at} tells {canary} of {place}");
            }
            let sheets = sheets(&aviary.report, &for_client(form, None)).unwrap();
            assert_eq!(sheets.len(), 2, "one for each, and no joint one");
            assert_eq!(sheets[at].text, text);
            assert!(sheets.iter().all(|sheet| !sheet.is_joint));
        }
    }
    // Within the house, one client's document is about that client, too.
    let wish = Wish { form: Form::Html, client: Some(ids[1].clone()), ..Wish::default() };
    let text = export(&aviary.report, &wish).unwrap();
    let other =
        aviary.canaries.iter().find(|(_, place)| place.ends_with("/clients/0/client_name")).unwrap().0;
    assert!(!text.contains(other.as_str()));
}
