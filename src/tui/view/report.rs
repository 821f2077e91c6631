//! The Report: the page, most urgent first.

use ratatui::layout::Rect;

use super::{
    super::{
        model::{
            Model,
            report::{ReportPage, ReportState, stage},
            sieve::Which,
        },
        theme::Meaning,
    },
    canvas::Canvas,
    run::sign,
};

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(page) = &model.report else { return };
    let mut title = vec![format!("Report of run {}", page.run)];
    if !page.filter.value().is_empty() {
        title.push(format!("filter: {}", page.filter.value()));
    }
    if page.which != Which::All {
        title.push(page.which.words().to_owned());
    }
    let inside = canvas.frame(area, &title.join(&format!(" {} ", model.look.symbols.dot)), true);
    match &page.state {
        ReportState::Reading => {
            canvas.text(inside.x + 1, inside.y, inside.width, "Reading the report", Meaning::Muted);
        }
        ReportState::Failed(trouble) => {
            canvas.text(inside.x + 1, inside.y, inside.width, &trouble.message, Meaning::Bad);
            canvas.text(inside.x + 1, inside.y + 1, inside.width, &trouble.advice, Meaning::Text);
        }
        ReportState::Ready(_) => {
            canvas.page(
                inside,
                &page.page.lines,
                page.scroll.offset,
                inside.bottom(),
                |canvas, line, entry| {
                    draw_config(page, canvas, line, entry);
                },
            );
        }
    }
}

fn draw_config(
    page: &ReportPage,
    canvas: &mut Canvas<'_>,
    line: Rect,
    entry: super::super::model::report::ReportEntry,
) {
    let Some(config) = page.config(entry) else { return };
    let (sign, meaning) = sign(stage(config), canvas.look.symbols);
    canvas.text(line.x + 3, line.y, 2, sign, meaning);
    let name = (line.width / 3).clamp(12, 44);
    canvas.text(line.x + 6, line.y, name, &config.config_name, Meaning::Text);
    let mut x = line.x + 7 + name;
    if line.width >= 76 {
        canvas.text(x, line.y, 18, &config.config_type, Meaning::Muted);
        x += 19;
    }
    canvas.text(x, line.y, line.right().saturating_sub(x), &config.outcome_text, meaning);
}
