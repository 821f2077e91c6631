//! Foreign text made safe to show: what a PSA sends can neither drive the terminal nor mislead the eye.

use std::{borrow::Cow, fmt::Write};

/// Control, bidirectional and zero-width characters written as `\u{…}`; everything else as it is.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_dangerous) {
        let mut shown = String::with_capacity(text.len() + 8);
        for c in text.chars() {
            if is_dangerous(c) {
                shown.extend(c.escape_unicode());
            } else {
                shown.push(c);
            }
        }
        Cow::Owned(shown)
    } else {
        Cow::Borrowed(text)
    }
}

/// JSON with every such character escaped, line feeds apart: the same JSON, harmless on a terminal.
pub fn harmless_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_dangerous(c) {
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

/// Whether a character could drive a terminal or mislead the eye.
fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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
