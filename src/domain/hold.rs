//! A hold: a person wants one configuration kept, for a time or until they say otherwise.

use serde::{Deserialize, Serialize};

use super::{ConfigId, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub config_id: ConfigId,
    pub reason: String,
    pub by: String,
    pub at: Timestamp,
    /// Without an end it holds until it is removed.
    pub until: Option<Timestamp>,
}

impl Hold {
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Who wants it kept, why and how long, for whoever wonders why it was left alone.
    pub fn why(&self) -> String {
        let end = match self.until {
            Some(until) => format!("until {}", until.minutes()),
            None => "until it is removed".to_owned(),
        };
        format!("{} ({}, {end})", self.reason, self.by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_ends_to_the_second_or_never() {
        let end = Timestamp::from_seconds(1_790_000_000);
        let hold = |until| Hold {
            config_id: "1".into(),
            reason: "still rented out".into(),
            by: "jane".into(),
            at: end.plus_seconds(-100),
            until,
        };
        assert!(hold(Some(end)).is_in_force(end.plus_seconds(-1)));
        assert!(!hold(Some(end)).is_in_force(end));
        assert!(hold(None).is_in_force(end.plus_seconds(1_000_000_000)));
        assert_eq!(hold(None).why(), "still rented out (jane, until it is removed)");
        assert!(
            hold(Some(end)).why().ends_with("(jane, until 2026-09-21 14:13)"),
            "{}",
            hold(Some(end)).why()
        );
    }
}
