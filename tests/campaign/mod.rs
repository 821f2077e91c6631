//! The fault campaign on the wire: the real engine and the real adapters on the simulators of all three PSAs, in
//! virtual time, with every fault there is, and an independent check after every run.
//!
//! `world` is what a case runs in, `wire` puts on record what was sent and what came back; `check` holds it against the
//! simulator's log and truth, the journal (`journal`) and the report, and `model` replays the history against a small
//! model of the PSA; `rows` reads the vendors' bodies for both. `case` is one case from its beginning to its end.
//! `exhaustive`, `seeds` and `pace` are the campaign itself; `found` has what it found, and `sanity` sees to it that the
//! checker can find anything.

mod case;
mod check;
mod exhaustive;
mod found;
mod journal;
mod model;
mod pace;
mod rows;
mod sanity;
mod seeds;
mod wire;
mod world;
