//! Signals that end the program in good order.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// A wish of the operating system or the user that the program end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The terminal went away (SIGHUP).
    Hangup,
    /// Ctrl-C (SIGINT).
    Interrupt,
    /// SIGTERM or SIGQUIT.
    Terminate,
}

impl Stop {
    /// 128 and the signal's number, as shells count.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Hangup => 129,
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Hangup => "the terminal was closed (SIGHUP)",
            Self::Interrupt => "interrupted (SIGINT)",
            Self::Terminate => "asked to end (SIGTERM)",
        }
    }
}

/// A file that may not grow any more (`ulimit -f`) ends in an error that is told, not in a signal that ends the program
/// without a word and with the terminal as it is. Must be called within a tokio runtime.
pub fn survive_file_limit() -> std::io::Result<()> {
    // That there is a handler is enough; it stays for good.
    signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
}

/// Listens for every stopping signal from its creation on.
pub struct Stops {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
    quit: Signal,
}

impl Stops {
    /// Must be called within a tokio runtime.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    /// The next wish to stop.
    pub async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.hangup.recv() => Stop::Hangup,
            _ = self.interrupt.recv() => Stop::Interrupt,
            _ = self.terminate.recv() => Stop::Terminate,
            _ = self.quit.recv() => Stop::Terminate,
        }
    }
}
