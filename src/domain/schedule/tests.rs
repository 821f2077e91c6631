use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

fn schedule(line: &str, missed: Missed, missed_within_hours: u32, jitter_seconds: u32) -> Schedule {
    Schedule {
        name: "nightly".to_owned(),
        cadence: Cadence::new(line, TimeZone::UTC).unwrap(),
        profile: "main".to_owned(),
        inputs: Inputs::default(),
        missed,
        missed_within_hours,
        jitter_seconds,
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn fires(schedule: &Schedule, since: &str, now: &str) -> (Option<String>, u32) {
    let due = schedule.due(at(since), at(now));
    (due.fire.map(|firing| firing.to_string()), due.passed_over)
}

#[test]
fn a_firing_is_owed_from_its_moment_on_and_only_once() {
    let nightly = schedule("30 2 * * *", Missed::Skip, 12, 0);
    assert_eq!(fires(&nightly, "2026-11-26T02:30:00Z", "2026-11-27T02:29:59Z"), (None, 0));
    let owed = (Some("2026-11-27T02:30:00Z".to_owned()), 0);
    assert_eq!(fires(&nightly, "2026-11-26T02:30:00Z", "2026-11-27T02:30:00Z"), owed);
    assert_eq!(
        fires(&nightly, "2026-11-26T02:30:00Z", "2026-11-27T02:34:59Z"),
        owed,
        "a little late is on time"
    );
    assert_eq!(fires(&nightly, "2026-11-27T02:30:00Z", "2026-11-27T02:31:00Z"), (None, 0));
}

#[test]
fn what_was_missed_is_skipped_or_made_up_for_once_and_not_for_ever() {
    let skip = schedule("30 2 * * *", Missed::Skip, 12, 0);
    let once = schedule("30 2 * * *", Missed::RunOnce, 12, 0);
    let (since, morning, evening) = ("2026-11-23T02:30:00Z", "2026-11-27T08:00:00Z", "2026-11-27T14:31:00Z");
    assert_eq!(fires(&skip, since, morning), (None, 1));
    assert_eq!(fires(&once, since, morning), (Some("2026-11-27T02:30:00Z".to_owned()), 0));
    assert_eq!(fires(&once, since, evening).0, None, "after twelve hours nobody waits for it");
    let hourly = schedule("0 * * * *", Missed::RunOnce, 12, 0);
    assert_eq!(
        fires(&hourly, since, morning),
        (Some("2026-11-27T08:00:00Z".to_owned()), 11),
        "one run for all of them; what was due more than twelve hours ago is not even counted"
    );
}

#[test]
fn names_for_the_store_tell_schedules_and_firings_apart() {
    let nightly = schedule("30 2 * * *", Missed::Skip, 12, 0);
    assert_eq!(nightly.lane(), "schedule:nightly");
    assert_eq!(nightly.key(at("2026-11-27T02:30:00Z")), "schedule:nightly:2026-11-27T02:30:00Z");
}

proptest! {
    #[test]
    fn the_beginning_is_put_off_by_the_same_few_seconds_everywhere(
        firing in 0_i64..4_000_000_000,
        jitter in 0_u32..=3_600,
    ) {
        let firing = Timestamp::from_seconds(firing);
        let begins = schedule("0 0 * * *", Missed::Skip, 1, jitter).begins(firing);
        prop_assert_eq!(begins, schedule("5 5 * * *", Missed::RunOnce, 7, jitter).begins(firing));
        let late = begins.seconds_since(firing);
        prop_assert!((0.0..=f64::from(jitter)).contains(&late), "{}", late);
    }

    #[test]
    fn whoever_looks_however_often_owes_a_firing_one_run_at_most_and_a_punctual_one_exactly_one(
        looks in proptest::collection::vec(1_i64..7_200, 1..60),
        missed in prop_oneof![Just(Missed::Skip), Just(Missed::RunOnce)],
        // No look is later than the time that is looked back on.
        hours in 2_u32..=24,
    ) {
        let schedule = schedule("*/10 * * * *", missed, hours, 0);
        let mut since = at("2026-11-27T00:03:00Z");
        let mut fired: Vec<Timestamp> = Vec::new();
        for seconds in looks {
            let now = since.plus_seconds(seconds);
            let firings: Vec<Timestamp> =
                schedule.cadence.all_after(since).take_while(|firing| *firing <= now).collect();
            let due = schedule.due(since, now);
            prop_assert_eq!(due.passed_over as usize + usize::from(due.fire.is_some()), firings.len());
            match firings.last() {
                Some(last) if missed == Missed::RunOnce || now.seconds_since(*last) <= 300.0 => {
                    prop_assert_eq!(due.fire, Some(*last));
                }
                _ => prop_assert_eq!(due.fire, None),
            }
            fired.extend(due.fire);
            since = now;
        }
        prop_assert!(fired.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", fired);
    }

    #[test]
    fn not_everybody_begins_at_the_same_second(day in 0_i64..20_000) {
        let firing = Timestamp::from_seconds(day * 86_400);
        let begins: std::collections::BTreeSet<Timestamp> = (0..20)
            .map(|n| Schedule { name: format!("s{n}"), ..schedule("0 0 * * *", Missed::Skip, 1, 600) }.begins(firing))
            .collect();
        prop_assert!(begins.len() > 10, "{:?}", begins);
    }
}
