//! HTML in one file: no script, nothing from elsewhere, readable in light and dark, on paper and read aloud.

use std::fmt::Write;

use url::Url;

use super::page::{Block, Entry, Mark, Page, Section, Table};
use crate::domain::text::visible;

const STYLE: &str = include_str!("style.css");

/// A page that is not loaded from anywhere runs nothing and fetches nothing, whatever a name in it says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

pub fn write(page: &Page) -> String {
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"robots\" content=\"noindex\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{heading}</h1>\n",
        title = escape(&page.title),
        heading = foreign(&page.title),
    );
    let (mark, lead) = &page.lead;
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(text, "<p class=\"lead{}\">{}</p>", class(*mark), foreign(lead));
    text.push_str("<dl>\n");
    for (label, value) in &page.facts {
        let _ = writeln!(text, "<div><dt>{}</dt><dd>{}</dd></div>", escape(label), foreign(value));
    }
    text.push_str("</dl>\n");
    for (at, section) in page.sections.iter().enumerate() {
        write_section(&mut text, at + 1, section);
    }
    text.push_str("</main>\n</body>\n</html>\n");
    text
}

fn write_section(text: &mut String, number: usize, section: &Section) {
    let sheet = if section.begins_sheet { " class=\"sheet\"" } else { "" };
    let _ = writeln!(
        text,
        "<section aria-labelledby=\"s{number}\"{sheet}>\n<h2 id=\"s{number}\">{}</h2>",
        foreign(&section.title)
    );
    for block in &section.blocks {
        match block {
            Block::Heading(title) => {
                let _ = writeln!(text, "<h3>{}</h3>", foreign(title));
            }
            Block::Text(words) => {
                let _ = writeln!(text, "<p>{}</p>", foreign(words));
            }
            Block::List(entries) => write_list(text, entries),
            Block::Table(table) => write_table(text, table),
        }
    }
    text.push_str("</section>\n");
}

fn write_list(text: &mut String, entries: &[Entry]) {
    text.push_str("<ul>\n");
    for entry in entries {
        let link = link(entry.url.as_deref(), "record").map(|link| format!(" {link}")).unwrap_or_default();
        let _ = writeln!(text, "<li>{}{link}</li>", foreign(&entry.text));
    }
    text.push_str("</ul>\n");
}

fn write_table(text: &mut String, table: &Table) {
    let _ = writeln!(text, "<table>\n<caption>{}</caption>\n<thead>\n<tr>", foreign(&table.caption));
    for column in table.columns {
        let _ = writeln!(text, "<th scope=\"col\">{}</th>", escape(column));
    }
    text.push_str("</tr>\n</thead>\n<tbody>\n");
    for row in &table.rows {
        text.push_str("<tr>");
        for (at, cell) in row.iter().enumerate() {
            let shown = foreign(&cell.text);
            let shown = link(cell.url.as_deref(), &shown).unwrap_or(shown);
            if at == 0 {
                let _ = write!(text, "<th scope=\"row\">{shown}</th>");
            } else if cell.mark == Mark::Plain {
                let _ = write!(text, "<td>{shown}</td>");
            } else {
                let _ = write!(text, "<td class=\"{}\">{shown}</td>", class(cell.mark).trim_start());
            }
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody>\n</table>\n");
}

fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Plain => "",
        Mark::Good => " good",
        Mark::Attention => " attention",
        Mark::Bad => " bad",
    }
}

/// Text of any origin, kept from turning the direction of its neighbours.
fn foreign(text: &str) -> String {
    let shown = escape(text);
    if shown.is_ascii() { shown } else { format!("<bdi>{shown}</bdi>") }
}

/// Text as it may stand between tags and in quoted attributes.
fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 8);
    for c in visible(text).chars() {
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&#39;"),
            '`' => shown.push_str("&#96;"),
            other => shown.push(other),
        }
    }
    shown
}

/// `shown` is HTML already.
fn link(url: Option<&str>, shown: &str) -> Option<String> {
    let address = address(url?)?;
    Some(format!("<a href=\"{}\" rel=\"noopener noreferrer\">{shown}</a>", escape(&address)))
}

/// A web address that may be made a link: `http` or `https`, with a host, and without a name or password in it that
/// would look like one.
pub fn address(url: &str) -> Option<String> {
    let url = Url::parse(url.trim()).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    let is_plain = url.username().is_empty() && url.password().is_none();
    (is_web && is_plain && url.as_str().len() <= 2000).then(|| url.to_string())
}
