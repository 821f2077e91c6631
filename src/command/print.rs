//! The only place that writes to standard output and standard error.

use std::io::{self, IsTerminal, Write};

use crate::domain::{
    ExitCode,
    text::{harmless_json, visible},
};

/// Text for standard output: a report, a list. A reader that went away is no error.
pub fn out(text: &str) {
    let mut stdout = io::stdout().lock();
    // A closed pipe means that nobody reads; there is nobody left to tell either.
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// A line that is safe already, for standard output; says so if nobody takes it any more.
pub fn line(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

/// A line for a person on standard error, with foreign text made harmless.
pub fn tell(text: &str) {
    // Nobody may be there to read; so it is below.
    let _ = io::stderr().lock().write_all(shown(text).as_bytes());
}

/// Lines as a terminal may have them.
pub fn shown(text: &str) -> String {
    let mut lines = String::with_capacity(text.len() + 1);
    for line in text.lines() {
        lines.push_str(&visible(line));
        lines.push('\n');
    }
    lines
}

/// A line of JSON for a program on standard error: harmless on a terminal, and JSON all the same.
pub fn tell_json(value: &serde_json::Value) {
    let _ = io::stderr().lock().write_all(shown_json(value).as_bytes());
}

/// The line, for programs that parse it and terminals that only show it.
pub fn shown_json(value: &serde_json::Value) -> String {
    format!("{}\n", harmless_json(&value.to_string()))
}

/// A question on standard error, with an empty line before it if it begins with one; the answer is typed behind it.
pub fn ask(question: &str) {
    let mut stderr = io::stderr().lock();
    let text = question.trim_start_matches('\n');
    let before = if text.len() < question.len() { "\n" } else { "" };
    let _ = write!(stderr, "{before}{}", visible(text)).and_then(|()| stderr.flush());
}

/// An error and what to do about it.
pub fn error(message: &str, advice: &str) {
    tell(&format!("mothball: {message}"));
    if !advice.is_empty() {
        tell(&format!("  {advice}"));
    }
}

pub fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

pub fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// How wide standard output is, if it is a terminal; more than a hundred is not pleasant to read.
pub fn columns() -> Option<usize> {
    let (columns, _) = crossterm::terminal::size().ok().filter(|_| stdout_is_terminal())?;
    Some(usize::from(columns).clamp(40, 100))
}

pub fn stdin_is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// A failure of a command: what to say, and how to end.
#[derive(Debug)]
pub struct Failure {
    pub code: ExitCode,
    pub message: String,
    pub advice: String,
}

impl Failure {
    pub fn usage(message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { code: ExitCode::Usage, message: message.into(), advice: advice.into() }
    }

    /// Says it, and gives the code to end with.
    pub fn told(self) -> ExitCode {
        error(&self.message, &self.advice);
        self.code
    }
}

impl From<crate::store::StoreError> for Failure {
    fn from(error: crate::store::StoreError) -> Self {
        // Nothing is built on a record that is damaged; everything else is this computer's trouble.
        let code = match error {
            crate::store::StoreError::Corrupt { .. } | crate::store::StoreError::Plan(_) => {
                ExitCode::Safeguard
            }
            _ => ExitCode::Usage,
        };
        Self { code, message: error.to_string(), advice: error.advice().to_owned() }
    }
}

impl From<crate::engine::EngineError> for Failure {
    fn from(error: crate::engine::EngineError) -> Self {
        Self { code: error.exit_code(), message: error.to_string(), advice: error.advice() }
    }
}
