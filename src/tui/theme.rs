//! What things mean, and how each theme shows that. Colour is never the only sign: the mono theme has
//! none at all, and everything can still be told apart.
//!
//! [`built_in`] has the themes of the program, [`own`] reads those that a person wrote, [`colour`] knows what
//! a terminal can show.

mod built_in;
pub mod colour;
pub mod own;

use ratatui::style::{Color, Modifier, Style};

macro_rules! meanings {
    ($($(#[$doc:meta])* $meaning:ident $name:literal),+ $(,)?) => {
        /// What a piece of the screen means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Meaning { $($(#[$doc])* $meaning),+ }

        impl Meaning {
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$meaning),+];

            /// As theme files call it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$meaning => $name),+ }
            }
        }
    };
}

meanings! {
    /// Also what lies under everything: its background is that of the whole screen.
    Text "text",
    Muted "muted",
    Title "title",
    Border "border",
    BorderFocused "border-focused",
    /// The cursor row of the pane that has the keys.
    Cursor "cursor",
    /// The cursor row of another pane.
    CursorElsewhere "cursor-elsewhere",
    Ticked "ticked",
    Locked "locked",
    /// Rows of a range that is being drawn.
    Range "range",
    Match "match",
    Good "good",
    Warn "warn",
    Bad "bad",
    Info "info",
    BannerDemo "banner-demo",
    BannerDryRun "banner-dry-run",
    BannerLive "banner-live",
    KeyHint "key-hint",
    Danger "danger",
    /// Text being typed.
    Field "field",
}

impl Meaning {
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|meaning| meaning.name() == name)
    }

    /// What stands on a row that the cursor may lie on.
    const ON_ROWS: [Self; 10] = [
        Self::Text,
        Self::Muted,
        Self::Title,
        Self::Ticked,
        Self::Locked,
        Self::Match,
        Self::Good,
        Self::Warn,
        Self::Bad,
        Self::Info,
    ];
}

/// The themes of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    #[default]
    Dark,
    Light,
    HighContrast,
    Mono,
}

impl Theme {
    pub const ALL: [Self; 4] = [Self::Dark, Self::Light, Self::HighContrast, Self::Mono];

    pub fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::HighContrast => "high-contrast",
            Self::Mono => "mono",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }

    pub fn style(self, meaning: Meaning) -> Style {
        built_in::style(self, meaning)
    }
}

/// A style for each meaning: a theme, ready to draw with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Styles([Style; Meaning::ALL.len()]);

impl From<Theme> for Styles {
    fn from(theme: Theme) -> Self {
        Self(Meaning::ALL.map(|meaning| theme.style(meaning)))
    }
}

impl Styles {
    pub fn get(&self, meaning: Meaning) -> Style {
        self.0[meaning as usize]
    }

    fn set(&mut self, meaning: Meaning, style: Style) {
        self.0[meaning as usize] = style;
    }

    /// The same with one meaning looking otherwise.
    #[must_use]
    pub fn with(mut self, meaning: Meaning, style: Style) -> Self {
        self.set(meaning, style);
        self
    }

    /// The same for a terminal that has 256 colours and no more.
    #[must_use]
    pub fn indexed(mut self) -> Self {
        for style in &mut self.0 {
            for color in [&mut style.fg, &mut style.bg, &mut style.underline_color].into_iter().flatten() {
                *color = colour::indexed(*color);
            }
        }
        self
    }

    pub fn has_colour(&self) -> bool {
        self.0.iter().any(|style| style.fg.is_some() || style.bg.is_some() || style.underline_color.is_some())
    }

    /// What nobody could see with these styles, in words: a person who cannot see where the cursor is ticks
    /// the wrong rows.
    pub fn fault(&self) -> Option<(Meaning, String)> {
        let shown = |meaning: Meaning| self.get(Meaning::Text).patch(self.get(meaning));
        for cursor in [Meaning::Cursor, Meaning::CursorElsewhere] {
            let (row, plain) = (shown(cursor), shown(Meaning::Text));
            let marks = Modifier::REVERSED | Modifier::BOLD | Modifier::UNDERLINED;
            let marked = row.add_modifier.difference(plain.add_modifier).intersects(marks);
            if solid(row.bg) == solid(plain.bg) && !marked {
                let what = "the cursor row would look like every other row; give it a bg of its own, or add = [\"reversed\"]";
                return Some((cursor, what.to_owned()));
            }
            for meaning in Meaning::ON_ROWS {
                let style = shown(meaning).patch(self.get(cursor));
                if vanishes(style) {
                    let what = format!(
                        "what is \"{}\" could not be read on this row: text and background have one colour",
                        meaning.name()
                    );
                    return Some((cursor, what));
                }
            }
        }
        let lost = Meaning::ALL.into_iter().find(|meaning| vanishes(shown(*meaning)));
        lost.map(|meaning| (meaning, "text and background have one colour".to_owned()))
    }
}

fn solid(color: Option<Color>) -> Option<Color> {
    color.filter(|color| *color != Color::Reset)
}

fn vanishes(style: Style) -> bool {
    (solid(style.fg).is_some() && solid(style.fg) == solid(style.bg))
        || style.add_modifier.contains(Modifier::HIDDEN)
}

#[cfg(test)]
mod tests {
    use super::{colour::contrast, *};

    #[test]
    fn mono_has_no_colour_at_all() {
        assert!(!Styles::from(Theme::Mono).has_colour());
        for meaning in Meaning::ALL {
            let style = Theme::Mono.style(meaning);
            assert_eq!((style.fg, style.bg, style.underline_color), (None, None, None), "{meaning:?}");
        }
    }

    #[test]
    fn names_go_both_ways() {
        for theme in Theme::ALL {
            assert_eq!(Theme::named(theme.name()), Some(theme));
        }
        for meaning in Meaning::ALL {
            assert_eq!(Meaning::named(meaning.name()), Some(meaning));
        }
    }

    #[test]
    fn nothing_vanishes_in_the_programs_own_themes() {
        for theme in Theme::ALL {
            assert_eq!(Styles::from(theme).fault(), None, "{theme:?}");
            assert_eq!(Styles::from(theme).indexed().fault(), None, "{theme:?}");
        }
    }

    /// Foreground and background of a meaning on a screen of that colour, laid over a row's style if there is one.
    fn seen(styles: &Styles, meaning: Meaning, row: Option<Meaning>, screen: Color) -> (Color, Color) {
        let mut style = styles.get(Meaning::Text).patch(styles.get(meaning));
        if let Some(row) = row {
            style = style.patch(styles.get(row));
        }
        let opposite = if screen == Color::Indexed(16) { Color::Indexed(231) } else { Color::Indexed(16) };
        let (fg, bg) = (style.fg.unwrap_or(opposite), style.bg.unwrap_or(screen));
        if style.add_modifier.contains(Modifier::REVERSED) { (bg, fg) } else { (fg, bg) }
    }

    #[test]
    fn text_can_be_read_on_black_and_on_white() {
        let screens = [
            (Theme::Dark, Color::Indexed(16), 4.5),
            (Theme::Light, Color::Indexed(231), 4.5),
            // It brings its background along, so that it holds on any screen.
            (Theme::HighContrast, Color::Indexed(16), 7.0),
            (Theme::HighContrast, Color::Indexed(231), 7.0),
        ];
        for (theme, screen, wanted) in screens {
            for meaning in Meaning::ALL {
                let (fg, bg) = seen(&theme.into(), meaning, None, screen);
                let found = contrast(fg, bg);
                assert!(found >= wanted, "{theme:?} {meaning:?}: {found:.1} of {wanted}");
            }
        }
    }

    #[test]
    fn text_can_be_read_on_the_cursor_row() {
        let screens = [
            (Theme::Dark, Color::Indexed(16), 3.0),
            (Theme::Light, Color::Indexed(231), 3.0),
            (Theme::HighContrast, Color::Indexed(231), 7.0),
        ];
        for (theme, screen, wanted) in screens {
            for row in [Meaning::Cursor, Meaning::CursorElsewhere, Meaning::Range] {
                for meaning in Meaning::ON_ROWS {
                    let (fg, bg) = seen(&theme.into(), meaning, Some(row), screen);
                    let found = contrast(fg, bg);
                    assert!(found >= wanted, "{theme:?} {meaning:?} on {row:?}: {found:.1} of {wanted}");
                }
            }
        }
    }

    #[test]
    fn the_themes_to_begin_with_can_be_read_too() {
        for text in [
            include_str!("../../assets/themes/nord.toml"),
            include_str!("../../assets/themes/solarized-light.toml"),
        ] {
            let styles = own::read(text).unwrap_or_else(|told| panic!("{told:?}"));
            let screen = styles.get(Meaning::Text).bg.unwrap();
            for styles in [styles, styles.indexed()] {
                assert_eq!(styles.fault(), None);
                for meaning in Meaning::ALL {
                    let (fg, bg) = seen(&styles, meaning, None, screen);
                    assert!(contrast(fg, bg) >= 4.5, "{meaning:?}: {:.1} of 4.5\n{text}", contrast(fg, bg));
                }
                for meaning in Meaning::ON_ROWS {
                    let (fg, bg) = seen(&styles, meaning, Some(Meaning::Cursor), screen);
                    assert!(contrast(fg, bg) >= 3.0, "{meaning:?}: {:.1} of 3\n{text}", contrast(fg, bg));
                }
            }
        }
    }

    #[test]
    fn what_must_not_be_mixed_up_looks_different() {
        use Meaning::{
            Bad, BannerDemo, BannerDryRun, BannerLive, Cursor, CursorElsewhere, Good, Range, Text,
        };
        for theme in Theme::ALL {
            let pairs = [
                (Cursor, CursorElsewhere),
                (Cursor, Range),
                (BannerLive, BannerDemo),
                (BannerLive, BannerDryRun),
                (Bad, Good),
                (Bad, Text),
            ];
            for (one, other) in pairs {
                assert_ne!(theme.style(one), theme.style(other), "{theme:?} {one:?} {other:?}");
            }
        }
    }
}
