//! What the program tells about itself: a log file, the last lines of it for the screen, and warnings for whoever
//! runs it without one. Every line goes through the [`redact::Redactor`] first; there is no way around it.

pub mod file;
mod patterns;
pub mod redact;
pub mod ring;
mod sink;

use std::{
    any::Any,
    panic::PanicHookInfo,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use secrecy::SecretString;
use thiserror::Error;
use tracing::{Dispatch, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::Targets, layer::SubscriberExt};

pub use redact::Redactor;
pub use ring::{Level, Line, Ring};
pub use sink::Echo;

use self::{file::LogFile, sink::Sink};
use crate::system::Clock;

/// How much is told: `-v` and `-q` on the command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verbosity(pub i8);

impl Verbosity {
    pub fn of(verbose: u8, quiet: u8) -> Self {
        Self(i8::try_from(verbose).unwrap_or(3).min(3) - i8::try_from(quiet).unwrap_or(3).min(3))
    }

    /// What our own code writes to the file.
    fn log(self) -> LevelFilter {
        match self.0 {
            i8::MIN..=-1 => LevelFilter::WARN,
            0 => LevelFilter::INFO,
            1 => LevelFilter::DEBUG,
            2.. => LevelFilter::TRACE,
        }
    }

    /// What the crates below write to it.
    fn log_of_others(self) -> LevelFilter {
        match self.0 {
            i8::MIN..=1 => LevelFilter::WARN,
            2 => LevelFilter::INFO,
            3.. => LevelFilter::DEBUG,
        }
    }

    /// What a person sees who runs it without a screen.
    fn echo(self) -> Level {
        match self.0 {
            i8::MIN..=-1 => Level::Error,
            0 => Level::Warn,
            1 => Level::Info,
            2.. => Level::Debug,
        }
    }
}

/// What to start with.
pub struct Options {
    /// The data directory. Without one nothing is written to disk.
    pub folder: Option<PathBuf>,
    pub verbosity: Verbosity,
    pub clock: Clock,
    /// Prints a line for whoever runs the program; called while [`Telemetry::speak`] is on.
    pub echo: Option<Echo>,
    /// Each line is an object of JSON, for programs that read logs.
    pub structured: bool,
}

/// The one that was started for this process.
static CURRENT: OnceLock<Telemetry> = OnceLock::new();

/// From now on this secret is struck out of every line, in whatever form it comes.
pub fn keep_secret(secret: &SecretString) {
    if let Some(current) = CURRENT.get() {
        current.redactor.learn(secret);
    }
}

/// The last lines of the log, oldest first.
pub fn recent() -> Vec<Line> {
    CURRENT.get().map(|current| current.ring.last(usize::MAX)).unwrap_or_default()
}

/// The log cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the log file {} cannot be written: {reason}. Name another data directory with --data-dir or MOTHBALL_DATA_DIR", path.display())]
pub struct TelemetryError {
    pub path: PathBuf,
    pub reason: String,
}

/// The program's voice. Cheap to clone.
#[derive(Clone)]
pub struct Telemetry {
    redactor: Redactor,
    ring: Ring,
    speaks: Arc<AtomicBool>,
    path: Option<PathBuf>,
}

impl Telemetry {
    /// Opens the log and makes it the place where everything goes, for the life of the process.
    pub fn start(options: Options) -> Result<Self, TelemetryError> {
        let (telemetry, dispatch) = Self::prepare(options)?;
        if tracing::dispatcher::set_global_default(dispatch).is_err() {
            tracing::warn!("the log was started twice; the first one stays");
        }
        // The first one stays here, too.
        let _ = CURRENT.set(telemetry.clone());
        Ok(telemetry)
    }

    /// The same, without making it everybody's.
    pub fn prepare(options: Options) -> Result<(Self, Dispatch), TelemetryError> {
        let Options { folder, verbosity, clock, echo, structured } = options;
        let log = folder
            .map(|folder| {
                LogFile::open(&folder).map_err(|error| TelemetryError {
                    path: folder.join(file::NAME),
                    reason: error.to_string(),
                })
            })
            .transpose()?;
        let telemetry = Self {
            redactor: Redactor::default(),
            ring: Ring::default(),
            speaks: Arc::new(AtomicBool::new(true)),
            path: log.as_ref().map(|log| log.path().to_owned()),
        };
        let sink = Sink::new(&telemetry, log, echo, verbosity.echo(), clock, structured);
        let levels = Targets::new()
            .with_default(verbosity.log_of_others())
            .with_target(env!("CARGO_CRATE_NAME"), verbosity.log());
        let lines = tracing_subscriber::fmt::layer().without_time().with_level(false).with_ansi(false);
        let registry = tracing_subscriber::registry();
        let dispatch = if structured {
            let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
            Dispatch::new(registry.with(lines.with_writer(sink).with_filter(levels)))
        } else {
            Dispatch::new(registry.with(lines.with_writer(sink).with_filter(levels)))
        };
        Ok((telemetry, dispatch))
    }

    /// What must never be seen is told to this one.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// The last lines, for the screen.
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Where the log lies.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether lines are also printed: not while a screen is up.
    pub fn speak(&self, speaks: bool) {
        self.speaks.store(speaks, Ordering::Relaxed);
    }

    /// From now on a panic's text is redacted, logged, and then given to `print`, in place of what was done before.
    /// Whoever must tidy up first (the screen) wraps this hook later.
    pub fn watch_panics(&self, print: impl Fn(&str) + Send + Sync + 'static) {
        let redactor = self.redactor.clone();
        let path = self.path.clone();
        std::panic::set_hook(Box::new(move |panic| {
            let text = redactor.clean(&panic_text(panic)).into_owned();
            tracing::error!("{text}");
            let log =
                path.as_ref().map(|path| format!(" The log is {}.", path.display())).unwrap_or_default();
            print(&format!(
                "{text}\nThis is an error of mothball: please report it.{log} `mothball runs resume` settles what was under way."
            ));
        }));
    }
}

impl std::fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telemetry").field("path", &self.path).finish_non_exhaustive()
    }
}

fn panic_text(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    format!("panic in thread {thread} at {place}: {}", payload(panic.payload()))
}

fn payload(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text")
}
