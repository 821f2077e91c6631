//! One test binary with a module per promise.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod architecture;
mod campaign;
mod cli;
mod engine;
mod fuzz;
mod papers;
mod pictures;
mod psa;
mod pty;
mod report;
mod service;
mod settings;
mod simulator;
mod store;
mod support;
mod telemetry;
mod tui;
