//! History: earlier runs, the latest first, and more about the one under the cursor.

use ratatui::layout::Rect;

use super::{
    super::{
        action::Action,
        cells,
        desk::PastRun,
        layout,
        model::{Model, capital},
        symbols::Symbols,
        theme::Meaning,
    },
    canvas::Canvas,
};
use crate::domain::{Phase, plan::Kind, text::count};

/// Cells before the state: cursor mark, sign, blank.
const LEAD: u16 = 3;
const STATE: u16 = 18;

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    let history = &model.history;
    let inside = canvas.frame(area, &title(model), true);
    let runs = match &history.runs {
        None => {
            canvas.text(inside.x + 1, inside.y, inside.width, "Reading", Meaning::Muted);
            return;
        }
        Some(Err(trouble)) => {
            canvas.text(inside.x + 1, inside.y, inside.width, &trouble.message, Meaning::Bad);
            canvas.text(inside.x + 1, inside.y + 1, inside.width, &trouble.advice, Meaning::Text);
            return;
        }
        Some(Ok(runs)) if runs.is_empty() => {
            let text = "No run yet: the first one starts from the Plan.";
            canvas.text(inside.x + 1, inside.y, inside.width, text, Meaning::Muted);
            return;
        }
        Some(Ok(runs)) => runs,
    };
    let columns = Columns::of(inside);
    columns.heads(canvas, inside);
    let high = layout::history_list(usize::from(inside.height)) as u16;
    let list = Rect::new(inside.x, inside.y + 1, inside.width, high.min(inside.height.saturating_sub(1)));
    for (row, line) in history.scroll.window(runs.len(), usize::from(list.height)).enumerate() {
        let y = list.y + row as u16;
        let here = line == history.scroll.cursor;
        columns.row(canvas, Rect::new(list.x, y, list.width, 1), &runs[line], here);
    }
    canvas.scrollbar(list, inside.bottom(), runs.len(), history.scroll.offset);
    if let Some(past) = history.under_cursor() {
        foot(
            model,
            canvas,
            Rect::new(inside.x, list.bottom(), inside.width, inside.bottom() - list.bottom()),
            past,
        );
    }
}

fn title(model: &Model) -> String {
    let list = model.history.list();
    let waiting = list.iter().filter(|past| past.waits_for_approval()).count();
    let interrupted = list.iter().filter(|past| past.was_interrupted()).count();
    let parts = [(waiting, "for approval"), (interrupted, "interrupted")];
    let parts: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    let dot = model.look.symbols.dot;
    if parts.is_empty() { "Earlier runs".to_owned() } else { format!("Runs {dot} {}", parts.join(", ")) }
}

/// Which columns there is room for, from the left.
struct Columns {
    when: (u16, u16),
    who: Option<(u16, u16)>,
    what: Option<(u16, u16)>,
    id: Option<(u16, u16)>,
}

impl Columns {
    fn of(inside: Rect) -> Self {
        let when = if inside.width >= 96 { 16 } else { 11 };
        let mut x = LEAD + STATE + 1;
        let when = (x, when);
        x += when.1 + 2;
        let who = (inside.width >= 76).then_some((x, if inside.width >= 140 { 32 } else { 18 }));
        x += who.map_or(0, |(_, width)| width + 2);
        let id = (inside.width >= 110).then(|| (inside.width - 25, 24));
        let end = id.map_or(inside.width, |(at, _)| at - 2);
        let what = (end > x + 8).then(|| (x, end - x));
        Self { when, who, what, id }
    }

    fn heads(&self, canvas: &mut Canvas<'_>, inside: Rect) {
        let when = if self.when.1 == 16 { "Started (UTC)" } else { "Start UTC" };
        let heads = [
            (Some((LEAD, STATE)), "State"),
            (Some(self.when), when),
            (self.who, "Asked for by"),
            (self.what, "What"),
            (self.id, "Run"),
        ];
        for (slot, text) in heads {
            if let Some((x, width)) = slot {
                canvas.text(inside.x + x, inside.y, width, text, Meaning::Muted);
            }
        }
    }

    fn row(&self, canvas: &mut Canvas<'_>, line: Rect, past: &PastRun, here: bool) {
        let symbols = canvas.look.symbols;
        let (sign, meaning) = sign(past, symbols);
        if here {
            canvas.text(line.x, line.y, 1, symbols.cursor, Meaning::Title);
        }
        canvas.text(line.x + 1, line.y, 1, sign, meaning);
        canvas.text(line.x + LEAD, line.y, STATE, past.phase.words(), meaning);
        let started = past.started_at.minutes();
        // Where there is little room, the year goes.
        let started = if self.when.1 < 16 { started.get(5..).unwrap_or_default() } else { &started };
        canvas.text(line.x + self.when.0, line.y, self.when.1, started, Meaning::Text);
        if let Some((x, width)) = self.who {
            canvas.text(line.x + x, line.y, width, &past.asked_for_by(), Meaning::Text);
        }
        if let Some((x, width)) = self.what {
            let meaning = if past.active_again > 0 { Meaning::Warn } else { Meaning::Text };
            canvas.text(line.x + x, line.y, width, &what(past, symbols), meaning);
        }
        if let Some((x, width)) = self.id {
            canvas.text(line.x + x, line.y, width, past.run.as_str(), Meaning::Muted);
        }
        if here {
            canvas.tint(line, Meaning::Cursor);
        }
    }
}

fn sign(past: &PastRun, symbols: &Symbols) -> (&'static str, Meaning) {
    match past.phase {
        Phase::Finished if past.errors > 0 => (symbols.failed, Meaning::Bad),
        Phase::Finished => (symbols.done, Meaning::Good),
        Phase::AwaitingApproval => (symbols.waiting, Meaning::Warn),
        Phase::Interrupted => (symbols.warning, Meaning::Warn),
        Phase::Refused => (symbols.failed, Meaning::Bad),
        Phase::Rejected | Phase::Expired | Phase::Cancelled => (symbols.skipped, Meaning::Muted),
        Phase::Planned | Phase::Approved | Phase::Applying | Phase::Paused | Phase::Verifying => {
            (symbols.running, Meaning::Info)
        }
    }
}

/// What it did, or would do, in figures; what came back first.
fn what(past: &PastRun, symbols: &Symbols) -> String {
    let again = match past.active_again {
        0 => String::new(),
        n => format!("{} {n} active again; ", symbols.warning),
    };
    format!("{again}{}", past.figures())
}

/// Why a run has not come to a good end, and the keys for it.
fn next_step(model: &Model, past: &PastRun) -> Option<String> {
    let key = |action: Action| model.keymap.hint(action);
    let why = format!("{} tells why", key(Action::Story));
    if past.waits_for_approval() {
        let (open, approve, reject) = (key(Action::OpenEntry), key(Action::Approve), key(Action::Reject));
        return Some(format!("Waits for a person: {open} opens it, {approve} approves, {reject} rejects"));
    }
    if past.was_interrupted() {
        let open = past.items.saturating_sub(past.changed + past.skipped + past.errors);
        let resume = key(Action::ResumeRun);
        return Some(format!("Stopped with {open} of {} open: {resume} resumes it, {why}", past.items));
    }
    match past.phase {
        Phase::Refused => Some(format!("A safeguard refused it, nothing was written: {why}")),
        Phase::Expired => Some(format!("Nobody approved it in time: {why}")),
        Phase::Rejected => Some(format!("It was rejected, nothing was written: {why}")),
        Phase::Cancelled => Some(format!("It was cancelled, the rest was not started: {why}")),
        _ => None,
    }
}

/// More about one run, the most important first.
fn foot(model: &Model, canvas: &mut Canvas<'_>, area: Rect, past: &PastRun) {
    let nouns = &model.setting.nouns;
    let symbols = model.look.symbols;
    let mut lines: Vec<(String, Meaning)> = Vec::new();
    if let Some(profile) = &past.elsewhere {
        lines.push((format!("Of profile {profile}: only shown here"), Meaning::Warn));
    }
    if let Some(who) = &past.at_work {
        let key = model.keymap.hint(Action::OpenEntry);
        let way = if past.may_follow() { format!(": {key} watches it") } else { String::new() };
        lines.push((format!("Going on{way} ({who})"), Meaning::Info));
    }
    lines.extend(next_step(model, past).map(|text| (text, Meaning::Warn)));
    let reason = past.reason.as_ref().map(|reason| format!("reason: {reason}"));
    let whole = [Some(past.told_who()), reason.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    // Where both are too long for one line, the reason has the next, if there is one to have.
    let two = area.height >= 5 && cells::width(&whole) + 2 > usize::from(area.width);
    match reason {
        Some(reason) if two => {
            lines.push((past.told_who(), Meaning::Text));
            lines.push((capital(&reason), Meaning::Text));
        }
        _ => lines.push((whole, Meaning::Text)),
    }
    lines.push((
        format!("{}: {}", count(past.clients as usize, nouns.client, nouns.clients), what(past, symbols)),
        if past.active_again > 0 { Meaning::Warn } else { Meaning::Text },
    ));
    let link = match (past.kind, &past.parent) {
        (Kind::Undo, Some(parent)) => format!(", undoes {parent}"),
        (Kind::Deactivate, Some(parent)) => format!(", tries {parent} again"),
        (_, None) => String::new(),
    };
    lines.push((format!("Run {}{link}", past.run), Meaning::Muted));
    // A rule between the list and what is said below it, where there is room for one.
    let mut y = area.y;
    if area.height >= 4 {
        let rule = symbols.border.horizontal_top.repeat(usize::from(area.width));
        canvas.text_raw(area.x, y, area.width, &rule, Meaning::Border);
        y += 1;
    }
    for (text, meaning) in lines {
        if y >= area.bottom() {
            break;
        }
        let text = cells::cut(&text, usize::from(area.width.saturating_sub(2)), symbols.more).into_owned();
        canvas.text(area.x + 1, y, area.width.saturating_sub(2), &text, meaning);
        y += 1;
    }
}
