//! Runs that are in the store: seen through to their end, gone on with, taken over from a life that was killed.

use super::{
    Outcome, Work,
    again::{TRIES, backoff, later, may_pass},
};
use crate::{
    domain::{Code, Phase, document::Report},
    engine::{Begun, Control, EngineError, Finished, RunHandle},
    report,
    service::{inputs::ApproveInputs, report_of, state_of, task::person},
    store::{NewJob, Once, Put, StoreError, StoredRun},
};

impl Work {
    pub(super) async fn approve(&self, stored: StoredRun, by: &str, part: &ApproveInputs) -> Outcome {
        // A former life of this job approved it already, and was killed.
        if phase(&stored).may_go_on() {
            return self.resume(stored).await;
        }
        let part = match part.part() {
            Ok(part) => part,
            Err(why) => return Outcome::Failed(why),
        };
        match self.engine.approve(stored, &part, &person(by)).await {
            Ok(handle) => self.see_through(handle).await,
            Err(error) => {
                // Its end stands in the journal, and so there is a report of it.
                if error.code() == Code::PlanExpired
                    && let Ok(Some(finished)) = self.engine.as_it_ended(self.id()).await
                {
                    return self.conclude(&finished).await;
                }
                self.judge(&error)
            }
        }
    }

    pub(super) async fn resume(&self, stored: StoredRun) -> Outcome {
        match self.engine.resume(stored).await {
            Ok(handle) => self.see_through(handle).await,
            Err(error) => self.judge(&error),
        }
    }

    /// A former life of this job stored the run, and was killed.
    pub(super) async fn take_over(&self, stored: StoredRun) -> Outcome {
        let phase = phase(&stored);
        if phase.may_go_on() {
            return self.resume(stored).await;
        }
        if phase != Phase::Planned {
            return match report_of(&stored, self.service.now()) {
                Ok(report) => {
                    self.service.profiles.keep(&self.job.new.profile, &report).await;
                    self.tell(&report).await;
                    Outcome::Done
                }
                Err(error) => Outcome::Failed(error.to_string()),
            };
        }
        match self.replace(&stored).await {
            Ok(()) => Outcome::Done,
            Err(error) => later(self.job.tries, error.to_string()),
        }
    }

    /// It was killed before its plan stood: nothing was sent, and another run does it instead, once.
    pub(super) async fn replace(&self, stored: &StoredRun) -> Result<(), EngineError> {
        let (service, old) = (&self.service, &self.job.new);
        let now = service.now();
        let once = Once {
            key: format!("instead of:{}", old.run),
            fingerprint: String::new(),
            until: now.plus_seconds(24 * 60 * 60),
        };
        let new =
            NewJob { run: service.new_run(), at: now, not_before: now, once: Some(once), ..old.clone() };
        let newer = match service.store.put_job(&new).await? {
            Put::Known(run) | Put::Differs(run) => run,
            Put::New | Put::Busy => new.run,
        };
        self.engine.replace_unbegun(stored, &newer).await
    }

    pub(super) async fn go_on(&self, begun: Begun) -> Outcome {
        match begun {
            Begun::Applies(handle) => self.see_through(handle).await,
            Begun::Parked(finished) | Begun::Ended { finished, .. } => self.conclude(&finished).await,
        }
    }

    /// Follows a run to its end. When the server ends it is interrupted, in good order.
    pub(super) async fn see_through(&self, handle: RunHandle) -> Outcome {
        let stop = &self.service.stop;
        let controller = handle.controller();
        let ended = handle.wait();
        tokio::pin!(ended);
        let (mut told, mut told_twice) = (false, false);
        let finished = loop {
            tokio::select! {
                finished = &mut ended => break finished,
                () = stop.soon.cancelled(), if !told => {
                    told = true;
                    controller.send(Control::Interrupt);
                }
                () = stop.now.cancelled(), if !told_twice => {
                    told_twice = true;
                    controller.send(Control::Abort);
                }
            }
        };
        let outcome = self.conclude(&finished).await;
        if finished.state.phase != Phase::Interrupted {
            return outcome;
        }
        if told {
            return Outcome::Stopped;
        }
        let refused = |code: Code| matches!(code, Code::AuthenticationFailed | Code::PermissionDenied);
        let for_good = finished.state.problems.iter().any(|problem| refused(problem.code));
        // A person resumes what a refused sign-in stopped.
        if for_good || self.job.tries >= TRIES {
            Outcome::Done
        } else {
            Outcome::Later(backoff(self.job.tries))
        }
    }

    pub(super) async fn conclude(&self, finished: &Finished) -> Outcome {
        let report = report::build(&report::Source {
            header: &finished.header,
            survey: &finished.survey,
            plan: finished.plan.as_ref(),
            state: &finished.state,
            journal_head: finished.journal_head.as_deref(),
            now: self.service.now(),
        });
        self.service.profiles.keep(&self.job.new.profile, &report).await;
        self.service.metrics.ended(finished.state.phase.words());
        self.tell(&report).await;
        // What could be put into no journal is told by its report alone, and by the job.
        match finished.journal_head {
            Some(_) => Outcome::Done,
            None => Outcome::Failed("the store could not keep what became of this run".to_owned()),
        }
    }

    /// Tells whoever wants to know. A run is none the worse if that does not work.
    pub(super) async fn tell(&self, report: &Report) {
        let Some(notifier) = self.service.notifier.get() else { return };
        if let Err(error) = notifier.tell(&self.service.store, report, &self.job.new.origin).await {
            tracing::error!(%error, run = %self.id(), "nobody is told about this run");
        }
    }

    pub(super) fn judge(&self, error: &EngineError) -> Outcome {
        let why = format!("{error}. {}", error.advice());
        match error {
            EngineError::Store(StoreError::UnknownRun(_)) => Outcome::Failed(why),
            error if may_pass(error) || matches!(error, EngineError::Store(_)) => later(self.job.tries, why),
            _ => Outcome::Failed(why),
        }
    }
}

/// The phase that a run is in, as its journal tells it.
fn phase(stored: &StoredRun) -> Phase {
    state_of(stored).phase
}
