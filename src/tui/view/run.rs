//! The Run: how far, how fast, what holds it up, and every item with sign and word.

use ratatui::layout::Rect;

use super::{
    super::{
        cells,
        layout::run_head,
        model::{
            Model,
            run::{RunPage, Stage},
        },
        symbols::Symbols,
        theme::Meaning,
    },
    canvas::Canvas,
};
use crate::domain::{Outcome, Phase, run::Totals};

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(run) = &model.run else { return };
    let kind = if run.view.dry_run { "Dry run" } else { "Run" };
    let inside = canvas.frame(area, &format!("{kind} {}", run.run), true);
    let high = (run_head(usize::from(inside.height)) as u16).min(inside.height);
    head(model, run, canvas, Rect { height: high, ..inside });
    let list = Rect::new(inside.x, inside.y + high, inside.width, inside.height - high);
    items(model, run, canvas, list);
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
    let (text, meaning) = phase(model, run);
    let (held, held_meaning) = holding(model, run);
    // Where there is little room, what holds it up stands for the phase.
    if area.height < 5 && !held.is_empty() && run.is_active() {
        line(canvas, &held, held_meaning);
    } else {
        line(canvas, &text, meaning);
    }
    line(canvas, &bar(model, run, area.width.saturating_sub(2)), Meaning::Info);
    line(canvas, &totals(&run.state.totals, symbols), Meaning::Text);
    line(canvas, &held, held_meaning);
    let what = if run.only_problems { "Only items with a problem (f shows all)" } else { "Items" };
    line(canvas, &format!("{what}: {}", run.len()), Meaning::Title);
}

fn phase(model: &Model, run: &RunPage) -> (String, Meaning) {
    let state = &run.state;
    if let Some(trouble) = &run.trouble {
        return (format!("{} {}", trouble.message, trouble.advice), Meaning::Bad);
    }
    if let Some(ending) = &run.ending {
        let phase = ending.report.run().state.words();
        let meaning = if ending.report.success() { Meaning::Good } else { Meaning::Warn };
        return (format!("The run is {phase}. Press enter for its report."), meaning);
    }
    match (state.phase, run.cancels) {
        (_, 1) => ("Cancelling: waiting for what was sent; nothing new is started".to_owned(), Meaning::Warn),
        (_, 2..) => ("Stopping hard: what was sent is settled by reading".to_owned(), Meaning::Warn),
        (Phase::Paused, _) => {
            let why = state.paused_because.as_deref().unwrap_or("by you");
            let key = model.keymap.hint(super::super::action::Action::Pause);
            (format!("{} PAUSED: {why}. Press {key} to go on", model.look.symbols.waiting), Meaning::Warn)
        }
        (Phase::Verifying, _) => ("Reading back what was changed".to_owned(), Meaning::Info),
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
    let left = match progress.seconds_left {
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
    (String::new(), Meaning::Text)
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

fn items(model: &Model, run: &RunPage, canvas: &mut Canvas<'_>, area: Rect) {
    let symbols = model.look.symbols;
    let waiting = run.waits(model.now).is_some();
    if run.is_empty() {
        canvas.text(area.x + 1, area.y, area.width, "None so far.", Meaning::Muted);
    }
    for (row, line) in run.scroll.window(run.len(), usize::from(area.height)).enumerate() {
        let item = &run.view.plan.items()[run.place(line)];
        let item_state = run.state.item(&item.config_id);
        let stage = Stage::of(item_state, waiting);
        let (sign, meaning) = sign(stage, symbols);
        let y = area.y + row as u16;
        canvas.text(area.x + 1, y, 2, sign, meaning);
        let mut word = stage.words().to_owned();
        if let Some(end) = item_state.and_then(crate::domain::run::ItemState::settled) {
            match &end.outcome {
                Outcome::Failed { message, .. } | Outcome::Unknown { message } => {
                    word = format!("{word}: {message}");
                }
                Outcome::ChangedSinceReview { what } => word = format!("{word}: {what}"),
                Outcome::Deactivated { verified: false } | Outcome::Restored { verified: false } => {
                    word.push_str(", not read back");
                }
                Outcome::Skipped { reason } if stage == Stage::Skipped => {
                    word = format!("{word}: {}", reason.words());
                }
                _ => {}
            }
        }
        let name = (area.width / 3).clamp(12, 44);
        canvas.text(area.x + 4, y, name, &item.title(), Meaning::Text);
        let mut x = area.x + 5 + name;
        if area.width >= 76 {
            canvas.text(x, y, 18, &item.config_type, Meaning::Muted);
            x += 19;
        }
        canvas.text(x, y, area.right().saturating_sub(x), &word, meaning);
        if line == run.scroll.cursor && !run.follow {
            canvas.tint(Rect::new(area.x, y, area.width, 1), Meaning::Cursor);
        }
    }
    canvas.scrollbar(area, area.bottom(), run.len(), run.scroll.offset);
}
