//! CSV that a spreadsheet shows and never obeys. Every cell of every CSV goes through here.

use crate::domain::text::visible;

/// One line, ended as RFC 4180 has it.
pub fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    format!("{}\r\n", cells.join(","))
}

/// One cell: always quoted, control characters written out (a line feed, too: one item is one line), and no formula.
pub fn cell(text: &str) -> String {
    format!("\"{}\"", tamed(&visible(text)).replace('"', "\"\""))
}

/// An apostrophe before whatever a spreadsheet would take for the beginning of a formula. Where `;` parts cells, the
/// text behind one begins a cell, quotes or not.
pub fn tamed(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 1);
    let mut begins = true;
    for c in text.chars() {
        if begins && is_formula(c) {
            shown.push('\'');
        }
        begins = c == ';' || (begins && (c.is_whitespace() || matches!(c, '"' | '\'')));
        shown.push(c);
    }
    shown
}

/// What begins a formula somewhere; full width, small and typographic forms among them.
fn is_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '﹦' | '﹢' | '﹣' | '﹫' | '−')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        for (text, expected) in [
            ("", r#""""#),
            ("SRV-01", r#""SRV-01""#),
            ("a,b \"c\"", r#""a,b ""c""""#),
            ("=1+1", r#""'=1+1""#),
            ("  @SUM(A1)", r#""  '@SUM(A1)""#),
            ("\"=1", r#""""'=1""#),
            ("'=1", r#""''=1""#),
            ("-5", r#""'-5""#),
            ("＝1", r#""'＝1""#),
            ("a;=cmd|' /C calc'!A0", r#""a;'=cmd|' /C calc'!A0""#),
            ("two\r\nlines\t", r#""two\u{d}\u{a}lines\u{9}""#),
            ("a-b=c", r#""a-b=c""#),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
        assert_eq!(line(["a", "b"]), "\"a\",\"b\"\r\n");
    }

    proptest! {
        #[test]
        fn no_text_breaks_out_of_its_cell(text in "[=+@;,\"'\\-\t\r\n a\u{1b}\u{202e}]{0,12}") {
            let cell = cell(&text);
            let inner = &cell[1..cell.len() - 1];
            prop_assert!(!inner.replace("\"\"", "").contains('"'));
            prop_assert!(!cell.chars().any(char::is_control));
            for part in inner.split(';') {
                let first = part.trim_start_matches(|c: char| c == '"' || c.is_whitespace()).chars().next();
                prop_assert!(!matches!(first, Some('=' | '+' | '-' | '@')), "{}", cell);
            }
        }
    }
}
