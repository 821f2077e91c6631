//! One line of typed text, on top of `tui_input`.

use tui_input::{Input, InputRequest};

use super::key::{Code, Key};

/// More than this is not taken: no field of ours needs it.
const LIMIT: usize = 400;

/// Gives the key to the field; says whether the text changed.
pub fn edit(input: &mut Input, key: Key) -> bool {
    let request = match key.code {
        Code::Char('w') if key.ctrl => InputRequest::DeletePrevWord,
        Code::Char('u') if key.ctrl => InputRequest::DeleteFromStart,
        Code::Char('a') if key.ctrl => InputRequest::GoToStart,
        Code::Char('e') if key.ctrl => InputRequest::GoToEnd,
        Code::Char(c) if !key.ctrl && !key.alt && input.value().len() < LIMIT => InputRequest::InsertChar(c),
        Code::Backspace if key.ctrl || key.alt => InputRequest::DeletePrevWord,
        Code::Backspace => InputRequest::DeletePrevChar,
        Code::Delete => InputRequest::DeleteNextChar,
        Code::Left => InputRequest::GoToPrevChar,
        Code::Right => InputRequest::GoToNextChar,
        Code::Home => InputRequest::GoToStart,
        Code::End => InputRequest::GoToEnd,
        _ => return false,
    };
    input.handle(request).is_some_and(|changed| changed.value)
}

/// Whether the key moves inside a line; elsewhere it may move between fields and buttons.
pub fn is_horizontal(key: Key) -> bool {
    matches!(key.code, Code::Left | Code::Right)
}

/// Pasted text, its first line only.
pub fn paste(input: &mut Input, text: &str) -> bool {
    let line = text.lines().next().unwrap_or("");
    let before = input.value().len();
    for c in line.chars().filter(|c| !c.is_control()).take(LIMIT.saturating_sub(before)) {
        let _ = input.handle(InputRequest::InsertChar(c));
    }
    input.value().len() != before
}
