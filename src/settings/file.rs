//! The keys of the settings file, apart from those of a profile.

use std::path::Path;

use toml::de::DeTable;

use super::{
    Preselect, ReviewSettings, Settings, SettingsError, StoreSettings, notifications, profile, schedules,
    screen, secret,
    section::{Document, Section},
    serve,
};
use crate::domain::{
    safeguards::{OnLimit, Safeguards},
    selection::{LinkedPolicy, WhenLinked},
    text::{nearest, one_line},
};

/// A plan rests for an hour at least, and for a week at most.
const PLAN_HOURS: std::ops::RangeInclusive<u32> = 1..=168;

pub fn parse(text: &str, path: &Path) -> Result<Settings, SettingsError> {
    let document = Document::new(path, text);
    let (table, mistakes) = DeTable::parse_recoverable(text);
    if !mistakes.is_empty() {
        let faults = mistakes.iter().map(|mistake| {
            let at = mistake.span().map_or(0, |span| span.start);
            let what = format!("this is not TOML: {}", mistake.message().lines().next().unwrap_or_default());
            document.fault_at(at, String::new(), what)
        });
        return Err(SettingsError::Faults(faults.collect()));
    }

    let root = Section::root(&document, table.get_ref());
    let default_profile = root.text("default_profile");
    let operator = root.text("operator").map(|found| found.value).unwrap_or_default();
    let safeguards = safeguards(root.section("safeguards"));
    let mut store = store(root.section("store"));
    let serve = serve::read(root.section("serve"));
    let review = review(root.section("review"));
    let ui = screen::ui(root.section("ui"));
    let keys = screen::keys(&root.section("keys"));
    let mut profiles = profile::read_all(&root);
    let meant = default_profile.as_ref().map(|found| found.value.as_str());
    let schedules = schedules::read_all(&root, &profiles, meant);
    let mut notifications = notifications::read_all(&root, &profiles);
    let of_profiles = profiles.values_mut().flat_map(|profile| {
        let of_webhooks = profile.webhook.iter_mut().flat_map(|webhook| webhook.secrets.values_mut());
        profile.secrets.values_mut().chain(of_webhooks)
    });
    let told = notifications.iter_mut().map(|notification| &mut notification.url);
    secret::keep_apart(of_profiles.chain(store.url.as_mut()).chain(told));
    if let Some(asked) = &default_profile
        && !profiles.contains_key(&asked.value)
        && !profiles.is_empty()
    {
        let near = nearest(&asked.value, profiles.keys().map(String::as_str));
        let hint = near.map(|name| format!("; did you mean \"{name}\"?")).unwrap_or_default();
        document.fault(
            asked.at,
            "default_profile",
            format!("there is no profile \"{}\"{hint}", one_line(&asked.value, 40)),
        );
    }
    root.done();
    let findings = document.finish().map_err(SettingsError::Faults)?;
    Ok(Settings {
        path: path.to_owned(),
        profiles,
        default_profile: default_profile.map(|found| found.value),
        operator,
        safeguards,
        store,
        serve,
        review,
        ui,
        keys,
        schedules,
        notifications,
        warnings: findings.warnings,
        given: findings.given,
        known: findings.known,
    })
}

fn safeguards(section: Section<'_, '_>) -> Safeguards {
    let defaults = Safeguards::default();
    let most = 10_000_000;
    let safeguards = Safeguards {
        dry_run: section.flag("dry_run").unwrap_or(defaults.dry_run),
        require_approval: section.flag("require_approval").unwrap_or(defaults.require_approval),
        require_ticket: section.flag("require_ticket").unwrap_or(defaults.require_ticket),
        require_reason: section.flag("require_reason").unwrap_or(defaults.require_reason),
        max_changes: section.whole("max_changes", 1..=most).unwrap_or(defaults.max_changes),
        max_clients_unattended: section
            .whole("max_clients_unattended", 0..=most)
            .unwrap_or(defaults.max_clients_unattended),
        max_share: section.share("max_share").unwrap_or(defaults.max_share),
        max_new_offboarded: section.share("max_new_offboarded").unwrap_or(defaults.max_new_offboarded),
        on_limit: section
            .choice("on_limit", &[("stop", OnLimit::Stop), ("park", OnLimit::Park)])
            .unwrap_or(defaults.on_limit),
        when_linked: when_linked(section.section("when_linked")),
        plan_expires_hours: section
            .small("plan_expires_hours", PLAN_HOURS)
            .unwrap_or(defaults.plan_expires_hours),
        four_eyes: section.flag("four_eyes").unwrap_or(defaults.four_eyes),
        settle_hours: section.small("settle_hours", 0..=8_760).unwrap_or(defaults.settle_hours),
    };
    section.done();
    safeguards
}

fn when_linked(section: Section<'_, '_>) -> WhenLinked {
    let defaults = WhenLinked::default();
    let words = [("warn", LinkedPolicy::Warn), ("skip", LinkedPolicy::Skip)];
    let rules = WhenLinked {
        billing: section.choice("billing", &words).unwrap_or(defaults.billing),
        tickets: section.choice("tickets", &words).unwrap_or(defaults.tickets),
        children: section.choice("children", &words).unwrap_or(defaults.children),
        rmm: section.choice("rmm", &words).unwrap_or(defaults.rmm),
        unknown: section.choice("unknown", &words).unwrap_or(defaults.unknown),
    };
    section.done();
    rules
}

fn store(section: Section<'_, '_>) -> StoreSettings {
    // An address without a password is no secret, so it may stand there in plain text.
    let url = section.any("url").and_then(|found| secret::read(&section, found, secret::Plain::IfNoPassword));
    let settings =
        StoreSettings { url, retention_days: section.small("retention_days", 1..=36_500).unwrap_or(400) };
    section.done();
    settings
}

fn review(section: Section<'_, '_>) -> ReviewSettings {
    let words = [("none", Preselect::None), ("unlinked", Preselect::Unlinked), ("all", Preselect::All)];
    let settings = ReviewSettings { preselect: section.choice("preselect", &words).unwrap_or_default() };
    section.done();
    settings
}
