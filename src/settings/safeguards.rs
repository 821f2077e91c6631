//! `[safeguards]`, and which settings this version does not enforce yet.

use super::{
    Settings,
    profile::{Note, Profile},
    reader::Section,
};
use crate::domain::{
    safeguards::{OnLimit, Safeguards},
    selection::{LinkedPolicy, WhenLinked},
};

pub(super) fn read(section: &mut Section<'_>) -> Safeguards {
    let default = Safeguards::default();
    let mut linked = section.section("when_linked");
    let mut policy = |key: &str| {
        linked.choice(key, &[("warn", LinkedPolicy::Warn), ("skip", LinkedPolicy::Skip)]).unwrap_or_default()
    };
    let when_linked = WhenLinked {
        billing: policy("billing"),
        tickets: policy("tickets"),
        children: policy("children"),
        rmm: policy("rmm"),
        unknown: policy("unknown"),
    };
    linked.finish();
    Safeguards {
        dry_run: section.flag("dry_run").unwrap_or(default.dry_run),
        require_approval: section.flag("require_approval").unwrap_or(default.require_approval),
        require_ticket: section.flag("require_ticket").unwrap_or(default.require_ticket),
        max_changes: section.number("max_changes", 0, 1_000_000).unwrap_or(default.max_changes),
        max_clients_unattended: section
            .number("max_clients_unattended", 0, 1_000_000)
            .unwrap_or(default.max_clients_unattended),
        max_share: section.share("max_share").unwrap_or(default.max_share),
        max_new_offboarded: section.share("max_new_offboarded").unwrap_or(default.max_new_offboarded),
        on_limit: section
            .choice("on_limit", &[("stop", OnLimit::Stop), ("park", OnLimit::Park)])
            .unwrap_or(default.on_limit),
        when_linked,
        plan_expires_hours: section
            .number("plan_expires_hours", 1, 168)
            .map_or(default.plan_expires_hours, |hours| hours as u32),
        four_eyes: section.flag("four_eyes").unwrap_or(default.four_eyes),
        settle_hours: section
            .number("settle_hours", 0, 8_760)
            .map_or(default.settle_hours, |hours| hours as u32),
    }
}

/// A setting that is known but not obeyed yet. While it is set, every write refuses.
pub(super) struct Unenforced {
    pub name: &'static str,
    pub is_set: fn(&Settings, &Profile) -> bool,
}

pub(super) const UNENFORCED: &[Unenforced] = &[
    Unenforced { name: "safeguards.four_eyes", is_set: |settings, _| settings.safeguards.four_eyes },
    Unenforced {
        name: "safeguards.settle_hours",
        is_set: |settings, _| settings.safeguards.settle_hours > 0,
    },
    Unenforced {
        name: "safeguards.max_new_offboarded (other than its default)",
        is_set: |settings, _| {
            let default = Safeguards::default().max_new_offboarded;
            (settings.safeguards.max_new_offboarded - default).abs() > f64::EPSILON
        },
    },
    Unenforced { name: "deactivate.note", is_set: |_, profile| profile.note != Note::None },
    Unenforced { name: "store.url", is_set: |settings, _| settings.store_url.is_some() },
];
