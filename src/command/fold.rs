//! Lines folded between words, for a terminal.

use crate::tui::cells;

/// The line in pieces of at most so many columns; those after the first stand under its first word.
pub fn lines(text: &str, columns: usize) -> Vec<String> {
    let hang = hang(text);
    let (head, rest) = text.split_at(hang.min(text.len()));
    let room = columns.saturating_sub(hang).max(20);
    let folded = cells::wrap(rest, room).into_iter().enumerate();
    folded
        .map(
            |(at, line)| {
                if at == 0 { format!("{head}{line}") } else { format!("{}{line}", " ".repeat(hang)) }
            },
        )
        .collect()
}

/// Where the first word stands: behind blanks, a mark such as `ok` or `x`, or the name of a line of a head.
fn hang(text: &str) -> usize {
    let bare = text.trim_start();
    if bare.len() < text.len() {
        return text.len() - bare.len();
    }
    if text.starts_with("ok ") {
        return 3;
    }
    let gap = text.find("  ").filter(|at| *at < 10);
    gap.map_or(0, |at| text.len() - text[at..].trim_start().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_stands_under_the_first_word() {
        assert_eq!(lines("ok sign-in: all of it is good", 24), ["ok sign-in: all of it is", "   good"]);
        assert_eq!(lines("x  rights: none at all here", 24), ["x  rights: none at all", "   here"]);
        let advice = lines("     Set it in the PSA, at its place", 26);
        assert_eq!(advice, ["     Set it in the PSA, at", "     its place"]);
        let head = lines("store    1 run, 2 records, 0.1 MB", 29);
        assert_eq!(head, ["store    1 run, 2 records,", "         0.1 MB"]);
        assert_eq!(lines("", 80), [""]);
        assert_eq!(lines("The main job can be done.", 80), ["The main job can be done."]);
    }
}
