//! `mothball hold`, `unhold` and `holds`: what persons want kept. A hold belongs to the tenant as the PSA tells it,
//! so the PSA is asked; that also finds a slip in an id.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    args::{self, Global},
    context::Context,
    print::{self, Failure},
};
use crate::{
    domain::{
        ConfigId, ExitCode, Hold, Timestamp,
        text::{count, harmless_json, visible},
    },
    engine::EngineError,
};

pub async fn hold(global: &Global, args: &args::Hold) -> Result<ExitCode, Failure> {
    let reason = args.reason.trim();
    if reason.is_empty() {
        return Err(Failure::usage("a hold without a reason helps nobody", "Say why with --reason."));
    }
    let context = Context::open(global, false).await?;
    let until = args.until.as_deref().map(|day| end(day, context.engine.now())).transpose()?;
    let held = context.engine.hold(&ids(&args.ids)?, until, reason, &context.person()).await?;
    let end =
        until.map_or_else(|| "until it is taken away".to_owned(), |end| format!("until {}", end.minutes()));
    for configuration in held {
        print::tell(&format!("held {end}: {} ({})", configuration.title(), configuration.id));
    }
    Ok(ExitCode::Success)
}

pub async fn unhold(global: &Global, list: &[String]) -> Result<ExitCode, Failure> {
    let context = Context::open(global, false).await?;
    let asked = ids(list)?;
    let strays = context.engine.unhold(&asked).await?;
    for id in asked.iter().filter(|id| !strays.contains(id)) {
        print::tell(&format!("no longer held: {id}"));
    }
    if strays.is_empty() {
        return Ok(ExitCode::Success);
    }
    let list: Vec<&str> = strays.iter().map(ConfigId::as_str).collect();
    Err(Failure::usage(format!("there is no hold on {}", list.join(", ")), "`mothball holds` lists them."))
}

pub async fn holds(global: &Global, as_json: bool) -> Result<ExitCode, Failure> {
    let context = Context::open(global, false).await?;
    let engine = &context.engine;
    let tenant = engine.psa.tenant().await.map_err(EngineError::from)?;
    let holds = engine.holds(&tenant).await?;
    if as_json {
        let list: Vec<_> = holds.values().map(document).collect();
        let text = serde_json::to_string_pretty(&list).unwrap_or_default();
        print::out(&format!("{}\n", harmless_json(&text)));
        return Ok(ExitCode::Success);
    }
    if holds.is_empty() {
        print::tell(&format!("nothing is held in {tenant}"));
        return Ok(ExitCode::Success);
    }
    // The names help a person; the list is right without them.
    let ids: Vec<ConfigId> = holds.keys().cloned().collect();
    let rows = engine.psa.read(&ids).await.unwrap_or_default();
    for (id, hold) in &holds {
        let name = match rows.get(id) {
            Some(Some(row)) => row.title(),
            Some(None) => "gone from the PSA".to_owned(),
            None => String::new(),
        };
        print::out(&format!("{}\n", visible(&format!("{id}  {name}  {}", hold.why()))));
    }
    print::tell(&count(holds.len(), "hold", "holds"));
    Ok(ExitCode::Success)
}

fn document(hold: &Hold) -> serde_json::Value {
    json!({
        "config_id": hold.config_id,
        "reason": hold.reason,
        "by": hold.by,
        "at": hold.at,
        "until": hold.until,
    })
}

fn ids(list: &[String]) -> Result<BTreeSet<ConfigId>, Failure> {
    let ids: BTreeSet<ConfigId> = list.iter().map(|id| ConfigId::from(id.trim())).collect();
    if ids.iter().any(|id| id.as_str().is_empty()) {
        return Err(Failure::usage("an empty id means nothing", "Leave it out."));
    }
    Ok(ids)
}

/// The moment after the last day of a hold.
fn end(day: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let end = Timestamp::after_day(day)
        .ok_or_else(|| Failure::usage(format!("--until \"{day}\" is no day"), "Write it as 2026-12-31."))?;
    if end <= now {
        return Err(Failure::usage(
            format!("--until {day} is over already"),
            "Name a day to come, or leave --until out to hold without an end.",
        ));
    }
    Ok(end)
}
