//! A million hostile strings in every field of documents, written in every form; and through everything that writes lines.

use mothball::{
    command::print,
    domain::{
        ClientId, ConfigId,
        document::{ClientReport, Report},
        text::visible,
    },
    report::{
        address,
        audit::AuditLine,
        export::{Audience, Form, Wish, export},
    },
    telemetry::{Options, Telemetry, Verbosity},
};
use serde_json::Value;

use super::samples::{client, config, joint, links};
use crate::support::{
    hostile::{Hostile, assert_harmless, wanted},
    say,
};

/// Configurations of each of the two clients.
const EACH: i64 = 30;

/// A document with a string from `next` in every field that takes any.
fn document(next: &mut impl FnMut() -> String) -> Report {
    let Report::Joint(mut report) = joint() else { unreachable!("it is a joint one") };
    report.clients = [1, 2].into_iter().map(|id| one_client(id, next)).collect();
    report.statistics = report.clients.iter().map(|client| client.statistics).sum();
    report.warnings = vec![next(), next()];
    report.errors[0].message = next();
    let run = &mut report.run;
    (run.profile, run.psa, run.operator) = (next(), next(), next());
    for field in [&mut run.requested_by, &mut run.ticket, &mut run.approved_by, &mut run.reason] {
        *field = Some(next());
    }
    report.coverage.gaps = vec![next()];
    report.coverage.clients_left_out[0].client_name = next();
    Report::Joint(report)
}

fn one_client(id: i64, next: &mut impl FnMut() -> String) -> ClientReport {
    let outcomes = ["deactivated", "failed", "unknown", "planned"];
    let configs = (0..EACH).map(|at| {
        let mut one = config(id * 1000 + at, &next(), outcomes[at as usize % 4], None, &next());
        one.config_type = next();
        one.site = Some(next());
        one.psa_status = Some(next());
        one.previous_psa_status = Some(next());
        one.links = links();
        for link in [&mut one.links.billing, &mut one.links.rmm] {
            if let mothball::domain::links::LinkAnswer::Linked { items } = link {
                (items[0].name, items[0].detail) = (next(), Some(next()));
            }
        }
        one.record_url = Some(match at % 3 {
            0 => next(),
            1 => format!("https://psa.example/{}", next()),
            _ => format!("https://{}/", next()),
        });
        one
    });
    let configs: Vec<_> = configs.collect();
    let mut client = client(id, &next(), configs);
    client.warnings = vec![next()];
    client.errors[0].message = next();
    client.offboarded_because = vec![next()];
    for todo in &mut client.follow_up {
        (todo.text, todo.record_url) = (next(), Some(format!("https://psa.example/?q={}", next())));
    }
    client.notes[0].text = Some(next());
    client
}

#[test]
fn no_form_of_a_report_lets_foreign_text_out() {
    let wanted = wanted(1_000_000);
    let mut hostile = Hostile::new(1);
    let plain = Skeletons::of(&document(&mut || "x".to_owned()));
    let mut documents = 0;
    while hostile.made < wanted {
        let report = document(&mut || hostile.next());
        let json = written(&report, Form::Json, Audience::Internal, 1);
        assert_harmless(&json, &['\n']);
        let read: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read, serde_json::to_value(&report).unwrap(), "the very same text is read back");
        let csv = written(&report, Form::Csv, Audience::Internal, 1);
        check_csv(&csv, &names(&report), 7);
        let page = Skeletons::of(&report);
        // No string made a tag, a row, a heading or a line.
        assert_same(&page.html, &plain.html);
        assert_same(&page.markdown, &plain.markdown);
        for id in [1, 2] {
            let json = written(&report, Form::Json, Audience::Client, id);
            assert_harmless(&json, &['\n']);
            let read: Value = serde_json::from_str(&json).unwrap();
            assert_eq!(read["items"].as_array().unwrap().len(), EACH as usize);
        }
        documents += 1;
    }
    say(&format!(
        "{} hostile strings in {documents} documents, each written as JSON, CSV, Markdown and HTML for both audiences",
        hostile.made
    ));
}

fn assert_same(a: &[String], b: &[String]) {
    let differs = a.iter().zip(b).position(|(a, b)| a != b);
    if let Some(at) = differs {
        panic!("{:?} instead of {:?}", &a[at.saturating_sub(3)..=at], &b[at.saturating_sub(3)..=at]);
    }
    assert_eq!(a.len(), b.len());
}

fn written(report: &Report, form: Form, audience: Audience, id: i64) -> String {
    let client = (audience == Audience::Client).then(|| ClientId::from(id));
    export(report, &Wish { form, audience, client }).unwrap()
}

fn names(report: &Report) -> Vec<String> {
    let configs = report.clients().iter().flat_map(|client| &client.configs);
    configs.map(|config| config.config_name.clone()).collect()
}

/// What is left of a page without its texts.
struct Skeletons {
    html: Vec<String>,
    markdown: Vec<String>,
}

impl Skeletons {
    fn of(report: &Report) -> Self {
        let pages = [(Audience::Internal, 1), (Audience::Client, 1), (Audience::Client, 2)];
        let all = |form| pages.map(|(audience, id)| written(report, form, audience, id)).concat();
        Self { html: tags(&all(Form::Html)), markdown: shape(&all(Form::Markdown)) }
    }
}

/// The tags in order, those apart that depend on the text; each `&` begins an entity of ours, each link is one to the web.
fn tags(html: &str) -> Vec<String> {
    assert_harmless(html, &['\n']);
    for (at, _) in html.match_indices('&') {
        let entity = html[at..].split_once(';').map_or("", |(entity, _)| entity);
        assert!(["&amp", "&lt", "&gt", "&quot", "&#39", "&#96"].contains(&entity), "{:?}", &entity);
    }
    let mut tags = Vec::new();
    for part in html.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap();
        // The style sheet is ours, and the only place with such marks outside of tags.
        assert!(tag == "style" || !text.contains(['"', '\'', '`']) || text.contains('{'), "{text:?}");
        if let Some(attributes) = tag.strip_prefix("a ") {
            let url = attributes.strip_prefix("href=\"").unwrap().split('"').next().unwrap();
            assert!(url.starts_with("https://") || url.starts_with("http://"), "{url}");
            assert_eq!(attributes, format!("href=\"{url}\" rel=\"noopener noreferrer\""));
        } else if !matches!(tag, "bdi" | "/bdi" | "/a") {
            tags.push(tag.to_owned());
        }
    }
    tags
}

/// The lines with all texts taken out: what a ticket could make something of.
fn shape(markdown: &str) -> Vec<String> {
    assert_harmless(markdown, &['\n']);
    assert!(!markdown.contains(['<', '>']), "there is no HTML, and no quotation");
    markdown.lines().map(line_shape).collect()
}

fn line_shape(line: &str) -> String {
    let mut bare = String::new();
    // Every second part is in a code span.
    let parts: Vec<&str> = line.split('`').collect();
    assert!(parts.len() % 2 == 1, "a code span is open at the end: {line}");
    for (at, part) in parts.iter().enumerate() {
        if at % 2 == 0 {
            bare.push_str(part);
        } else {
            assert!(!part.contains('|') && !part.is_empty() && !part.ends_with('\\'), "{line}");
        }
    }
    let mut shape = String::new();
    let mut rest = bare.as_str();
    while let Some(begin) = rest.find(" [record](") {
        shape.push_str(&rest[..begin]);
        let (url, after) = rest[begin + 10..].split_once(')').unwrap();
        assert!(url.starts_with("http") && url.bytes().all(|b| b.is_ascii_graphic()), "{url}");
        assert!(!url.contains(['(', '[', ']', '*', '|', '\\', '"', '\'']), "{url}");
        rest = after;
    }
    shape.push_str(rest);
    let known = |c: char| c.is_alphanumeric() || " .,;:?()\"'’…&=/→·-|#".contains(c);
    assert!(shape.chars().all(known), "outside of a code span: {shape:?}");
    for word in shape.split(' ') {
        let looks_like_an_address = word.starts_with("www.") || word.contains("://") || word.starts_with(':');
        assert!(!looks_like_an_address, "{shape:?}");
    }
    // What stands at the beginning, and how many cells there are.
    let marks = shape.len() - shape.trim_start_matches(['#', '-']).len();
    let (lead, text) = shape.split_at(marks);
    let text = text.trim_start();
    assert!(matches!(lead, "" | "#" | "##" | "###" | "-"), "{line}");
    let begins_list = line[marks..].trim_start().split(' ').next().is_some_and(|first| {
        first.len() > 1
            && first.ends_with(['.', ')'])
            && first[..first.len() - 1].bytes().all(|b| b.is_ascii_digit())
    });
    assert!(!begins_list, "{line}");
    let label =
        if lead == "-" { text.split(": ").next().filter(|label| LABELS.contains(label)) } else { None };
    format!("{lead}{}{}", label.unwrap_or_default(), "|".repeat(shape.matches('|').count()))
}

const LABELS: [&str; 4] = ["Run", "State", "Reference", "Journal head"];

/// Parsed as a spreadsheet does it: all rows have all cells, no cell is a formula, and the name is the name.
fn check_csv(csv: &str, names: &[String], column: usize) {
    assert_harmless(csv, &['\r', '\n']);
    let rows: Vec<Vec<String>> = csv.split_terminator("\r\n").map(cells).collect();
    assert_eq!(rows.len(), names.len() + 1);
    for row in &rows {
        assert_eq!(row.len(), rows[0].len());
        // Where a semicolon parts cells, there are more of them.
        for cell in row.iter().flat_map(|cell| cell.split(';')) {
            let first = cell.trim_start_matches(|c: char| c.is_whitespace() || c == '"').chars().next();
            assert!(!first.is_some_and(|c| "=+-@\t\r＝＋－＠".contains(c)), "a formula: {cell:?}");
        }
    }
    for (row, name) in rows[1..].iter().zip(names) {
        let bare = |text: &str| text.replace('\'', "");
        assert_eq!(bare(&row[column]), bare(&visible(name)));
    }
}

/// The cells of a line that quotes every cell.
fn cells(line: &str) -> Vec<String> {
    assert!(!line.contains(['\r', '\n']), "{line:?}");
    let inner = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap();
    let mut cells = vec![String::new()];
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '"' {
            cells.last_mut().unwrap().push(c);
        } else if chars.peek() == Some(&'"') {
            chars.next();
            cells.last_mut().unwrap().push('"');
        } else {
            assert_eq!((chars.next(), chars.next()), (Some(','), Some('"')), "{line:?}");
            cells.push(String::new());
        }
    }
    cells
}

#[test]
fn no_line_on_a_terminal_in_the_log_or_the_clipboard_lets_foreign_text_out() {
    let wanted = wanted(1_000_000);
    let mut hostile = Hostile::new(2);
    let folder = tempfile::tempdir().unwrap();
    let (telemetry, dispatch) = Telemetry::prepare(Options {
        structured: false,
        folder: Some(folder.path().join("data")),
        verbosity: Verbosity(0),
        clock: mothball::system::Clock::fixed("2026-11-24T01:47:19Z".parse().unwrap()),
        echo: None,
    })
    .unwrap();
    let mut logged = 0;
    while hostile.made < wanted {
        let strings: Vec<String> = (0..40).map(|_| hostile.next()).collect();
        let text = strings.join(" ");
        assert_harmless(&print::shown(&text), &['\n']);
        let json = serde_json::json!({ "type": "notice", "text": text });
        let line = print::shown_json(&json);
        assert_harmless(line.strip_suffix('\n').unwrap(), &[]);
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), json, "a program reads what was meant");
        // A tab parts the fields of what is copied; it is ours.
        assert_harmless(&mothball::tui::update::copied(&[&strings[0], &text]), &['\t']);
        for url in strings.iter().flat_map(|text| [text.clone(), format!("https://psa.example/{text}")]) {
            if let Some(address) = address(&url) {
                assert!(
                    address.bytes().all(|b| b.is_ascii_graphic()),
                    "{address:?} in a link of the terminal"
                );
            }
        }
        if hostile.made.is_multiple_of(400) {
            tracing::dispatcher::with_default(
                &dispatch,
                || tracing::info!(target: "mothball::http", text, "{text}"),
            );
            logged += 1;
        }
    }
    let log = std::fs::read_to_string(telemetry.path().unwrap()).unwrap();
    assert_harmless(&log, &['\n']);
    // Old lines have gone to another file; these begin as lines of ours do.
    assert!(log.lines().all(|line| line.starts_with("2026-11-24T01:47:19Z INFO  mothball::http: ")));
    assert!(log.lines().count() > 100);
    let line = AuditLine::csv_head();
    assert_eq!(cells(line.trim_end()).len(), AuditLine::COLUMNS.len());
    say(&format!(
        "{} hostile strings through lines for people and programs, what is copied and addresses of links; {} of them through the log",
        hostile.made,
        logged * 40
    ));
}

/// The ids of an export's configurations are foreign text, too, and so are names of clients in files' names.
#[test]
fn ids_and_file_names_are_foreign_text_too() {
    let mut hostile = Hostile::new(3);
    for _ in 0..2_000 {
        let mut report = client(1, &hostile.next(), vec![config(1, "x", "deactivated", None, "deactivated")]);
        report.client_id = Some(ClientId::from(hostile.next()));
        report.configs[0].config_id = ConfigId::from(hostile.next());
        let wish = Wish { audience: Audience::Client, ..Wish::default() };
        let report = Report::Client(Box::new(report));
        for sheet in mothball::report::export::sheets(&report, &wish).unwrap() {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            assert!(sheet.name.chars().all(is_plain) && sheet.name.len() < 120, "{:?}", sheet.name);
        }
        for form in Form::ALL {
            let text = export(&report, &Wish { form, ..Wish::default() }).unwrap();
            assert_harmless(&text, &['\n', '\r']);
        }
    }
}
