//! Time zones by their names in the IANA database: the system's copy of it, or where there is none the one that comes
//! with the program.

use jiff::tz::{self, TimeZone};

/// The zone of this name (`Europe/Berlin`), whatever the case of its letters.
pub fn named(name: &str) -> Option<TimeZone> {
    TimeZone::get(name.trim()).ok()
}

/// The zone that this computer is set to; UTC where it does not say.
pub fn own() -> TimeZone {
    TimeZone::try_system().unwrap_or(TimeZone::UTC)
}

/// The names there are.
pub fn names() -> Vec<String> {
    tz::db().available().map(|name| name.as_str().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_known_by_name_and_nothing_else_is_one() {
        assert_eq!(named("Europe/Berlin").unwrap().iana_name(), Some("Europe/Berlin"));
        assert_eq!(named(" europe/berlin ").unwrap().iana_name(), Some("Europe/Berlin"));
        assert!(
            named("Europe/Berln").is_none() && named("").is_none() && named("../../etc/passwd").is_none()
        );
        assert!(names().iter().any(|name| name == "America/New_York"));
    }
}
