//! Puts a job into the queue whenever a schedule is due. Several processes may do so over one store: the job's key lets one
//! of them in, its lane keeps two runs of a schedule from going on at once.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        Origin, RunId, Timestamp,
        schedule::{Due, Schedule},
    },
    store::{NewJob, Once, Put, Store, StoreError},
    system::{Clock, random},
};

/// The clock is looked at this often, however far the next firing is: it may be set, and computers sleep.
const LOOK: Duration = Duration::from_mins(1);

/// A store that cannot be asked is asked again after this time.
const AGAIN: Duration = Duration::from_secs(10);

/// A mark that lies further ahead than this was made by a clock that was wrong.
const AHEAD: i64 = 10 * 60;

/// How long after a firing its key still counts, beyond the time in which it could be made up for.
const KEPT: i64 = 7 * 24 * 60 * 60;

/// What a scheduled run is to do, in the words of whoever does the queue's jobs.
pub type Task = Box<dyn Fn(&Schedule) -> serde_json::Value + Send + Sync>;

/// Looks after all schedules of the settings.
pub struct Scheduler {
    schedules: Vec<Schedule>,
    store: Arc<dyn Store>,
    clock: Clock,
    task: Task,
    /// Up to when each was looked after, as far as this process knows.
    since: BTreeMap<String, Timestamp>,
}

impl Scheduler {
    pub fn new(schedules: Vec<Schedule>, store: Arc<dyn Store>, clock: Clock, task: Task) -> Self {
        Self { schedules, store, clock, task, since: BTreeMap::new() }
    }

    /// Works until it is told to stop.
    pub async fn work(mut self, stop: CancellationToken) {
        if self.schedules.is_empty() {
            return;
        }
        loop {
            let wait = match self.look().await {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(%error, "schedules cannot be looked after now");
                    AGAIN
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.clock.sleep(wait) => {}
            }
        }
    }

    /// Puts down what is due; tells how long to wait for the next look.
    pub async fn look(&mut self) -> Result<Duration, StoreError> {
        let now = self.now();
        let mut wait = LOOK;
        for at in 0..self.schedules.len() {
            self.look_after(at, now).await?;
            if let Some(next) = self.schedules[at].cadence.after(now) {
                // A little late rather than a moment early: then it would be looked at twice.
                let left = Duration::try_from_secs_f64(next.seconds_since(self.now()).max(0.0) + 0.05);
                wait = wait.min(left.unwrap_or(LOOK));
            }
        }
        Ok(wait)
    }

    async fn look_after(&mut self, at: usize, now: Timestamp) -> Result<(), StoreError> {
        let schedule = &self.schedules[at];
        let known = self.since.get(&schedule.name).copied();
        // Nothing is due by what this process knows, so the store is not asked.
        if known.is_some_and(|since| schedule.due(since, now) == Due::default()) {
            return Ok(());
        }
        let marked = self.store.schedule_marks().await?.remove(&schedule.name).map(|mark| mark.until);
        let marked = marked.filter(|until| until.seconds_since(now) < AHEAD as f64);
        let Some(since) = known.max(marked) else {
            // Nobody has ever looked after it, so nothing was missed.
            self.store.mark_schedule(&schedule.name, now, None).await?;
            self.since.insert(schedule.name.clone(), now);
            return Ok(());
        };
        let due = schedule.due(since, now);
        let run = match due.fire {
            Some(firing) => self.fire(schedule, firing, now).await?,
            None => None,
        };
        if due.passed_over > 0 {
            tracing::warn!(schedule = schedule.name, "{} of its times were missed", due.passed_over);
        }
        self.store.mark_schedule(&schedule.name, now, run.as_ref()).await?;
        self.since.insert(self.schedules[at].name.clone(), now);
        Ok(())
    }

    /// The run that comes of a firing, whoever put it down; none if the last one is not over yet.
    async fn fire(
        &self,
        schedule: &Schedule,
        firing: Timestamp,
        now: Timestamp,
    ) -> Result<Option<RunId>, StoreError> {
        let (lane, key) = (schedule.lane(), schedule.key(firing));
        let jobs = self.store.jobs().await?;
        let other = |once: &Option<Once>| once.as_ref().is_none_or(|once| once.key != key);
        if let Some(busy) =
            jobs.iter().find(|job| job.new.lane.as_ref() == Some(&lane) && other(&job.new.once))
        {
            tracing::warn!(schedule = schedule.name, %firing, run = %busy.new.run, "passed over: its last run is not over yet");
            return Ok(None);
        }
        let useful = i64::from(schedule.missed_within_hours) * 3600;
        let job = NewJob {
            run: RunId::new(random::run_id(self.clock.now())),
            profile: schedule.profile.clone(),
            task: (self.task)(schedule),
            origin: Origin::Schedule { name: schedule.name.clone() },
            at: now,
            not_before: schedule.begins(firing).max(now),
            once: Some(Once { key, fingerprint: String::new(), until: firing.plus_seconds(useful + KEPT) }),
            lane: Some(lane),
        };
        match self.store.put_job(&job).await? {
            Put::New => {
                tracing::info!(schedule = schedule.name, %firing, run = %job.run, "due");
                Ok(Some(job.run))
            }
            Put::Known(run) | Put::Differs(run) => Ok(Some(run)),
            Put::Busy => Ok(None),
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::new(self.clock.now())
    }
}

#[cfg(test)]
mod tests;
