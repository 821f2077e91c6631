//! Logs: a file in the data directory, redacted line by line, and the last lines for the screen's log view.

mod file;
mod redact;
mod ring;

use std::{io, path::Path, sync::OnceLock};

use secrecy::SecretString;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

pub use redact::redacted;
pub use ring::Line;

use crate::domain::Timestamp;
use crate::system::Clock;

/// How much is logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verbosity {
    pub verbose: u8,
    pub quiet: bool,
}

impl Verbosity {
    fn filter(self) -> EnvFilter {
        let level = match (self.quiet, self.verbose) {
            (true, _) => "mothball=warn",
            (false, 0) => "mothball=info",
            (false, 1) => "mothball=debug",
            (false, 2) => "mothball=trace",
            (false, _) => "mothball=trace,hyper=debug,reqwest=debug,sqlx=debug",
        };
        EnvFilter::new(level)
    }
}

/// The running log. What it holds is written out when it is dropped.
pub struct Running {
    _writer: tracing_appender::non_blocking::WorkerGuard,
}

/// Starts the log in `folder`. Every line passes the redaction before it reaches file or screen.
pub fn start(folder: &Path, verbosity: Verbosity) -> io::Result<Running> {
    let (writer, guard) = tracing_appender::non_blocking(file::open(folder)?);
    let to_file = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_target(true)
        .with_writer(redact::Redacting::over(writer))
        .with_filter(verbosity.filter());
    let to_ring = ring::RingLayer.with_filter(Verbosity::default().filter());
    // A second start in one process keeps the first; only tests do that.
    let _ = tracing_subscriber::registry().with(to_file).with(to_ring).try_init();
    log_panics();
    Ok(Running { _writer: guard })
}

/// From now on this secret is struck out of every line, in whatever form it comes.
pub fn keep_secret(secret: &SecretString) {
    redact::keep(secret);
}

/// The last lines, oldest first.
pub fn recent() -> Vec<Line> {
    ring::recent()
}

/// A panic's text goes into the log as well, redacted like everything else.
fn log_panics() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            tracing::error!(panic = %panic, "panicked");
            before(panic);
        }));
    });
}

fn now() -> Timestamp {
    Timestamp::new(Clock::system().now())
}
