//! `mothball doctor`: can the main job be done? Changes nothing.

use super::{
    args::{self, Global},
    audit,
    context::Context,
    fold, look,
    print::{self, Failure},
};
use crate::{
    domain::{
        Criteria, ExitCode,
        criteria::Matching,
        text::{count as count_of, visible},
    },
    engine::EngineError,
    psa::port::{Check, CheckVerdict, ClientScope, Rest, SignInMemory},
};

const NOT_YET: &str = "\nThe main job cannot be done until what failed above is mended.";

pub async fn doctor(global: &Global, args: &args::Doctor) -> Result<ExitCode, Failure> {
    let context = Context::open(global, false).await?;
    let engine = &context.engine;
    say(&format!("profile  {} ({})", engine.profile.name, engine.psa.nouns().product));
    say(&format!("settings {}", context.settings.path.display()));
    say(&format!("data     {}", context.data_dir.display()));
    say(&format!("locks    cover {}", engine.store.covers()));
    stored(&context).await?;
    if let Some(url) = &context.settings.store.url {
        say(&format!("secrets  store.url comes from {}", url.origin()));
    }
    if let Some(profile) = context.settings.profiles.get(&engine.profile.name) {
        for (key, secret) in &profile.secrets {
            say(&format!("secrets  {key} comes from {}", secret.origin()));
        }
        for (key, secret) in profile.webhook.iter().flat_map(|webhook| &webhook.secrets) {
            say(&format!("secrets  webhook.{key} comes from {}", secret.origin()));
        }
    }
    for warning in &context.settings.warnings {
        say(&format!("!  settings: {warning}"));
    }
    if let Some(trouble) = look::theme_trouble(&context.settings, global) {
        say(&format!("!  screen: {trouble}"));
    }
    for setting in &engine.profile.unenforced {
        say(&format!(
            "!  safeguards: {setting} is set, but this version does not enforce it; every write refuses"
        ));
    }
    if args.sign_in_again {
        context.sign_in.forget().await.map_err(EngineError::from)?;
    }
    if let Some(rest) = context.sign_in.resting().await {
        show(&rests(rest));
        say(NOT_YET);
        return Ok(ExitCode::Psa);
    }
    let checks = engine.psa.check().await;
    checks.iter().for_each(show);
    let works = checks.iter().all(|check| check.verdict != CheckVerdict::Failed);
    if !works {
        say(NOT_YET);
        return Ok(ExitCode::Psa);
    }
    count(&context).await?;
    say("\nThe main job can be done.");
    Ok(ExitCode::Success)
}

/// How much is stored, and whether some of it is older than the settings want it kept.
async fn stored(context: &Context) -> Result<(), Failure> {
    let store = &context.audit;
    let extent = store.extent().await?;
    let since = extent.oldest.map(|oldest| format!(", the oldest of {}", oldest.day())).unwrap_or_default();
    say(&format!(
        "store    {}, {}, {:.1} MB{since}",
        count_of(extent.runs as usize, "run", "runs"),
        count_of(extent.records as usize, "record", "records"),
        extent.bytes as f64 / 1e6,
    ));
    let days = context.settings.store.retention_days;
    if let Some(text) = audit::reminder(&audit::old_runs(store.as_ref(), days).await?, days) {
        say(&format!("!  retention: {text}"));
    }
    Ok(())
}

/// Nothing is asked of a PSA that refused the sign-in moments ago, and there is a way round for who knows better.
fn rests(rest: Rest) -> Check {
    let advice = "Mend the secret in the profile, then try again. If it was mended in the PSA instead, `mothball doctor --sign-in-again` tries the same one now, once.";
    Check::new("sign-in", CheckVerdict::Failed, rest.to_string(), Some(advice.to_owned()))
}

fn show(check: &Check) {
    let mark = match check.verdict {
        CheckVerdict::Passed => "ok",
        CheckVerdict::Warned => "! ",
        CheckVerdict::Failed => "x ",
        CheckVerdict::Unknown => "? ",
    };
    say(&format!("{mark} {}: {}", check.name, check.text));
    if let Some(advice) = &check.advice {
        say(&format!("     {advice}"));
    }
}

/// How many clients each criterion matches.
async fn count(context: &Context) -> Result<(), Failure> {
    let engine = &context.engine;
    let today = engine.now().day();
    let clients = engine.psa.nouns().clients;
    say(&format!("\n{clients} that count as offboarded, by criterion:"));
    for (name, criteria) in single_criteria(&engine.profile.criteria) {
        match engine.psa.clients(ClientScope::Candidates, &criteria).await {
            Ok(found) => {
                let matched = found
                    .listing
                    .rows()
                    .iter()
                    .filter(|client| criteria.judge(client, today).is_some())
                    .count();
                say(&format!("   {name}: {matched} of {}", found.scanned));
            }
            Err(error) if error.is_settings() => {
                return Err(super::context::psa_failure(&error));
            }
            Err(error) => say(&format!("?  {name}: {error}")),
        }
    }
    if let Err(error) = engine.psa.wanted(engine.profile.status.as_deref()).await {
        return Err(super::context::psa_failure(&error));
    }
    Ok(())
}

/// Each criterion in use on its own.
fn single_criteria(all: &Criteria) -> Vec<(String, Criteria)> {
    let none = || Criteria { matching: Matching::Any, ..Criteria::default() };
    let mut list = Vec::new();
    if all.inactive {
        list.push(("inactive".to_owned(), Criteria { inactive: true, ..none() }));
    }
    for status in &all.statuses {
        list.push((format!("status \"{status}\""), Criteria { statuses: vec![status.clone()], ..none() }));
    }
    for tag in &all.tags {
        list.push((format!("tag \"{tag}\""), Criteria { tags: vec![tag.clone()], ..none() }));
    }
    if let Some(field) = &all.custom_field {
        let name = format!("{} = \"{}\"", field.name, field.value);
        list.push((name, Criteria { custom_field: Some(field.clone()), ..none() }));
    }
    if let Some(days) = all.contract_ended_days {
        list.push((
            format!("contract ended {days} days ago"),
            Criteria { contract_ended_days: Some(days), ..none() },
        ));
    }
    list
}

/// A line of the answer.
fn say(line: &str) {
    for part in line.split('\n') {
        let text = visible(part);
        match print::columns() {
            Some(columns) => {
                for line in fold::lines(&text, columns) {
                    print::out(&format!("{line}\n"));
                }
            }
            None => print::out(&format!("{text}\n")),
        }
    }
}
