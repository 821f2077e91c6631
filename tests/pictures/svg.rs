//! A screen as SVG: one rectangle for each run of cells with a background, one text for each run of cells of one
//! style. Each text is stretched to the width of its cells, so that boxes meet in whatever font there is.

use std::{collections::BTreeMap, fmt::Write};

use super::grid::{Cell, Grid, Style};

const CELL: (f64, f64) = (8.4, 18.0);
const MARGIN: f64 = 12.0;
/// From the top of a cell to the line that its letters stand on.
const BASE: f64 = 13.5;

/// The sixteen colours, the background, and the text, as a dark and as a light terminal has them.
struct Palette {
    colours: [&'static str; 16],
    back: &'static str,
    fore: &'static str,
}

const DARK: Palette = Palette {
    colours: [
        "#1b1f27", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4", "#6b7382",
        "#ff7b86", "#b5e08f", "#ffd787", "#7cc3ff", "#dc8cf0", "#6fd6e2", "#ffffff",
    ],
    back: "#14171c",
    fore: "#d7dae0",
};

const LIGHT: Palette = Palette {
    colours: [
        "#24292f", "#b3202c", "#1a6e2e", "#8a5a00", "#0a58ca", "#8b2fa8", "#0b6e7c", "#d8dde3", "#6a737d",
        "#d1242f", "#1f8a3a", "#a66c00", "#1f6feb", "#a143c4", "#0e8396", "#ffffff",
    ],
    back: "#fbfbfa",
    fore: "#24292f",
};

impl Palette {
    fn colour(&self, colour: vt100::Color, default: &str) -> String {
        match colour {
            vt100::Color::Default => default.to_owned(),
            vt100::Color::Idx(n @ 0..=15) => self.colours[usize::from(n)].to_owned(),
            vt100::Color::Idx(n @ 16..=231) => {
                let part = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
                let n = n - 16;
                format!("#{:02x}{:02x}{:02x}", part(n / 36), part(n / 6 % 6), part(n % 6))
            }
            vt100::Color::Idx(n) => {
                let grey = 8 + 10 * (n - 232);
                format!("#{grey:02x}{grey:02x}{grey:02x}")
            }
            vt100::Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        }
    }

    fn back(&self, style: Style) -> String {
        if style.inverse { self.colour(style.fore, self.fore) } else { self.colour(style.back, self.back) }
    }

    fn fore(&self, style: Style) -> String {
        if style.inverse { self.colour(style.back, self.back) } else { self.colour(style.fore, self.fore) }
    }
}

pub fn write(grid: &Grid, light: bool, title: &str) -> String {
    let palette = if light { &LIGHT } else { &DARK };
    let columns = grid.rows.first().map_or(0, Vec::len);
    let (width, height) =
        (columns as f64 * CELL.0 + 2.0 * MARGIN, grid.rows.len() as f64 * CELL.1 + 2.0 * MARGIN);
    let mut svg = String::new();
    let mut line = |text: String| writeln!(svg, "{text}").expect("a string takes everything");
    line(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1} {height:.1}" width="{width:.0}" height="{height:.0}" role="img" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14">"#
    ));
    line(format!("<title>mothball: {}</title>", escaped(title)));
    line(format!(r#"<rect width="100%" height="100%" rx="8" fill="{}"/>"#, palette.back));
    let mut lines: BTreeMap<String, String> = BTreeMap::new();
    for (row, cells) in grid.rows.iter().enumerate() {
        let y = MARGIN + row as f64 * CELL.1;
        for (from, run) in runs(cells, |cell| palette.back(cell.style)) {
            let fill = palette.back(run[0].style);
            if fill != palette.back {
                let (x, wide) = (MARGIN + from as f64 * CELL.0, run.len() as f64 * CELL.0);
                line(format!(
                    r#"<rect x="{x:.1}" y="{y:.1}" width="{wide:.1}" height="{:.1}" fill="{fill}"/>"#,
                    CELL.1
                ));
            }
        }
        for (from, run) in runs(cells, |cell| (cell.style, stroke(&cell.text).is_some())) {
            if stroke(&run[0].text).is_some() {
                lines.entry(palette.fore(run[0].style)).or_default().push_str(&strokes(from, y, run));
                continue;
            }
            for (from, text, wide) in words(from, run) {
                line(text_run(palette, run[0].style, from, y, &text, wide));
            }
        }
    }
    for (colour, path) in lines {
        line(format!(r#"<path d="{}" stroke="{colour}" fill="none"/>"#, path.trim_end()));
    }
    line("</svg>".to_owned());
    svg
}

/// Which arms a line of a box has: left, right, up, down.
fn stroke(text: &str) -> Option<[bool; 4]> {
    Some(match text {
        "─" => [true, true, false, false],
        "│" => [false, false, true, true],
        "┌" => [false, true, false, true],
        "┐" => [true, false, false, true],
        "└" => [false, true, true, false],
        "┘" => [true, false, true, false],
        "├" => [false, true, true, true],
        "┤" => [true, false, true, true],
        "┬" => [true, true, false, true],
        "┴" => [true, true, true, false],
        "┼" => [true; 4],
        _ => return None,
    })
}

/// The lines of boxes, drawn rather than written, so that they meet whatever the font's height. What lies in a
/// row is one stroke.
fn strokes(from: usize, y: f64, run: &[Cell]) -> String {
    let mut path = String::new();
    let middle = y + CELL.1 / 2.0;
    let mut place = 0;
    for level in run.chunk_by(|a, b| a.text == "─" && b.text == "─") {
        let x = MARGIN + (from + place) as f64 * CELL.0;
        place += level.len();
        let [left, right, up, down] = stroke(&level[0].text).unwrap_or_default();
        let (centre, end) = (x + CELL.0 / 2.0, x + level.len() as f64 * CELL.0);
        if left || right {
            let (a, b) = (if left { x } else { centre }, if right { end } else { centre });
            write!(path, "M{a:.1} {middle:.1}H{b:.1} ").expect("a string takes everything");
        }
        if up || down {
            let (a, b) = (if up { y } else { middle }, if down { y + CELL.1 } else { middle });
            write!(path, "M{centre:.1} {a:.1}V{b:.1} ").expect("a string takes everything");
        }
    }
    path
}

/// Neighbours that are the same in what `key` tells, with the place of the first.
fn runs<K: PartialEq>(cells: &[Cell], key: impl Fn(&Cell) -> K) -> Vec<(usize, &[Cell])> {
    let mut at = 0;
    cells
        .chunk_by(|a, b| key(a) == key(b))
        .map(|run| {
            at += run.len();
            (at - run.len(), run)
        })
        .collect()
}

/// A run without its outer blanks, split where there are wide gaps: what is far apart stays in its column.
fn words(from: usize, run: &[Cell]) -> Vec<(usize, String, usize)> {
    let mut found: Vec<(usize, String, usize)> = Vec::new();
    let mut blanks = 2;
    for (place, cell) in run.iter().enumerate() {
        if cell.text == " " {
            blanks += 1;
            continue;
        }
        match found.last_mut().filter(|_| blanks < 2) {
            Some((_, text, wide)) => {
                text.extend(std::iter::repeat_n(' ', blanks));
                text.push_str(&cell.text);
                *wide += blanks + 1;
            }
            None => found.push((from + place, cell.text.clone(), 1)),
        }
        blanks = 0;
    }
    found
}

fn text_run(palette: &Palette, style: Style, from: usize, y: f64, text: &str, wide: usize) -> String {
    let mut attributes = format!(
        r#"x="{:.1}" y="{:.1}" textLength="{:.1}" lengthAdjust="spacingAndGlyphs" fill="{}""#,
        MARGIN + from as f64 * CELL.0,
        y + BASE,
        wide as f64 * CELL.0,
        palette.fore(style)
    );
    for (on, attribute) in [
        (style.bold, r#" font-weight="bold""#),
        (style.italic, r#" font-style="italic""#),
        (style.underline, r#" text-decoration="underline""#),
        (style.dim, r#" opacity="0.7""#),
    ] {
        if on {
            attributes.push_str(attribute);
        }
    }
    format!("<text {attributes}>{}</text>", escaped(text))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The texts of a picture, one after the other, with blanks between.
pub fn text_of(svg: &str) -> String {
    svg.lines()
        .filter_map(|line| line.strip_suffix("</text>")?.rsplit_once('>'))
        .map(|(_, text)| text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
        .collect::<Vec<_>>()
        .join(" ")
}
