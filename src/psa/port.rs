//! What the program asks of a PSA. The types carry the promises: what is listed comes with its proof
//! of completeness, and nothing is written that is not an approved [`Change`].

use std::collections::BTreeMap;

use async_trait::async_trait;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::PsaError;
use crate::domain::{
    Change, Client, ClientId, ConfigId, Configuration, Criteria, Links, Listing, SignOfLife, State,
    StatusRef, Tenant, Wanted,
    event::Notice,
    note::{Note, Place},
    tenant::Nouns,
};

pub use super::news::News;
pub use crate::http::{Limits, Rest, Seat, Seats, SignInMemory, SignInParts, Taken};

pub type Result<T> = std::result::Result<T, PsaError>;

/// One signed-in tenant of one vendor. Calls may be made at the same time; the adapter keeps to its pace.
#[async_trait]
pub trait Psa: Send + Sync {
    fn nouns(&self) -> Nouns;

    fn capabilities(&self) -> Capabilities;

    /// What the sending layer tells while it works. Whoever lags misses some.
    fn notices(&self) -> broadcast::Receiver<Notice>;

    /// Who the PSA says it is. Asked of the PSA at the first call, remembered afterwards.
    async fn tenant(&self) -> Result<Tenant>;

    /// Forgets what it keeps of the tenant's setup, such as statuses and their meaning: it is read again when needed.
    async fn refresh(&self);

    /// What "inactive" shall mean, with the name of a status resolved to the tenant's own.
    async fn wanted(&self, status: Option<&str>) -> Result<Wanted>;

    /// Whether the tenant still has this status of configurations, by its id, so that an undo can set it again.
    async fn has_status(&self, status: &StatusRef) -> Result<bool>;

    /// Clients with the signals that `criteria` ask for. Deleted ones are never among them, and the
    /// MSP's own company is marked as such.
    async fn clients(&self, scope: ClientScope<'_>, criteria: &Criteria) -> Result<Clients>;

    /// Every configuration of these clients, active or not. Pages are told to `news` as they arrive,
    /// unproven; only the returned listing is complete.
    async fn configurations(
        &self,
        clients: &[ClientId],
        news: Option<&News>,
    ) -> Result<Listing<Configuration>>;

    /// How many active configurations the tenant has in all.
    async fn active_configurations(&self) -> Result<u64>;

    /// What still hangs on these configurations and their clients. What cannot be read is unknown,
    /// never none; this does not fail.
    async fn links(&self, clients: &[Client], configurations: &[Configuration]) -> LinkReading;

    /// The records as they are now; `None` for one that is gone.
    async fn read(&self, ids: &[ConfigId]) -> Result<BTreeMap<ConfigId, Option<Configuration>>>;

    /// Writes these changes, each at most once unless it is certain that an earlier try had no effect.
    /// One answer per change, in the same order. At most [`Capabilities::batch`] changes. Once `hold` is
    /// cancelled nothing more is sent: what still waits for its turn comes back as not sent.
    async fn set(&self, changes: &[Change], hold: &CancellationToken) -> Vec<SetAnswer>;

    /// A ticket by the number that a person wrote; `None` if there is none of that number.
    async fn ticket(&self, named: &str) -> Result<Option<Ticket>>;

    /// Writes one note, at most once: for the PSA's own people, mailed to nobody, and without touching the record that
    /// it stands on. Once `hold` is cancelled it is not sent any more.
    async fn note(&self, note: &Note, hold: &CancellationToken) -> NoteReply;

    /// Whether a note with this mark stands there.
    async fn has_note(&self, place: &Place, mark: &str) -> Result<bool>;

    /// What is used of the requests that the tenant has in a window, everybody's together, where the PSA tells.
    async fn pool(&self) -> Option<Pool> {
        None
    }

    /// For `doctor`: reach, sign in, may read, may write as far as that can be told without writing.
    async fn check(&self) -> Vec<Check>;
}

/// Which clients are asked for.
#[derive(Debug, Clone, Copy)]
pub enum ClientScope<'a> {
    /// Those that may match the criteria; the domain judges them.
    Candidates,
    /// All that the account may see, to find one by name.
    All,
    Ids(&'a [ClientId]),
}

/// Clients, and out of how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clients {
    pub listing: Listing<Client>,
    /// Clients of the tenant that are not deleted.
    pub scanned: u64,
}

/// What an adapter can do, and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether a status can be set together with the inactive mark.
    pub sets_status: bool,
    /// Changes per write.
    pub batch: usize,
    /// Writes that may be under way at once.
    pub in_flight: usize,
    /// Records per request of [`Psa::read`].
    pub read_page: usize,
    /// Requests allowed per window of so many seconds, for estimates.
    pub requests: u32,
    pub window_seconds: u32,
}

/// The requests that a tenant has, for everything that calls its PSA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    pub used: u64,
    pub limit: u64,
    pub window_seconds: u32,
}

/// What still hangs on configurations and their clients.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkReading {
    pub links: BTreeMap<ConfigId, Links>,
    pub signs_of_life: BTreeMap<ClientId, Vec<SignOfLife>>,
}

/// What came of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetAnswer {
    /// The PSA's answer shows this state, the wanted one. It may come with a warning in the PSA's own words.
    Accepted { state: State, warning: Option<String> },
    /// The PSA said yes, but its answer does not show what was wanted.
    NotTaken { state: Option<State>, message: String },
    /// The PSA said yes, and its answer shows nothing of the record: only a reading tells what became of it.
    Taken { warning: Option<String> },
    /// The PSA said no; nothing was changed.
    Refused { error: PsaError },
    /// The PSA said no in a way that does not prove that nothing was changed: a reading tells, and it is not sent again.
    Doubted { error: PsaError },
    /// It may have happened or not: read before sending again.
    Lost { message: String },
    /// It certainly did not happen: never sent, or turned away before it was looked at.
    NotSent { error: PsaError },
}

impl SetAnswer {
    /// What the PSA remarked on a change that it took.
    pub fn warning(&self) -> Option<&str> {
        match self {
            Self::Accepted { warning, .. } | Self::Taken { warning } => warning.as_deref(),
            _ => None,
        }
    }
}

/// A ticket that a note may go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// As the PSA numbers it.
    pub id: String,
    pub closed: bool,
}

/// What came of one note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteReply {
    /// It stands there. It may come with a warning, such as that others can see it.
    Written { id: Option<String>, warning: Option<String> },
    /// The PSA said no; it does not.
    Refused { error: PsaError },
    /// It may have been written or not.
    Lost { message: String },
    /// It certainly was not: never sent, or turned away before it was looked at.
    NotSent { error: PsaError },
}

/// One line of `doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at: `address`, `sign-in`, `rights: read configurations`.
    pub name: String,
    pub verdict: CheckVerdict,
    pub text: String,
    /// What to do, and where in the PSA.
    pub advice: Option<String>,
    /// The key of the profile to look at first, where the profile may be what is wrong.
    pub field: Option<&'static str>,
}

impl Check {
    pub fn new(name: &str, verdict: CheckVerdict, text: impl Into<String>, advice: Option<String>) -> Self {
        Self { name: name.to_owned(), verdict, text: text.into(), advice, field: None }
    }

    /// The same, about this key of the profile.
    #[must_use]
    pub fn about(self, field: &'static str) -> Self {
        Self { field: Some(field), ..self }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckVerdict {
    Passed,
    /// The main job works without it.
    Warned,
    Failed,
    /// It cannot be told without changing something.
    Unknown,
}
