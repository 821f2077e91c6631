//! Retire the PSA configurations of offboarded clients: reviewed one by one, applied safely, proven afterwards.
//!
//! The map. Each module may use only those named behind it; a test reads every path to keep it so.
//!
//! | module | is | may use |
//! |---|---|---|
//! | [`domain`] | the words of the trade, and every rule without I/O | nothing of ours |
//! | [`system`] | clock, randomness, environment, signals, files | nothing of ours |
//! | [`report`] | the report as a document | domain, system |
//! | [`telemetry`] | the log, redacted | domain, system |
//! | [`http`] | one way to send | domain, system |
//! | [`psa`] | the port, the registry, one room per vendor | domain, system, http |
//! | [`settings`] | the settings file and its secrets | domain, system, `psa::registry` |
//! | [`store`] | runs, journal, leases: durable | domain, system |
//! | [`engine`] | discover, plan, apply, verify | domain, system, psa (the port), store |
//! | [`tui`] | the screen | domain, report |
//! | [`service`] | the server: API, queue, workers, schedules, notifications | domain, report, system, http, engine, store, psa (the port) |
//! | [`simulator`] | simulated PSAs | system |
//! | [`command`] | one file per subcommand: joins the parts | everything |

pub mod command;
pub mod domain;
pub mod engine;
pub mod http;
pub mod psa;
pub mod report;
pub mod service;
pub mod settings;
pub mod simulator;
pub mod store;
pub mod system;
pub mod telemetry;
pub mod tui;
