//! The cells of a screen, with what differs from run to run made the same.

/// Colours and weight of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub fore: vt100::Color,
    pub back: vt100::Color,
    pub bold: bool,
    pub dim: bool,
    pub italic: bool,
    pub underline: bool,
    pub inverse: bool,
}

#[derive(Debug, Clone)]
pub struct Cell {
    /// Empty in the second half of a wide character.
    pub text: String,
    pub style: Style,
}

#[derive(Debug)]
pub struct Grid {
    pub rows: Vec<Vec<Cell>>,
}

impl Grid {
    pub fn of(screen: &vt100::Screen) -> Self {
        let (height, width) = screen.size();
        let cell = |row: u16, column: u16| {
            let cell = screen.cell(row, column).expect("the cell is on the screen");
            let text = match cell.contents() {
                "" if cell.is_wide_continuation() => String::new(),
                "" => " ".to_owned(),
                text => text.to_owned(),
            };
            let style = Style {
                fore: cell.fgcolor(),
                back: cell.bgcolor(),
                bold: cell.bold(),
                dim: cell.dim(),
                italic: cell.italic(),
                underline: cell.underline(),
                inverse: cell.inverse(),
            };
            Cell { text, style }
        };
        let mut grid = Self {
            rows: (0..height.into())
                .map(|row| (0..width.into()).map(|column| cell(row, column)).collect())
                .collect(),
        };
        for row in &mut grid.rows {
            settle(row);
        }
        grid
    }
}

/// Replaces the characters of a row that differ from run to run, cell by cell.
fn settle(row: &mut [Cell]) {
    // A cell of several or no characters stands for itself and belongs to nothing that is replaced.
    let line: String = row
        .iter()
        .map(|cell| {
            let mut chars = cell.text.chars();
            match (chars.next(), chars.next()) {
                (Some(one), None) => one,
                _ => '\u{0}',
            }
        })
        .collect();
    let line = nobody(&steady(&line), &mothball::system::process::user());
    for (cell, c) in row.iter_mut().zip(line.chars()) {
        if c != '\u{0}' {
            cell.text = c.to_string();
        }
    }
}

/// Each pattern, and what stands in the place of what fits it. In a pattern `9` fits a digit, `h` a hexadecimal
/// digit, `a` a small letter or a digit; everything else fits itself. `true`: it may end early, where a
/// column ends.
const STEADY: &[(&str, &str, bool)] = &[
    ("99999999T999999-aaaaaaaa", "20261126T021500-k3w8p1xz", true),
    (
        "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh",
        "3b7f09d2a4c65e183b7f09d2a4c65e183b7f09d2a4c65e183b7f09d2a4c65e18",
        false,
    ),
    ("9999-99-99 99:99:99", "2026-11-26 02:15:00", false),
    ("9999-99-99 99:99", "2026-11-26 02:15", false),
    ("99:99:99", "02:15:00", false),
    ("127.0.0.1:99999", "127.0.0.1:41414", false),
    ("99.9/s", "10.0/s", false),
    ("9.9/s", "1.0/s", false),
    ("99.9 a second", "10.0 a second", false),
    ("9.9 a second", "1.0 a second", false),
    ("99 s ago", "10 s ago", false),
    ("9 s ago", "1 s ago", false),
    ("99 s left", "10 s left", false),
    ("9 s left", "1 s left", false),
];

/// How early a pattern may end: a run's id is one as soon as its `T` is there.
const SHORTEST: usize = 9;

/// Whoever takes the pictures stays out of them: another name of the same length.
pub fn nobody(line: &str, user: &str) -> String {
    let jane: String = "jane.doe.the.technician".chars().cycle().take(user.chars().count()).collect();
    let mut parts = line.split(user);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // Only where the name stands alone.
        let alone = !shown.ends_with(char::is_alphanumeric) && !part.starts_with(char::is_alphanumeric);
        shown.push_str(if alone { &jane } else { user });
        shown.push_str(part);
    }
    shown
}

fn fits(pattern: char, c: char) -> bool {
    match pattern {
        '9' => c.is_ascii_digit(),
        'h' => c.is_ascii_digit() || ('a'..='f').contains(&c),
        'a' => c.is_ascii_digit() || c.is_ascii_lowercase(),
        other => other == c,
    }
}

/// The line with everything that differs from run to run replaced by as many other characters.
pub fn steady(line: &str) -> String {
    // The spinner turns while it is looked at.
    let still = |c: char| if ('\u{2801}'..='\u{28ff}').contains(&c) { '\u{280b}' } else { c };
    let mut chars: Vec<char> = line.chars().map(still).collect();
    let mut at = 0;
    'place: while at < chars.len() {
        // Within a longer word or number nothing begins.
        if at == 0 || !chars[at - 1].is_ascii_alphanumeric() {
            for (pattern, instead, may_end) in STEADY {
                let length = pattern.chars().zip(&chars[at..]).take_while(|(p, c)| fits(*p, **c)).count();
                let whole = length == pattern.len();
                if whole || (*may_end && length >= SHORTEST) {
                    chars.splice(at..at + length, instead.chars().take(length));
                    at += length;
                    continue 'place;
                }
            }
        }
        at += 1;
    }
    chars.into_iter().collect()
}
