//! The page for the people of the house: first what is left to do, then everything that the document has.

use super::page::{Block, Cell, Entry, Mark, Page, Section, Table};
use crate::domain::{
    Phase, Problem, Statistics,
    document::{ClientReport, ConfigReport, Coverage, FollowUpKind, NoteReport, Report},
    note::NoteWord,
    text::count,
};

const COLUMNS: &[&str] =
    &["Name", "Id", "Type", "Site", "Outcome", "Status before", "Status now", "Still linked"];

pub fn page(report: &Report) -> Page {
    let mut sections = vec![left_to_do(report), totals(report)];
    sections.extend(trouble(report));
    let several = report.clients().len() > 1;
    sections.extend(report.clients().iter().map(|client| of_client(client, several)));
    sections.extend(notes(report));
    sections.push(looked_at(report));
    Page { title: title(report), lead: lead(report), facts: facts(report), sections }
}

fn restores(report: &Report) -> bool {
    report.statistics().configs_restored.is_some()
}

fn title(report: &Report) -> String {
    let done = if restores(report) { "Restored configurations" } else { "Retired configurations" };
    match report.clients() {
        [client] => format!("{done}: {}", name_of(client)),
        clients => format!("{done} of {}", count(clients.len(), "client", "clients")),
    }
}

fn name_of(client: &ClientReport) -> String {
    let name = client.client_name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    match (name, &client.client_id) {
        (Some(name), Some(id)) => format!("{name} (id {id})"),
        (Some(name), None) => format!("{name} (not found)"),
        (None, Some(id)) => format!("client {id}"),
        (None, None) => "a client that was not found".to_owned(),
    }
}

fn lead(report: &Report) -> (Mark, String) {
    let facts = report.run();
    let sum = sum(&report.statistics());
    let (mark, state) = match facts.state {
        Phase::Finished if facts.dry_run => (Mark::Good, "Dry run finished: nothing was written."),
        Phase::Finished if report.success() => (Mark::Good, "Finished, and every change was read back."),
        Phase::Finished => (Mark::Bad, "Finished, but not everything went well."),
        Phase::AwaitingApproval => (Mark::Attention, "Waits for approval: nothing was written."),
        Phase::Cancelled => (Mark::Attention, "Cancelled: the rest was not started."),
        Phase::Interrupted => (Mark::Attention, "Interrupted: it can be resumed."),
        Phase::Rejected => (Mark::Attention, "Rejected: nothing was written."),
        Phase::Expired => (Mark::Attention, "Expired before anybody approved it: nothing was written."),
        Phase::Refused => (Mark::Bad, "Refused by a safeguard: nothing was written."),
        Phase::Planned | Phase::Approved | Phase::Applying | Phase::Paused | Phase::Verifying => {
            (Mark::Attention, "Not finished yet.")
        }
    };
    (mark, format!("{state} {sum}"))
}

/// `7 found = 4 deactivated + 2 skipped + 1 with errors.`
fn sum(figures: &Statistics) -> String {
    let done = match figures.configs_restored {
        Some(restored) => format!("{restored} restored"),
        None => format!("{} deactivated", figures.configs_deactivated),
    };
    format!(
        "{} found = {done}, {} skipped, {} with errors.",
        figures.configs_found, figures.configs_skipped, figures.errors
    )
}

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let run = report.run();
    let made = match report {
        Report::Client(client) => client.timestamp,
        Report::Joint(joint) => joint.timestamp,
    };
    let mut facts = vec![
        ("Run", run.run_id.to_string()),
        ("As of", format!("{} UTC", made.minutes())),
        ("State", run.state.words().to_owned()),
        ("Profile", run.profile.clone()),
        ("PSA", run.psa.clone()),
        ("Operator", run.operator.clone()),
    ];
    let others = [
        ("Tenant", run.tenant.as_ref().map(ToString::to_string)),
        ("Requested by", run.requested_by.clone()),
        ("Approved by", run.approved_by.clone()),
        ("Ticket", run.ticket.clone()),
        ("Reason", run.reason.clone()),
        ("Follows run", run.parent_run_id.as_ref().map(ToString::to_string)),
        ("Plan digest", run.plan_digest.clone()),
        (
            "Approved digest",
            run.approval_digest.clone().filter(|digest| Some(digest) != run.plan_digest.as_ref()),
        ),
        ("Journal head", run.journal_head.clone()),
    ];
    facts.extend(others.into_iter().filter_map(|(label, value)| Some((label, value?))));
    facts
}

fn left_to_do(report: &Report) -> Section {
    let several = report.clients().len() > 1;
    let all: Vec<_> = report
        .clients()
        .iter()
        .flat_map(|client| client.follow_up.iter().map(move |todo| (client, todo)))
        .collect();
    let mut blocks = Vec::new();
    for kind in FollowUpKind::BY_URGENCY {
        let entries: Vec<Entry> = all
            .iter()
            .filter(|(_, todo)| todo.kind == kind)
            .map(|(client, todo)| {
                let of = client.client_name.as_ref().filter(|_| several);
                let text = of.map_or_else(|| todo.text.clone(), |name| format!("{name}: {}", todo.text));
                Entry { text, url: todo.record_url.clone() }
            })
            .collect();
        if !entries.is_empty() {
            blocks.push(Block::Heading(format!("{} ({})", kind.to_do(), entries.len())));
            blocks.push(Block::List(entries));
        }
    }
    if blocks.is_empty() {
        blocks.push(Block::Text("Nothing that the program could see.".to_owned()));
    }
    Section::new(format!("Left to do: {}", all.len()), blocks)
}

fn totals(report: &Report) -> Section {
    const COLUMNS: &[&str] = &["Client", "Found", "Done", "Skipped", "With errors"];
    let row = |name: String, figures: &Statistics| {
        let done = figures.configs_deactivated + figures.configs_restored.unwrap_or(0);
        let errors = if figures.errors > 0 { Mark::Bad } else { Mark::Plain };
        vec![
            name.into(),
            figures.configs_found.to_string().into(),
            done.to_string().into(),
            figures.configs_skipped.to_string().into(),
            Cell::marked(figures.errors.to_string(), errors),
        ]
    };
    let mut rows: Vec<Vec<Cell>> =
        report.clients().iter().map(|client| row(name_of(client), &client.statistics)).collect();
    if report.clients().len() != 1 {
        rows.push(row("All together".to_owned(), &report.statistics()));
    }
    let done = if restores(report) { "restored" } else { "deactivated" };
    let table = Table { caption: format!("Done means {done}"), columns: COLUMNS, rows };
    Section::new("Totals", vec![Block::Table(table)])
}

/// Errors and warnings of the run as a whole and of its clients.
fn trouble(report: &Report) -> Vec<Section> {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    if let Report::Joint(joint) = report {
        errors.extend(joint.errors.iter().map(|problem| problem_text(problem, None)));
        warnings.extend(joint.warnings.iter().cloned());
    }
    let several = report.clients().len() > 1;
    for client in report.clients() {
        let of = several.then(|| name_of(client));
        errors.extend(client.errors.iter().map(|problem| problem_text(problem, of.as_deref())));
        warnings.extend(client.warnings.iter().map(|text| match &of {
            Some(name) => format!("{name}: {text}"),
            None => text.clone(),
        }));
    }
    [("Errors", errors), ("Warnings", warnings)]
        .into_iter()
        .filter(|(_, texts)| !texts.is_empty())
        .map(|(title, texts)| {
            let title = format!("{title}: {}", texts.len());
            Section::new(title, vec![Block::List(texts.into_iter().map(Entry::from).collect())])
        })
        .collect()
}

fn problem_text(problem: &Problem, of: Option<&str>) -> String {
    let about = problem.config_id.as_ref().map(|id| format!(" (configuration {id})")).unwrap_or_default();
    let of = of.map(|name| format!("{name}: ")).unwrap_or_default();
    format!("{of}{}{about}: {}", problem.code, problem.message)
}

fn of_client(client: &ClientReport, several: bool) -> Section {
    let mut blocks = Vec::new();
    let told = |label: &str, texts: Vec<String>| {
        (!texts.is_empty()).then(|| Block::Text(format!("{label}: {}.", texts.join("; "))))
    };
    blocks.extend(told("Counts as offboarded", client.offboarded_because.clone()));
    blocks.extend(told("Signs of life", client.signs_of_life.iter().map(ToString::to_string).collect()));
    if several {
        blocks.push(Block::Text(sum(&client.statistics)));
    }
    if client.configs.is_empty() {
        blocks.push(Block::Text("No configuration was found.".to_owned()));
    } else {
        blocks.push(Block::Table(Table {
            caption: format!(
                "{} of {}",
                count(client.configs.len(), "configuration", "configurations"),
                name_of(client)
            ),
            columns: COLUMNS,
            rows: client.configs.iter().map(row).collect(),
        }));
    }
    Section { begins_sheet: several, ..Section::new(name_of(client), blocks) }
}

fn row(config: &ConfigReport) -> Vec<Cell> {
    let mark = match config.outcome.as_str() {
        "deactivated" | "restored" if config.verified => Mark::Good,
        "failed" => Mark::Bad,
        "skipped" | "planned" => Mark::Plain,
        _ => Mark::Attention,
    };
    let status = |word: &str, of_psa: &Option<String>| match of_psa {
        Some(name) => format!("{word}, {name}"),
        None => word.to_owned(),
    };
    vec![
        Cell::linked(config.config_name.as_str(), config.record_url.clone()),
        config.config_id.as_str().into(),
        config.config_type.as_str().into(),
        config.site.as_deref().unwrap_or_default().into(),
        Cell::marked(config.outcome_text.as_str(), mark),
        status(&config.previous_status, &config.previous_psa_status).into(),
        status(&config.status, &config.psa_status).into(),
        config.links.summary().into(),
    ]
}

fn notes(report: &Report) -> Option<Section> {
    let of_run: &[NoteReport] = match report {
        Report::Joint(joint) => &joint.notes,
        Report::Client(_) => &[],
    };
    let all = of_run.iter().chain(report.clients().iter().flat_map(|client| &client.notes));
    let entries: Vec<Entry> = all.map(|note| note_text(note).into()).collect();
    (!entries.is_empty()).then(|| Section::new("Notes in the PSA", vec![Block::List(entries)]))
}

fn note_text(note: &NoteReport) -> String {
    let state = match note.state {
        NoteWord::Written => "written",
        NoteWord::Failed => "not written",
        NoteWord::Unknown => "perhaps written",
        NoteWord::Planned => "planned",
    };
    let number = note.note_id.as_ref().map(|id| format!(", note {id}")).unwrap_or_default();
    let why = note.text.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{} {}: {state}{number}{why}", note.on, note.id)
}

/// What was looked at, as of when.
fn looked_at(report: &Report) -> Section {
    let coverage = match report {
        Report::Joint(joint) => &joint.coverage,
        Report::Client(client) => &client.coverage,
    };
    let mut lines = vec![coverage_text(coverage)];
    if !coverage.configurations_read.is_empty() {
        let read: Vec<String> =
            coverage.configurations_read.iter().map(|(what, n)| format!("{n} {what}")).collect();
        lines.push(format!("Configurations read: {}.", read.join(", ")));
    }
    lines.extend(coverage.gaps.iter().map(|gap| format!("Not looked at: {gap}")));
    let left_out = coverage.clients_left_out.iter();
    lines.extend(
        left_out
            .map(|client| format!("Left for another run: {} (id {})", client.client_name, client.client_id)),
    );
    Section::new("What was looked at", vec![Block::List(lines.into_iter().map(Entry::from).collect())])
}

fn coverage_text(coverage: &Coverage) -> String {
    let when = coverage.as_of.map(|at| format!(", as of {} UTC", at.minutes())).unwrap_or_default();
    let whole = if coverage.complete { "Complete, as far as this account may see" } else { "Not complete" };
    format!(
        "{whole}{when}: {} judged, {} of them offboarded, {} in this run.",
        count(coverage.clients_scanned as usize, "client", "clients"),
        coverage.clients_offboarded,
        coverage.clients_in_run
    )
}
