//! The first start and `mothball setup`: a guided form that ends in a settings file. A screen of its own, made the same
//! way as the other: `model` is plain data, `update` is pure, `view` only draws, `runtime` owns the terminal, and what
//! lies behind is reached through the [`desk::SetupDesk`].
//!
//! The pages follow each other: welcome → PSA → form → test → criteria → file → done. Each leads back, and what was typed
//! stays. Its keys are those of the action table, bound otherwise where `[keys]` of the settings say so;
//! what edits a line of text is fixed here as everywhere.

pub mod choices;
pub mod desk;
pub mod form;
pub mod model;
pub mod runtime;
pub mod secret_input;
pub mod update;
pub mod view;

pub use runtime::run;

use super::options::StopSignal;

/// How it was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leave {
    /// Nothing more is wanted. Whether a file was written.
    Quit {
        written: bool,
    },
    /// The demo on this simulated PSA.
    Demo {
        psa: &'static str,
    },
    /// A profile was written, and its clients shall be looked at.
    Review {
        profile: String,
    },
    Stopped(StopSignal),
}
