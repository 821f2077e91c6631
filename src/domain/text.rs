//! Foreign text made safe to show: what a PSA sends can neither drive the terminal nor mislead the eye.

use std::{borrow::Cow, fmt::Write};

use unicode_width::UnicodeWidthChar;

/// Control, bidirectional and zero-width characters, and marks piled on one letter, written as `\u{…}`; everything else
/// as it is.
pub fn visible(text: &str) -> Cow<'_, str> {
    let mut eye = Eye::default();
    if !text.chars().any(|c| eye.minds(c)) {
        return Cow::Borrowed(text);
    }
    let mut eye = Eye::default();
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if eye.minds(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// JSON with every such character escaped, line feeds apart: the same JSON, harmless on a terminal.
pub fn harmless_json(json: &str) -> String {
    let mut eye = Eye::default();
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if eye.minds(c) && c != '\n' {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a String cannot fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    shown
}

/// One line of at most `limit` characters, white space folded, made [`visible`].
pub fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > limit * 4 {
            break;
        }
    }
    let shown = visible(&line);
    if shown.chars().count() > limit {
        let mut cut: String = shown.chars().take(limit.saturating_sub(1)).collect();
        cut.push('…');
        cut
    } else {
        shown.into_owned()
    }
}

/// More marks than any script piles on one letter.
const MOST_MARKS: u8 = 6;

/// Looks at a text letter by letter.
#[derive(Default)]
struct Eye {
    before: Option<char>,
    marks: u8,
}

impl Eye {
    /// Whether the next character could drive a terminal or mislead the eye where it stands.
    fn minds(&mut self, c: char) -> bool {
        let before = self.before.replace(c);
        if (' '..='~').contains(&c) {
            self.marks = 0;
            return false;
        }
        // Whether a symbol is a picture is said behind it; behind a letter it says nothing that could be seen.
        if matches!(c, '\u{fe0e}' | '\u{fe0f}') {
            return !before.is_some_and(|before| {
                !before.is_ascii()
                    && !before.is_alphanumeric()
                    && !before.is_whitespace()
                    && !is_ignored(before)
            });
        }
        if c.width() == Some(0) && !c.is_control() {
            self.marks = self.marks.saturating_add(1);
        } else {
            self.marks = 0;
        }
        is_dangerous(c) || self.marks > MOST_MARKS
    }
}

fn is_dangerous(c: char) -> bool {
    c.is_control() || is_ignored(c) || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}')
}

/// Characters that show nothing (Unicode's `Default_Ignorable_Code_Point`), marks of direction among them.
fn is_ignored(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Line and column of a place in a text, both counted from 1, the column in characters.
pub fn place(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(at)];
    let line_start = before.rfind('\n').map_or(0, |feed| feed + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// `1 company`, `3 companies`.
pub fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// The nearest of `known` to what was written, if it is near enough to be meant.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = written.trim().to_lowercase();
    let slips = (wanted.chars().count() / 3).max(1);
    known
        .into_iter()
        .filter_map(|name| {
            let other = name.trim().to_lowercase();
            let likeness = strsim::jaro_winkler(&wanted, &other);
            let by_slips = strsim::damerau_levenshtein(&wanted, &other) <= slips;
            // Slips of the finger come before names that only begin alike.
            (by_slips || likeness > 0.85).then_some(((by_slips, likeness), name))
        })
        .max_by(|(a, _), (b, _)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)))
        .map(|(_, name)| name)
}

/// Names match apart from case and outer space, as the contract words it.
pub fn same_name(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_shown_not_obeyed() {
        assert_eq!(visible("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(visible("abc\u{202e}cba"), "abc\\u{202e}cba");
        assert_eq!(visible("日本 привет"), "日本 привет");
    }

    #[test]
    fn what_shows_nothing_is_shown_where_it_could_mislead() {
        assert_eq!(visible("SRV\u{fe0f}-1\u{3164}"), "SRV\\u{fe0f}-1\\u{3164}");
        assert_eq!(visible("⚠\u{fe0f} old"), "⚠\u{fe0f} old");
        assert_eq!(visible("e\u{301}\u{323}"), "e\u{301}\u{323}");
        let piled = format!("e{}x\u{301}", "\u{301}".repeat(8));
        let shown = format!("e{}\\u{{301}}\\u{{301}}x\u{301}", "\u{301}".repeat(6));
        assert_eq!(visible(&piled), shown);
        let json = serde_json::json!([piled, "a\u{202e}\u{9b}\u{1b}"]);
        let harmless = harmless_json(&json.to_string());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&harmless).unwrap(), json);
        assert!(!harmless.contains(['\u{202e}', '\u{9b}', '\u{1b}']));
    }

    #[test]
    fn one_line_folds_and_cuts() {
        assert_eq!(one_line("a\n\n  b\tc", 80), "a b c");
        assert_eq!(one_line("abcdef", 4), "abc…");
    }

    #[test]
    fn nearest_suggests_only_what_is_near() {
        assert_eq!(nearest("max_chnges", ["max_changes", "dry_run"]), Some("max_changes"));
        assert_eq!(nearest("evn", ["file", "env"]), Some("env"));
        assert_eq!(nearest("zzz", ["max_changes", "dry_run"]), None);
    }
}
