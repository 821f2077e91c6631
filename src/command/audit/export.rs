//! `mothball audit export`: run by run, so that a long history needs no more memory than its largest run.

use std::{
    io::{self, Write},
    path::Path,
};

use super::{
    super::{
        args::{Export, Form},
        print::{self, Failure},
    },
    now,
};
use crate::{
    domain::{
        ClientId, ExitCode, Plan, Stamped, Timestamp,
        survey::{Header, Survey},
        text::{count, same_name},
    },
    report::audit::{self, AuditLine, Entry, Source},
    store::{Audit, RunSummary, audit::RawRun},
    system::files::AtomicFile,
};

/// Which runs and clients are asked for.
struct Wish<'a> {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    tenant: Option<&'a str>,
    profile: Option<&'a str>,
    clients: Vec<ClientId>,
}

/// Where the lines go.
enum Sink {
    Out,
    File(AtomicFile),
}

pub async fn export(
    store: &dyn Audit,
    data_dir: &Path,
    args: &Export,
    profile: Option<&str>,
) -> Result<ExitCode, Failure> {
    let wish = Wish::of(args, profile)?;
    let unwritable = |error: io::Error| {
        let place = args.output.as_deref().map(Path::display).map(|path| path.to_string());
        let text = format!("{} cannot be written: {error}", place.unwrap_or_default());
        Failure::usage(text, "Name another place with --output.")
    };
    let mut sink = match &args.output {
        None => Sink::Out,
        Some(path) => Sink::File(AtomicFile::create(path).map_err(unwritable)?),
    };
    if args.format == Form::Csv {
        sink.put(&AuditLine::csv_head()).map_err(unwritable)?;
    }
    let mut runs: Vec<RunSummary> = store.runs(u32::MAX).await?;
    runs.reverse();
    let (mut told, mut lines) = (0, 0);
    let mut altered = Vec::new();
    for run in runs.iter().filter(|run| wish.wants(run)) {
        let id = &run.header.run;
        let whole = store.verify(id, None).await?.is_empty();
        let found = match store.raw(id).await {
            Ok(Some(raw)) => lines_of(&raw, whole),
            // It was pruned meanwhile.
            Ok(None) => continue,
            Err(error) => Err(error.to_string()),
        };
        told += 1;
        if !whole {
            altered.push(id);
        }
        match found {
            Ok(found) => {
                for line in found.iter().filter(|line| wish.wants_client(line)) {
                    lines += 1;
                    let text = if args.format == Form::Csv { line.to_csv() } else { line.to_json() };
                    sink.put(&text).map_err(unwritable)?;
                }
            }
            Err(why) => print::tell(&format!("run {id} is left out, it cannot be read: {why}")),
        }
    }
    if let Sink::File(file) = sink {
        file.finish().map_err(unwritable)?;
        let (runs, lines) = (count(told, "run", "runs"), count(lines, "line", "lines"));
        print::tell(&format!("{lines} of {runs}"));
    }
    tell_pruned(store, &wish).await?;
    if altered.is_empty() {
        return Ok(ExitCode::Success);
    }
    let ids: Vec<&str> = altered.iter().map(|id| id.as_str()).collect();
    Err(Failure {
        code: ExitCode::Safeguard,
        message: format!("not as it was written: run {}", ids.join(", ")),
        advice: format!(
            "The lines of it say journal_whole = false. `mothball --data-dir {} audit verify` names what is wrong.",
            data_dir.display()
        ),
    })
}

/// Says what was asked for and is not there any more.
async fn tell_pruned(store: &dyn Audit, wish: &Wish<'_>) -> Result<(), Failure> {
    for pruning in store.prunings().await? {
        let gone = pruning.runs.iter().filter(|stone| wish.covers(stone.started_at)).count();
        if gone > 0 {
            print::tell(&format!(
                "{} of that time was pruned at {} by {}; what was removed is in {}",
                count(gone, "run", "runs"),
                pruning.at.minutes(),
                pruning.by,
                pruning.archive
            ));
        }
    }
    Ok(())
}

impl<'a> Wish<'a> {
    fn of(args: &'a Export, profile: Option<&'a str>) -> Result<Self, Failure> {
        let now = now();
        let wrong = |flag: &str, text: &str| {
            Failure::usage(
                format!("{flag} \"{text}\" is no moment"),
                "Write a day (2026-01-31), a moment (2026-01-31T12:00:00Z) or how long ago (30d, 12h, \"3 months\").",
            )
        };
        let since = args
            .since
            .as_deref()
            .map(|text| Timestamp::meant_by(text, now).ok_or_else(|| wrong("--since", text)));
        let until = args.until.as_deref().map(|text| {
            Timestamp::after_day(text)
                .or_else(|| Timestamp::meant_by(text, now))
                .ok_or_else(|| wrong("--until", text))
        });
        Ok(Self {
            since: since.transpose()?,
            until: until.transpose()?,
            tenant: args.tenant.as_deref(),
            profile,
            clients: args.client_id.iter().map(|id| ClientId::from(id.trim())).collect(),
        })
    }

    fn covers(&self, started: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= started) && self.until.is_none_or(|until| started < until)
    }

    fn wants(&self, run: &RunSummary) -> bool {
        let header = &run.header;
        let is_tenant = self.tenant.is_none_or(|asked| {
            header.tenant.as_ref().is_some_and(|own| own.id == asked.trim() || same_name(&own.name, asked))
        });
        let is_profile = self.profile.is_none_or(|asked| header.profile == asked);
        self.covers(header.started_at) && is_tenant && is_profile
    }

    fn wants_client(&self, line: &AuditLine) -> bool {
        let own = line.client_id.as_deref();
        self.clients.is_empty() || self.clients.iter().any(|asked| own == Some(asked.as_str()))
    }
}

impl Sink {
    fn put(&mut self, text: &str) -> io::Result<()> {
        match self {
            Self::Out => {
                print::out(text);
                Ok(())
            }
            Self::File(file) => file.write_all(text.as_bytes()),
        }
    }
}

/// The lines of one run. Records that cannot be read are left out, and the run is not whole.
fn lines_of(raw: &RawRun, whole: bool) -> Result<Vec<AuditLine>, String> {
    let header: Header = serde_json::from_str(&raw.header).map_err(|error| error.to_string())?;
    let survey: Survey = serde_json::from_str(&raw.survey).map_err(|error| error.to_string())?;
    let plan = raw.plan.as_ref().and_then(|(bytes, digest)| Plan::reopen(bytes, digest).ok());
    let records = raw.records.iter().filter(|record| record.seq > 0);
    let entries: Vec<Entry> = records
        .filter_map(|record| {
            let stamped: Stamped = serde_json::from_str(&record.body).ok()?;
            Some(Entry { seq: record.seq, hash: record.hash.clone(), stamped })
        })
        .collect();
    let genesis = raw.records.first().map_or("", |record| &record.hash);
    Ok(audit::lines(&Source {
        header: &header,
        survey: &survey,
        plan: plan.as_ref(),
        genesis,
        entries: &entries,
        whole,
    }))
}
