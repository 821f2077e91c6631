//! Keys as the program means them: one type of its own, with one spelling for people.

use std::{fmt, str::FromStr};

/// One key press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub code: Code,
    pub ctrl: bool,
    pub alt: bool,
    /// Never set for characters: their case says it.
    pub shift: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    Char(char),
    Enter,
    Esc,
    Tab,
    Backspace,
    Delete,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    Insert,
    F(u8),
}

/// Both directions of the names in one table.
const NAMES: [(&str, Code); 28] = [
    ("space", Code::Char(' ')),
    ("enter", Code::Enter),
    ("esc", Code::Esc),
    ("tab", Code::Tab),
    ("backspace", Code::Backspace),
    ("delete", Code::Delete),
    ("up", Code::Up),
    ("down", Code::Down),
    ("left", Code::Left),
    ("right", Code::Right),
    ("home", Code::Home),
    ("end", Code::End),
    ("pgup", Code::PageUp),
    ("pgdn", Code::PageDown),
    ("minus", Code::Char('-')),
    ("insert", Code::Insert),
    ("f1", Code::F(1)),
    ("f2", Code::F(2)),
    ("f3", Code::F(3)),
    ("f4", Code::F(4)),
    ("f5", Code::F(5)),
    ("f6", Code::F(6)),
    ("f7", Code::F(7)),
    ("f8", Code::F(8)),
    ("f9", Code::F(9)),
    ("f10", Code::F(10)),
    ("f11", Code::F(11)),
    ("f12", Code::F(12)),
];

impl Key {
    pub const fn plain(code: Code) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    pub const fn char(c: char) -> Self {
        Self::plain(Code::Char(c))
    }

    pub const fn ctrl(c: char) -> Self {
        Self { code: Code::Char(c), ctrl: true, alt: false, shift: false }
    }

    /// Why it never reaches a program in a terminal, if it does not. Terminals send less than keyboards have.
    pub fn never_arrives(self) -> Option<&'static str> {
        match self.code {
            Code::Char('i') if self.ctrl => Some("terminals send tab for it; write tab"),
            Code::Char('m') if self.ctrl => Some("terminals send enter for it; write enter"),
            Code::Char('[') if self.ctrl => Some("terminals send esc for it; write esc"),
            Code::Char(c) if self.ctrl && !(c.is_ascii_lowercase() || c == ' ') => {
                Some("terminals send ctrl with a letter or space only")
            }
            Code::Enter | Code::Esc | Code::Backspace if self.ctrl || self.shift => {
                Some("terminals send it without ctrl and shift only")
            }
            Code::Tab if self.ctrl => Some("terminals send it without ctrl only"),
            _ => None,
        }
    }

    /// Whether it changes a line that is being typed, or moves in it.
    pub fn edits(self) -> bool {
        match self.code {
            Code::Char('w' | 'u' | 'a' | 'e') if self.ctrl => true,
            Code::Backspace | Code::Delete | Code::Home | Code::End => true,
            _ => self.typed().is_some(),
        }
    }

    /// The character that it types, if it types one.
    pub fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if held {
                f.write_str(name)?;
            }
        }
        match NAMES.iter().find(|(_, code)| *code == self.code) {
            Some((name, _)) => f.write_str(name),
            None => match self.code {
                Code::Char(c) => write!(f, "{c}"),
                // Every other code is in the table; a test sees to it.
                _ => f.write_str("?"),
            },
        }
    }
}

/// A spelling that names no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{}\" is no key; write for example x, G, ctrl-r, alt-x, shift-up, space, pgdn or f5", crate::domain::text::one_line(.0, 30))]
pub struct NoKey(pub String);

impl FromStr for Key {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        let mut key = Self::plain(Code::Esc);
        let mut rest = text;
        loop {
            let (flag, after) = if let Some(after) = rest.strip_prefix("ctrl-") {
                (&mut key.ctrl, after)
            } else if let Some(after) = rest.strip_prefix("alt-") {
                (&mut key.alt, after)
            } else if let Some(after) = rest.strip_prefix("shift-") {
                (&mut key.shift, after)
            } else {
                break;
            };
            *flag = true;
            rest = after;
        }
        let mut chars = rest.chars();
        key.code = match NAMES.iter().find(|(name, _)| *name == rest) {
            Some((_, code)) => *code,
            None => match (chars.next(), chars.next()) {
                // The terminal's events have small letters beside ctrl, whatever was held besides.
                (Some(c), None) if !key.shift && !c.is_control() => {
                    Code::Char(if key.ctrl { c.to_ascii_lowercase() } else { c })
                }
                _ => return Err(NoKey(text.to_owned())),
            },
        };
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for name in
            ["x", "G", "?", "/", "ctrl-r", "alt-x", "shift-up", "space", "pgdn", "tab", "shift-tab", "minus"]
        {
            assert_eq!(name.parse::<Key>().unwrap().to_string(), name);
        }
        for (name, code) in NAMES {
            assert_eq!(Key::plain(code).to_string(), name);
        }
        assert_eq!("ctrl-R".parse::<Key>().unwrap(), Key::ctrl('r'));
        for wrong in ["", "nope", "shift-x", "ctrl-", "f13", "\u{1b}"] {
            assert!(wrong.parse::<Key>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_a_terminal_cannot_send_is_known() {
        for never in ["ctrl-i", "ctrl-m", "ctrl-[", "ctrl-1", "ctrl-enter", "shift-esc", "ctrl-tab"] {
            assert!(never.parse::<Key>().unwrap().never_arrives().is_some(), "{never}");
        }
        for fine in ["ctrl-r", "ctrl-space", "alt-enter", "shift-tab", "ctrl-up", "shift-f5", "alt-1", "R"] {
            assert_eq!(fine.parse::<Key>().unwrap().never_arrives(), None, "{fine}");
        }
    }
}
