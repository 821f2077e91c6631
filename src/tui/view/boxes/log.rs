//! The log, from one level on.

use ratatui::layout::Rect;

use super::super::{
    super::{desk::LogLevel, model::overlay::LogBox, theme::Meaning},
    canvas::Canvas,
};

pub fn draw(canvas: &mut Canvas<'_>, body: Rect, log: &LogBox) {
    let what = match log.level {
        LogLevel::Trace | LogLevel::Debug => "all lines",
        LogLevel::Info => "info, warnings and errors",
        LogLevel::Warn => "warnings and errors",
        LogLevel::Error => "errors",
    };
    let dot = canvas.look.symbols.dot;
    let title = format!("Log {dot} {what} {dot} {}/{}", log.shown.len(), log.lines.len());
    let inside = canvas.window(body, &title);
    if log.shown.is_empty() {
        let text = if log.lines.is_empty() {
            "Nothing was logged yet."
        } else {
            "Nothing of that level: f shows other levels."
        };
        canvas.text(inside.x + 1, inside.y, inside.width, text, Meaning::Muted);
    }
    let in_sight = log.shown.iter().skip(log.scroll.offset).take(usize::from(inside.height));
    for (row, at) in in_sight.enumerate() {
        let line = &log.lines[*at];
        let y = inside.y + row as u16;
        let meaning = match line.level {
            LogLevel::Error => Meaning::Bad,
            LogLevel::Warn => Meaning::Warn,
            LogLevel::Info => Meaning::Text,
            LogLevel::Debug | LogLevel::Trace => Meaning::Muted,
        };
        canvas.text(inside.x + 1, y, 8, &line.at.clock_time(), Meaning::Muted);
        canvas.text(inside.x + 10, y, 5, line.level.words(), meaning);
        canvas.text(inside.x + 16, y, inside.width.saturating_sub(17), &line.text, meaning);
    }
    canvas.scrollbar(inside, inside.bottom(), log.shown.len(), log.scroll.offset);
}
