use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn cadence(line: &str, zone: &str) -> Cadence {
    Cadence::new(line, TimeZone::get(zone).unwrap()).unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// The first moments after one, as clocks of the zone show them with their offset.
fn next(line: &str, zone: &str, after: &str, many: usize) -> Vec<String> {
    let cadence = cadence(line, zone);
    let shown = |moment: Timestamp| moment.in_zone(cadence.zone()).strftime("%m-%d %H:%M%:z").to_string();
    cadence.all_after(at(after)).take(many).map(shown).collect()
}

#[test]
fn a_line_means_the_wall_clock_of_its_zone() {
    assert_eq!(
        next("30 2 * * 1-5", "Europe/Berlin", "2026-11-27T12:00:00Z", 2),
        ["11-30 02:30+01:00", "12-01 02:30+01:00"]
    );
    assert_eq!(
        next("0 9 L * *", "Asia/Kathmandu", "2028-02-01T00:00:00Z", 2),
        ["02-29 09:00+05:45", "03-31 09:00+05:45"]
    );
    assert_eq!(
        next("*/20 8 * JAN SUN", "UTC", "2026-11-27T12:00:00Z", 4),
        ["01-03 08:00+00:00", "01-03 08:20+00:00", "01-03 08:40+00:00", "01-10 08:00+00:00"]
    );
}

#[test]
fn a_named_time_that_the_clock_jumps_over_happens_when_the_jump_is_done() {
    let spring = "2026-03-28T12:00:00Z";
    for line in ["30 2 * * *", "0,30 2 * * *"] {
        assert_eq!(
            next(line, "Europe/Berlin", spring, 2)[0],
            "03-29 03:00+02:00",
            "{line}: both of its times come to one moment"
        );
    }
    assert_eq!(
        next("0 2,14 * * *", "Europe/Berlin", spring, 3),
        ["03-28 14:00+01:00", "03-29 03:00+02:00", "03-29 14:00+02:00"]
    );
    // A whole day that there was not.
    assert_eq!(
        next("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", 3),
        ["12-29 12:00-10:00", "12-31 00:00+14:00", "12-31 12:00+14:00"]
    );
}

#[test]
fn a_named_time_that_the_clock_shows_twice_happens_the_first_time() {
    assert_eq!(
        next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
        ["10-25 02:30+02:00", "10-26 02:30+01:00"]
    );
    // Asked while the clock shows the hour again.
    assert_eq!(next("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", 1), ["10-26 02:30+01:00"]);
}

#[test]
fn what_takes_every_hour_follows_the_clock() {
    assert_eq!(
        next("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z", 3),
        ["03-29 01:30+01:00", "03-29 03:00+02:00", "03-29 03:30+02:00"]
    );
    assert_eq!(
        next("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:15:00Z", 4),
        ["10-25 02:30+02:00", "10-25 02:00+01:00", "10-25 02:30+01:00", "10-25 03:00+01:00"]
    );
}

#[test]
fn a_wrong_line_is_told_by_the_field_that_is_wrong() {
    let refused = |line: &str| Cadence::new(line, TimeZone::UTC).unwrap_err().to_string();
    assert!(refused("30 2 * *").contains("it has 4 fields and needs five"));
    assert!(refused("0 30 2 * * *").contains("it has 6 fields"));
    assert!(refused("@daily").contains("write it like \"30 2 * * 1-5\""));
    assert!(refused("60 2 * * *").starts_with("\"60\" is no minute; it may be 0 to 59"));
    assert!(refused("30 25 * * *").starts_with("\"25\" is no hour"));
    assert!(refused("30 2 0 * *").starts_with("\"0\" is no day of the month"));
    assert!(refused("30 2 * MAI *").starts_with("\"MAI\" is no month"));
    assert!(refused("30 2 * * 8").starts_with("\"8\" is no day of the week"));
    assert!(refused("30 2 30 2 *").contains("would never happen"));
    assert!(refused("30 2 31 4,6,9,11 *").contains("would never happen"));
    assert!(Cadence::new("30 2 29 2 *", TimeZone::UTC).is_ok(), "leap days come");
}

#[test]
fn a_zone_has_a_name() {
    assert_eq!(cadence("0 0 * * *", "America/New_York").zone_name(), "America/New_York");
    let fixed = Cadence::new("0 0 * * *", TimeZone::fixed(jiff::tz::offset(2))).unwrap();
    assert_eq!(fixed.zone_name(), "+02");
}

/// Zones that jump by an hour, by half of one, at midnight, and not at all.
const ZONES: [&str; 7] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "UTC",
];

/// What a line of lists means, minute by minute and without cron.
#[derive(Debug)]
struct Lists {
    minutes: Vec<i8>,
    hours: Vec<i8>,
    every_hour: bool,
    weekdays: Vec<i8>,
}

impl Lists {
    fn line(&self) -> String {
        let list = |numbers: &[i8]| numbers.iter().map(i8::to_string).collect::<Vec<_>>().join(",");
        let hours = if self.every_hour { "*".to_owned() } else { list(&self.hours) };
        format!("{} {hours} * * {}", list(&self.minutes), list(&self.weekdays))
    }

    fn names(&self, dial: civil::DateTime) -> bool {
        self.minutes.contains(&dial.minute())
            && (self.every_hour || self.hours.contains(&dial.hour()))
            && self.weekdays.contains(&dial.weekday().to_sunday_zero_offset())
    }

    /// All moments in these minutes, found by looking at each of them.
    fn moments(&self, zone: &TimeZone, from: Timestamp, minutes: i64) -> Vec<Timestamp> {
        let mut found = Vec::new();
        let mut before = from.in_zone(zone).datetime();
        let mut seen = before;
        for minute in 1..=minutes {
            let moment = from.plus_seconds(minute * 60);
            let dial = moment.in_zone(zone).datetime();
            let jumped_over = || {
                let mut skipped = before.checked_add(SignedDuration::from_mins(1)).unwrap();
                let mut any = false;
                while skipped < dial {
                    any |= self.names(skipped);
                    skipped = skipped.checked_add(SignedDuration::from_mins(1)).unwrap();
                }
                any
            };
            let happens = if self.every_hour {
                self.names(dial)
            } else {
                // A minute that was on the dial before is there for the second time.
                (self.names(dial) && dial > seen) || jumped_over()
            };
            if happens {
                found.push(moment);
            }
            before = dial;
            seen = seen.max(dial);
        }
        found
    }
}

fn lists() -> impl Strategy<Value = Lists> {
    let some = |most: i8, many: usize| {
        proptest::collection::btree_set(0..most, 1..many).prop_map(|set| set.into_iter().collect::<Vec<i8>>())
    };
    // Most jumps are in the first hours of a day, so most of what is tried is there, too.
    let hours = prop_oneof![3 => some(4, 4), 1 => some(24, 5)];
    (some(60, 4), hours, any::<bool>(), some(7, 7)).prop_map(|(minutes, hours, every_hour, weekdays)| Lists {
        minutes,
        hours,
        every_hour,
        weekdays,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn moments_are_those_that_looking_at_every_minute_finds(
        lists in lists(),
        zone in 0..ZONES.len(),
        day in 0_i64..365,
        near_a_jump in any::<bool>(),
    ) {
        let zone = TimeZone::get(ZONES[zone]).unwrap();
        let mut from = TimeZone::UTC.to_timestamp(date(2026, 1, 1).at(0, 0, 0, 0)).unwrap();
        from += SignedDuration::from_hours(24 * day);
        if near_a_jump && let Some(jump) = zone.following(from).next() {
            from = jump.timestamp() - SignedDuration::from_hours(20);
        }
        // Some zones are told to jump at odd seconds; minutes are looked at.
        let from = Timestamp::from_seconds(from.as_second().div_euclid(60) * 60);
        let cadence = Cadence::new(&lists.line(), zone.clone()).unwrap();
        let minutes = 3 * 24 * 60;
        let expected = lists.moments(&zone, from, minutes);
        let end = from.plus_seconds(minutes * 60);
        let found: Vec<Timestamp> = cadence.all_after(from).take_while(|moment| *moment <= end).collect();
        prop_assert_eq!(found, expected, "{} in {:?} from {}", lists.line(), zone.iana_name(), from);
    }

    #[test]
    fn no_line_makes_it_stumble(line in "[ -~äß☃]{0,40}", fields in "([0-9*/,LW#?+-]{1,6} ){4}[0-9*/,LW#?+-]{1,6}") {
        for line in [line, fields] {
            if let Ok(cadence) = Cadence::new(&line, TimeZone::get("Europe/Berlin").unwrap()) {
                let start = Timestamp::from_seconds(1_790_000_000);
                let mut before = start;
                for moment in cadence.all_after(start).take(5) {
                    prop_assert!(moment > before, "{line}");
                    before = moment;
                }
            }
        }
    }
}
