//! What is printed: one line after the other, foreign text made harmless, lists a page at a time.

use super::{
    super::{cells, desk::Trouble, prose},
    handles::Kind,
    session::Session,
    words,
};

/// Lines of a list that are printed at a time.
pub(super) const PAGE: usize = 40;

/// One printed line; what it is the next numbered entry of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    pub entry: Option<Kind>,
}

impl Line {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), entry: None }
    }

    pub fn numbered(kind: Kind, n: usize, text: &str) -> Self {
        Self { text: format!("{n}. {text}"), entry: Some(kind) }
    }
}

impl Session {
    /// One line, foreign text in it made harmless.
    pub(super) fn say(&mut self, text: &str) {
        self.out.push(words::safe(text));
    }

    pub(super) fn trouble(&mut self, what: &str, trouble: &Trouble) {
        self.say(&format!("{what}: {} {}", trouble.message, trouble.advice));
    }

    /// Prints lines from the first, as many as fit a page. `next` prints more of them.
    pub(super) fn print(&mut self, lines: Vec<Line>) {
        self.rest = lines.into();
        self.print_page();
    }

    /// `next`.
    pub(super) fn more(&mut self) {
        if self.rest.is_empty() {
            self.say("There is no more of it.");
        } else {
            self.print_page();
        }
    }

    fn print_page(&mut self) {
        let limit = if self.page == 0 { usize::MAX } else { self.page };
        for _ in 0..limit {
            let Some(line) = self.rest.pop_front() else { return };
            match line.entry {
                Some(Kind::Clients) => self.clients.printed(),
                Some(Kind::Rows) => self.rows.printed(),
                Some(Kind::Items) => self.items.printed(),
                Some(Kind::Runs) => self.runs.printed(),
                None => {}
            }
            // The indent of a page is kept, what follows it is made safe.
            let text = line.text.trim_start();
            let indent = &line.text[..line.text.len() - text.len()];
            self.out.push(format!("{indent}{}", words::safe(text)));
        }
        if !self.rest.is_empty() {
            let n = self.rest.len();
            self.say(&format!("{n} more lines: next prints more."));
        }
    }

    /// What was said since it was asked last: safe to print, a line each.
    pub fn take_output(&mut self) -> Vec<String> {
        std::mem::take(&mut self.out)
    }

    /// `1,240 cells` is nothing to a reader of lines: pages are written without folding.
    pub(super) const WIDTH: usize = 1_000_000;
}

/// The text of a page without what only orders it on a screen.
pub(super) fn lines_of<T>(page: &prose::Prose<T>, mut entry: impl FnMut(&T) -> Line) -> Vec<Line> {
    page.lines
        .iter()
        .filter_map(|line| match line {
            prose::Line::Text { text, .. } if text.trim().is_empty() => None,
            prose::Line::Text { indent, text, .. } => {
                Some(Line::new(format!("{}{text}", " ".repeat(usize::from(*indent)))))
            }
            prose::Line::Entry(it) => Some(entry(it)),
        })
        .collect()
}

/// Seconds in words, as on the screen.
pub(super) fn duration(seconds: f64) -> String {
    cells::duration(seconds)
}
