//! Bodies that are not the JSON that was promised, made one readable line.

use crate::domain::text::one_line;

/// How much of a foreign body is shown.
const LENGTH: usize = 200;
/// How much of it is looked at.
const LOOKED_AT: usize = 64 * 1024;

/// One line that tells a person what came instead of JSON: a page's title, or its first text.
pub fn readable(body: &[u8]) -> String {
    let start = &body[..body.len().min(LOOKED_AT)];
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return "nothing at all".to_owned();
    }
    if !text.starts_with('<') {
        return one_line(text, LENGTH);
    }
    let shown = title(text).unwrap_or_else(|| without_tags(text));
    let line = one_line(&entities(&shown), LENGTH);
    if line.is_empty() { "a web page without text".to_owned() } else { format!("a web page: {line}") }
}

fn title(html: &str) -> Option<String> {
    let lower = html.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let from = open + lower[open..].find('>')? + 1;
    let to = from + lower[from..].find("</title")?;
    let title = html.get(from..to)?.trim();
    (!title.is_empty()).then(|| title.to_owned())
}

fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        text.push(' ');
        let tag = rest[open..].to_ascii_lowercase();
        // What stands in these is not for people.
        let end = ["script", "style"]
            .iter()
            .find(|name| tag[1..].starts_with(**name))
            .and_then(|name| tag.find(&format!("</{name}")))
            .unwrap_or(0);
        let Some(close) = rest[open + end..].find('>') else { return text };
        rest = &rest[open + end + close + 1..];
        if text.len() > LENGTH * 8 {
            return text;
        }
    }
    text.push_str(rest);
    text
}

fn entities(text: &str) -> String {
    text.replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_becomes_its_title_or_its_first_text() {
        assert_eq!(readable(b""), "nothing at all");
        assert_eq!(readable(b"upstream\n  timed out"), "upstream timed out");
        let page = b"<!DOCTYPE html><html><head><TITLE>502 Bad &amp; Gateway</TITLE></head><body>x</body>";
        assert_eq!(readable(page), "a web page: 502 Bad & Gateway");
        let page =
            b"<html><style>p { color: red }</style><script>if (a<b) {}</script><p>Please <b>sign in</b></p>";
        assert_eq!(readable(page), "a web page: Please sign in");
        assert_eq!(readable(b"<html><p"), "a web page without text");
        assert!(!readable(b"\x1b[31mred").contains('\u{1b}'));
        assert!(readable(&vec![b'x'; 1_000_000]).chars().count() <= LENGTH);
    }
}
