//! From the terminal's events to ours.

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use super::super::{
    key::{Code, Key},
    message::{Message, Mouse, MouseKind},
};

pub fn translate(event: &Event) -> Option<Message> {
    match event {
        Event::Key(event) => key(event).map(Message::Key),
        Event::Paste(text) => Some(Message::Paste(text.clone())),
        Event::Resize(width, height) => Some(Message::Resize(*width, *height)),
        Event::Mouse(event) => mouse(*event).map(Message::Mouse),
        Event::FocusGained | Event::FocusLost => None,
    }
}

fn key(event: &KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let alt = event.modifiers.contains(KeyModifiers::ALT);
    let mut shift = event.modifiers.contains(KeyModifiers::SHIFT);
    let code = match event.code {
        KeyCode::Char(c) => {
            let c = if ctrl { c.to_ascii_lowercase() } else { c };
            // Some terminals send the small letter with a shift.
            let c = if shift && !ctrl { c.to_uppercase().next().unwrap_or(c) } else { c };
            shift = false;
            Code::Char(c)
        }
        KeyCode::BackTab => {
            shift = true;
            Code::Tab
        }
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::Insert => Code::Insert,
        KeyCode::F(n @ 1..=12) => Code::F(n),
        _ => return None,
    };
    Some(Key { code, ctrl, alt, shift })
}

fn mouse(event: MouseEvent) -> Option<Mouse> {
    let kind = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => MouseKind::Press,
        MouseEventKind::ScrollUp => MouseKind::WheelUp,
        MouseEventKind::ScrollDown => MouseKind::WheelDown,
        MouseEventKind::ScrollLeft => MouseKind::WheelLeft,
        MouseEventKind::ScrollRight => MouseKind::WheelRight,
        _ => return None,
    };
    Some(Mouse { kind, column: event.column, row: event.row })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_out_the_same_whatever_the_terminal_sends() {
        let of = |code, modifiers| key(&KeyEvent::new(code, modifiers)).map(|key| key.to_string());
        assert_eq!(of(KeyCode::Char('g'), KeyModifiers::SHIFT).as_deref(), Some("G"));
        assert_eq!(of(KeyCode::Char('G'), KeyModifiers::SHIFT).as_deref(), Some("G"));
        assert_eq!(of(KeyCode::Char('R'), KeyModifiers::CONTROL).as_deref(), Some("ctrl-r"));
        assert_eq!(of(KeyCode::BackTab, KeyModifiers::SHIFT).as_deref(), Some("shift-tab"));
        assert_eq!(of(KeyCode::Up, KeyModifiers::SHIFT).as_deref(), Some("shift-up"));
        assert_eq!(of(KeyCode::Char('?'), KeyModifiers::SHIFT).as_deref(), Some("?"));
        assert_eq!(of(KeyCode::F(5), KeyModifiers::NONE).as_deref(), Some("f5"));
        assert_eq!(of(KeyCode::F(13), KeyModifiers::NONE), None);
    }
}
