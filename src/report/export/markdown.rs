//! Markdown to be pasted into a ticket.
//!
//! Nobody knows which dialect a ticket speaks, so nothing is escaped in the way of one of them. Words of plain letters and
//! plain numbers stand as they are; everything else stands in a code span, where no dialect makes a link, an
//! image, a mention, emphasis or a reference of it. What could end a code span, a table cell or be HTML to a ticket that takes HTML
//! (`` ` ``, `|`, `<`, `>`) is written with a look-alike; the exact letters are in JSON, CSV and HTML.

use std::fmt::Write;

use super::{
    html::address,
    page::{Block, Page, Table},
};
use crate::domain::text::one_line;

/// A longer text is cut: a ticket is read by people.
const LONGEST: usize = 400;

pub fn write(page: &Page) -> String {
    let mut text = format!("# {}\n\n{}\n", inline(&page.title), inline(&page.lead.1));
    for (at, (label, value)) in page.facts.iter().enumerate() {
        let gap = if at == 0 { "\n" } else { "" };
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(text, "{gap}- {label}: {}", inline(value));
    }
    for section in &page.sections {
        let _ = writeln!(text, "\n## {}", inline(&section.title));
        for block in &section.blocks {
            text.push('\n');
            match block {
                Block::Heading(title) => {
                    let _ = writeln!(text, "### {}", inline(title));
                }
                Block::Text(words) => {
                    let _ = writeln!(text, "{}", inline(words));
                }
                Block::List(entries) => {
                    for entry in entries {
                        let _ = writeln!(text, "- {}{}", inline(&entry.text), link(entry.url.as_deref()));
                    }
                }
                Block::Table(table) => write_table(&mut text, table),
            }
        }
    }
    text
}

fn write_table(text: &mut String, table: &Table) {
    let _ = writeln!(text, "| {} |", table.columns.join(" | "));
    let _ = writeln!(text, "|{}", " --- |".repeat(table.columns.len()));
    for row in &table.rows {
        text.push('|');
        for (at, cell) in row.iter().enumerate() {
            let shown = if at == 0 { name(&cell.text) } else { inline(&cell.text) };
            let _ = write!(text, " {shown}{} |", link(cell.url.as_deref()));
        }
        text.push('\n');
    }
}

/// Text of any origin on one line, of which no ticket makes anything but text.
pub fn inline(text: &str) -> String {
    let line = one_line(text, LONGEST);
    let mut shown = String::with_capacity(line.len() + 16);
    // Words in a code span that is still open.
    let mut code = String::new();
    for (at, word) in line.split(' ').enumerate() {
        if is_plain(word) && !(at == 0 && begins_list(word)) {
            close(&mut shown, &mut code);
            gap(&mut shown);
            shown.push_str(word);
        } else {
            gap(&mut code);
            code.extend(word.chars().map(look_alike));
        }
    }
    close(&mut shown, &mut code);
    shown
}

/// A name is plain as a whole, or a code span as a whole.
fn name(text: &str) -> String {
    let line = one_line(text, LONGEST);
    if line.split(' ').all(is_plain) {
        return line;
    }
    let mut shown = String::new();
    close(&mut shown, &mut line.chars().map(look_alike).collect());
    shown
}

fn gap(text: &mut String) {
    if !text.is_empty() {
        text.push(' ');
    }
}

fn close(shown: &mut String, code: &mut String) {
    if !code.is_empty() {
        gap(shown);
        // A backslash at the end would take the closing mark with it in some dialects.
        let end = if code.ends_with('\\') { " " } else { "" };
        let _ = write!(shown, "`{code}{end}`");
        code.clear();
    }
}

fn look_alike(c: char) -> char {
    match c {
        '`' => 'ˋ',
        '|' => '¦',
        '<' => '‹',
        '>' => '›',
        other => other,
    }
}

/// Whether a word is letters or a number, with the punctuation of sentences around it, and so nothing to any dialect.
fn is_plain(word: &str) -> bool {
    let core = word.trim_start_matches(['(', '"', '\'']);
    let core = core.trim_end_matches([')', '"', '\'', ',', ';', '.', ':', '?', '…']);
    let is_word = !core.is_empty()
        && core.split(['-', '\'', '’']).all(|part| !part.is_empty() && part.chars().all(char::is_alphabetic));
    is_word || is_number(core) || matches!(word, "&" | "=" | "/" | "→" | "·")
}

/// `12`, `1,250.00`, `2026-11-24`, `01:47`; nothing that a ticket system could take for the number of a commit.
fn is_number(core: &str) -> bool {
    core.split([',', '.', '-', ':'])
        .all(|part| (1..7).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
}

/// `1.` and `1)` at the beginning of a line number a list; `=` and rules underline a heading.
fn begins_list(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with(['.', ')']) || matches!(word, "=")
}

/// A link to a record, if it is a web address.
fn link(url: Option<&str>) -> String {
    let Some(address) = url.and_then(address) else { return String::new() };
    let mut text = String::from(" [record](");
    for c in address.chars() {
        if c.is_ascii_alphanumeric() || "-._~:/?#@!$&+,;=%".contains(c) {
            text.push(c);
        } else {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes).bytes().for_each(|byte| {
                let _ = write!(text, "%{byte:02X}");
            });
        }
    }
    text.push(')');
    text
}
