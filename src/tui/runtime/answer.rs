//! The terminal's answer to "which colour is your background?". It arrives among the keys, late over a slow
//! line, and must never be taken for keys: its hexadecimal digits are letters that do things.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::super::{message::Background, theme::colour::luminance};

/// What comes between the beginning and the colour, in either spelling.
const HEADS: [&str; 2] = ["11;rgb:", "11;rgba:"];

/// No answer is longer.
const LONGEST: usize = 40;

#[derive(Debug, Default)]
pub struct Answer {
    awaited: bool,
    /// What came of it so far, once it began.
    text: Option<String>,
    /// Escape came apart from what follows it, as it does when a line breaks them up.
    after_escape: bool,
}

/// What an event turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// A part of the answer.
    Part,
    All(Option<Background>),
    /// Nothing of the kind.
    Other,
}

impl Answer {
    /// The terminal was asked.
    pub fn expect(&mut self) {
        self.awaited = true;
    }

    pub fn take(&mut self, event: &Event) -> Taken {
        let Event::Key(key) = event else { return Taken::Other };
        if !self.awaited || key.kind == KeyEventKind::Release {
            return Taken::Other;
        }
        let escaped = std::mem::take(&mut self.after_escape);
        let Some(text) = &mut self.text else {
            if is_escaped(*key, ']') || (escaped && typed(*key) == Some(']')) {
                self.text = Some(String::new());
                return Taken::Part;
            }
            self.after_escape = key.code == KeyCode::Esc;
            return Taken::Other;
        };
        let bell = key.code == KeyCode::Char('g') && key.modifiers == KeyModifiers::CONTROL;
        if bell || is_escaped(*key, '\\') || (escaped && typed(*key) == Some('\\')) {
            let background = background(text);
            *self = Self::default();
            return Taken::All(background);
        }
        if key.code == KeyCode::Esc {
            self.after_escape = true;
            return Taken::Part;
        }
        match typed(*key) {
            Some(c) if text.len() < LONGEST && goes_on(text, c) => {
                text.push(c);
                Taken::Part
            }
            _ => {
                // A person pressed alt-] and then something else.
                self.text = None;
                Taken::Other
            }
        }
    }
}

fn typed(key: KeyEvent) -> Option<char> {
    match key.code {
        KeyCode::Char(c) if key.modifiers.difference(KeyModifiers::SHIFT).is_empty() => Some(c),
        _ => None,
    }
}

/// The character right after an escape: crossterm takes that for alt.
fn is_escaped(key: KeyEvent, c: char) -> bool {
    key.code == KeyCode::Char(c) && key.modifiers == KeyModifiers::ALT
}

fn goes_on(text: &str, c: char) -> bool {
    let longer = format!("{text}{c}");
    HEADS.iter().any(|head| {
        head.starts_with(&longer)
            || longer
                .strip_prefix(head)
                .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_hexdigit() || c == '/'))
    })
}

/// `11;rgb:1e1e/2e2e/3e3e` as dark or light; one to four digits a part.
fn background(text: &str) -> Option<Background> {
    let colour = HEADS.iter().find_map(|head| text.strip_prefix(head))?;
    let mut parts = colour.split('/').map(|part| {
        let most = 16u32.checked_pow(part.len() as u32)?.checked_sub(1).filter(|most| *most > 0)?;
        let value = u32::from_str_radix(part, 16).ok()?;
        Some(f64::from(value) / f64::from(most))
    });
    let (red, green, blue) = (parts.next()??, parts.next()??, parts.next()??);
    Some(Background::of(luminance(red, green, blue)))
}

impl Background {
    /// Where black text and white text can be read equally well.
    const MIDDLE: f64 = 0.179;

    fn of(luminance: f64) -> Self {
        if luminance > Self::MIDDLE { Self::Light } else { Self::Dark }
    }

    /// What `COLORFGBG` says: `15;0` or `0;default;15`, the background last, in the first sixteen colours.
    pub fn of_variable(text: &str) -> Option<Self> {
        let last = text.rsplit(';').next()?.parse::<u8>().ok().filter(|index| *index < 16)?;
        // Seven is light grey, eight dark grey.
        Some(if last == 7 || last > 8 { Self::Light } else { Self::Dark })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(code, modifiers))
    }

    fn char(c: char) -> Event {
        let modifiers = if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
        key(KeyCode::Char(c), modifiers)
    }

    fn escaped(c: char) -> Event {
        key(KeyCode::Char(c), KeyModifiers::ALT)
    }

    fn answer(text: &str, end: &[Event]) -> Vec<Event> {
        let body = text.chars().map(char);
        std::iter::once(escaped(']')).chain(body).chain(end.iter().cloned()).collect()
    }

    fn taken(events: &[Event]) -> Vec<Taken> {
        let mut answer = Answer::default();
        answer.expect();
        events.iter().map(|event| answer.take(event)).collect()
    }

    #[test]
    fn an_answer_is_taken_whole_and_no_part_of_it_is_a_key() {
        let bell = [key(KeyCode::Char('g'), KeyModifiers::CONTROL)];
        let apart = [key(KeyCode::Esc, KeyModifiers::NONE), char('\\')];
        for (text, light) in [
            ("11;rgb:ffff/ffff/ffff", true),
            ("11;rgb:FDFD/F6F6/E3E3", true),
            ("11;rgb:0000/2b2b/3636", false),
            ("11;rgb:1e/1e/2e", false),
            ("11;rgba:0000/0000/0000/ffff", false),
        ] {
            for end in [&bell[..], &[escaped('\\')], &apart] {
                let told = taken(&answer(text, end));
                let (last, before) = told.split_last().unwrap();
                assert!(before.iter().all(|one| *one == Taken::Part), "{text}: {told:?}");
                let wanted = if light { Background::Light } else { Background::Dark };
                assert_eq!(*last, Taken::All(Some(wanted)), "{text}");
            }
        }
    }

    #[test]
    fn an_answer_that_a_line_broke_up_is_taken_too() {
        let mut events = answer("11;rgb:ffff/ffff/ffff", &[escaped('\\')]);
        events.splice(0..1, [key(KeyCode::Esc, KeyModifiers::NONE), char(']')]);
        let told = taken(&events);
        assert_eq!(told[0], Taken::Other, "escape alone may be a key");
        assert!(told[1..told.len() - 1].iter().all(|one| *one == Taken::Part), "{told:?}");
        assert_eq!(told.last(), Some(&Taken::All(Some(Background::Light))));
    }

    #[test]
    fn what_a_person_presses_passes() {
        for c in "ax/1;r]".chars() {
            assert_eq!(taken(&[char(c)]), [Taken::Other], "{c}");
        }
        assert_eq!(taken(&[escaped(']'), char('j')]), [Taken::Part, Taken::Other]);
        assert_eq!(taken(&[escaped(']'), char('1'), char('a')]), [Taken::Part, Taken::Part, Taken::Other]);
        assert_eq!(taken(&[Event::FocusGained, Event::Resize(3, 4)]), [Taken::Other, Taken::Other]);
        let mut unasked = Answer::default();
        assert_eq!(unasked.take(&escaped(']')), Taken::Other);
    }

    #[test]
    fn nonsense_is_taken_and_tells_nothing() {
        for text in ["11;rgb:", "11;rgb:////", "11;rgb:fffff0000/0/0", "11;rgb:12/34"] {
            assert_eq!(taken(&answer(text, &[escaped('\\')])).last(), Some(&Taken::All(None)), "{text}");
        }
    }

    #[test]
    fn the_variable_tells_the_background_last() {
        for (text, wanted) in [
            ("15;0", Some(Background::Dark)),
            ("0;15", Some(Background::Light)),
            ("0;default;15", Some(Background::Light)),
            ("12;8", Some(Background::Dark)),
            ("0;7", Some(Background::Light)),
            ("default;default", None),
            ("0;200", None),
            ("", None),
        ] {
            assert_eq!(Background::of_variable(text), wanted, "{text}");
        }
    }
}
