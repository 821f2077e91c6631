//! Watches a run that another process is at work on, on behalf of the screen: what that process writes down is read from
//! the store as it comes.

use std::{sync::Arc, time::Duration};

use tokio::sync::mpsc;

use super::{RealDesk, broken};
use crate::{
    command::runs::report_of,
    domain::{Event, Phase, Plan, RunId, RunState},
    engine::Engine,
    store::{Request, StoreError, Wish},
    tui::desk::{self, Ending, RunNews, Trouble},
};

/// As many records as are told at once.
const BATCH: u32 = 512;

/// How often it is looked whether somebody is still at work on the run.
const LOOK: Duration = Duration::from_secs(5);

/// How many of these looks may find nobody: whoever takes a run over needs a moment.
const PATIENCE: u32 = 12;

impl RealDesk {
    /// News come until the run has ended, or nobody is at work on it any more.
    pub(super) async fn watch_other(
        &self,
        run: RunId,
        news: mpsc::Sender<RunNews>,
    ) -> Result<RunId, Trouble> {
        let stored = self.stored(&run).await?;
        let plan = stored.plan.as_ref().and_then(|(bytes, digest)| Plan::reopen(bytes, digest).ok());
        let plan = plan.ok_or_else(|| Trouble {
            message: format!("run {run} has no plan that could be shown"),
            advice: format!("`mothball runs show {run}` tells what is known of it."),
        })?;
        let state = RunState::replay(&plan, &stored.events);
        // Record 0 is the beginning; each event has the next number.
        let seq = stored.events.len() as u64;
        let watch = Watch { engine: self.engine().clone(), run: run.clone(), seq, news };
        tokio::spawn(watch.follow(state));
        Ok(run)
    }

    /// Asks the process that is at work on a run.
    pub(super) async fn ask_other(&self, run: &RunId, control: desk::Control) -> Result<(), Trouble> {
        let wish = match control {
            desk::Control::Pause => Wish::Pause,
            desk::Control::Resume => Wish::Resume,
            desk::Control::Cancel | desk::Control::Interrupt => Wish::Cancel,
            desk::Control::Stop => Wish::Stop,
        };
        if !self.engine().is_at_work(run).await.map_err(broken)? {
            return Err(Trouble {
                message: format!("nobody is at work on run {run}"),
                advice: "History tells where it stands.".to_owned(),
            });
        }
        let request = Request { wish, by: self.context.person().to_string(), at: self.engine().now() };
        self.engine().store.put_request(run, &request).await.map_err(broken)
    }
}

struct Watch {
    engine: Engine,
    run: RunId,
    /// The last record that was told.
    seq: u64,
    news: mpsc::Sender<RunNews>,
}

impl Watch {
    async fn follow(mut self, state: RunState) {
        let ended = state.phase.is_over() || state.phase == Phase::Interrupted;
        if self.news.send(RunNews::State(Box::new(state))).await.is_err() {
            return;
        }
        let told = if ended { Ok(true) } else { self.tell_until_the_end().await };
        match told {
            Ok(true) => self.tell_end().await,
            // The screen says that the news broke off.
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, run = %self.run, "the run can no longer be watched"),
        }
    }

    /// Whether the end was told; if not, nobody has been at work on the run for a while, or nobody looks any more.
    async fn tell_until_the_end(&mut self) -> Result<bool, StoreError> {
        let store = Arc::clone(&self.engine.store);
        let mut changes = store.changes();
        let mut alone = 0;
        loop {
            changes.borrow_and_update();
            let records = store.records_after(&self.run, self.seq, BATCH).await?;
            if let Some((seq, _)) = records.last() {
                self.seq = *seq;
                let events: Vec<_> = records.into_iter().map(|(_, event)| event).collect();
                let ended = events.iter().any(|stamped| matches!(stamped.event, Event::Ended { .. }));
                if self.news.send(RunNews::Events(events)).await.is_err() {
                    return Ok(false);
                }
                if ended {
                    return Ok(true);
                }
                continue;
            }
            tokio::select! {
                heard = changes.changed() => if heard.is_err() { return Ok(false) },
                () = self.engine.clock.sleep(LOOK) => {
                    alone = if self.engine.is_at_work(&self.run).await? { 0 } else { alone + 1 };
                    if alone > PATIENCE {
                        return Ok(false);
                    }
                }
                () = self.news.closed() => return Ok(false),
            }
        }
    }

    async fn tell_end(&self) {
        let stored = match self.engine.store.run(&self.run).await {
            Ok(Some(stored)) => stored,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, run = %self.run, "its end cannot be told");
                return;
            }
        };
        match report_of(&stored) {
            Ok(report) => {
                let interrupted = report.run().state == Phase::Interrupted;
                let resume = interrupted.then(|| format!("mothball runs resume {}", self.run));
                let ending = Ending { report, saved: None, resume };
                // A screen that is gone needs no news.
                let _ = self.news.send(RunNews::Ended(Box::new(ending))).await;
            }
            Err(failure) => tracing::warn!(why = failure.message, "the report cannot be shown"),
        }
    }
}

impl Engine {
    /// Whether a living process is at work on this run.
    async fn is_at_work(&self, run: &RunId) -> Result<bool, StoreError> {
        Ok(self.store.leases().await?.iter().any(|held| held.run == *run && !held.ended))
    }
}
