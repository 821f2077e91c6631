//! Where lines end up: redacted, made safe to show, then to file, ring and, if wanted, the person's eye.

use std::{
    io::{self, Write},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

use super::{Level, Line, Redactor, Ring, Telemetry, file::LogFile};
use crate::{
    domain::{
        Timestamp,
        text::{harmless_json, visible},
    },
    system::Clock,
};

/// A longer line says nothing more.
const LONGEST: usize = 16 * 1024;

/// Prints a line for whoever runs the program.
pub type Echo = Arc<dyn Fn(&Line) + Send + Sync>;

pub struct Sink {
    redactor: Redactor,
    ring: Ring,
    speaks: Arc<AtomicBool>,
    log: Option<Mutex<LogFile>>,
    /// The log could not be written, and that was told.
    broken: AtomicBool,
    echo: Option<(Level, Echo)>,
    clock: Clock,
    structured: bool,
}

impl Sink {
    pub fn new(
        telemetry: &Telemetry,
        log: Option<LogFile>,
        echo: Option<Echo>,
        echo_level: Level,
        clock: Clock,
        structured: bool,
    ) -> Self {
        Self {
            redactor: telemetry.redactor.clone(),
            ring: telemetry.ring.clone(),
            speaks: telemetry.speaks.clone(),
            log: log.map(Mutex::new),
            broken: AtomicBool::new(false),
            echo: echo.map(|echo| (echo_level, echo)),
            clock,
            structured,
        }
    }

    fn take(&self, level: Level, raw: &str) {
        let at = Timestamp::new(self.clock.now());
        let clean = self.redactor.clean(raw.trim_end());
        if self.structured {
            let text = structured(at, level, &clean);
            return self.put(Line { at, level, text });
        }
        let mut text = visible(&clean).into_owned();
        if text.len() > LONGEST {
            text.truncate(text.floor_char_boundary(LONGEST));
            text.push('…');
        }
        self.put(Line { at, level, text });
    }

    fn put(&self, line: Line) {
        if let Some(log) = &self.log {
            let whole = if self.structured {
                format!("{}\n", line.text)
            } else {
                format!("{} {:5} {}\n", line.at, line.level.word(), line.text)
            };
            let written = log.lock().unwrap_or_else(PoisonError::into_inner).write(&whole);
            if let Err(error) = written
                && !self.broken.swap(true, Ordering::Relaxed)
            {
                let text = format!("the log file cannot be written any more: {error}");
                self.show(Line { at: line.at, level: Level::Warn, text });
            }
        }
        self.show(line);
    }

    fn show(&self, line: Line) {
        if let Some((level, echo)) = &self.echo
            && line.level >= *level
            && self.speaks.load(Ordering::Relaxed)
        {
            echo(&line);
        }
        self.ring.push(line);
    }
}

/// The object that tracing wrote, with what it leaves to us.
fn structured(at: Timestamp, level: Level, object: &str) -> String {
    let members = object.strip_prefix('{').filter(|_| object.len() <= LONGEST);
    let members =
        members.map_or_else(|| "\"message\":\"a line that was too long\"}".to_owned(), harmless_json);
    format!("{{\"at\":\"{at}\",\"level\":\"{}\",{members}", level.word().trim())
}

/// One event: collected in pieces, passed on as a whole.
pub struct Event<'s> {
    sink: &'s Sink,
    level: Level,
    text: Vec<u8>,
}

impl Write for Event<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Event<'_> {
    fn drop(&mut self) {
        if !self.text.is_empty() {
            self.sink.take(self.level, &String::from_utf8_lossy(&self.text));
        }
    }
}

impl<'s> MakeWriter<'s> for Sink {
    type Writer = Event<'s>;

    fn make_writer(&'s self) -> Event<'s> {
        Event { sink: self, level: Level::Info, text: Vec::new() }
    }

    fn make_writer_for(&'s self, event: &Metadata<'_>) -> Event<'s> {
        Event { sink: self, level: Level::from(*event.level()), text: Vec::new() }
    }
}
