//! A page of text that scrolls: wrapped sentences, and entries that are drawn only when they show.

use super::{cells, theme::Meaning};

/// One line of a page. `T` names an entry that the view draws by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line<T> {
    Text { indent: u16, meaning: Meaning, text: String },
    Entry(T),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prose<T> {
    width: usize,
    pub lines: Vec<Line<T>>,
}

impl<T> Prose<T> {
    pub fn new(width: usize) -> Self {
        Self { width: width.max(8), lines: Vec::new() }
    }

    pub fn blank(&mut self) {
        let empty = |line: &Line<T>| matches!(line, Line::Text { text, .. } if text.is_empty());
        if self.lines.last().is_some_and(|last| !empty(last)) {
            self.lines.push(Line::Text { indent: 0, meaning: Meaning::Text, text: String::new() });
        }
    }

    /// A heading, with a blank line before it.
    pub fn heading(&mut self, text: &str) {
        self.blank();
        self.say(0, Meaning::Title, text);
    }

    /// Text of any origin, made safe and wrapped.
    pub fn say(&mut self, indent: u16, meaning: Meaning, text: &str) {
        let room = self.width.saturating_sub(usize::from(indent)).max(4);
        for text in cells::wrap(text, room) {
            self.lines.push(Line::Text { indent, meaning, text });
        }
    }

    /// A sentence after a sign; its further lines start below its first word.
    pub fn item(&mut self, indent: u16, sign: &str, meaning: Meaning, text: &str) {
        let deeper = indent + cells::width(sign) as u16 + 1;
        let room = self.width.saturating_sub(usize::from(deeper)).max(4);
        for (at, line) in cells::wrap(text, room).into_iter().enumerate() {
            let (indent, text) = if at == 0 { (indent, format!("{sign} {line}")) } else { (deeper, line) };
            self.lines.push(Line::Text { indent, meaning, text });
        }
    }

    pub fn entry(&mut self, entry: T) {
        self.lines.push(Line::Entry(entry));
    }
}
