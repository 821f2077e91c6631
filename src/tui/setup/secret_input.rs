//! A line in which a secret is typed or pasted. It shows that something is there and nothing else: not even how much.

use std::fmt;

use secrecy::{SecretString, zeroize::Zeroizing};

use super::super::key::{Code, Key};

/// More than this is no secret of a PSA. The room for it is there from the start, so that the text never moves in memory.
const LIMIT: usize = 4096;

/// As wide for every secret.
const MASK: usize = 8;

pub struct SecretInput {
    text: Zeroizing<String>,
}

impl Default for SecretInput {
    fn default() -> Self {
        Self { text: Zeroizing::new(String::with_capacity(LIMIT)) }
    }
}

impl SecretInput {
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    pub fn clear(&mut self) {
        // In place: the buffer stays where it is and holds nothing any more.
        secrecy::zeroize::Zeroize::zeroize(&mut *self.text);
    }

    /// Takes a key; says whether it was one of a line.
    pub fn press(&mut self, key: Key) -> bool {
        match key.code {
            // What is not seen cannot be corrected letter by letter, but a slip at its end can.
            Code::Backspace if !key.ctrl && !key.alt => {
                self.text.pop();
            }
            Code::Char('u' | 'w') if key.ctrl => self.clear(),
            Code::Backspace | Code::Delete => self.clear(),
            _ => match key.typed() {
                Some(c) => self.push(c),
                None => return false,
            },
        }
        true
    }

    /// Pasted text, its first line that has something in it. It replaces what was typed.
    pub fn paste(&mut self, text: &str) {
        self.clear();
        let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        line.chars().filter(|c| !c.is_control()).for_each(|c| self.push(c));
    }

    fn push(&mut self, c: char) {
        if self.text.len() + c.len_utf8() <= LIMIT {
            self.text.push(c);
        }
    }

    pub fn secret(&self) -> SecretString {
        SecretString::from(self.text.trim())
    }

    /// What is shown in its place.
    pub fn mask(&self, sign: &str) -> String {
        if self.text.is_empty() { String::new() } else { sign.repeat(MASK) }
    }
}

impl fmt::Debug for SecretInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretInput(…)")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn typed(text: &str) -> SecretInput {
        let mut input = SecretInput::default();
        for c in text.chars() {
            assert!(input.press(Key::char(c)));
        }
        input
    }

    #[test]
    fn its_mask_tells_neither_text_nor_length() {
        let (short, long) = (typed("a"), typed(&"b".repeat(300)));
        assert_eq!(short.mask("*"), long.mask("*"));
        assert_eq!(SecretInput::default().mask("*"), "");
        assert_eq!(format!("{short:?}"), format!("{long:?}"));
        assert!(!format!("{:?}", typed("canary")).contains("canary"));
    }

    #[test]
    fn it_never_moves_in_memory_and_takes_no_more_than_it_has_room_for() {
        let mut input = SecretInput::default();
        let place = input.text.as_ptr();
        input.paste(&"x".repeat(LIMIT * 2));
        assert_eq!((input.text.as_ptr(), input.text.len()), (place, LIMIT));
        input.clear();
        assert_eq!((input.text.as_ptr(), input.is_empty()), (place, true));
        input.paste(" second ");
        assert_eq!(input.text.as_ptr(), place);
    }

    #[test]
    fn what_is_pasted_replaces_what_was_typed_and_ends_with_its_line() {
        let mut input = typed("old");
        input.paste("\n  new\tsecret \nnext line");
        assert_eq!(input.secret().expose_secret(), "newsecret");
        assert!(input.press("ctrl-u".parse().unwrap()));
        assert!(input.is_empty());
    }

    #[test]
    fn keys_that_are_not_of_a_line_are_left_to_the_form() {
        let mut input = typed("x");
        for name in ["tab", "enter", "up", "esc", "ctrl-c"] {
            assert!(!input.press(name.parse().unwrap()), "{name}");
        }
        assert!(input.press("backspace".parse().unwrap()));
        assert!(input.is_empty());
    }
}
