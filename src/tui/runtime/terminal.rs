//! The terminal: taken, drawn on, and given back on exit, panic, signal and sleep.

use std::{
    io::{self, IsTerminal, Stdout, Write, stdout},
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

use crossterm::{
    clipboard::CopyToClipboard,
    cursor::{Hide, Show},
    event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture},
    execute, queue,
    style::ResetColor,
    terminal::{
        BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
        disable_raw_mode, enable_raw_mode,
    },
};
use ratatui::{
    backend::{Backend, CrosstermBackend},
    buffer::Buffer,
    layout::Position,
};
use tokio::sync::Notify;

use super::{
    super::{options::Alert, view::Picture},
    hyperlinks,
};
use crate::domain::text::one_line;

/// Something that pictures can be shown on. It lives on the painter's thread.
pub trait Display: Send + 'static {
    fn size(&mut self) -> io::Result<(u16, u16)>;

    /// Takes the terminal.
    fn enter(&mut self) -> io::Result<()>;

    /// Gives it back as it was.
    fn leave(&mut self) -> io::Result<()>;

    /// Draws what differs from `before`; everything, if there is none. Both are of the same size.
    fn show(&mut self, before: Option<&Picture>, now: &Picture) -> io::Result<()>;

    fn copy(&mut self, text: &str) -> io::Result<()>;

    /// What is no picture. A display that cannot do it leaves it.
    fn signal(&mut self, _signal: &Signal) -> io::Result<()> {
        Ok(())
    }
}

/// Something for the terminal that is no picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    Alert(Alert, String),
    /// Which colour is the background? The answer comes among the keys.
    AskBackground,
}

impl Signal {
    /// The bytes. Texts carry names of clients and words of a PSA, so nothing in them may act as a control.
    fn bytes(&self) -> String {
        match self {
            Self::Alert(Alert::None, _) => String::new(),
            Self::Alert(Alert::Bell, _) => "\u{7}".to_owned(),
            Self::Alert(Alert::Osc9, text) => {
                format!("\u{1b}]9;mothball: {}\u{1b}\\", one_line(text, NOTICE))
            }
            Self::Alert(Alert::Osc777, text) => {
                format!("\u{1b}]777;notify;mothball;{}\u{1b}\\", one_line(text, NOTICE))
            }
            Self::AskBackground => "\u{1b}]11;?\u{1b}\\".to_owned(),
        }
    }
}

/// Characters of a notice; desktops show no more.
const NOTICE: usize = 200;

/// The terminal is ours at the moment, and must be given back.
static TAKEN: AtomicBool = AtomicBool::new(false);
static MOUSE: AtomicBool = AtomicBool::new(false);
static PANICKED: AtomicBool = AtomicBool::new(false);
static PANIC: Notify = Notify::const_new();
static HOOK: Once = Once::new();

/// Whether anything panicked while the screen was up.
pub fn panicked() -> bool {
    PANICKED.load(Ordering::SeqCst)
}

/// Until something panics while the screen is up.
pub async fn panic_seen() {
    loop {
        let notified = PANIC.notified();
        if panicked() {
            return;
        }
        notified.await;
    }
}

/// One hook for the whole program: the terminal first, then whoever told of panics before.
fn watch_panics() {
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if TAKEN.load(Ordering::SeqCst) {
                PANICKED.store(true, Ordering::SeqCst);
                // Nothing can be done about a terminal that cannot be restored now.
                let _ = restore();
                PANIC.notify_waiters();
            }
            before(panic);
        }));
    });
}

/// Gives the terminal back, once.
fn restore() -> io::Result<()> {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let mut out = stdout();
    let drawn = if MOUSE.load(Ordering::SeqCst) {
        execute!(
            out,
            EndSynchronizedUpdate,
            DisableMouseCapture,
            DisableBracketedPaste,
            ResetColor,
            Show,
            LeaveAlternateScreen
        )
    } else {
        execute!(out, EndSynchronizedUpdate, DisableBracketedPaste, ResetColor, Show, LeaveAlternateScreen)
    };
    // Raw mode is left even if nothing could be written.
    disable_raw_mode().and(drawn)
}

/// The terminal that the program was started in.
pub struct RealTerminal {
    backend: CrosstermBackend<Stdout>,
    mouse: bool,
    hyperlinks: bool,
}

impl RealTerminal {
    pub fn new(mouse: bool, hyperlinks: bool) -> Self {
        Self { backend: CrosstermBackend::new(stdout()), mouse, hyperlinks }
    }
}

impl Display for RealTerminal {
    fn size(&mut self) -> io::Result<(u16, u16)> {
        // crossterm would ask /dev/tty, and the pictures would land in a file or a pipe.
        if !stdout().is_terminal() {
            return Err(io::Error::other("standard output is not a terminal"));
        }
        crossterm::terminal::size()
    }

    fn enter(&mut self) -> io::Result<()> {
        watch_panics();
        enable_raw_mode()?;
        MOUSE.store(self.mouse, Ordering::SeqCst);
        TAKEN.store(true, Ordering::SeqCst);
        let mut out = stdout();
        let entered = execute!(out, EnterAlternateScreen, EnableBracketedPaste, Hide);
        let entered =
            if self.mouse { entered.and_then(|()| execute!(out, EnableMouseCapture)) } else { entered };
        if entered.is_err() {
            restore()?;
        }
        entered
    }

    fn leave(&mut self) -> io::Result<()> {
        restore()
    }

    fn show(&mut self, before: Option<&Picture>, now: &Picture) -> io::Result<()> {
        if !TAKEN.load(Ordering::SeqCst) {
            // A panic gave it back: nothing is drawn over its message.
            return Ok(());
        }
        queue!(self.backend, BeginSynchronizedUpdate, Hide)?;
        paint(&mut self.backend, before, now)?;
        if self.hyperlinks {
            hyperlinks::write(&mut self.backend, before, now)?;
            place_cursor(&mut self.backend, now.cursor)?;
        }
        queue!(self.backend, EndSynchronizedUpdate)?;
        Write::flush(&mut self.backend)
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(stdout(), CopyToClipboard::to_clipboard_from(text))
    }

    fn signal(&mut self, signal: &Signal) -> io::Result<()> {
        if !TAKEN.load(Ordering::SeqCst) {
            return Ok(());
        }
        let mut out = stdout();
        out.write_all(signal.bytes().as_bytes())?;
        out.flush()
    }
}

impl Drop for RealTerminal {
    fn drop(&mut self) {
        // Too late to tell anybody.
        let _ = restore();
    }
}

/// Any backend of ratatui, for tests.
pub struct OnBackend<B>(pub B);

impl<B> Display for OnBackend<B>
where
    B: Backend + Send + 'static,
    B::Error: Send + Sync + 'static,
{
    fn size(&mut self) -> io::Result<(u16, u16)> {
        self.0.size().map(|size| (size.width, size.height)).map_err(io::Error::other)
    }

    fn enter(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn leave(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn show(&mut self, before: Option<&Picture>, now: &Picture) -> io::Result<()> {
        paint(&mut self.0, before, now).map_err(io::Error::other)
    }

    fn copy(&mut self, _text: &str) -> io::Result<()> {
        Ok(())
    }
}

fn paint<B: Backend>(backend: &mut B, before: Option<&Picture>, now: &Picture) -> Result<(), B::Error> {
    if let Some(before) = before {
        let changes = before.cells.diff(&now.cells);
        backend.draw(changes.into_iter())?;
    } else {
        backend.clear()?;
        let blank = Buffer::empty(*now.cells.area());
        let changes = blank.diff(&now.cells);
        backend.draw(changes.into_iter())?;
    }
    place_cursor(backend, now.cursor)?;
    backend.flush()
}

fn place_cursor<B: Backend>(backend: &mut B, cursor: Option<Position>) -> Result<(), B::Error> {
    match cursor {
        Some(position) => {
            backend.set_cursor_position(position)?;
            backend.show_cursor()
        }
        None => backend.hide_cursor(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_carries_no_control_of_a_foreigner() {
        let hostile = "ended\u{1b}]52;c;cm0=\u{7}\u{9c}\n\u{1b}\\x\u{202e}";
        for alert in [Alert::Bell, Alert::Osc9, Alert::Osc777] {
            let bytes = Signal::Alert(alert, hostile.repeat(100)).bytes();
            let frame = bytes.trim_start_matches("\u{1b}]").trim_end_matches("\u{1b}\\");
            assert!(alert == Alert::Bell || !frame.chars().any(char::is_control), "{bytes:?}");
            assert!(bytes.chars().count() < 250);
        }
        assert_eq!(Signal::Alert(Alert::Bell, hostile.into()).bytes(), "\u{7}");
        assert_eq!(
            Signal::Alert(Alert::Osc9, "The run ended".into()).bytes(),
            "\u{1b}]9;mothball: The run ended\u{1b}\\"
        );
    }
}
