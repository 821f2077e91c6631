//! The PSA as the rest of the program knows it: one [`port::Psa`] in the domain's words, a
//! [`registry`] of the vendors, and one room per vendor. Vendor words stay inside a vendor's room.

pub mod autotask;
mod clock;
pub mod connectwise;
pub mod error;
pub mod halopsa;
mod lenient;
mod linking;
mod listing;
mod names;
mod news;
pub mod port;
mod query;
pub mod registry;
pub mod webhook;

pub use error::PsaError;
pub use port::Psa;
