//! Themes that a person wrote, in TOML:
//!
//! ```toml
//! inherits = "dark"                # dark, light, high-contrast or mono: what is not said here is as there
//!
//! [colors]                         # the few colours from which a theme is made
//! accent = "#88c0d0"               # a name such as light-blue, a number from 0 to 255, or #rrggbb
//!
//! [styles]                         # one meaning at a time, in place of what the colours make of it
//! cursor = { bg = "#434c5e", add = ["bold"] }
//! ```

use std::ops::Range;

use ratatui::style::{Color, Modifier, Style};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    Meaning, Styles, Theme,
    built_in::{Palette, painted},
};
use crate::domain::text::{nearest, one_line, place};

/// One mistake in a theme file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub line: usize,
    pub column: usize,
    /// `styles.cursor.bg`; empty where no key can be told.
    pub key: String,
    /// What is wrong, and what to do.
    pub what: String,
}

type Value<'a> = Spanned<DeValue<'a>>;

const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
];

const COLOURS: [&str; 18] = [
    "reset",
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "gray",
    "dark-gray",
    "light-red",
    "light-green",
    "light-yellow",
    "light-blue",
    "light-magenta",
    "light-cyan",
    "white",
    "default",
];

const PALETTE: [&str; 8] =
    ["accent", "muted", "good", "warn", "bad", "on-accent", "cursor", "cursor-elsewhere"];

impl Palette {
    fn part(&mut self, name: &str) -> Option<&mut Color> {
        Some(match name {
            "accent" => &mut self.accent,
            "muted" => &mut self.muted,
            "good" => &mut self.good,
            "warn" => &mut self.warn,
            "bad" => &mut self.bad,
            "on-accent" => &mut self.on_accent,
            "cursor" => &mut self.cursor,
            "cursor-elsewhere" => &mut self.elsewhere,
            _ => return None,
        })
    }
}

/// Reads a theme file. All mistakes are told at once, in the order of the file.
pub fn read(text: &str) -> Result<Styles, Vec<Mistake>> {
    let mut reader = Reader { text, mistakes: Vec::new() };
    let (table, broken) = DeTable::parse_recoverable(text);
    for mistake in &broken {
        let what = format!("this is not TOML: {}", mistake.message().lines().next().unwrap_or_default());
        reader.wrong(mistake.span().unwrap_or(0..0), "", what);
    }
    if !broken.is_empty() {
        return Err(reader.told());
    }
    let table = table.get_ref();
    reader.known("", table, &["inherits", "colors", "styles"]);
    let base = reader.base(table);
    let mut styles = Styles::from(base);
    if let Some(colors) = reader.section(table, "colors") {
        reader.known("colors", colors, &PALETTE);
        if let Some(palette) = reader.palette(base, colors, table) {
            styles = Styles(Meaning::ALL.map(|meaning| painted(base, meaning, &palette)));
        }
    }
    if let Some(section) = reader.section(table, "styles") {
        reader.known("styles", section, &Meaning::ALL.map(Meaning::name));
        for meaning in Meaning::ALL {
            if let Some(value) = section.get(meaning.name())
                && let Some(style) = reader.style(meaning, value)
            {
                styles.set(meaning, style);
            }
        }
    }
    if reader.mistakes.is_empty()
        && let Some((meaning, what)) = styles.fault()
    {
        let at = Reader::blame(table, meaning);
        reader.wrong(at, &format!("styles.{}", meaning.name()), what);
    }
    if reader.mistakes.is_empty() { Ok(styles) } else { Err(reader.told()) }
}

struct Reader<'a> {
    text: &'a str,
    mistakes: Vec<(usize, Mistake)>,
}

impl Reader<'_> {
    fn wrong(&mut self, at: Range<usize>, key: &str, what: impl Into<String>) {
        let (line, column) = place(self.text, at.start);
        self.mistakes.push((at.start, Mistake { line, column, key: key.to_owned(), what: what.into() }));
    }

    fn told(mut self) -> Vec<Mistake> {
        self.mistakes.sort_by_key(|(at, _)| *at);
        self.mistakes.into_iter().map(|(_, mistake)| mistake).collect()
    }

    fn known(&mut self, section: &str, table: &DeTable<'_>, known: &[&str]) {
        for (name, _) in table {
            let key = name.get_ref().as_ref();
            if known.contains(&key) {
                continue;
            }
            let what = match nearest(key, known.iter().copied()) {
                Some(near) => format!("unknown key; did you mean \"{near}\"?"),
                None => format!("unknown key; known here: {}", known.join(", ")),
            };
            self.wrong(name.span(), &join(section, key), what);
        }
    }

    fn base(&mut self, table: &DeTable<'_>) -> Theme {
        let Some(value) = table.get("inherits") else { return Theme::default() };
        let written = value.get_ref().as_str();
        if let Some(theme) = written.and_then(Theme::named) {
            return theme;
        }
        let names = Theme::ALL.map(Theme::name);
        let near = written.and_then(|written| nearest(written, names));
        let hint = near.map(|name| format!("; did you mean \"{name}\"?")).unwrap_or_default();
        let what = format!("a theme inherits from one of the program's own, {}{hint}", names.join(", "));
        self.wrong(value.span(), "inherits", what);
        Theme::default()
    }

    fn section<'t, 'a>(&mut self, table: &'t DeTable<'a>, key: &str) -> Option<&'t DeTable<'a>> {
        let value = table.get(key)?;
        let section = value.get_ref().as_table();
        if section.is_none() {
            self.wrong(value.span(), key, format!("it must be a section, [{key}]"));
        }
        section
    }

    fn palette(&mut self, base: Theme, colors: &DeTable<'_>, table: &DeTable<'_>) -> Option<Palette> {
        let Some(mut palette) = base.palette() else {
            let at = key_of(table, "colors");
            self.wrong(at, "colors", "mono has no colours; inherit from another theme, or use [styles]");
            return None;
        };
        for name in PALETTE {
            if let Some(value) = colors.get(name)
                && let Some(color) = self.color(&join("colors", name), value)
                && let Some(part) = palette.part(name)
            {
                *part = color;
            }
        }
        Some(palette)
    }

    fn style(&mut self, meaning: Meaning, value: &Value<'_>) -> Option<Style> {
        let key = join("styles", meaning.name());
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(
                value.span(),
                &key,
                "it must be written like { fg = \"white\", bg = \"#434c5e\", add = [\"bold\"] }",
            );
            return None;
        };
        self.known(&key, table, &["fg", "bg", "add"]);
        let mut style = Style::new();
        if let Some(value) = table.get("fg") {
            style.fg = self.color(&join(&key, "fg"), value);
        }
        if let Some(value) = table.get("bg") {
            style.bg = self.color(&join(&key, "bg"), value);
        }
        if let Some(value) = table.get("add") {
            style = style.add_modifier(self.modifiers(&join(&key, "add"), value));
        }
        Some(style)
    }

    fn color(&mut self, key: &str, value: &Value<'_>) -> Option<Color> {
        let color = match value.get_ref() {
            DeValue::Integer(number) => number.as_str().parse::<u8>().ok().map(Color::Indexed),
            DeValue::String(text) if text == "default" => Some(Color::Reset),
            DeValue::String(text) => text.parse::<Color>().ok(),
            _ => None,
        };
        if color.is_none() {
            let written = value.get_ref().as_str().unwrap_or_default();
            let hint = nearest(written, COLOURS).map(|name| format!("; did you mean \"{name}\"?"));
            let written = one_line(written, 30);
            let shown = if written.is_empty() { "this".to_owned() } else { format!("\"{written}\"") };
            let what = format!(
                "{shown} is no colour; write a name such as \"light-blue\", a number from 0 to 255, or \"#88c0d0\"{}",
                hint.unwrap_or_default()
            );
            self.wrong(value.span(), key, what);
        }
        color
    }

    fn modifiers(&mut self, key: &str, value: &Value<'_>) -> Modifier {
        let names = MODIFIERS.map(|(name, _)| name);
        let mut all = Modifier::empty();
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(value.span(), key, format!("it must be a list of {}", names.join(", ")));
            return all;
        };
        for entry in list {
            let written = entry.get_ref().as_str().unwrap_or_default();
            match MODIFIERS.iter().find(|(name, _)| *name == written) {
                Some((_, modifier)) => all |= *modifier,
                None => self.wrong(entry.span(), key, format!("it may hold {}", names.join(", "))),
            }
        }
        all
    }

    /// Where it was said how this looks: its style, else a colour, else the theme it inherits from.
    fn blame(table: &DeTable<'_>, meaning: Meaning) -> Range<usize> {
        let inner = |section: &str, key: &str| {
            let section = table.get(section)?.get_ref().as_table()?;
            section.get(key)?;
            Some(key_of(section, key))
        };
        let found = inner("styles", meaning.name())
            .or_else(|| inner("colors", meaning.name()))
            .or_else(|| inner("styles", Meaning::Text.name()))
            .or_else(|| {
                ["styles", "colors"]
                    .into_iter()
                    .find(|key| table.get(*key).is_some())
                    .map(|key| key_of(table, key))
            });
        found.unwrap_or(0..0)
    }
}

fn key_of(table: &DeTable<'_>, key: &str) -> Range<usize> {
    table.iter().find(|(name, _)| name.get_ref() == key).map_or(0..0, |(name, _)| name.span())
}

fn join(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<String> {
        let told = read(text).expect_err(text);
        told.iter().map(|one| format!("{}:{} {}: {}", one.line, one.column, one.key, one.what)).collect()
    }

    #[test]
    fn what_is_not_said_is_inherited() {
        assert_eq!(read("").unwrap(), Styles::from(Theme::Dark));
        for theme in Theme::ALL {
            let text = format!("inherits = \"{}\"", theme.name());
            assert_eq!(read(&text).unwrap(), Styles::from(theme));
        }
        let own = read("inherits = \"light\"\n[colors]\naccent = \"#102030\"\nbad = 88").unwrap();
        assert_eq!(own.get(Meaning::Info).fg, Some(Color::Rgb(0x10, 0x20, 0x30)));
        assert_eq!(own.get(Meaning::BannerDemo).bg, Some(Color::Rgb(0x10, 0x20, 0x30)));
        assert_eq!(own.get(Meaning::Bad).fg, Some(Color::Indexed(88)));
        assert_eq!(own.get(Meaning::Good), Theme::Light.style(Meaning::Good));
    }

    #[test]
    fn a_style_takes_the_place_of_what_the_colours_make() {
        let own = read("[colors]\ngood = \"blue\"\n[styles]\ngood = { fg = \"light-green\", add = [\"bold\", \"italic\"] }\ntext = { bg = \"#000011\" }")
            .unwrap();
        assert_eq!(
            own.get(Meaning::Good),
            Style::new().fg(Color::LightGreen).add_modifier(Modifier::BOLD | Modifier::ITALIC)
        );
        assert_eq!(own.get(Meaning::Text).bg, Some(Color::Rgb(0, 0, 0x11)));
        assert_eq!(own.indexed().get(Meaning::Text).bg, Some(Color::Indexed(16)));
    }

    #[test]
    fn a_cursor_row_that_nobody_could_see_is_refused() {
        for (text, place) in [
            ("[styles]\ncursor = { fg = \"yellow\" }", "2:1 styles.cursor: the cursor row would look like"),
            ("[styles]\ncursor-elsewhere = {}", "2:1 styles.cursor-elsewhere: the cursor row would look"),
            ("\n[styles]\ncursor = { bg = \"reset\", add = [\"dim\"] }", "3:1 styles.cursor: the cursor row"),
            (
                "[styles]\ntext = { bg = 17 }\ncursor = { bg = 17 }",
                "3:1 styles.cursor: the cursor row would look",
            ),
            ("[colors]\nmuted = \"#101010\"\ncursor = \"#101010\"", "3:1 styles.cursor: what is \"muted\""),
            ("[styles]\nbad = { fg = 9, bg = 9 }", "2:1 styles.bad: text and background"),
        ] {
            let told = mistakes(text);
            assert!(told.len() == 1 && told[0].starts_with(place), "{text}\n{told:?}");
        }
        for fine in ["underlined", "reversed", "bold"] {
            read(&format!("[styles]\ncursor = {{ add = [\"{fine}\"] }}")).unwrap();
        }
    }

    #[test]
    fn each_mistake_is_told_with_its_place_and_a_way_out() {
        for (text, place, words) in [
            ("inherits = \"drak\"", "1:12 inherits", "did you mean \"dark\""),
            ("inherits = 3", "1:12 inherits", "dark, light, high-contrast, mono"),
            ("[colours]\naccent = \"red\"", "1:2 colours", "did you mean \"colors\""),
            ("[colors]\nacent = \"red\"", "2:1 colors.acent", "did you mean \"accent\""),
            ("[colors]\naccent = \"grene\"", "2:10 colors.accent", "did you mean \"green\""),
            ("[colors]\naccent = 256", "2:10 colors.accent", "0 to 255"),
            ("[colors]\naccent = \"#12345\"", "2:10 colors.accent", "#88c0d0"),
            ("inherits = \"mono\"\n[colors]\nbad = \"red\"", "2:2 colors", "mono has no colours"),
            ("[styles]\ncursr = {}", "2:1 styles.cursr", "did you mean \"cursor\""),
            ("[styles]\ncursor = \"red\"", "2:10 styles.cursor", "{ fg = "),
            ("[styles]\ngood = { colour = 3 }", "2:10 styles.good.colour", "fg, bg, add"),
            ("[styles]\ngood = { add = [\"blink\"] }", "2:17 styles.good.add", "bold, dim"),
            ("[styles]\ngood = { add = \"bold\" }", "2:16 styles.good.add", "a list of"),
            ("styles = 3", "1:10 styles", "a section, [styles]"),
            ("a = ", "1:5 ", "not TOML"),
        ] {
            let told = mistakes(text);
            assert!(
                told.len() == 1 && told[0].starts_with(place) && told[0].contains(words),
                "{text}\n{told:?}"
            );
        }
        let both = mistakes("[styles]\nx = 1\n[colors]\ny = 2");
        assert!(both[0].starts_with("2:1") && both[1].starts_with("4:1"), "{both:?}");
    }

    #[test]
    fn the_colours_that_are_suggested_are_colours() {
        for name in COLOURS {
            read(&format!("[colors]\ngood = \"{name}\"")).unwrap();
        }
        let mut palette = Theme::Dark.palette().unwrap();
        assert!(PALETTE.iter().all(|name| palette.part(name).is_some()));
    }
}
