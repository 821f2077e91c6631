//! `[ui]` and `[keys]`: how the screen looks and which keys it knows. What actions and themes there are is the
//! screen's to know, so their names are kept as written, with their places; the composition root holds them
//! against the screen's own tables.

use super::{
    Fault,
    section::{Found, Section},
};

/// Something that was written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    pub value: T,
    /// Its place, with nothing wrong yet.
    place: Fault,
}

impl<T> Placed<T> {
    fn new(section: &Section<'_, '_>, at: usize, key: String, value: T) -> Self {
        Self { value, place: section.document().fault_at(at, key, String::new()) }
    }

    /// Says what is wrong with it.
    pub fn fault(&self, what: impl Into<String>) -> Fault {
        Fault { what: what.into(), ..self.place.clone() }
    }
}

/// `[ui]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UiSettings {
    /// `auto`, one of the program's themes, or one's own by name or path; `None` is `auto`.
    pub theme: Option<Placed<String>>,
    /// ASCII characters only; `None` goes by the locale.
    pub ascii: Option<bool>,
    /// `None` is yes.
    pub mouse: Option<bool>,
    pub bell: Bell,
}

/// How whoever looks elsewhere is told that a run ended or waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Bell {
    #[default]
    None,
    Bell,
    Notify,
}

/// One line of `[keys]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySetting {
    pub action: Placed<String>,
    /// None of them unbinds the action.
    pub keys: Vec<String>,
}

pub fn ui(section: Section<'_, '_>) -> UiSettings {
    let theme = section.text("theme").map(|Found { value, at, key }| Placed::new(&section, at, key, value));
    let words = [("none", Bell::None), ("bell", Bell::Bell), ("notify", Bell::Notify)];
    let settings = UiSettings {
        theme,
        ascii: section.flag_or_auto("ascii"),
        mouse: section.flag("mouse"),
        bell: section.choice("bell", &words).unwrap_or_default(),
    };
    section.done();
    settings
}

pub fn keys(section: &Section<'_, '_>) -> Vec<KeySetting> {
    let mut all = Vec::new();
    for Found { value: (action, keys), at, key } in section.text_lists() {
        all.push(KeySetting { action: Placed::new(section, at, key, action), keys });
    }
    all
}
