//! The few strokes that every region draws with. Nothing reaches a cell without passing `cells`.

use std::sync::Arc;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    widgets::{Block, Borders, Clear, Widget},
};
use unicode_segmentation::UnicodeSegmentation;

use super::super::{cells, layout, model::Look, prose::Line, theme::Meaning};

pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    pub look: &'a Look,
    pub cursor: Option<Position>,
    /// Texts laid out so far.
    pub strokes: usize,
    /// Cells that lead somewhere.
    pub links: Vec<Hyperlink>,
}

/// Cells of one line that a terminal may make a link of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hyperlink {
    pub area: Rect,
    pub url: Arc<str>,
}

/// A piece of a line.
pub struct Piece {
    pub text: String,
    pub style: Style,
}

impl<'a> Canvas<'a> {
    pub fn new(buffer: &'a mut Buffer, look: &'a Look) -> Self {
        // A theme may bring its own background.
        buffer.set_style(*buffer.area(), look.style(Meaning::Text));
        Self { buffer, look, cursor: None, strokes: 0, links: Vec::new() }
    }

    pub fn style(&self, meaning: Meaning) -> Style {
        self.look.style(meaning)
    }

    pub fn more(&self) -> &'static str {
        self.look.symbols.more
    }

    pub fn piece(&self, text: impl Into<String>, meaning: Meaning) -> Piece {
        Piece { text: text.into(), style: self.style(meaning) }
    }

    /// Text of any origin in at most `width` cells; returns how many it took.
    pub fn text(&mut self, x: u16, y: u16, width: u16, text: &str, meaning: Meaning) -> u16 {
        let style = self.style(meaning);
        self.styled(x, y, width, text, style)
    }

    pub fn styled(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
        self.strokes += 1;
        let area = *self.buffer.area();
        if y >= area.height || x >= area.width {
            return 0;
        }
        let width = width.min(area.width - x);
        let shown = cells::fit(text, usize::from(width), self.more());
        let (end, _) = self.buffer.set_stringn(x, y, &shown, usize::from(width), style);
        end - x
    }

    /// Text as it is, outer blanks included: for what was padded before.
    pub fn padded(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) {
        self.strokes += 1;
        let area = *self.buffer.area();
        if y < area.height && x < area.width {
            self.buffer.set_stringn(x, y, text, usize::from(width.min(area.width - x)), style);
        }
    }

    /// Pieces one after the other; the last one that does not fit is cut.
    pub fn pieces(&mut self, x: u16, y: u16, width: u16, pieces: &[Piece]) -> u16 {
        let mut at = x;
        let end = x.saturating_add(width);
        for piece in pieces {
            if at >= end {
                break;
            }
            let shown = cells::cut(&piece.text, usize::from(end - at), self.more()).into_owned();
            self.padded(at, y, end - at, &shown, piece.style);
            at += cells::width(&shown) as u16;
        }
        at - x
    }

    /// Safe text with some of its graphemes marked as what a filter found; they are given in order.
    pub fn marked(&mut self, x: u16, y: u16, width: u16, text: &str, marks: &[u32], meaning: Meaning) -> u16 {
        if marks.is_empty() {
            return self.text(x, y, width, text, meaning);
        }
        // Stretches that are marked or not; never cut between characters that belong together.
        let mut pieces: Vec<Piece> = Vec::new();
        let mut before = None;
        for (grapheme, at) in text.graphemes(true).zip(0..) {
            let found = marks.binary_search(&at).is_ok();
            match pieces.last_mut().filter(|_| before == Some(found)) {
                Some(piece) => piece.text.push_str(grapheme),
                None => pieces.push(self.piece(grapheme, if found { Meaning::Match } else { meaning })),
            }
            before = Some(found);
        }
        self.pieces(x, y, width, &pieces)
    }

    /// Marks what is drawn there as a link. A box that is drawn over it later takes it away again.
    pub fn link(&mut self, area: Rect, url: &Arc<str>) {
        let area = area.intersection(*self.buffer.area());
        if !area.is_empty() {
            self.links.push(Hyperlink { area, url: Arc::clone(url) });
        }
    }

    /// Lays a style over what is drawn there.
    pub fn tint(&mut self, area: Rect, meaning: Meaning) {
        let style = self.style(meaning);
        let area = area.intersection(*self.buffer.area());
        if !area.is_empty() {
            self.buffer.set_style(area, style);
        }
    }

    /// A border with a title; returns what is inside.
    pub fn frame(&mut self, area: Rect, title: &str, focused: bool) -> Rect {
        let (border, heading) =
            if focused { (Meaning::BorderFocused, Meaning::Title) } else { (Meaning::Border, Meaning::Text) };
        let block = Block::new()
            .borders(Borders::ALL)
            .border_set(self.look.symbols.border)
            .border_style(self.style(border));
        block.render(area.intersection(*self.buffer.area()), self.buffer);
        if area.width > 4 {
            let room = usize::from(area.width - 4);
            let title = format!(" {} ", cells::fit(title, room.saturating_sub(2), self.more()));
            let style = self.style(heading);
            self.padded(area.x + 2, area.y, area.width - 4, &title, style);
        }
        layout::inside(area)
    }

    /// An emptied box with a border, over whatever is there.
    pub fn window(&mut self, area: Rect, title: &str) -> Rect {
        let covered = area.intersection(*self.buffer.area());
        Clear.render(covered, self.buffer);
        self.buffer.set_style(covered, self.look.style(Meaning::Text));
        self.links.retain(|link| link.area.intersection(area).is_empty());
        self.frame(area, title, true)
    }

    /// A field with what is typed in it, and the terminal's cursor.
    pub fn field(&mut self, x: u16, y: u16, width: u16, input: &tui_input::Input, active: bool) {
        let room = usize::from(width).saturating_sub(1);
        let scroll = input.visual_scroll(room);
        let text: String = input.value().chars().collect();
        let mut skipped = 0;
        let shown: String = text
            .chars()
            .skip_while(|c| {
                let skip = skipped < scroll;
                skipped += unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
                skip
            })
            .collect();
        let shown = crate::domain::text::visible(&shown).into_owned();
        let goes_on = cells::width(&shown) > usize::from(width);
        let shown = cells::cut(&shown, usize::from(width), "").into_owned();
        let missing = usize::from(width).saturating_sub(cells::width(&shown));
        let style = self.style(if active { Meaning::Field } else { Meaning::Text });
        self.padded(x, y, width, &format!("{shown}{}", " ".repeat(missing)), style);
        // What is out of sight shows by a sign at its end.
        let (more, wide) = (self.more(), cells::width(self.more()) as u16);
        if width > 4 * wide {
            if scroll > 0 {
                self.padded(x, y, wide, more, style);
            }
            if goes_on {
                self.padded(x + width - wide, y, wide, more, style);
            }
        }
        if active {
            let at = input.visual_cursor().saturating_sub(scroll).min(room) as u16;
            self.cursor = Some(Position::new(x + at, y));
        }
    }

    /// The lines of a page that are in sight; entries are drawn by `entry`.
    pub fn page<T: Copy>(
        &mut self,
        area: Rect,
        lines: &[Line<T>],
        offset: usize,
        border: u16,
        mut entry: impl FnMut(&mut Self, Rect, T),
    ) {
        for (row, line) in lines.iter().skip(offset).take(usize::from(area.height)).enumerate() {
            let y = area.y + row as u16;
            match line {
                Line::Text { indent, meaning, text, url, marks } => {
                    let indent = (*indent).min(area.width);
                    let room = area.width - indent;
                    let used = self.marked(area.x + indent, y, room, text, marks, *meaning);
                    if let Some(url) = url {
                        self.link(Rect::new(area.x + indent, y, used, 1), url);
                    }
                }
                Line::Entry(which) => entry(self, Rect::new(area.x, y, area.width, 1), *which),
            }
        }
        self.scrollbar(area, border, lines.len(), offset);
    }

    /// Says in the line `border` how far down one is, if there is more than is shown.
    pub fn scrollbar(&mut self, inside: Rect, border: u16, len: usize, offset: usize) {
        let height = usize::from(inside.height);
        if height == 0 || len <= height || inside.width < 16 {
            return;
        }
        let last = (offset + height).min(len);
        let symbols = self.look.symbols;
        let more = if last < len { symbols.down } else { symbols.up };
        let text = format!(" {}-{last} of {len} {more} ", offset + 1);
        let wide = cells::width(&text) as u16;
        if wide + 2 <= inside.width {
            self.text_raw(inside.right() - wide - 1, border, wide, &text, Meaning::Muted);
        }
    }

    /// Safe text of ours with its outer blanks.
    pub fn text_raw(&mut self, x: u16, y: u16, width: u16, text: &str, meaning: Meaning) {
        let style = self.style(meaning);
        self.padded(x, y, width, text, style);
    }
}
