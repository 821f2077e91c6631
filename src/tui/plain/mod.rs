//! The review as plain lines, for screen readers and for terminals that can do no more: no boxes, no
//! colour, no escape sequences, nothing is ever drawn over.
//!
//! It stands beside the screen, not on it: the same `Desk`, the same pages of plan and report, the same
//! filter and ticks, and a state of its own. `command` understands lines, `session` holds the state and
//! says which part answers: `reading` what is read, `listing` lists and numbers, `ticking` ticks and holds,
//! `planning` the plan, `acting` its confirmation, `running` the run and its report, `past` earlier runs.
//! `words` writes sentences, `output` prints them, `leaving` has the ways out. All of that is pure; `runtime` has the lines, the tasks and the signals.
//!
//! Numbers are handles of the list that was printed last: behind each stands an id. Whatever is read
//! anew meanwhile, a number never means another record than the one it was printed with.

mod acting;
mod command;
mod handles;
mod leaving;
mod listing;
mod output;
mod past;
mod planning;
mod reading;
mod running;
mod runtime;
mod session;
mod ticking;
mod words;

pub use command::{COMMANDS, Command, Pick, parse};
pub use runtime::{Options, run};
pub use session::Session;
