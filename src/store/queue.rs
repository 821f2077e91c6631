//! Work that somebody asked for and that is not begun yet, or not ended: what the API, a webhook or a schedule put
//! down before anybody was told yes. Whoever takes a job works on it alone; what a process left behind when it ended
//! is taken over by another.

use async_trait::async_trait;

use super::{Holder, Result};
use crate::{
    domain::{Origin, RunId, Timestamp},
    system::process::Identity,
};

/// A job as it is put down.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// The run that it makes, or goes on with. Known beforehand, so that whoever asked can be told.
    pub run: RunId,
    pub profile: String,
    /// What is to be done, in the words of whoever does it.
    pub task: serde_json::Value,
    pub origin: Origin,
    pub at: Timestamp,
    /// Not to be taken earlier than that.
    pub not_before: Timestamp,
    pub once: Option<Once>,
    /// Jobs of one lane never go on at the same time.
    pub lane: Option<String>,
}

/// What makes two jobs the same one: an API call repeated, an event delivered twice, one moment of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    pub key: String,
    /// Tells whether whoever comes with the same key wants the same.
    pub fingerprint: String,
    /// From this moment on the key counts for nothing.
    pub until: Timestamp,
}

/// What became of a job that was put down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    New,
    /// It was put down before, and makes this run.
    Known(RunId),
    /// The key was used for something else, which makes this run.
    Differs(RunId),
    /// Something is to be done about this run already.
    Busy,
}

/// A job that was put down.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub new: NewJob,
    pub stage: Stage,
    /// How often it was taken.
    pub tries: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    Waiting,
    Held {
        by: Holder,
        since: Timestamp,
    },
    Ended {
        at: Timestamp,
        /// Why there is no run to tell of it.
        trouble: Option<String>,
    },
}

impl Job {
    pub fn has_ended(&self) -> bool {
        matches!(self.stage, Stage::Ended { .. })
    }

    /// Whether it is free for this holder: nobody has it, or whoever had it has ended.
    pub(super) fn is_free_for(&self, holder: &Holder) -> bool {
        match &self.stage {
            Stage::Waiting => true,
            Stage::Held { by, .. } => by.process.has_ended(&holder.process),
            Stage::Ended { .. } => false,
        }
    }
}

/// The queue of a store. Each call is one step: of many who take at the same time, one gets the job.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Puts a job down. It is durable when this returns.
    async fn put_job(&self, job: &NewJob) -> Result<Put>;

    /// Takes the job that has waited longest, and first of all one whose holder has ended.
    async fn take_job(&self, holder: &Holder, now: Timestamp) -> Result<Option<Job>>;

    /// When the next waiting job may be taken, as far as time goes.
    async fn next_job(&self) -> Result<Option<Timestamp>>;

    /// The open job of this run is done. `trouble`: why there is no run to tell what became of it.
    async fn finish_job(&self, run: &RunId, at: Timestamp, trouble: Option<&str>) -> Result<()>;

    /// Puts a job that was taken back, for later.
    async fn give_back(&self, run: &RunId, not_before: Timestamp) -> Result<()>;

    /// Ends a job that nobody is at work on and that made nothing yet; tells whether there was one.
    async fn drop_job(&self, run: &RunId, at: Timestamp, why: &str) -> Result<bool>;

    /// The latest job of this run.
    async fn job(&self, run: &RunId) -> Result<Option<Job>>;

    /// All that has not ended, the earliest first.
    async fn jobs(&self) -> Result<Vec<Job>>;

    /// Those of them that a living process has in hand.
    async fn jobs_in_hand(&self) -> Result<Vec<Job>> {
        let own = Identity::own();
        let lives = |job: &Job| matches!(&job.stage, Stage::Held { by, .. } if !by.process.has_ended(&own));
        Ok(self.jobs().await?.into_iter().filter(lives).collect())
    }

    /// Forgets jobs that ended before a moment, unless their key still counts at `now`; tells how many.
    async fn forget_jobs(&self, ended_before: Timestamp, now: Timestamp) -> Result<u64>;
}
