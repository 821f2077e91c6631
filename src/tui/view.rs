//! Drawing: the model in, cells out. Only what is in sight is built.

pub mod banner;
mod boxes;
pub mod canvas;
pub mod detail;
mod foot;
pub mod help;
mod history;
pub mod palette;
pub mod plan;
pub mod recheck;
mod report;
pub mod review;
pub mod rows;
mod run;
pub mod story;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

pub use self::boxes::columns_height;
use self::canvas::{Canvas, Hyperlink};
use super::{
    action::Action,
    cells,
    layout::{self, Room, SMALLEST},
    model::{Model, Place, overlay::Overlay},
    theme::Meaning,
};

/// What one frame shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub cells: Buffer,
    /// Where text is being typed.
    pub cursor: Option<Position>,
    /// Cells that a terminal may make links of.
    pub links: Vec<Hyperlink>,
    /// Texts that were laid out for it: what a frame costs must not grow with the rows that nobody sees.
    pub strokes: usize,
}

/// Draws the model at its size.
pub fn view(model: &Model) -> Picture {
    let (width, height) = model.size;
    let mut cells = Buffer::empty(Rect::new(0, 0, width, height));
    let mut canvas = Canvas::new(&mut cells, &model.look);
    if Room::of(width, height) == Room::Tiny {
        too_small(model, &mut canvas);
        return Picture { cells, cursor: None, links: Vec::new(), strokes: 0 };
    }
    let frame = layout::frame(width, height);
    banner::draw(model, &mut canvas, frame.banner);
    match model.place {
        Place::Review => review::draw(model, &mut canvas),
        Place::Plan => plan::draw(model, &mut canvas, frame.body),
        Place::Run => run::draw(model, &mut canvas, frame.body),
        Place::Report => report::draw(model, &mut canvas, frame.body),
        Place::History => history::draw(model, &mut canvas, frame.body),
    }
    foot::draw(model, &mut canvas, frame.status, frame.hints);
    match &model.overlay {
        Some(Overlay::Help { .. }) => help::draw(model, &mut canvas, frame.body),
        Some(Overlay::Palette(open)) => palette::draw(model, &mut canvas, open),
        Some(_) => boxes::draw(model, &mut canvas, frame.body),
        None => {}
    }
    let (cursor, strokes, links) = (canvas.cursor, canvas.strokes, canvas.links);
    Picture { cells, cursor, links, strokes }
}

/// One sentence, in as many lines as there are. Keys go on working.
fn too_small(model: &Model, canvas: &mut Canvas<'_>) {
    let (width, height) = model.size;
    let running = if model.runs() { " A run goes on." } else { "" };
    // What is needed comes first: a tiny window shows no more than that.
    let text = format!(
        "Need {}x{}: the window is too small ({width}x{height} now). {} quits.{running}",
        SMALLEST.0,
        SMALLEST.1,
        model.keymap.way(Action::Quit)
    );
    if width == 0 {
        return;
    }
    for (y, line) in cells::wrap(&text, usize::from(width)).iter().take(usize::from(height)).enumerate() {
        canvas.text(0, y as u16, width, line, Meaning::Text);
    }
}
