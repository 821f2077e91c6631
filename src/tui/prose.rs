//! A page of text that scrolls: wrapped sentences, and entries that are drawn only when they show.

use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation;

use super::{cells, theme::Meaning};

/// Longer addresses are not linked: terminals do not agree on what to do with them.
const LONGEST_URL: usize = 2000;

/// Whether an address may be given to a terminal as a link: of the web, of characters that mean nothing else, and with
/// no name before its host that could pass for another host.
pub fn is_harmless(url: &str) -> bool {
    let web = ["https://", "http://"].iter().any(|start| {
        url.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)) && url.len() > start.len()
    });
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b);
    let host =
        url.split_once("//").map_or("", |(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or(rest));
    web && url.len() <= LONGEST_URL && url.bytes().all(plain) && !host.contains('@')
}

/// One line of a page. `T` names an entry that the view draws by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line<T> {
    Text {
        indent: u16,
        meaning: Meaning,
        text: String,
        /// Where it leads.
        url: Option<Arc<str>>,
        /// Which of its graphemes a filter found, in order.
        marks: Vec<u32>,
    },
    Entry(T),
}

impl<T> Line<T> {
    fn text(indent: u16, meaning: Meaning, text: String) -> Self {
        Self::Text { indent, meaning, text, url: None, marks: Vec::new() }
    }
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
            self.lines.push(Line::text(0, Meaning::Text, String::new()));
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
            self.lines.push(Line::text(indent, meaning, text));
        }
    }

    /// The same with what a filter found in it: graphemes of the text as `cells::line` shows it, in order.
    pub fn say_marked(&mut self, indent: u16, meaning: Meaning, text: &str, found: &[u32]) {
        let from = self.lines.len();
        self.say(indent, meaning, text);
        if found.is_empty() {
            return;
        }
        let whole = cells::line(text);
        let mut whole = whole.graphemes(true).zip(0_u32..);
        for line in &mut self.lines[from..] {
            let Line::Text { text, marks, .. } = line else { continue };
            for (grapheme, here) in text.graphemes(true).zip(0..) {
                // Where a line was broken, a blank of the whole is on neither line.
                let place = whole.find(|(other, _)| *other == grapheme || *other != " ");
                if place.is_some_and(|(_, at)| found.binary_search(&at).is_ok()) {
                    marks.push(here);
                }
            }
        }
    }

    /// A sentence after a sign; its further lines start below its first word.
    pub fn item(&mut self, indent: u16, sign: &str, meaning: Meaning, text: &str) {
        let deeper = indent + cells::width(sign) as u16 + 1;
        let room = self.width.saturating_sub(usize::from(deeper)).max(4);
        for (at, line) in cells::wrap(text, room).into_iter().enumerate() {
            let (indent, text) = if at == 0 { (indent, format!("{sign} {line}")) } else { (deeper, line) };
            self.lines.push(Line::text(indent, meaning, text));
        }
    }

    /// An address, which leads where it says if that is harmless.
    pub fn url(&mut self, indent: u16, meaning: Meaning, address: &str) {
        let from = self.lines.len();
        self.say(indent, meaning, address);
        let leads = is_harmless(address).then(|| Arc::from(address));
        for line in &mut self.lines[from..] {
            if let Line::Text { url, .. } = line {
                url.clone_from(&leads);
            }
        }
    }

    pub fn entry(&mut self, entry: T) {
        self.lines.push(Line::Entry(entry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_addresses_lead_anywhere() {
        for good in [
            "https://psa.example/a?b=1&c=%20#d",
            "https://psa.example/by/jane@msp",
            "http://127.0.0.1:8080/",
            "HTTPS://X/",
        ] {
            assert!(is_harmless(good), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://",
            "https://a b",
            "https://bank.example@elsewhere.example/",
            "https://a\u{1b}]8;;x",
            "https://ü/",
            "",
        ] {
            assert!(!is_harmless(bad), "{bad}");
        }
        assert!(!is_harmless(&format!("https://{}", "a".repeat(3000))));
    }

    #[test]
    fn what_was_found_stays_found_where_a_line_is_broken() {
        let mut page = Prose::<()>::new(10);
        // "two three" and the 5 behind it, of which the blank is on no line.
        let found: Vec<u32> = (4..13).chain([14]).collect();
        page.say_marked(2, Meaning::Text, "one two three\n5 \u{7} 6", &found);
        let told: Vec<(&str, &[u32])> = page
            .lines
            .iter()
            .map(|line| match line {
                Line::Text { text, marks, .. } => (text.as_str(), &marks[..]),
                Line::Entry(()) => panic!("{line:?}"),
            })
            .collect();
        let whole: [(&str, &[u32]); 3] =
            [("one two", &[4, 5, 6]), ("three 5", &[0, 1, 2, 3, 4, 6]), ("\\u{7} 6", &[])];
        assert_eq!(told, whole);
    }

    #[test]
    fn every_line_of_a_long_address_leads_to_all_of_it() {
        let mut page = Prose::<()>::new(20);
        page.url(2, Meaning::Info, "https://psa.example/a/very/long/way/down");
        assert!(page.lines.len() > 1);
        for line in &page.lines {
            let Line::Text { url, .. } = line else { panic!("{line:?}") };
            assert_eq!(url.as_deref(), Some("https://psa.example/a/very/long/way/down"));
        }
        page.url(2, Meaning::Info, "ftp://psa.example");
        assert!(matches!(page.lines.last(), Some(Line::Text { url: None, .. })));
    }
}
