//! The queue and the tokens in memory.

use async_trait::async_trait;

use super::{MemoryStore, State};
use crate::{
    domain::{RunId, Timestamp},
    store::{
        Holder, Result,
        queue::{Job, NewJob, Put, Queue, Stage},
        tokens::{Token, Tokens},
    },
};

impl State {
    fn open_job(&mut self, run: &RunId) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.new.run == *run && !job.has_ended())
    }

    /// The run of the job that this holder may take.
    fn job_for(&self, holder: &Holder, now: Timestamp) -> Option<RunId> {
        let free = |job: &&Job| job.is_free_for(holder) && !self.is_lane_taken(job);
        let (held, waiting): (Vec<&Job>, Vec<&Job>) =
            self.jobs.iter().filter(free).partition(|job| job.stage != Stage::Waiting);
        let due = waiting.into_iter().filter(|job| job.new.not_before <= now);
        // Of those that may be taken since the same moment the one that was put down first comes first.
        let found = held.into_iter().next().or_else(|| due.min_by_key(|job| job.new.not_before));
        found.map(|job| job.new.run.clone())
    }

    /// Whether another job of its lane is in somebody's hands.
    fn is_lane_taken(&self, wanted: &Job) -> bool {
        wanted.new.lane.is_some()
            && self.jobs.iter().any(|job| {
                matches!(job.stage, Stage::Held { .. })
                    && job.new.lane == wanted.new.lane
                    && job.new.run != wanted.new.run
            })
    }
}

#[async_trait]
impl Queue for MemoryStore {
    async fn put_job(&self, job: &NewJob) -> Result<Put> {
        let mut state = self.change()?;
        if let Some(once) = &job.once {
            let same_key =
                |known: &&mut Job| known.new.once.as_ref().is_some_and(|known| known.key == once.key);
            if let Some(known) = state.jobs.iter_mut().find(same_key) {
                match &known.new.once {
                    Some(before) if job.at < before.until => {
                        let run = known.new.run.clone();
                        let same = before.fingerprint == once.fingerprint;
                        return Ok(if same { Put::Known(run) } else { Put::Differs(run) });
                    }
                    _ => known.new.once = None,
                }
            }
        }
        if state.open_job(&job.run).is_some() {
            return Ok(Put::Busy);
        }
        state.jobs.push(Job { new: job.clone(), stage: Stage::Waiting, tries: 0 });
        Ok(Put::New)
    }

    async fn take_job(&self, holder: &Holder, now: Timestamp) -> Result<Option<Job>> {
        if self.lock().job_for(holder, now).is_none() {
            return Ok(None);
        }
        let mut state = self.change()?;
        // Somebody may have been faster between the two looks.
        let Some(run) = state.job_for(holder, now) else { return Ok(None) };
        let Some(job) = state.open_job(&run) else { return Ok(None) };
        job.stage = Stage::Held { by: holder.clone(), since: now };
        job.tries += 1;
        Ok(Some(job.clone()))
    }

    async fn next_job(&self) -> Result<Option<Timestamp>> {
        let state = self.lock();
        let waiting = state.jobs.iter().filter(|job| job.stage == Stage::Waiting);
        Ok(waiting.map(|job| job.new.not_before).min())
    }

    async fn finish_job(&self, run: &RunId, at: Timestamp, trouble: Option<&str>) -> Result<()> {
        if let Some(job) = self.change()?.open_job(run) {
            job.stage = Stage::Ended { at, trouble: trouble.map(str::to_owned) };
        }
        Ok(())
    }

    async fn give_back(&self, run: &RunId, not_before: Timestamp) -> Result<()> {
        if let Some(job) = self.change()?.open_job(run) {
            job.stage = Stage::Waiting;
            job.new.not_before = not_before;
        }
        Ok(())
    }

    async fn drop_job(&self, run: &RunId, at: Timestamp, why: &str) -> Result<bool> {
        let mut state = self.change()?;
        let unborn = state.run(run).is_none();
        let waiting =
            state.open_job(run).filter(|job| job.stage == Stage::Waiting && (unborn || job.tries == 0));
        let found = waiting.is_some();
        if let Some(job) = waiting {
            job.stage = Stage::Ended { at, trouble: Some(why.to_owned()) };
        }
        Ok(found)
    }

    async fn job(&self, run: &RunId) -> Result<Option<Job>> {
        Ok(self.lock().jobs.iter().rev().find(|job| job.new.run == *run).cloned())
    }

    async fn jobs(&self) -> Result<Vec<Job>> {
        Ok(self.lock().jobs.iter().filter(|job| !job.has_ended()).cloned().collect())
    }

    async fn forget_jobs(&self, ended_before: Timestamp, now: Timestamp) -> Result<u64> {
        let mut state = self.change()?;
        let before = state.jobs.len();
        state.jobs.retain(|job| {
            let counts = job.new.once.as_ref().is_some_and(|once| now < once.until);
            counts || !matches!(job.stage, Stage::Ended { at, .. } if at < ended_before)
        });
        Ok((before - state.jobs.len()) as u64)
    }
}

#[async_trait]
impl Tokens for MemoryStore {
    async fn put_token(&self, token: &Token) -> Result<()> {
        self.change()?.tokens.push(token.clone());
        Ok(())
    }

    async fn tokens(&self) -> Result<Vec<Token>> {
        Ok(self.lock().tokens.clone())
    }

    async fn token(&self, id: &str) -> Result<Option<Token>> {
        Ok(self.lock().tokens.iter().find(|token| token.id == id).cloned())
    }

    async fn revoke_token(&self, id: &str, at: Timestamp) -> Result<bool> {
        let mut state = self.change()?;
        let token = state.tokens.iter_mut().find(|token| token.id == id && token.revoked.is_none());
        Ok(token.map(|token| token.revoked = Some(at)).is_some())
    }

    async fn token_used(&self, id: &str, at: Timestamp) -> Result<()> {
        if let Some(token) = self.change()?.tokens.iter_mut().find(|token| token.id == id) {
            token.last_used = Some(at);
        }
        Ok(())
    }
}
