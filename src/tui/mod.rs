//! The screen, the Elm way: `model` is plain data, `update` is pure, `view` only draws, `runtime` owns
//! the terminal and the tasks. Everything else is reached through the [`desk::Desk`].
//!
//! `action` is the one table of what can be done and with which keys; `keymap` looks keys up in it.
//! `plain` is the same review in lines, without a screen.
//! `filter`, `columns`, `order`, `natural`, `ticks`, `prose` and `cells` are the small tools that the places share.

pub mod action;
pub mod cells;
pub mod columns;
pub mod desk;
pub mod effect;
pub mod filter;
pub mod key;
pub mod keymap;
pub mod layout;
pub mod line_input;
pub mod message;
pub mod model;
pub mod natural;
pub mod options;
pub mod order;
pub mod plain;
pub mod prose;
pub mod runtime;
pub mod scroll;
pub mod setup;
pub mod symbols;
pub mod theme;
pub mod ticks;
pub mod update;
pub mod view;

pub use options::{Alert, Closing, LastRun, Leave, Options, StopSignal, TuiError};
pub use runtime::run;
