//! `[[schedules]]` and `[[notifications]]`: what they may say, and what they are told when they are wrong.

use mothball::{
    domain::{
        ClientId,
        notice::{Occasion, Preset},
        schedule::{Clients, Missed},
    },
    settings::{Fault, SettingsError},
};

use super::{GOOD, parse};

#[test]
fn a_schedule_says_when_for_whom_and_how() {
    let settings = parse(&format!(
        "{GOOD}
[[schedules]]
name = \"nightly\"
cron = \"30 2 * * 1-5\"
time_zone = \"Europe/Berlin\"
profile = \"main\"
all = true
offboarded_statuses = [\"Former Client\"]
types = [\"Server\"]
sites = [\"HQ\"]
limit_clients = 3
dry_run = true
require_approval = true
include_archived = true
reason = \"Nightly\"
ticket = \"815\"
requested_by = \"Operations\"
missed = \"run_once\"
missed_within_hours = 6
jitter_seconds = 300

[[schedules]]
name = \"one-client\"
cron = \"0  9 * * *\"
client_ids = [\" 4711 \"]
client_names = [\"Acme Ltd\"]
"
    ))
    .unwrap();
    let [nightly, one] = settings.schedules.as_slice() else { panic!("{:?}", settings.schedules) };
    assert_eq!((nightly.name.as_str(), nightly.profile.as_str()), ("nightly", "main"));
    assert_eq!(
        (nightly.cadence.fields(), nightly.cadence.zone_name().as_str()),
        ("30 2 * * 1-5", "Europe/Berlin")
    );
    assert_eq!(
        (nightly.missed, nightly.missed_within_hours, nightly.jitter_seconds),
        (Missed::RunOnce, 6, 300)
    );
    let inputs = &nightly.inputs;
    assert_eq!(inputs.clients, Clients::All);
    assert_eq!(
        (inputs.statuses.as_slice(), inputs.types.as_slice()),
        (["Former Client".to_owned()].as_slice(), ["Server".to_owned()].as_slice())
    );
    assert_eq!(
        (inputs.sites.as_slice(), inputs.limit_clients.map(usize::from)),
        (["HQ".to_owned()].as_slice(), Some(3))
    );
    assert!(inputs.dry_run && inputs.require_approval && inputs.include_archived);
    let said = [&inputs.reason, &inputs.ticket, &inputs.requested_by].map(|said| said.as_deref().unwrap());
    assert_eq!(said, ["Nightly", "815", "Operations"]);

    assert_eq!(one.profile, "main", "the only one");
    assert_eq!(one.cadence.fields(), "0 9 * * *");
    assert_eq!(
        one.inputs.clients,
        Clients::Named { ids: vec![ClientId::from("4711")], names: vec!["Acme Ltd".to_owned()] }
    );
    assert!(!one.inputs.dry_run && !one.inputs.require_approval && !one.inputs.include_archived);
    assert_eq!((one.missed, one.missed_within_hours, one.jitter_seconds), (Missed::Skip, 12, 60));
}

#[test]
fn a_notification_says_where_what_and_in_which_form() {
    let settings = parse(&format!(
        "{GOOD}
[[notifications]]
name = \"ops\"
url = {{ env = \"OPS_URL\" }}
preset = \"teams\"
events = [\"waiting\", \"failed\", \"finished\"]
profiles = [\"main\"]
client_names = true
link = \"https://wiki.msp.example/mothball/{{run}}\"

[[notifications]]
name = \"own\"
url = {{ file = \"own.url\" }}
"
    ))
    .unwrap();
    let [ops, own] = settings.notifications.as_slice() else { panic!("{:?}", settings.notifications) };
    assert_eq!((ops.name.as_str(), ops.preset), ("ops", Preset::Teams));
    assert_eq!(ops.events, [Occasion::Waiting, Occasion::Failed, Occasion::Finished]);
    assert_eq!((ops.profiles.as_slice(), ops.client_names), (["main".to_owned()].as_slice(), true));
    assert_eq!(ops.link.as_deref(), Some("https://wiki.msp.example/mothball/{run}"));
    assert_eq!(ops.url.origin(), "the variable OPS_URL");
    assert_eq!(
        (own.preset, own.events.as_slice()),
        (Preset::Json, [Occasion::Waiting, Occasion::Failed].as_slice())
    );
    assert!(own.profiles.is_empty() && !own.client_names && own.link.is_none());
}

fn faults(more: &str) -> Vec<Fault> {
    match parse(&format!("{GOOD}{more}\n")) {
        Err(SettingsError::Faults(faults)) => faults,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was accepted:\n{more}"),
    }
}

const SCHEDULE: &str = "[[schedules]]\nname = \"n\"\ncron = \"30 2 * * *\"\nall = true\n";
const NOTIFICATION: &str = "[[notifications]]\nname = \"n\"\nurl = { env = \"URL\" }\n";

#[test]
fn each_mistake_is_told_with_its_place_and_a_way_out() {
    let but = |good: &str, from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    let schedule = |from: &str, to: &str| but(SCHEDULE, from, to);
    let notification = |from: &str, to: &str| but(NOTIFICATION, from, to);
    let with = |good: &str, line: &str| format!("{good}{line}\n");
    // The text, the line below the twelve of the good file, the key, and what must be said.
    let cases: &[(String, usize, &str, &[&str])] = &[
        (schedule("name = \"n\"\n", ""), 1, "schedules.name", &["it is missing", "name = \"nightly\""]),
        (schedule("\"n\"", "\"every night\""), 2, "schedules.name", &["letters, digits"]),
        (
            schedule("cron = \"30 2 * * *\"\n", ""),
            1,
            "schedules.cron",
            &["it is missing", "cron = \"30 2 * * 1-5\""],
        ),
        (schedule("30 2 * * *", "30 25 * * *"), 3, "schedules.cron", &["\"25\" is no hour", "0 to 23"]),
        (schedule("30 2 * * *", "@daily"), 3, "schedules.cron", &["needs five", "30 2 * * 1-5"]),
        (schedule("30 2 * * *", "30 2 30 2 *"), 3, "schedules.cron", &["never happen"]),
        (
            schedule("all = true\n", ""),
            1,
            "schedules",
            &["whose configurations?", "all = true", "client_ids"],
        ),
        (with(SCHEDULE, "client_ids = [\"1\"]"), 1, "schedules", &["keep one of the two"]),
        (
            with(SCHEDULE, "profile = \"mian\""),
            5,
            "schedules.profile",
            &["no profile \"mian\"", "did you mean \"main\""],
        ),
        (
            with(SCHEDULE, "profile = \"elsewhere\""),
            5,
            "schedules.profile",
            &["there is no profile \"elsewhere\""],
        ),
        (
            with(SCHEDULE, "time_zone = \"Europe/Berln\""),
            5,
            "schedules.time_zone",
            &["no time zone", "did you mean \"Europe/Berlin\""],
        ),
        (with(SCHEDULE, "time_zone = \"Q\""), 5, "schedules.time_zone", &["Europe/Berlin", "leave it out"]),
        (with(SCHEDULE, "missed = \"once\""), 5, "schedules.missed", &["\"skip\", \"run_once\""]),
        (with(SCHEDULE, "missed_within_hours = 200"), 5, "schedules.missed_within_hours", &["1 to 168"]),
        (with(SCHEDULE, "jitter_seconds = -1"), 5, "schedules.jitter_seconds", &["0 to 3600"]),
        (with(SCHEDULE, "limit_clients = 0"), 5, "schedules.limit_clients", &["a whole number from 1"]),
        (
            with(SCHEDULE, "requires_approval = true"),
            5,
            "schedules.requires_approval",
            &["did you mean \"require_approval\""],
        ),
        (
            with(SCHEDULE, "max_changes = 9000"),
            5,
            "schedules.max_changes",
            &["it belongs under [safeguards]"],
        ),
        (format!("{SCHEDULE}{SCHEDULE}"), 5, "schedules.name", &["two schedules \"n\""]),
        ("[schedules]\nname = \"n\"".to_owned(), 1, "schedules", &["a list of sections, each [[schedules]]"]),
        (
            format!("[safeguards]\nmissed = \"skip\"\n{SCHEDULE}"),
            2,
            "safeguards.missed",
            &["it belongs under [[schedules]]"],
        ),
        (notification("name = \"n\"\n", ""), 1, "notifications.name", &["it is missing"]),
        (
            notification("url = { env = \"URL\" }\n", ""),
            1,
            "notifications.url",
            &["it is missing", "{ env = \"NOTIFY_URL\" }"],
        ),
        (with(NOTIFICATION, "preset = \"team\""), 4, "notifications.preset", &["did you mean \"teams\""]),
        (
            with(NOTIFICATION, "events = [\"waiting\", \"finnished\"]"),
            4,
            "notifications.events",
            &["did you mean \"finished\""],
        ),
        (with(NOTIFICATION, "events = []"), 4, "notifications.events", &["nothing would ever be told"]),
        (
            with(NOTIFICATION, "profiles = [\"mian\"]"),
            4,
            "notifications.profiles",
            &["did you mean \"main\""],
        ),
        (with(NOTIFICATION, "link = \"https://wiki.example/\""), 4, "notifications.link", &["no {run}"]),
        (with(NOTIFICATION, "link = \"javascript:{run}\""), 4, "notifications.link", &["no web address"]),
        (format!("{NOTIFICATION}{NOTIFICATION}"), 4, "notifications.name", &["two notifications \"n\""]),
    ];
    let before = GOOD.lines().count();
    for (more, line, key, words) in cases {
        let faults = faults(more);
        assert_eq!(faults.len(), 1, "{more}: {faults:#?}");
        assert_eq!((faults[0].key.as_str(), faults[0].line), (*key, before + line), "{more}: {}", faults[0]);
        for word in *words {
            assert!(faults[0].what.contains(word), "{more}: {}", faults[0]);
        }
    }
}

#[test]
fn a_schedule_of_several_profiles_says_which_one_it_means() {
    let other = GOOD.replace("profiles.main", "profiles.other");
    let text = |more: &str| format!("{GOOD}{other}{more}");
    let error = parse(&text(SCHEDULE)).unwrap_err().to_string();
    assert!(
        error.contains("schedules.profile: which profile? Name it here, or set default_profile"),
        "{error}"
    );
    let named = parse(&text(&format!("{SCHEDULE}profile = \"other\"\n"))).unwrap();
    assert_eq!(named.schedules[0].profile, "other");
    let meant = parse(&format!("default_profile = \"other\"\n{}", text(SCHEDULE))).unwrap();
    assert_eq!(meant.schedules[0].profile, "other");
}

#[test]
fn an_address_in_plain_text_is_warned_about_and_never_shown() {
    let secret = "https://hooks.example/canary-in-an-address";
    let text = format!("{GOOD}{}", NOTIFICATION.replace("{ env = \"URL\" }", &format!("\"{secret}\"")));
    let settings = parse(&text).unwrap();
    assert!(settings.warnings[0].contains("notifications.url"), "{:?}", settings.warnings);
    assert!(!format!("{settings:?}").contains("canary"));
}
