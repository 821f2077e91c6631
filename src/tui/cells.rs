//! Text in terminal cells. Everything foreign passes through here on its way to the screen.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::domain::{Timestamp, text::one_line};

/// How many cells a text takes, counted as it will be drawn.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// One safe line of at most `limit` cells, cut with `more` if it must be.
pub fn fit(text: &str, limit: usize, more: &str) -> String {
    // No more of a huge text is looked at than could possibly be shown.
    let head = match text.char_indices().nth(limit * 4 + 64) {
        Some((end, _)) => &text[..end],
        None => text,
    };
    cut(&line(head), limit, more).into_owned()
}

/// The whole text as one safe line: what of it is shown is what is counted in.
pub fn line(text: &str) -> String {
    one_line(text, escaped(text))
}

/// How many graphemes a text has: marks are counted in them.
pub fn graphemes(text: &str) -> usize {
    text.graphemes(true).count()
}

/// More characters than the text can have once its dangerous ones are written out.
fn escaped(text: &str) -> usize {
    text.len() * 10 + 1
}

/// A line that is safe already, in at most `limit` cells.
pub fn cut<'a>(line: &'a str, limit: usize, more: &str) -> Cow<'a, str> {
    if width(line) <= limit {
        return Cow::Borrowed(line);
    }
    let room = limit.saturating_sub(width(more));
    let mut shown = String::new();
    let mut used = 0;
    for grapheme in line.graphemes(true) {
        used += grapheme.width();
        if used > room {
            break;
        }
        shown.push_str(grapheme);
    }
    if width(more) <= limit {
        shown.push_str(more);
    }
    Cow::Owned(shown)
}

/// `text` in exactly `wanted` cells.
pub fn pad(text: &str, wanted: usize, more: &str) -> String {
    let mut shown = fit(text, wanted, more);
    let missing = wanted.saturating_sub(width(&shown));
    shown.extend(std::iter::repeat_n(' ', missing));
    shown
}

/// Safe text folded into lines of at most `limit` cells, broken between words where it can be.
pub fn wrap(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(1);
    let head = match text.char_indices().nth(4000) {
        Some((end, _)) => &text[..end],
        None => text,
    };
    let line = line(head);
    let mut lines = Vec::new();
    let mut current = String::new();
    let mut used = 0;
    for word in line.split(' ') {
        let wide = width(word);
        if used > 0 && used + 1 + wide > limit {
            lines.push(std::mem::take(&mut current));
            used = 0;
        }
        if used > 0 {
            current.push(' ');
            used += 1;
        }
        if wide <= limit {
            current.push_str(word);
            used += wide;
            continue;
        }
        for grapheme in word.graphemes(true) {
            // Marks piled on one letter can make it wider than a whole line.
            let grapheme = if grapheme.width() > limit { "?" } else { grapheme };
            let wide = grapheme.width();
            if used > 0 && used + wide > limit {
                lines.push(std::mem::take(&mut current));
                used = 0;
            }
            current.push_str(grapheme);
            used += wide;
        }
    }
    if !current.is_empty() || lines.is_empty() {
        lines.push(current);
    }
    lines
}

/// `9 s`, `3 min`, `2 h 05 min`.
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round().min(1e9) as u64;
    match seconds {
        0..=90 => format!("{seconds} s"),
        91..=5400 => format!("{} min", (seconds + 30) / 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// `just now`, `3 min ago`.
pub fn age(now: Timestamp, at: Timestamp) -> String {
    let seconds = now.seconds_since(at);
    if seconds < 5.0 { "just now".to_owned() } else { format!("{} ago", duration(seconds)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cuts_by_cells_not_by_characters() {
        assert_eq!(fit("日本語サーバ", 7, "…"), "日本語…");
        assert_eq!(fit("abc", 3, "…"), "abc");
        assert_eq!(fit("abcd", 3, ".."), "a..");
        assert_eq!(pad("日本", 5, "…"), "日本 ");
        assert_eq!(fit("a\u{1b}[31m\nb", 40, "…"), "a\\u{1b}[31m b");
    }

    #[test]
    fn wraps_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("﹨ெ", 2), ["?"]);
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_asked(text in any::<String>(), limit in 0usize..40) {
            prop_assert!(width(&fit(&text, limit, "…")) <= limit);
            prop_assert_eq!(width(&pad(&text, limit, "…")), limit);
            for line in wrap(&text, limit.max(2)) {
                prop_assert!(width(&line) <= limit.max(2), "{:?}", line);
                prop_assert!(!line.chars().any(char::is_control));
            }
        }
    }
}
