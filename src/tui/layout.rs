//! Where things are, from the size alone: the view draws there, and the mouse is looked up there.

use ratatui::layout::{Constraint, Layout, Rect};

/// The smallest screen that shows anything useful.
pub const SMALLEST: (u16, u16) = (40, 10);

/// Cells of a list before the name: cursor mark, box, blank.
pub const LEAD: u16 = 5;

/// How much fits side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Room {
    /// One sentence.
    Tiny,
    /// One list at a time.
    One,
    /// Two lists with few columns.
    Compact,
    /// Two lists; the detail comes on Tab.
    Normal,
    /// Two lists and the detail.
    Wide,
}

impl Room {
    pub fn of(width: u16, height: u16) -> Self {
        match width {
            _ if width < SMALLEST.0 || height < SMALLEST.1 => Self::Tiny,
            0..60 => Self::One,
            60..80 => Self::Compact,
            80..120 => Self::Normal,
            _ => Self::Wide,
        }
    }
}

/// The panes of Review.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Pane {
    #[default]
    Clients,
    Rows,
    Detail,
}

/// The screen without its panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    pub banner: Rect,
    pub body: Rect,
    /// What was just said, or what is being typed.
    pub status: Rect,
    pub hints: Rect,
}

pub fn frame(width: u16, height: u16) -> Frame {
    let area = Rect::new(0, 0, width, height);
    let parts = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
        Constraint::Length(1),
    ]);
    let [banner, body, status, hints] = parts.areas(area);
    Frame { banner, body, status, hints }
}

/// The panes of Review, borders included; `None` is not on screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Panes {
    pub clients: Option<Rect>,
    pub rows: Option<Rect>,
    pub detail: Option<Rect>,
}

pub fn panes(width: u16, height: u16, focus: Pane) -> Panes {
    let body = frame(width, height).body;
    match Room::of(width, height) {
        Room::Tiny => Panes::default(),
        Room::One => match focus {
            Pane::Clients => Panes { clients: Some(body), ..Panes::default() },
            Pane::Rows => Panes { rows: Some(body), ..Panes::default() },
            Pane::Detail => Panes { detail: Some(body), ..Panes::default() },
        },
        Room::Compact | Room::Normal => {
            let left = (width / 3).clamp(22, 34);
            let [left, right] =
                Layout::horizontal([Constraint::Length(left), Constraint::Min(0)]).areas(body);
            if focus == Pane::Detail {
                Panes { clients: Some(left), detail: Some(right), rows: None }
            } else {
                Panes { clients: Some(left), rows: Some(right), detail: None }
            }
        }
        Room::Wide => {
            let side = (width * 3 / 10).clamp(36, 60);
            let left = (width / 4).clamp(28, 44);
            let sizes = [Constraint::Length(left), Constraint::Min(0), Constraint::Length(side)];
            let [clients, rows, detail] = Layout::horizontal(sizes).areas(body);
            Panes { clients: Some(clients), rows: Some(rows), detail: Some(detail) }
        }
    }
}

/// What is inside a border.
pub fn inside(area: Rect) -> Rect {
    Rect::new(
        area.x.saturating_add(1),
        area.y.saturating_add(1),
        area.width.saturating_sub(2),
        area.height.saturating_sub(2),
    )
}

/// The rows of a table inside a border, below its header line.
pub fn table(area: Rect) -> Rect {
    let inside = inside(area);
    Rect::new(inside.x, inside.y.saturating_add(1), inside.width, inside.height.saturating_sub(1))
}

/// A box in the middle.
pub fn middle(width: u16, height: u16, wanted_width: u16, wanted_height: u16) -> Rect {
    let wide = wanted_width.min(width);
    let high = wanted_height.min(height);
    Rect::new((width - wide) / 2, (height - high) / 2, wide, high)
}

/// Lines of the Run above its list, in a body of so many lines.
pub fn run_head(height: usize) -> usize {
    if height >= 12 { 6 } else { 2 }
}

/// Lines of the Plan below its page: reason, ticket.
pub const PLAN_FOOT: usize = 2;

/// Lines below the list of History that tell more about the run under the cursor, in a body of so many lines.
pub fn history_foot(height: usize) -> usize {
    match height {
        16.. => 5,
        12.. => 4,
        _ => 2,
    }
}

/// Runs of History in sight, below its header line.
pub fn history_list(height: usize) -> usize {
    height.saturating_sub(1 + history_foot(height)).max(1)
}
