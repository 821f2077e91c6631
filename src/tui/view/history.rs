//! History: earlier runs, the latest first.

use ratatui::layout::Rect;

use super::{
    super::{cells, model::Model, theme::Meaning},
    canvas::Canvas,
};
use crate::domain::Phase;

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    let history = &model.history;
    let inside = canvas.frame(area, "Earlier runs", true);
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
    let wide = inside.width >= 90;
    let heads = [(1, 16, "Started (UTC)"), (19, 18, "State"), (38, 200, "What")];
    for (x, width, text) in heads {
        canvas.text(inside.x + x, inside.y, width.min(inside.width.saturating_sub(x)), text, Meaning::Muted);
    }
    let list = Rect::new(inside.x, inside.y + 1, inside.width, inside.height.saturating_sub(1));
    for (row, line) in history.scroll.window(runs.len(), usize::from(list.height)).enumerate() {
        let run = &runs[line];
        let y = list.y + row as u16;
        let here = line == history.scroll.cursor;
        if here {
            canvas.text(list.x, y, 1, model.look.symbols.cursor, Meaning::Title);
        }
        canvas.text(list.x + 1, y, 16, &run.started_at.minutes(), Meaning::Text);
        let meaning = match run.phase {
            Phase::Finished => Meaning::Good,
            Phase::Interrupted | Phase::AwaitingApproval => Meaning::Warn,
            _ => Meaning::Text,
        };
        canvas.text(list.x + 19, y, 18, run.phase.words(), meaning);
        let dry = if run.dry_run { "dry run: " } else { "" };
        let mut text = format!("{dry}{}", run.summary);
        if wide {
            text = format!("{}   {}", cells::fit(&text, 200, canvas.more()), run.run);
        }
        canvas.text(list.x + 38, y, list.width.saturating_sub(38), &text, Meaning::Text);
        if here {
            canvas.tint(Rect::new(list.x, y, list.width, 1), Meaning::Cursor);
        }
    }
    canvas.scrollbar(list, list.bottom(), runs.len(), history.scroll.offset);
}
