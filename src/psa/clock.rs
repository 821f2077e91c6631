//! Whether this computer's clock and the PSA's agree.

use super::port::{Check, CheckVerdict};
use crate::{domain::text::count, http::Http};

/// Clocks that are apart by less are no trouble.
const BORNE_SECONDS: u64 = 120;

/// For `doctor`, once the PSA has answered; nothing, if its answers carry no time.
pub fn check(http: &Http) -> Option<Check> {
    http.clock_lead().map(judge)
}

fn judge(lead: i64) -> Check {
    let apart = lead.unsigned_abs();
    if apart <= BORNE_SECONDS {
        return Check::new(
            "clock",
            CheckVerdict::Passed,
            "this computer's clock agrees with the PSA's",
            None,
        );
    }
    let side = if lead > 0 { "behind" } else { "ahead of" };
    let text = match apart {
        0..7_200 => count((apart / 60) as usize, "minute", "minutes"),
        _ => count((apart / 3_600) as usize, "hour", "hours"),
    };
    let advice = "Set it, best by NTP (`timedatectl set-ntp true`): plans and tokens expire by it, and how long ago a contract ended is counted by it.";
    Check::new(
        "clock",
        CheckVerdict::Warned,
        format!("this computer's clock is {text} {side} the PSA's"),
        Some(advice.to_owned()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_are_far_apart_are_told_with_the_side() {
        for (lead, words) in [
            (121, "2 minutes behind"),
            (-3_600, "60 minutes ahead of"),
            (7_200, "2 hours behind"),
            (i64::MIN, "hours ahead of"),
        ] {
            let check = judge(lead);
            assert_eq!(check.verdict, CheckVerdict::Warned);
            assert!(check.text.contains(words), "{}", check.text);
            assert!(check.advice.is_some());
        }
        for lead in [0, 120, -120] {
            assert_eq!(judge(lead).verdict, CheckVerdict::Passed);
        }
    }
}
