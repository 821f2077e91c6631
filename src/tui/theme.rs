//! What things mean, and how each theme shows that. Colour is never the only sign: the mono theme has
//! none at all, and everything can still be told apart.

use ratatui::style::{Color, Modifier, Style};

/// What a piece of the screen means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meaning {
    Text,
    Muted,
    Title,
    Border,
    BorderFocused,
    /// The cursor row of the pane that has the keys.
    Cursor,
    /// The cursor row of another pane.
    CursorElsewhere,
    Ticked,
    Locked,
    /// Rows of a range that is being drawn.
    Range,
    Match,
    Good,
    Warn,
    Bad,
    Info,
    BannerDemo,
    BannerDryRun,
    BannerLive,
    KeyHint,
    Danger,
    /// Text being typed.
    Field,
}

impl Meaning {
    pub const ALL: [Self; 21] = [
        Self::Text,
        Self::Muted,
        Self::Title,
        Self::Border,
        Self::BorderFocused,
        Self::Cursor,
        Self::CursorElsewhere,
        Self::Ticked,
        Self::Locked,
        Self::Range,
        Self::Match,
        Self::Good,
        Self::Warn,
        Self::Bad,
        Self::Info,
        Self::BannerDemo,
        Self::BannerDryRun,
        Self::BannerLive,
        Self::KeyHint,
        Self::Danger,
        Self::Field,
    ];
}

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
        match self {
            Self::Mono => mono(meaning),
            Self::Dark => coloured(meaning, &DARK),
            Self::Light => coloured(meaning, &LIGHT),
            Self::HighContrast => coloured(meaning, &CONTRAST).patch(emphasis(meaning)),
        }
    }
}

/// The few colours from which a theme is made.
struct Palette {
    accent: Color,
    muted: Color,
    good: Color,
    warn: Color,
    bad: Color,
    on_accent: Color,
    /// Behind the cursor row of the pane that has the keys, and of another one.
    cursor: Color,
    elsewhere: Color,
}

const DARK: Palette = Palette {
    accent: Color::Cyan,
    muted: Color::Indexed(245),
    good: Color::Green,
    warn: Color::Yellow,
    bad: Color::LightRed,
    on_accent: Color::Black,
    cursor: Color::Indexed(24),
    elsewhere: Color::Indexed(237),
};

const LIGHT: Palette = Palette {
    accent: Color::Blue,
    muted: Color::Indexed(240),
    good: Color::Indexed(22),
    warn: Color::Indexed(94),
    bad: Color::Indexed(124),
    on_accent: Color::Indexed(231),
    cursor: Color::Indexed(153),
    elsewhere: Color::Indexed(254),
};

const CONTRAST: Palette = Palette {
    accent: Color::LightCyan,
    muted: Color::White,
    good: Color::LightGreen,
    warn: Color::LightYellow,
    bad: Color::LightRed,
    on_accent: Color::Black,
    cursor: Color::Blue,
    elsewhere: Color::Indexed(238),
};

fn coloured(meaning: Meaning, palette: &Palette) -> Style {
    let plain = Style::new();
    let fg = |color| plain.fg(color);
    let block = |color| plain.fg(palette.on_accent).bg(color).add_modifier(Modifier::BOLD);
    match meaning {
        Meaning::Text => plain,
        Meaning::Muted | Meaning::Locked | Meaning::Border => fg(palette.muted),
        Meaning::Title => plain.add_modifier(Modifier::BOLD),
        Meaning::Cursor => plain.bg(palette.cursor).add_modifier(Modifier::BOLD),
        Meaning::CursorElsewhere => plain.bg(palette.elsewhere),
        Meaning::Ticked => fg(palette.accent).add_modifier(Modifier::BOLD),
        Meaning::Range => plain.add_modifier(Modifier::REVERSED),
        Meaning::Match => fg(palette.warn).add_modifier(Modifier::UNDERLINED),
        Meaning::Good => fg(palette.good),
        Meaning::Warn => fg(palette.warn),
        Meaning::Bad => fg(palette.bad).add_modifier(Modifier::BOLD),
        Meaning::Info | Meaning::KeyHint | Meaning::BorderFocused => fg(palette.accent),
        Meaning::BannerDemo => block(palette.accent),
        Meaning::BannerDryRun => block(palette.warn),
        Meaning::BannerLive | Meaning::Danger => block(palette.bad),
        Meaning::Field => plain.add_modifier(Modifier::UNDERLINED),
    }
}

/// What the high-contrast theme adds, for eyes that need more than colour.
fn emphasis(meaning: Meaning) -> Style {
    match meaning {
        Meaning::Cursor => Style::new().add_modifier(Modifier::REVERSED),
        Meaning::Warn | Meaning::Good | Meaning::Info | Meaning::KeyHint => {
            Style::new().add_modifier(Modifier::BOLD)
        }
        _ => Style::new(),
    }
}

/// Modifiers only. A colour here would be cancelled by crossterm under `NO_COLOR`, and the cursor row
/// with it.
fn mono(meaning: Meaning) -> Style {
    let modifier = match meaning {
        Meaning::Text | Meaning::Border | Meaning::Info | Meaning::Good => Modifier::empty(),
        Meaning::Muted | Meaning::Locked => Modifier::DIM,
        Meaning::Title | Meaning::BorderFocused | Meaning::Ticked | Meaning::KeyHint | Meaning::Warn => {
            Modifier::BOLD
        }
        Meaning::Cursor | Meaning::BannerDemo | Meaning::BannerDryRun => Modifier::REVERSED,
        Meaning::CursorElsewhere | Meaning::Match | Meaning::Field => Modifier::UNDERLINED,
        Meaning::Range => Modifier::REVERSED.union(Modifier::DIM),
        Meaning::Bad => Modifier::BOLD.union(Modifier::UNDERLINED),
        Meaning::BannerLive | Meaning::Danger => Modifier::REVERSED.union(Modifier::BOLD),
    };
    Style::new().add_modifier(modifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mono_has_no_colour_at_all() {
        for meaning in Meaning::ALL {
            let style = Theme::Mono.style(meaning);
            assert_eq!((style.fg, style.bg, style.underline_color), (None, None, None), "{meaning:?}");
        }
    }

    #[test]
    fn the_cursor_differs_from_text_in_every_theme() {
        for theme in Theme::ALL {
            assert_eq!(Theme::named(theme.name()), Some(theme));
            for cursor in [Meaning::Cursor, Meaning::CursorElsewhere] {
                assert_ne!(theme.style(cursor), theme.style(Meaning::Text), "{theme:?} {cursor:?}");
            }
        }
    }
}
