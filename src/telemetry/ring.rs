//! The last lines of the log, for the screen's log view.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use crate::domain::Timestamp;

/// Lines that are kept.
const CAPACITY: usize = 2_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    pub fn word(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

impl From<tracing::Level> for Level {
    fn from(level: tracing::Level) -> Self {
        match level {
            tracing::Level::TRACE => Self::Trace,
            tracing::Level::DEBUG => Self::Debug,
            tracing::Level::INFO => Self::Info,
            tracing::Level::WARN => Self::Warn,
            tracing::Level::ERROR => Self::Error,
        }
    }
}

/// One line, redacted and safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub at: Timestamp,
    pub level: Level,
    pub text: String,
}

/// A bounded list of lines. Cheap to clone; all clones are the same list.
#[derive(Debug, Clone, Default)]
pub struct Ring(Arc<Mutex<VecDeque<Line>>>);

impl Ring {
    pub fn push(&self, line: Line) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == CAPACITY {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// At most `count` lines, the oldest first.
    pub fn last(&self, count: usize) -> Vec<Line> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().skip(lines.len().saturating_sub(count)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_last_lines_in_order() {
        let ring = Ring::default();
        for n in 0..CAPACITY + 5 {
            let line = Line { at: Timestamp::from_seconds(0), level: Level::Info, text: n.to_string() };
            ring.push(line);
        }
        let texts: Vec<String> = ring.last(2).into_iter().map(|line| line.text).collect();
        assert_eq!(texts, [(CAPACITY + 3).to_string(), (CAPACITY + 4).to_string()]);
        assert_eq!(ring.last(usize::MAX).len(), CAPACITY);
    }
}
