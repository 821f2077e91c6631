//! Boxes: help, log, and questions. Escape always gets out of them without doing anything.

use tui_input::Input;

use super::{
    super::{
        action::Action,
        desk::{LogLevel, LogLine},
        effect::Effect,
        key::Key,
        line_input,
        model::{
            Model,
            overlay::{HiddenChoice, LogBox, Overlay, QuitChoice, ReleaseChoice},
            saving::{SaveBox, SaveField, SaveState},
        },
        scroll::{Go, Scroll},
        view,
    },
    confirm, copying, direction, going, holding, palette, parking, resuming, saving, ticking, viewing,
};

pub fn open_help(model: &mut Model) -> Vec<Effect> {
    model.overlay =
        Some(Overlay::Help { search: Input::default(), typing: false, scroll: Scroll::default() });
    Vec::new()
}

pub fn open_log(model: &mut Model) -> Vec<Effect> {
    model.overlay = Some(Overlay::Log(LogBox { follow: true, ..LogBox::default() }));
    vec![Effect::Log]
}

pub fn log(model: &mut Model, news: Vec<LogLine>) -> Vec<Effect> {
    let height = model.body_height();
    if let Some(Overlay::Log(log)) = &mut model.overlay {
        log.lines = news;
        show_log(log, height);
    }
    Vec::new()
}

/// The lines from the chosen level on; the newest of them, while nobody moved up.
fn show_log(log: &mut LogBox, height: usize) {
    let shown = log.lines.iter().enumerate().filter(|(_, line)| line.level >= log.level);
    log.shown = shown.map(|(at, _)| at).collect();
    let go = if log.follow { Go::Bottom } else { Go::By(0) };
    log.scroll.turn(go, log.shown.len(), height);
}

fn log_press(model: &mut Model, mut log: LogBox, action: Option<Action>) -> Vec<Effect> {
    let height = model.body_height();
    match action {
        Some(Action::Dismiss | Action::Close) => return Vec::new(),
        Some(Action::LogLevel) => {
            log.level = match log.level {
                LogLevel::Trace | LogLevel::Debug => LogLevel::Info,
                LogLevel::Info => LogLevel::Warn,
                LogLevel::Warn => LogLevel::Error,
                LogLevel::Error => LogLevel::Trace,
            };
            log.follow = true;
            show_log(&mut log, height);
        }
        Some(action) => {
            if let Some(go) = direction(action) {
                log.scroll.turn(go, log.shown.len(), height);
                log.follow = log.scroll.offset + height >= log.shown.len();
            }
        }
        None => {}
    }
    model.overlay = Some(Overlay::Log(log));
    Vec::new()
}

/// A key while a box is open. The box is taken out, and put back unless it is done with.
pub fn press(model: &mut Model, key: Key, action: Option<Action>) -> Vec<Effect> {
    let Some(overlay) = model.overlay.take() else { return Vec::new() };
    match overlay {
        Overlay::Help { search, typing, scroll } => {
            help(model, search, typing, scroll, key, action);
            Vec::new()
        }
        Overlay::Log(log) => log_press(model, log, action),
        Overlay::Columns(open) => viewing::columns_press(model, open, action),
        Overlay::Copy { offers, choice } => copying::press(model, offers, choice, action),
        Overlay::Palette(open) => palette::press(model, open, key, action),
        Overlay::Confirm(confirm) => confirm::press(model, confirm, key, action),
        Overlay::Resume(open) => resuming::press(model, open, action),
        Overlay::Reject { run, choice } => parking::reject_press(model, run, choice, action),
        Overlay::Hold(open) => holding::press(model, open, key, action),
        Overlay::Release { config_id, title, hold, choice } => match (action, choice) {
            (Some(Action::Accept), ReleaseChoice::Release) => vec![Effect::Release { config_id }],
            (Some(Action::Accept | Action::Dismiss), _) => Vec::new(),
            _ => {
                let choice = step(&[ReleaseChoice::KeepHeld, ReleaseChoice::Release], choice, action);
                model.overlay = Some(Overlay::Release { config_id, title, hold, choice });
                Vec::new()
            }
        },
        Overlay::Recheck { result, mut scroll } => {
            if matches!(action, Some(Action::Dismiss | Action::Close)) {
                return Vec::new();
            }
            if let Some(go) = action.and_then(direction) {
                let len = view::recheck::page(model, &result).lines.len();
                scroll.turn(go, len, model.body_height());
            }
            model.overlay = Some(Overlay::Recheck { result, scroll });
            Vec::new()
        }
        Overlay::Story { run, lines, mut scroll } => {
            if matches!(action, Some(Action::Dismiss | Action::Close)) {
                return Vec::new();
            }
            if let Some(go) = action.and_then(direction) {
                let len = view::story::page(model, &run, &lines).lines.len();
                scroll.turn(go, len, model.body_height());
            }
            model.overlay = Some(Overlay::Story { run, lines, scroll });
            Vec::new()
        }
        Overlay::Hidden { ids, choice } => match action {
            Some(Action::Dismiss) => Vec::new(),
            Some(Action::Accept) => ticking::hidden_answer(model, ids, choice),
            _ => {
                let choice = step(&HiddenChoice::ALL, choice, action);
                model.overlay = Some(Overlay::Hidden { ids, choice });
                Vec::new()
            }
        },
        Overlay::Quit { choice } => match (action, choice) {
            (Some(Action::Accept), QuitChoice::CancelAndLeave) => going::cancel_and_leave(model),
            (Some(Action::Accept | Action::Dismiss), _) => Vec::new(),
            _ => {
                let choice = step(&[QuitChoice::Stay, QuitChoice::CancelAndLeave], choice, action);
                model.overlay = Some(Overlay::Quit { choice });
                Vec::new()
            }
        },
        Overlay::Save(save) => saving::press(model, save, key, action),
        Overlay::Trouble { title, trouble } => {
            if !matches!(action, Some(Action::Accept | Action::Dismiss)) && key.typed() != Some('q') {
                model.overlay = Some(Overlay::Trouble { title, trouble });
            }
            Vec::new()
        }
    }
}

/// The choice after a button key.
pub(super) fn step<T: Copy + PartialEq>(all: &[T], now: T, action: Option<Action>) -> T {
    let by = match action {
        Some(Action::NextButton) => 1,
        Some(Action::PrevButton) => all.len() - 1,
        _ => 0,
    };
    let at = all.iter().position(|choice| *choice == now).unwrap_or(0);
    all[(at + by) % all.len()]
}

fn help(
    model: &mut Model,
    mut search: Input,
    mut typing: bool,
    mut scroll: Scroll,
    key: Key,
    action: Option<Action>,
) {
    if typing {
        match action {
            Some(Action::Accept) => typing = false,
            Some(Action::Dismiss) => {
                search.reset();
                typing = false;
            }
            _ => {
                line_input::edit(&mut search, key);
                scroll = Scroll::default();
            }
        }
    } else {
        match action {
            Some(Action::Dismiss | Action::Close) => return,
            Some(Action::Search) => typing = true,
            Some(action) => {
                if let Some(go) = direction(action) {
                    let len = view::help::lines(model, search.value()).len();
                    scroll.turn(go, len, view::help::height(model));
                }
            }
            None => {}
        }
    }
    model.overlay = Some(Overlay::Help { search, typing, scroll });
}

/// Pasted text goes into fields, but never into a confirmation.
pub fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let input = match &mut model.overlay {
        Some(Overlay::Confirm(confirm)) => {
            confirm.note = Some("Pasting does not work here: type it.".to_owned());
            None
        }
        Some(
            Overlay::Save(SaveBox {
                input,
                field: SaveField::Path,
                state: SaveState::Typing | SaveState::Failed(_),
                ..
            })
            | Overlay::Help { search: input, typing: true, .. },
        ) => Some(input),
        Some(Overlay::Hold(open)) => Some(open.input()),
        Some(Overlay::Palette(open)) => {
            open.cursor = 0;
            Some(&mut open.input)
        }
        _ => None,
    };
    if let Some(input) = input {
        line_input::paste(input, text);
    }
    Vec::new()
}
