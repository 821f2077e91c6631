//! The Run: how far, how fast, what holds it up, and every item with sign and word.

use ratatui::layout::Rect;

use super::{
    super::{
        cells,
        layout::run_head,
        model::{
            Model,
            run::{ClientProgress, RunPage, RunShow, Stage},
        },
        prose::Line,
        symbols::Symbols,
        theme::Meaning,
    },
    canvas::Canvas,
};
use crate::domain::{
    Outcome, Phase,
    run::{ItemState, Totals},
    text::count,
};

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(run) = &model.run else { return };
    let kind = if run.view.dry_run { "Dry run" } else { "Run" };
    let whose =
        if run.is_ours() { String::new() } else { format!(" {} another process", model.look.symbols.dot) };
    let inside = canvas.frame(area, &format!("{kind} {}{whose}", run.run), true);
    let high = (run_head(usize::from(inside.height)) as u16).min(inside.height);
    head(model, run, canvas, Rect { height: high, ..inside });
    let below = Rect::new(inside.x, inside.y + high, inside.width, inside.height - high);
    list(model, run, canvas, below);
}

fn head(model: &Model, run: &RunPage, canvas: &mut Canvas<'_>, area: Rect) {
    let symbols = model.look.symbols;
    let mut y = area.y;
    let mut line = |canvas: &mut Canvas<'_>, text: &str, meaning: Meaning| {
        if y < area.bottom() {
            canvas.text(area.x + 1, y, area.width.saturating_sub(2), text, meaning);
        }
        y += 1;
    };
    let (mut text, meaning) = phase(model, run);
    if let Some(who) = run.other.as_ref().filter(|_| run.is_active()) {
        text = format!("{text} {} at work: {who}", model.look.symbols.dot);
    }
    let (held, held_meaning) = holding(model, run);
    // Where there is little room, what holds it up stands for the phase.
    if area.height < 5 && !held.is_empty() && run.is_active() {
        line(canvas, &held, held_meaning);
    } else {
        line(canvas, &text, meaning);
    }
    line(canvas, &bar(model, run, area.width.saturating_sub(2)), Meaning::Info);
    line(canvas, &totals(&run.state.totals, symbols), Meaning::Text);
    line(canvas, &at_work_on(model, run), Meaning::Text);
    line(canvas, &held, held_meaning);
    let nouns = &model.setting.nouns;
    let what = match run.show {
        RunShow::Items => format!("Items: {}", run.len()),
        RunShow::Clients => format!("{}: {}", model.clients_title(), run.len()),
        RunShow::Problems => format!(
            "What went wrong: {}, {}",
            count(run.causes.len(), nouns.configuration, nouns.configurations),
            count(run.causes.list().count(), "cause", "causes")
        ),
    };
    line(canvas, &what, Meaning::Title);
}

fn phase(model: &Model, run: &RunPage) -> (String, Meaning) {
    let state = &run.state;
    if let Some(trouble) = &run.trouble {
        return (format!("{} {}", trouble.message, trouble.advice), Meaning::Bad);
    }
    if let Some(ending) = &run.ending {
        let phase = ending.report.run().state.words();
        let meaning = if ending.report.success() { Meaning::Good } else { Meaning::Warn };
        let key = model.keymap.way(super::super::action::Action::OpenReport);
        return (format!("The run is {phase}. Press {key} for its report."), meaning);
    }
    match (state.phase, run.cancels) {
        (_, 1..) if !run.is_ours() => ("Asked to cancel".to_owned(), Meaning::Warn),
        (_, 1) => ("Cancelling: waiting for what was sent; nothing new is started".to_owned(), Meaning::Warn),
        (_, 2..) => ("Stopping hard: what was sent is settled by reading".to_owned(), Meaning::Warn),
        (Phase::Paused, _) => {
            let why = state.paused_because.as_deref().unwrap_or("by you");
            let key = model.keymap.hint(super::super::action::Action::Pause);
            (format!("{} PAUSED: {why}. Press {key} to go on", model.look.symbols.waiting), Meaning::Warn)
        }
        (Phase::Verifying, _) => {
            ("Reading back what was changed, and what still hangs on it".to_owned(), Meaning::Info)
        }
        (Phase::Applying, _) if run.view.dry_run => {
            ("Going through the plan; nothing is written".to_owned(), Meaning::Info)
        }
        (Phase::Applying, _) => ("Deactivating".to_owned(), Meaning::Info),
        _ => ("Starting".to_owned(), Meaning::Info),
    }
}

/// The bar with figures; never full while something runs.
fn bar(model: &Model, run: &RunPage, width: u16) -> String {
    let progress = run.state.progress(model.now);
    let percent = if run.is_active() { progress.percent().min(99) } else { progress.percent() };
    let rate = if progress.rate > 0.0 { format!(", {:.1} a second", progress.rate) } else { String::new() };
    let left = match run.seconds_left(model.now) {
        Some(seconds) if run.is_active() && !run.is_paused() => {
            format!(", about {} left", cells::duration(seconds))
        }
        _ => String::new(),
    };
    let figures = format!(" {percent} % {} of {}{rate}{left}", progress.done, progress.total);
    let room = usize::from(width).saturating_sub(cells::width(&figures)).clamp(0, 40);
    if room < 5 {
        return figures.trim_start().to_owned();
    }
    let symbols = model.look.symbols;
    let mut full = room * percent as usize / 100;
    if run.is_active() {
        full = full.min(room - 1);
    }
    format!("{}{}{figures}", symbols.bar_full.repeat(full), symbols.bar_empty.repeat(room - full))
}

/// The counts that are not zero; they add up to the number of items.
fn totals(totals: &Totals, symbols: &Symbols) -> String {
    let parts = [
        (symbols.queued, totals.queued, "queued"),
        (symbols.running, totals.sending, "running"),
        (symbols.running, totals.verifying, "reading back"),
        (symbols.done, totals.done, "done"),
        (symbols.skipped, totals.skipped, "skipped"),
        (symbols.changed, totals.changed, "changed"),
        (symbols.failed, totals.failed, "failed"),
        (symbols.unknown, totals.unknown, "unknown"),
    ];
    let shown: Vec<String> =
        parts.iter().filter(|(_, n, _)| *n > 0).map(|(sign, n, word)| format!("{sign} {n} {word}")).collect();
    shown.join(", ")
}

/// Whose items are under way right now, and how many clients wait or are done.
fn at_work_on(model: &Model, run: &RunPage) -> String {
    let dot = model.look.symbols.dot;
    let list = run.clients.list();
    if let [only] = list {
        return only.title.clone();
    }
    let (busy, waiting, done) = run.clients.standing();
    let mut named: Vec<String> = run
        .clients
        .at_work(3)
        .map(|client| format!("{} {}/{}", client.title, client.settled, client.items))
        .collect();
    if busy > named.len() {
        named.push(format!("{} more", busy - named.len()));
    }
    let clients = model.setting.nouns.clients;
    let mut parts = vec![format!("{} {clients}", list.len())];
    if !named.is_empty() {
        parts.push(format!("at work on {}", named.join(", ")));
    }
    for (n, word) in [(waiting, "waiting"), (done, "done")] {
        if n > 0 {
            parts.push(format!("{n} {word}"));
        }
    }
    parts.join(&format!(" {dot} "))
}

/// What holds it up, else the last thing that went wrong.
fn holding(model: &Model, run: &RunPage) -> (String, Meaning) {
    let waiting = model.look.symbols.waiting;
    if run.is_active()
        && let Some((notice, left)) = run.waits(model.now)
    {
        return match notice {
            crate::domain::event::Notice::Waiting { why, .. } => {
                (format!("{waiting} waiting: {why}, {}", cells::duration(left)), Meaning::Warn)
            }
            other => (format!("{waiting} {other}"), Meaning::Warn),
        };
    }
    if let Some(problem) = run.state.problems.last() {
        return (format!("{} {}", model.look.symbols.warning, problem.message), Meaning::Bad);
    }
    if let Some(text) = run.state.warnings.last() {
        return (format!("{} {text}", model.look.symbols.warning), Meaning::Warn);
    }
    (by_window(run), Meaning::Muted)
}

/// Why it does not go faster, where the PSA's window is what holds it up.
fn by_window(run: &RunPage) -> String {
    let pace = &run.view.estimate.pace;
    let requests = pace.requests_for(run.view.plan.items().len() as u64);
    if run.view.dry_run || !run.is_active() || requests <= u64::from(pace.requests) {
        return String::new();
    }
    let window = cells::duration(f64::from(pace.window_seconds));
    format!("No more than {} requests in {window}: so much of the PSA's limit is ours", pace.requests)
}

pub fn sign(stage: Stage, symbols: &Symbols) -> (&'static str, Meaning) {
    match stage {
        Stage::Queued => (symbols.queued, Meaning::Muted),
        Stage::Running | Stage::Checking => (symbols.running, Meaning::Info),
        Stage::Waiting => (symbols.waiting, Meaning::Warn),
        Stage::Done => (symbols.done, Meaning::Good),
        Stage::Already => (symbols.already, Meaning::Good),
        Stage::Skipped => (symbols.skipped, Meaning::Muted),
        Stage::Changed => (symbols.changed, Meaning::Warn),
        Stage::Failed => (symbols.failed, Meaning::Bad),
        Stage::Unknown => (symbols.unknown, Meaning::Bad),
    }
}

fn list(model: &Model, run: &RunPage, canvas: &mut Canvas<'_>, area: Rect) {
    if run.is_empty() {
        canvas.text(area.x + 1, area.y, area.width, "None so far.", Meaning::Muted);
    }
    let waiting = run.waits(model.now).is_some();
    for (row, at) in run.scroll.window(run.len(), usize::from(area.height)).enumerate() {
        let line = Rect::new(area.x, area.y + row as u16, area.width, 1);
        match run.show {
            RunShow::Items => item(model, run, canvas, line, at, waiting),
            RunShow::Clients => client(model, canvas, line, &run.clients.list()[at]),
            RunShow::Problems => match &run.page.lines[at] {
                Line::Entry(place) => item(model, run, canvas, line, *place, waiting),
                Line::Text { indent, meaning, text, .. } => {
                    canvas.text(line.x + indent, line.y, line.width.saturating_sub(*indent), text, *meaning);
                }
            },
        }
        if at == run.scroll.cursor && !run.follow {
            canvas.tint(line, Meaning::Cursor);
        }
    }
    canvas.scrollbar(area, area.bottom(), run.len(), run.scroll.offset);
}

/// One client with its own bar and counts.
fn client(model: &Model, canvas: &mut Canvas<'_>, line: Rect, client: &ClientProgress) {
    let symbols = model.look.symbols;
    let (sign, meaning) = if client.problems > 0 {
        (symbols.failed, Meaning::Bad)
    } else if client.is_done() {
        (symbols.done, Meaning::Good)
    } else if client.is_waiting() {
        (symbols.queued, Meaning::Muted)
    } else {
        (symbols.running, Meaning::Info)
    };
    canvas.text(line.x + 1, line.y, 2, sign, meaning);
    let name = (line.width / 3).clamp(12, 44);
    canvas.text(line.x + 4, line.y, name, &client.title, Meaning::Text);
    let mut x = line.x + 5 + name;
    if line.width >= 76 {
        let room = 20;
        let full = (client.settled * room / client.items.max(1)) as usize;
        let full = if client.is_done() { full } else { full.min(room as usize - 1) };
        let bar =
            format!("{}{}", symbols.bar_full.repeat(full), symbols.bar_empty.repeat(room as usize - full));
        canvas.text_raw(x, line.y, room as u16, &bar, Meaning::Info);
        x += room as u16 + 1;
    }
    let mut text = format!("{} of {}", client.settled, client.items);
    for (n, word) in [(client.at_work, "at work"), (client.problems, "with a problem")] {
        if n > 0 {
            text = format!("{text}, {n} {word}");
        }
    }
    if client.is_waiting() {
        text = format!("{text}, waiting");
    } else if client.is_done() && client.problems == 0 {
        text = format!("{text}, done");
    }
    canvas.text(x, line.y, line.right().saturating_sub(x), &text, meaning);
}

fn item(model: &Model, run: &RunPage, canvas: &mut Canvas<'_>, line: Rect, place: usize, waiting: bool) {
    let symbols = model.look.symbols;
    let item = &run.view.plan.items()[place];
    let standing = run.state.item(&item.config_id);
    let stage = Stage::of(standing, waiting);
    let (sign, meaning) = sign(stage, symbols);
    canvas.text(line.x + 1, line.y, 2, sign, meaning);
    let several = run.clients.list().len() > 1;
    let name = (line.width / 3).clamp(12, if several { 32 } else { 44 });
    canvas.text(line.x + 4, line.y, name, &item.title(), Meaning::Text);
    let mut x = line.x + 5 + name;
    if line.width >= 76 {
        canvas.text(x, line.y, 18, &item.config_type, Meaning::Muted);
        x += 19;
    }
    if several && line.width >= 110 {
        let title = run.clients.of_item(place).map_or("", |client| client.title.as_str());
        canvas.text(x, line.y, 24, title, Meaning::Muted);
        x += 25;
    }
    let word = words(stage, standing.and_then(ItemState::settled).map(|settled| &settled.outcome));
    canvas.text(x, line.y, line.right().saturating_sub(x), &word, meaning);
}

/// Where an item stands, with what there is to say about its end.
fn words(stage: Stage, end: Option<&Outcome>) -> String {
    let word = stage.words();
    match end {
        Some(Outcome::Failed { message, .. } | Outcome::Unknown { message }) => format!("{word}: {message}"),
        Some(Outcome::ChangedSinceReview { what }) => format!("{word}: {what}"),
        Some(Outcome::Deactivated { verified: false } | Outcome::Restored { verified: false }) => {
            format!("{word}, not read back")
        }
        Some(Outcome::Skipped { reason }) if stage == Stage::Skipped => {
            format!("{word}: {}", reason.words())
        }
        _ => word.to_owned(),
    }
}
