//! The Report as a page: first what is left for a person, then the figures, then every item.

use std::collections::BTreeMap;

use tui_input::Input;

use super::{
    super::{
        desk::{Setting, Trouble},
        filter,
        prose::Prose,
        scroll::Scroll,
        symbols::Symbols,
        theme::Meaning,
    },
    run::Stage,
    sieve::{Sieve, Which},
};
use crate::domain::{
    Phase, RunId, SkipReason,
    document::{ClientReport, ConfigReport, FollowUp, FollowUpKind, Report},
    text::count,
};

/// A configuration of the report: client and place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportEntry(pub usize, pub usize);

#[derive(Debug)]
pub enum ReportState {
    Reading,
    Ready(Box<Report>),
    Failed(Trouble),
}

#[derive(Debug)]
pub struct ReportPage {
    pub run: RunId,
    pub state: ReportState,
    /// Where it lies already, if it does; the error if it could not be saved.
    pub saved: Option<Result<std::path::PathBuf, String>>,
    pub resume: Option<String>,
    /// It is read in order to be exported.
    pub then_export: bool,
    pub filter: Input,
    pub typing: bool,
    pub which: Which,
    pub page: Prose<ReportEntry>,
    pub scroll: Scroll,
    /// What the page was written from; it stays until some of that is different.
    written: Option<Written>,
}

/// Everything that the text of the page depends on besides the report, which never changes once it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Written {
    width: usize,
    which: Which,
    filter: String,
    saved: Option<Result<std::path::PathBuf, String>>,
    resume: Option<String>,
}

impl ReportPage {
    pub fn new(run: RunId, state: ReportState) -> Self {
        Self {
            run,
            state,
            saved: None,
            resume: None,
            then_export: false,
            filter: Input::default(),
            typing: false,
            which: Which::default(),
            page: Prose::new(80),
            scroll: Scroll::default(),
            written: None,
        }
    }

    /// The report was read, or could not be.
    pub fn answer(&mut self, state: ReportState) {
        self.state = state;
        self.written = None;
    }

    /// Whether the filter, or what is gone through, leaves items out.
    pub fn is_narrowed(&self) -> bool {
        !self.filter.value().is_empty() || self.which != Which::All
    }

    pub fn report(&self) -> Option<&Report> {
        match &self.state {
            ReportState::Ready(report) => Some(report),
            _ => None,
        }
    }

    pub fn config(&self, entry: ReportEntry) -> Option<&ConfigReport> {
        self.report()?.clients().get(entry.0)?.configs.get(entry.1)
    }

    /// Writes the page, unless it stands there already as it would be written now; says whether it did.
    pub fn write(&mut self, width: usize, setting: &Setting, symbols: &Symbols) -> bool {
        let ReportState::Ready(report) = &self.state else { return false };
        let now = Written {
            width,
            which: self.which,
            filter: self.filter.value().to_owned(),
            saved: self.saved.clone(),
            resume: self.resume.clone(),
        };
        if self.written.as_ref() == Some(&now) {
            return false;
        }
        let mut page = Prose::new(width);
        self.head(report, setting, symbols, &mut page);
        follow_up(report, symbols, &mut page);
        totals(report, symbols, &mut page);
        let sieve = Sieve::new(self.which, self.filter.value());
        let mut matcher = filter::matcher();
        let mut shown = 0;
        let mut all = 0;
        let mut items = Vec::new();
        for (c, client) in report.clients().iter().enumerate() {
            let mut first = true;
            for (f, config) in client.configs.iter().enumerate() {
                all += 1;
                if !sieve.lets(client, config, &mut matcher) {
                    continue;
                }
                shown += 1;
                if std::mem::take(&mut first) {
                    items.push(Err(c));
                }
                items.push(Ok(ReportEntry(c, f)));
            }
        }
        let narrowed = if shown == all { String::new() } else { format!(" ({shown} of {all} shown)") };
        page.heading(&format!("Every {} and its outcome{narrowed}", setting.nouns.configuration));
        if shown == 0 {
            let text = if all == 0 { "None were found." } else { "None of them fits what is shown now." };
            page.say(2, Meaning::Muted, text);
        }
        for item in items {
            match item {
                Err(client) => page.say(2, Meaning::Title, &client_title(&report.clients()[client])),
                Ok(entry) => page.entry(entry),
            }
        }
        self.page = page;
        self.written = Some(now);
        true
    }

    fn head(&self, report: &Report, setting: &Setting, symbols: &Symbols, page: &mut Prose<ReportEntry>) {
        let facts = report.run();
        let changed = report.statistics();
        let n = changed.configs_deactivated + changed.configs_restored.unwrap_or(0);
        let what = count(n as usize, setting.nouns.configuration, setting.nouns.configurations);
        let done = if changed.configs_restored.is_some() { "restored" } else { "deactivated" };
        let (sign, meaning, text) = match facts.state {
            Phase::Finished if facts.dry_run => {
                (symbols.done, Meaning::Good, "Dry run finished: nothing was written.".to_owned())
            }
            Phase::Finished if report.success() => {
                (symbols.done, Meaning::Good, format!("Finished: {what} {done}, every change read back."))
            }
            Phase::Finished => {
                (symbols.failed, Meaning::Bad, format!("Finished, but {}: {what} {done}.", problems(report)))
            }
            Phase::Cancelled => (
                symbols.skipped,
                Meaning::Warn,
                format!("Cancelled: {what} {done} before that; the rest was not started."),
            ),
            Phase::Interrupted => (
                symbols.waiting,
                Meaning::Warn,
                format!("Interrupted: {what} {done} so far; it can be resumed."),
            ),
            phase => (symbols.warning, Meaning::Warn, format!("{}: {what} {done}.", capital(phase.words()))),
        };
        page.item(0, sign, meaning, &text);
        if let Some(resume) = &self.resume {
            page.say(0, Meaning::Text, "To resume it, run:");
            page.say(4, Meaning::Title, resume);
        }
        match &self.saved {
            Some(Ok(path)) => page.say(0, Meaning::Text, &format!("Saved as {}", path.display())),
            Some(Err(why)) => page.item(
                0,
                symbols.failed,
                Meaning::Bad,
                &format!("The report could not be saved: {why}. It can still be saved elsewhere."),
            ),
            None => {}
        }
    }
}

/// `2 failed, 1 changed since review`; f shows them alone.
fn problems(report: &Report) -> String {
    let count = |outcome: &str| {
        report
            .clients()
            .iter()
            .flat_map(|client| &client.configs)
            .filter(|config| config.outcome == outcome)
            .count()
    };
    let parts: Vec<String> = [
        (count("failed"), "failed"),
        (count("changed_since_review"), "changed since review"),
        (count("unknown"), "unknown"),
    ]
    .iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, word)| format!("{n} {word}"))
    .collect();
    if parts.is_empty() { "not everything went well".to_owned() } else { parts.join(", ") }
}

pub fn client_title(client: &ClientReport) -> String {
    match (&client.client_name, &client.client_id) {
        (Some(name), Some(id)) if !name.trim().is_empty() => format!("{name} (id {id})"),
        (_, Some(id)) => format!("#{id}"),
        (Some(name), None) => name.clone(),
        (None, None) => "a client that was not found".to_owned(),
    }
}

/// The sign for an outcome of the contract.
pub fn stage(config: &ConfigReport) -> Stage {
    match config.outcome.as_str() {
        "deactivated" | "restored" => Stage::Done,
        "planned" => Stage::Queued,
        "failed" => Stage::Failed,
        "unknown" => Stage::Unknown,
        "changed_since_review" => Stage::Changed,
        _ if config.skip_reason == Some(SkipReason::AlreadyInactive) => Stage::Already,
        _ => Stage::Skipped,
    }
}

fn follow_up(report: &Report, symbols: &Symbols, page: &mut Prose<ReportEntry>) {
    let all: Vec<(&ClientReport, &FollowUp)> = report
        .clients()
        .iter()
        .flat_map(|client| client.follow_up.iter().map(move |todo| (client, todo)))
        .collect();
    // Whose they are is said once where they are all of one, and with each where they are not.
    let each = report.clients().iter().filter(|client| !client.follow_up.is_empty()).count() > 1;
    let whose = match all.first().and_then(|(client, _)| client.client_name.as_deref()) {
        Some(name) if !each && report.clients().len() > 1 => format!(", all of {name}"),
        _ => String::new(),
    };
    page.heading(&format!("Left for you to do: {}{whose}", all.len()));
    if all.is_empty() {
        page.say(2, Meaning::Muted, "Nothing that this program could see.");
    }
    for kind in FollowUpKind::BY_URGENCY {
        let of_kind: Vec<_> = all.iter().filter(|(_, todo)| todo.kind == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        page.say(2, Meaning::Warn, &format!("{}: {}", kind.to_do(), of_kind.len()));
        for (client, todo) in of_kind {
            let of = client.client_name.as_deref().filter(|_| each);
            let text = of.map_or_else(|| todo.text.clone(), |name| format!("{name}: {}", todo.text));
            page.item(4, symbols.bullet, Meaning::Text, &text);
            if let Some(url) = &todo.record_url {
                page.url(6, Meaning::Muted, url);
            }
        }
    }
}

fn totals(report: &Report, symbols: &Symbols, page: &mut Prose<ReportEntry>) {
    let figures = report.statistics();
    page.heading("Totals");
    let mut parts = vec![format!("{} deactivated", figures.configs_deactivated)];
    if let Some(restored) = figures.configs_restored {
        parts = vec![format!("{restored} restored")];
    }
    parts.push(format!("{} skipped", figures.configs_skipped));
    parts.push(format!("{} with errors", figures.errors));
    page.say(2, Meaning::Text, &format!("{} found = {}", figures.configs_found, parts.join(" + ")));
    let mut reasons = BTreeMap::<&str, usize>::new();
    for reason in
        report.clients().iter().flat_map(|client| &client.configs).filter_map(|config| config.skip_reason)
    {
        *reasons.entry(reason.words()).or_default() += 1;
    }
    if !reasons.is_empty() {
        let parts: Vec<String> = reasons.iter().map(|(reason, n)| format!("{n} {reason}")).collect();
        page.say(2, Meaning::Muted, &format!("Skipped because: {}", parts.join(", ")));
    }
    let facts = report.run();
    let told = |label: &str, value: &Option<String>| value.as_ref().map(|value| format!("{label} {value}"));
    let line: Vec<String> = [
        Some(format!("Run {}", facts.run_id)),
        told("approved by", &facts.approved_by),
        told("ticket", &facts.ticket),
        told("reason:", &facts.reason),
    ]
    .into_iter()
    .flatten()
    .collect();
    page.say(2, Meaning::Muted, &line.join(", "));
    let (problems, warnings) = match report {
        Report::Joint(joint) => (&joint.errors[..], &joint.warnings[..]),
        Report::Client(_) => (&[][..], &[][..]),
    };
    for problem in problems.iter().chain(report.clients().iter().flat_map(|client| &client.errors)) {
        let about = problem.config_id.as_ref().map_or(String::new(), |id| format!(" #{id}"));
        page.item(2, symbols.failed, Meaning::Bad, &format!("{}{about}: {}", problem.code, problem.message));
    }
    for text in warnings.iter().chain(report.clients().iter().flat_map(|client| &client.warnings)) {
        page.item(2, symbols.warning, Meaning::Warn, text);
    }
}

fn capital(word: &str) -> String {
    super::capital(word)
}
