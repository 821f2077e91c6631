//! The fault campaign on the wire: the real engine and the real adapters on the simulators of all three PSAs, in
//! virtual time, with every fault there is, and an independent check after every run.
//!
//! `world` is what a case runs in, `wire` puts on record what was sent and what came back; `check` holds it against the
//! simulator's log and truth, the journal (`journal`) and the report, and `model` replays the history against a small
//! model of the PSA; `rows` reads the vendors' bodies for both. `case` is one case from its beginning to its end.
//! `exhaustive` and the modules behind it are the campaign itself.

mod case;
mod check;
mod exhaustive;
mod journal;
mod model;
mod pace;
mod rows;
mod seeds;
mod wire;
mod world;
