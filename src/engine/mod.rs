//! What a run does, for the screen, the command line and whoever else starts one (those without a screen: [`order`]):
//! [`discover`] → [`links`] → [`draft`] → approval → [`apply`] → [`verify`] → follow-up. Nothing flows
//! back up except events, and the engine never waits for a listener: it journals, folds, then
//! publishes ([`feed`]).

mod apply;
mod approve;
mod asked;
mod begin;
pub mod census;
pub mod control;
pub mod discover;
pub mod draft;
mod ending;
pub mod error;
pub mod feed;
mod glance;
mod guard;
mod handle;
mod hold;
mod in_hand;
mod items;
mod left_open;
pub mod limits;
pub mod links;
mod note_stage;
mod notes;
pub mod order;
mod order_undo;
mod pipeline;
mod resume;
mod second_look;
mod settle;
mod sign_in;
mod sweep;
mod trouble;
pub mod undo;
mod verify;
mod whole;

pub use approve::expire_overdue;
pub use begin::conclude_unstored;
pub use control::Control;
pub use discover::{Ask, Discovery, Request};
pub use draft::{Draft, Pick, Who};
pub use error::EngineError;
pub use feed::Feed;
pub use glance::Glance;
pub use handle::{Controller, Finished, RunHandle};
pub use order::{Begun, Order, Planned};
pub use order_undo::UndoOrder;
pub use second_look::LookedAgain;
pub use sign_in::StoredSignIn;
pub use sweep::Looked;
pub use undo::{Undo, UndoOf};

use std::sync::Arc;

use crate::{
    domain::{Criteria, Timestamp, note::NotePolicy, protect::Protection, safeguards::Safeguards},
    psa::Psa,
    store::Store,
    system::Clock,
};

/// One profile, ready to work.
#[derive(Clone)]
pub struct Engine {
    pub psa: Arc<dyn Psa>,
    pub store: Arc<dyn Store>,
    pub clock: Clock,
    pub profile: Profile,
}

/// What the settings say about the tenant that the engine works on.
#[derive(Debug, Clone)]
pub struct Profile {
    pub name: String,
    /// The vendor's key.
    pub psa: String,
    pub criteria: Criteria,
    pub protection: Protection,
    /// The status that is set together with the inactive mark, by name.
    pub status: Option<String>,
    pub safeguards: Safeguards,
    /// Hours until items with an RMM link are looked at again; 0 for never.
    pub verify_again_after_hours: u32,
    /// What is noted in the PSA.
    pub notes: NotePolicy,
    /// Settings that ask for what this build does not enforce yet: every write refuses.
    pub unenforced: Vec<String>,
}

impl Engine {
    pub fn now(&self) -> Timestamp {
        Timestamp::new(self.clock.now())
    }
}
