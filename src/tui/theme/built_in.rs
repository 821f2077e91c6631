//! The themes of the program. Tests compute their contrast.

use ratatui::style::{Color, Modifier, Style};

use super::{Meaning, Theme};

/// The few colours from which a theme is made.
#[derive(Debug, Clone, Copy)]
pub struct Palette {
    pub accent: Color,
    pub muted: Color,
    pub good: Color,
    pub warn: Color,
    pub bad: Color,
    pub on_accent: Color,
    /// Behind the cursor row of the pane that has the keys, and of another one.
    pub cursor: Color,
    pub elsewhere: Color,
}

const DARK: Palette = Palette {
    accent: Color::Cyan,
    muted: Color::Indexed(248),
    good: Color::Green,
    warn: Color::Yellow,
    bad: Color::Indexed(203),
    on_accent: Color::Black,
    cursor: Color::Indexed(238),
    elsewhere: Color::Indexed(235),
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

/// Of the part of the 256 colours that people do not paint over.
const CONTRAST: Palette = Palette {
    accent: Color::Indexed(51),
    muted: WHITE,
    good: Color::Indexed(46),
    warn: Color::Indexed(226),
    bad: Color::Indexed(210),
    on_accent: BLACK,
    cursor: BLACK,
    elsewhere: BLACK,
};

const BLACK: Color = Color::Indexed(16);
const WHITE: Color = Color::Indexed(231);

impl Theme {
    /// The colours that a theme of one's own may put others in place of; mono has none.
    pub fn palette(self) -> Option<Palette> {
        match self {
            Self::Dark => Some(DARK),
            Self::Light => Some(LIGHT),
            Self::HighContrast => Some(CONTRAST),
            Self::Mono => None,
        }
    }
}

pub fn style(theme: Theme, meaning: Meaning) -> Style {
    match theme.palette() {
        Some(palette) => painted(theme, meaning, &palette),
        None => mono(meaning),
    }
}

/// The theme with these colours.
pub fn painted(theme: Theme, meaning: Meaning, palette: &Palette) -> Style {
    let style = coloured(meaning, palette);
    if theme == Theme::HighContrast { strengthened(meaning, style) } else { style }
}

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

/// What the high-contrast theme does for eyes that need more than colour: its own background, whatever the
/// terminal's is, and the cursor row turned round, so that every text on it keeps its contrast.
fn strengthened(meaning: Meaning, style: Style) -> Style {
    match meaning {
        Meaning::Text => style.fg(WHITE).bg(BLACK),
        Meaning::Cursor => Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD),
        Meaning::CursorElsewhere => Style::new().add_modifier(Modifier::UNDERLINED),
        Meaning::Warn | Meaning::Good | Meaning::Info | Meaning::KeyHint => {
            style.add_modifier(Modifier::BOLD)
        }
        _ => style,
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
