//! `mothball audit verify`: what is not as it was written, in plain words, and what to do about it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    super::{
        args::Verify,
        print::{self, Failure},
        stores::Which,
    },
    reports::Reports,
};
use crate::{
    domain::{
        ExitCode, RunId,
        text::{count, harmless_json, visible},
    },
    store::{Audit, Findings, Flaw},
};

/// Flaws told per run; the JSON has all.
const TOLD: usize = 12;

pub async fn verify(
    store: &dyn Audit,
    which: &Which,
    data_dir: &Path,
    args: &Verify,
) -> Result<ExitCode, Failure> {
    let reports = Reports::gather(&data_dir.join("reports"), &args.reports)?;
    let mut findings = store.audit(&reports.heads).await?;
    if !args.runs.is_empty() {
        let wanted: BTreeSet<RunId> = args.runs.iter().map(|id| RunId::from(id.trim())).collect();
        must_be_known(store, &wanted, &findings).await?;
        findings.flaws.retain(|flaw| wanted.contains(&flaw.run));
    }
    if args.json {
        let json =
            serde_json::to_string_pretty(&document(&findings, &reports, which, data_dir)).unwrap_or_default();
        print::out(&format!("{}\n", harmless_json(&json)));
    } else {
        show(&findings, &reports, which);
    }
    // What was altered is not gone on with, so it ends as any other refusal of a safeguard does.
    Ok(if findings.is_whole() { ExitCode::Success } else { ExitCode::Safeguard })
}

/// A run is known if it is stored, was pruned, or is missed.
async fn must_be_known(
    store: &dyn Audit,
    wanted: &BTreeSet<RunId>,
    findings: &Findings,
) -> Result<(), Failure> {
    let mut known: BTreeSet<RunId> = findings.flaws.iter().map(|flaw| flaw.run.clone()).collect();
    let prunings = store.prunings().await?;
    known.extend(prunings.into_iter().flat_map(|pruning| pruning.runs).map(|stone| stone.run));
    for run in wanted {
        if !known.contains(run) && store.raw(run).await?.is_none() {
            return Err(Failure::usage(format!("there is no run {run}"), "`mothball runs list` lists them."));
        }
    }
    Ok(())
}

fn show(findings: &Findings, reports: &Reports, which: &Which) {
    for what in &findings.damage {
        say(&format!("the store: {what}"));
    }
    let runs = by_run(findings);
    for flaws in runs.values() {
        flaws.iter().take(TOLD).for_each(|flaw| say(&flaw.to_string()));
        if flaws.len() > TOLD {
            say(&format!("run {}: and {} more", flaws[0].run, flaws.len() - TOLD));
        }
    }
    for note in &findings.notes {
        say(&format!("note: {note}"));
    }
    for why in &reports.unreadable {
        say(&format!("note: not read: {why}"));
    }
    let checked = format!(
        "{} with {}, {} pruned; {} looked at",
        count(findings.runs as usize, "run", "runs"),
        count(findings.records as usize, "record", "records"),
        findings.pruned,
        count(reports.count, "report", "reports"),
    );
    if findings.is_whole() {
        say(&format!("{checked}: all as it was written"));
        return;
    }
    let flaws = findings.flaws.len() + findings.damage.len();
    say(&format!("{checked}: {} not as written", count(flaws, "thing is", "things are")));
    say("\nWhat to do:");
    say(&format!("  - Change nothing in {which}, and copy all of it before anything else."));
    if !findings.damage.is_empty() {
        let (itself, backup) = (which.itself(), which.backup());
        say(&format!(
            "  - {itself} is damaged: check the disk, then look for the newest backup of {backup}."
        ));
    }
    for (run, flaws) in &runs {
        say(&format!("  - Run {run}: {}", advice(flaws, which)));
    }
    say("  - What is not named here is as it was written. New runs, for the same clients too, can be made.");
}

fn by_run(findings: &Findings) -> BTreeMap<&RunId, Vec<&Flaw>> {
    let mut runs: BTreeMap<&RunId, Vec<&Flaw>> = BTreeMap::new();
    for flaw in &findings.flaws {
        runs.entry(&flaw.run).or_default().push(flaw);
    }
    runs
}

/// What to do about a run with these flaws.
fn advice(flaws: &[&Flaw], which: &Which) -> String {
    let of = which.backup();
    let backup = flaws.iter().filter_map(|flaw| flaw.newest).max().map_or_else(
        || format!("any backup of {of} that has it"),
        |newest| format!("a backup of {of} made after {} UTC", newest.minutes()),
    );
    format!(
        "look at {backup}, and at its reports; do not resume, approve or undo it (mothball refuses to) before you know what happened."
    )
}

fn document(findings: &Findings, reports: &Reports, which: &Which, data_dir: &Path) -> serde_json::Value {
    let runs = by_run(findings);
    let flaw = |flaw: &Flaw| {
        let advice = runs.get(&flaw.run).map(|flaws| advice(flaws, which));
        serde_json::json!({
            "run_id": flaw.run, "record": flaw.seq, "what": flaw.what, "newest_record_at": flaw.newest, "advice": advice,
        })
    };
    serde_json::json!({
        "whole": findings.is_whole(),
        "data_dir": data_dir.display().to_string(),
        "store": which.to_string(),
        "runs": findings.runs,
        "records": findings.records,
        "pruned": findings.pruned,
        "reports": reports.count,
        "reports_unreadable": reports.unreadable,
        "flaws": findings.flaws.iter().map(flaw).collect::<Vec<_>>(),
        "damage": findings.damage,
        "notes": findings.notes,
    })
}

fn say(text: &str) {
    for line in text.split('\n') {
        print::out(&format!("{}\n", visible(line)));
    }
}
