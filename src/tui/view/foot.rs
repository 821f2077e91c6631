//! The last two lines: what was just said or is being typed, and which keys work here.

use ratatui::layout::Rect;

use super::{
    super::{
        action::{Action, Danger, Scope, TABLE},
        cells,
        layout::Pane,
        model::{
            Model, Place,
            overlay::Overlay,
            plan::{Field, Purpose},
            report::{ReportPage, ReportState},
            review::Load,
            run::{RunPage, RunShow},
            saving::{SaveField, SaveState},
        },
        theme::Meaning,
        update::{is_available, palette},
    },
    canvas::Canvas,
};

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, status: Rect, hints: Rect) {
    if !typing(model, canvas, status) {
        said(model, canvas, status);
    }
    draw_hints(model, canvas, hints);
}

/// The field that is being typed in, if it belongs down here.
fn typing(model: &Model, canvas: &mut Canvas<'_>, area: Rect) -> bool {
    let (label, input) = match model.place {
        Place::Review => match model.review.typing {
            Some(Pane::Clients) => {
                (format!("Filter {}: ", model.setting.nouns.clients), &model.review.client_filter.input)
            }
            Some(_) => {
                (format!("Filter {}: ", model.setting.nouns.configurations), &model.review.row_filter.input)
            }
            None => return false,
        },
        Place::Report => match &model.report {
            Some(report) if report.typing => ("Filter: ".to_owned(), &report.filter),
            _ => return false,
        },
        Place::Plan => match &model.plan {
            // Its fields are on the page.
            Some(plan) if plan.typing == Some(Field::Reason) || plan.typing == Some(Field::Ticket) => {
                canvas.text(
                    area.x,
                    area.y,
                    area.width,
                    &format!(
                        "{} takes it and plans again, {} leaves it as it was",
                        model.keymap.way(Action::Accept),
                        model.keymap.way(Action::Dismiss)
                    ),
                    Meaning::Muted,
                );
                return true;
            }
            _ => return false,
        },
        Place::Run | Place::History => return false,
    };
    let used = cells::width(&label) as u16;
    canvas.text_raw(area.x, area.y, area.width, &label, Meaning::Title);
    canvas.field(area.x + used, area.y, area.width.saturating_sub(used), input, model.overlay.is_none());
    if let Some(note) = model.note.as_ref().filter(|_| area.width > 70) {
        let x = area.x + used + 30;
        canvas.text(x, area.y, area.right().saturating_sub(x), &note.text, note.meaning);
    }
    true
}

/// The last note; else how old the data is. Under the palette, why what is chosen there cannot be done.
fn said(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    if let Some(Overlay::Palette(open)) = &model.overlay
        && let Some(why) = palette::found(model, open.input.value())
            .into_iter()
            .nth(open.cursor)
            .and_then(|one| one.obstacle)
    {
        canvas.text(area.x, area.y, area.width, &why, Meaning::Muted);
        return;
    }
    if let Some(note) = &model.note {
        let sign = match note.meaning {
            Meaning::Warn | Meaning::Bad => format!("{} ", model.look.symbols.warning),
            _ => String::new(),
        };
        canvas.text(area.x, area.y, area.width, &format!("{sign}{}", note.text), note.meaning);
        return;
    }
    let (text, meaning) = standing(model);
    canvas.text(area.x, area.y, area.width, &text, meaning);
}

/// How it stands with what this place shows.
fn standing(model: &Model) -> (String, Meaning) {
    let spinner = || {
        let frames = model.look.symbols.spinner;
        frames[model.ticks % frames.len()]
    };
    match model.place {
        Place::Review => {
            let review = &model.review;
            let found = || {
                format!(
                    "{} {}, {} {}",
                    review.data.clients.len(),
                    model.setting.nouns.clients,
                    review.data.rows.len(),
                    model.setting.nouns.configurations
                )
            };
            if let Some(run) = model.run.as_ref().filter(|run| run.is_active()) {
                return (goes_on(model, run), Meaning::Info);
            }
            if let Some(notice) = &review.notice {
                return (format!("{} {notice}", spinner()), Meaning::Warn);
            }
            match (&review.load, &review.data.complete) {
                (Load::Reading, Some((as_of, _))) => (
                    format!(
                        "{} reading again; shown is what was read {}",
                        spinner(),
                        cells::age(model.now, *as_of)
                    ),
                    Meaning::Info,
                ),
                (Load::Reading, None) => {
                    (format!("{} reading: {} so far", spinner(), found()), Meaning::Info)
                }
                (Load::Failed(trouble), _) => (format!("Not complete: {}", trouble.message), Meaning::Bad),
                (_, Some((as_of, coverage))) => {
                    let gaps = if coverage.gaps.is_empty() {
                        String::new()
                    } else {
                        format!(", {} could not be looked at", coverage.gaps.len())
                    };
                    let old = model.now.seconds_since(*as_of) > OLD;
                    let again = model.keymap.spell(if old { ": <reload> reads it again" } else { "" });
                    let read = cells::age(model.now, *as_of);
                    let meaning = if old { Meaning::Warn } else { Meaning::Muted };
                    (format!("{}, complete, read {read}{again}{gaps}{}", found(), own_age(model)), meaning)
                }
                (_, None) => (String::new(), Meaning::Text),
            }
        }
        Place::Plan => (String::new(), Meaning::Text),
        Place::Run => match &model.run {
            Some(run) if run.is_active() => {
                let key = model.keymap.way(Action::GoReview);
                (format!("{} you may go back to Review ({key}) while this runs", spinner()), Meaning::Muted)
            }
            _ => (String::new(), Meaning::Text),
        },
        Place::Report => match model.report.as_ref().map(|report| &report.state) {
            Some(ReportState::Reading) => (format!("{} reading the report", spinner()), Meaning::Info),
            Some(ReportState::Ready(_)) if model.report.as_ref().is_some_and(ReportPage::is_narrowed) => {
                (model.keymap.spell("Not all items are shown: <back> shows all."), Meaning::Muted)
            }
            _ => (String::new(), Meaning::Text),
        },
        Place::History => {
            let text = if model.history.reading { format!("{} reading", spinner()) } else { String::new() };
            (text, Meaning::Info)
        }
    }
}

/// A list that is older than this many seconds says so: others work in the PSA, too.
const OLD: f64 = 1800.0;

/// When the client under the cursor was read by itself.
fn own_age(model: &Model) -> String {
    let review = &model.review;
    let Some(client) = review.cursor_client() else { return String::new() };
    if review.reading_client.as_ref() == Some(client.id()) {
        return "; reading this one again".to_owned();
    }
    client.read_at.map_or_else(String::new, |at| format!("; this one {}", cells::age(model.now, at)))
}

/// What somebody who went back to Review must not forget.
fn goes_on(model: &Model, run: &RunPage) -> String {
    let progress = run.state.progress(model.now);
    let totals = &run.state.totals;
    let wrong = totals.failed + totals.unknown + totals.changed;
    let wrong = if wrong > 0 { format!(", {wrong} with a problem") } else { String::new() };
    let whose = if run.is_ours() { "A run" } else { "Another process's run" };
    let state = if run.is_paused() { "is PAUSED" } else { "goes on" };
    let key = model.keymap.hint(Action::GoRun);
    format!("{whose} {state}: {} of {} done{wrong}. {key} shows it.", progress.done, progress.total)
}

fn draw_hints(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    let scopes = model.scopes();
    // Help and quit are always in sight, at the right; the others as far as there is room.
    let fixed: &[Action] =
        if scopes.contains(&Scope::Anywhere) { &[Action::Help, Action::Quit] } else { &[] };
    let mut end = area.right();
    for action in fixed.iter().rev().filter(|action| !model.keymap.keys(**action).is_empty()) {
        let wide = hint_width(model, *action);
        end = end.saturating_sub(wide);
        hint(model, canvas, end, area.y, *action);
        end = end.saturating_sub(2);
    }
    let mut x = area.x;
    for spec in TABLE.iter().filter(|spec| {
        !spec.short.is_empty() && !fixed.contains(&spec.action) && !model.keymap.keys(spec.action).is_empty()
    }) {
        if !spec.scopes.iter().any(|scope| scopes.contains(scope)) || !is_available(model, spec.action) {
            continue;
        }
        if matches!(model.overlay, Some(Overlay::Trouble { .. })) && spec.action != Action::Dismiss {
            continue;
        }
        let wide = hint_width(model, spec.action);
        if x + wide + 2 > end {
            break;
        }
        hint(model, canvas, x, area.y, spec.action);
        x += wide + 2;
    }
}

fn short(model: &Model, action: Action) -> &'static str {
    let paused = model.run.as_ref().is_some_and(super::super::model::run::RunPage::is_paused);
    match action {
        Action::Pause if paused => "go on",
        Action::Problems if model.place == Place::Run => match &model.run {
            Some(run) => match run.show.next(run.clients.list().len()) {
                RunShow::Items => "all items",
                RunShow::Clients => model.setting.nouns.clients,
                RunShow::Problems => "problems",
            },
            None => action.spec().short,
        },
        Action::Cancel if model.run.as_ref().is_some_and(|run| run.cancels > 0) => "stop hard",
        Action::Start => match &model.plan {
            Some(plan) if matches!(plan.purpose, Purpose::Parked(_)) => "approve…",
            Some(plan) if plan.draft.dry_run => "do the dry run",
            Some(plan) if plan.view().is_some_and(|view| view.needs_approval.is_some()) => "park",
            Some(plan) if matches!(plan.purpose, Purpose::Undo { .. }) => "restore…",
            _ => action.spec().short,
        },
        Action::Hold if model.review.cursor_entry().is_some_and(|entry| entry.row.hold.is_some()) => {
            "release"
        }
        Action::NextButton if on_path(model) => "complete",
        Action::Dismiss if model.scopes() == [Scope::Reading] => "close",
        _ => action.spec().short,
    }
}

/// Whether a path is being typed, which the key for the next button completes.
fn on_path(model: &Model) -> bool {
    matches!(&model.overlay, Some(Overlay::Save(open)) if open.field == SaveField::Path
        && !matches!(open.state, SaveState::Exists { .. }))
}

/// Whether it leads to writes as things stand: a dry run and parking do not.
fn leads_to_writes(model: &Model, action: Action) -> bool {
    let harmless = action == Action::Start
        && model.plan.as_ref().is_some_and(|plan| {
            plan.draft.dry_run || plan.view().is_some_and(|view| view.needs_approval.is_some())
        });
    action.spec().danger == Danger::Writes && !harmless
}

fn hint_width(model: &Model, action: Action) -> u16 {
    (cells::width(&model.keymap.hint(action)) + 1 + cells::width(short(model, action))) as u16
}

fn hint(model: &Model, canvas: &mut Canvas<'_>, x: u16, y: u16, action: Action) {
    let key = model.keymap.hint(action);
    let meaning = if leads_to_writes(model, action) { Meaning::Danger } else { Meaning::KeyHint };
    let used = canvas.text(x, y, 20, &key, meaning);
    let word = short(model, action);
    let word = if model.look.is_ascii() { word.replace('…', "..") } else { word.to_owned() };
    canvas.text(x + used + 1, y, 40, &word, Meaning::Muted);
}
