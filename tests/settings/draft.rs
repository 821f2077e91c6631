//! What `setup` writes: a file that is read without a word, and a file of a person that keeps every byte.

use std::{collections::BTreeMap, path::Path};

use mothball::{
    domain::{Criteria, criteria::Matching, protect::Protection},
    psa::registry::{FieldKind, ROOMS, Room},
    settings::{
        Settings,
        draft::{DraftError, ProfileDraft, Way, added_to, whole_file},
    },
};
use proptest::prelude::*;

use super::GOOD;

fn here() -> &'static Path {
    Path::new("/etc/mothball/config.toml")
}

fn draft(room: &'static Room, name: &str) -> ProfileDraft {
    let ways = [
        Way::File("main.private_key".to_owned()),
        Way::Keyring("main.integration_code".to_owned()),
        Way::Command(["pass", "show", "it's \"mine\""].map(str::to_owned).into()),
    ];
    let secret = |field: &&mothball::psa::registry::Field| field.kind == FieldKind::Secret;
    ProfileDraft {
        name: name.to_owned(),
        room,
        values: room
            .fields
            .iter()
            .filter(|field| field.kind != FieldKind::Secret && field.required)
            .map(|field| (field.key.to_owned(), field.example.to_owned()))
            .collect(),
        secrets: room
            .fields
            .iter()
            .filter(secret)
            .zip(ways)
            .map(|(field, way)| (field.key.to_owned(), way))
            .collect(),
        criteria: Criteria { inactive: true, ..Criteria::default() },
        status: None,
        protection: Protection::default(),
    }
}

#[test]
fn a_whole_file_of_every_psa_is_read_without_a_warning_and_says_what_was_chosen() {
    for room in ROOMS {
        let mut wanted = draft(room, "main");
        wanted.criteria = Criteria {
            inactive: true,
            statuses: vec!["Former \"Client\"".to_owned(), "Ex\\Kunde ü".to_owned()],
            tags: vec!["Offboarded".to_owned()],
            custom_field: None,
            contract_ended_days: Some(60),
            matching: Matching::All,
        };
        wanted.status = room.sets_status.then(|| "Retired".to_owned());
        wanted.protection.clients = vec!["1".to_owned()];
        let text = whole_file(&wanted, here()).unwrap();
        let settings = Settings::parse(&text, here()).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert!(settings.warnings.is_empty(), "{:?}\n{text}", settings.warnings);
        assert_eq!(settings.default_profile.as_deref(), Some("main"));
        let read = settings.profile(None).unwrap();
        assert_eq!(read.room.key, room.key);
        assert_eq!(read.values, wanted.values);
        assert_eq!(read.criteria, wanted.criteria);
        assert_eq!(read.wanted_status, wanted.status);
        assert_eq!(read.protection, wanted.protection);
        assert!(read.secrets.keys().eq(wanted.secrets.keys()));
    }
}

#[test]
fn every_line_that_is_off_is_good_once_it_is_switched_on() {
    for room in ROOMS {
        let text = whole_file(&draft(room, "main"), here()).unwrap();
        let on: String = text
            .lines()
            .map(|line| match line.strip_prefix('#') {
                // A comment has a blank after its sign, a setting that is off has none.
                Some(rest) if rest.starts_with(|c: char| c.is_ascii_alphabetic()) => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let settings = Settings::parse(&on, here()).unwrap_or_else(|error| panic!("{error}\n{on}"));
        assert!(settings.warnings.is_empty(), "{:?}", settings.warnings);
        assert!(on.lines().count() > 20 && settings.has("profiles.main.ca_file"));
    }
}

#[test]
fn a_persons_file_keeps_every_byte_and_the_profile_it_opens() {
    let mine = format!("# mine\t\n{GOOD}\n[safeguards]\nmax_changes = 7 # few");
    let text = added_to(&mine, &draft(ROOMS[1], "second"), here()).unwrap();
    let (head, tail) = text.split_once(mine.as_str()).expect("all of it is still there");
    assert_eq!(head, "default_profile = \"main\"\n", "whoever named no profile still gets theirs");
    assert!(tail.starts_with('\n') && tail.contains("[profiles.second]"));
    let settings = Settings::parse(&text, here()).unwrap();
    assert_eq!(settings.profiles.len(), 2);
    assert_eq!(settings.profile(None).unwrap().name, "main");
    assert_eq!(settings.safeguards.max_changes, 7);

    let third = added_to(&text, &draft(ROOMS[2], "third"), here()).unwrap();
    assert!(third.starts_with(&text), "there is a default already: only added to");
    assert_eq!(Settings::parse(&third, here()).unwrap().profiles.len(), 3);
}

#[test]
fn a_file_without_a_profile_gets_its_first() {
    for mine in ["", "# nothing yet\n", "[safeguards]\ndry_run = true\n", "operator = \"jane\""] {
        let text = added_to(mine, &draft(ROOMS[0], "main"), here()).unwrap();
        assert!(text.contains(mine));
        let settings = Settings::parse(&text, here()).unwrap();
        assert_eq!(settings.profile(None).unwrap().name, "main", "{mine}");
        assert_eq!(settings.safeguards.dry_run, mine.contains("dry_run"));
    }
}

#[test]
fn what_does_not_fit_is_refused_in_words() {
    let refused = |mine: &str, name: &str| added_to(mine, &draft(ROOMS[0], name), here()).unwrap_err();
    assert!(matches!(refused(GOOD, "main"), DraftError::Taken { .. }));
    assert!(refused(GOOD, "main").to_string().contains("left as it is"));
    for broken in ["[profiles", "nonsense = ", &format!("{GOOD}unknown = 1\n")] {
        let error = refused(broken, "new");
        assert!(matches!(error, DraftError::Broken { .. }), "{broken}: {error}");
        assert!(error.to_string().contains("Mend it first"), "{error}");
    }
    let inline = "profiles = {}\n";
    assert!(matches!(refused(inline, "new"), DraftError::DoesNotFit { .. }), "{}", refused(inline, "new"));
    for name in ["", "a b", "a.b", "ü", "a\n[x]", &"x".repeat(61)] {
        assert_eq!(refused("", name), DraftError::Name, "{name}");
        assert_eq!(whole_file(&draft(ROOMS[0], name), here()).unwrap_err(), DraftError::Name, "{name}");
    }
}

proptest! {
    #[test]
    fn no_text_of_a_person_or_a_psa_breaks_out_of_its_place(texts in proptest::collection::vec("\\PC{1,30}", 6)) {
        let mut wanted = draft(ROOMS[0], "main");
        let text = |n: usize| format!("x{}", texts[n]).trim().to_owned();
        wanted.values = BTreeMap::from([
            ("base_url".to_owned(), "https://api-na.myconnectwise.net".to_owned()),
            ("company_id".to_owned(), text(0)),
            ("public_key".to_owned(), text(1)),
            ("client_id".to_owned(), text(2)),
        ]);
        wanted.criteria.statuses = vec![text(3)];
        wanted.secrets.insert("private_key".to_owned(), Way::Command(vec![text(4)]));
        wanted.status = Some(text(5));
        let written = whole_file(&wanted, here()).unwrap();
        let settings = Settings::parse(&written, here()).unwrap();
        let read = settings.profile(None).unwrap();
        prop_assert_eq!(&read.values, &wanted.values);
        prop_assert_eq!(&read.criteria.statuses, &wanted.criteria.statuses);
        prop_assert_eq!(&read.wanted_status, &wanted.status);
    }
}
