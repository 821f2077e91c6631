//! The words of the trade as types, and every rule that needs no I/O, no clock and no randomness.
//!
//! A configuration walks downhill through these files: it is listed with a proof of completeness
//! ([`listing`]), its client is judged by the [`criteria`], [`selection`] says whether it may go,
//! a [`plan`] fixes what shall happen, an [`approval`] allows it, [`event`]s tell what happened,
//! [`run`] folds them, and [`document`] is the report a person keeps.

pub mod approval;
pub mod cadence;
pub mod client;
pub mod configuration;
pub mod consent;
pub mod criteria;
pub mod details;
pub mod document;
pub mod event;
pub mod exit;
pub mod follow_up;
pub mod hold;
pub mod ids;
pub mod kept;
pub mod links;
pub mod listing;
pub mod note;
mod note_text;
pub mod notice;
pub mod origin;
pub mod outcome;
pub mod plan;
pub mod problem;
pub mod protect;
pub mod record_url;
pub mod run;
pub mod safeguards;
pub mod schedule;
pub mod second_look;
pub mod selection;
pub mod survey;
pub mod tenant;
pub mod text;
pub mod time;
pub mod undo;

pub use approval::{Approval, ApprovedPlan, Change};
pub use client::{Client, Signals};
pub use configuration::{Configuration, Lifecycle, State, StatusRef, Wanted};
pub use criteria::{Criteria, Reason};
pub use details::Details;
pub use event::{Event, Stamped};
pub use exit::ExitCode;
pub use hold::Hold;
pub use ids::{ClientId, ConfigId, RunId};
pub use kept::{Label, Text};
pub use links::{Links, SignOfLife};
pub use listing::{Incomplete, Listing};
pub use origin::Origin;
pub use outcome::{Outcome, SkipReason, Statistics};
pub use plan::{Plan, PlanItem};
pub use problem::{Code, Problem};
pub use record_url::RecordUrl;
pub use run::{Phase, RunState};
pub use tenant::Tenant;
pub use time::Timestamp;
