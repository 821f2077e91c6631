//! `mothball schedules`: what begins by itself, when next, and what became of it the last time.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    args::{Global, List, Schedules},
    context::{data_dir, load_settings},
    print::{self, Failure},
    stores,
};
use crate::{
    domain::{
        ExitCode, RunId, Timestamp,
        schedule::{Clients, Missed, Schedule},
        text::{count, harmless_json, visible},
    },
    store::{RunSummary, schedules::Mark},
    system::Clock,
};

/// As far back as the last run of a schedule is looked for.
const LATEST: u32 = 1_000;

pub async fn schedules(global: &Global, args: &Schedules) -> Result<ExitCode, Failure> {
    match args {
        Schedules::List(args) => list(global, args).await,
    }
}

async fn list(global: &Global, args: &List) -> Result<ExitCode, Failure> {
    let settings = load_settings(global)?;
    let store = stores::open(&settings, &data_dir(global)?).await?.store;
    let marks = store.schedule_marks().await?;
    let runs: BTreeMap<RunId, RunSummary> =
        store.runs(LATEST).await?.into_iter().map(|run| (run.header.run.clone(), run)).collect();
    let now = Timestamp::new(Clock::system().now());
    let schedules = settings.all_schedules();
    let listed = schedules.iter().map(|schedule| {
        let mark = marks.get(&schedule.name);
        let last = mark.and_then(|mark| mark.run.as_ref());
        Listed {
            schedule,
            mark,
            last: last.map(|run| (run, runs.get(run))),
            next: schedule.cadence.all_after(now).take(usize::from(args.times)).collect(),
        }
    });
    if args.json {
        let list: Vec<Value> = listed.map(|one| one.document()).collect();
        let text = serde_json::to_string_pretty(&list).unwrap_or_default();
        print::out(&format!("{}\n", harmless_json(&text)));
    } else if schedules.is_empty() {
        print::tell("no schedule; [[schedules]] in the settings file makes one, as in config.example.toml");
    } else {
        for one in listed {
            for line in one.lines() {
                print::out(&format!("{}\n", visible(&line)));
            }
        }
        print::tell("begun by `mothball serve`, nothing else");
    }
    Ok(ExitCode::Success)
}

/// A schedule with what is known of it.
struct Listed<'a> {
    schedule: &'a Schedule,
    mark: Option<&'a Mark>,
    /// Its last run; without what became of it where that was pruned, or is not begun yet.
    last: Option<(&'a RunId, Option<&'a RunSummary>)>,
    next: Vec<Timestamp>,
}

impl Listed<'_> {
    fn lines(&self) -> Vec<String> {
        let Schedule { name, cadence, profile, inputs, .. } = self.schedule;
        let whom = match &inputs.clients {
            Clients::All => "every offboarded client".to_owned(),
            Clients::Named { ids, names } => {
                count(ids.len() + names.len(), "client by name", "clients by name")
            }
        };
        let mut what = vec![format!("profile {profile}"), whom];
        for (asked, words) in [(inputs.dry_run, "dry run"), (inputs.require_approval, "waits for approval")] {
            if asked {
                what.push(words.to_owned());
            }
        }
        let next: Vec<String> = self.next.iter().map(|moment| self.shown(*moment)).collect();
        let last = match self.last {
            None => "never".to_owned(),
            Some((run, None)) => format!("{run}  not begun yet, or pruned"),
            Some((run, Some(summary))) => {
                format!("{run}  {}  {}", summary.header.started_at.minutes(), summary.phase.words())
            }
        };
        vec![
            format!("{name}  {}  {}  ({})", cadence.fields(), cadence.zone_name(), what.join(", ")),
            format!("  next  {}", next.join(", ")),
            format!("  last  {last}"),
        ]
    }

    fn shown(&self, moment: Timestamp) -> String {
        moment.in_zone(self.schedule.cadence.zone()).strftime("%a %Y-%m-%d %H:%M %:z").to_string()
    }

    fn document(&self) -> Value {
        let Schedule { name, cadence, profile, inputs, missed, missed_within_hours, jitter_seconds } =
            self.schedule;
        let clients = match &inputs.clients {
            Clients::All => json!("all"),
            Clients::Named { ids, names } => json!({ "ids": ids, "names": names }),
        };
        json!({
            "name": name,
            "cron": cadence.fields(),
            "time_zone": cadence.zone_name(),
            "profile": profile,
            "clients": clients,
            "dry_run": inputs.dry_run,
            "require_approval": inputs.require_approval,
            "missed": match missed { Missed::Skip => "skip", Missed::RunOnce => "run_once" },
            "missed_within_hours": missed_within_hours,
            "jitter_seconds": jitter_seconds,
            "next": self.next,
            "looked_after_until": self.mark.map(|mark| mark.until),
            "last": self.last.map(|(run, summary)| json!({
                "run": run,
                "started_at": summary.map(|summary| summary.header.started_at),
                "state": summary.map(|summary| summary.phase),
            })),
        })
    }
}
