//! Takes jobs from the queue and sees them through. What a process left behind that was killed is taken over: a run that
//! is in the store already is resumed, never begun anew.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Semaphore, watch};
use tokio_util::task::TaskTracker;

use super::{
    Service, Task,
    notify::{Delivery, Told},
    task::{ApproveInputs, RunInputs, UndoInputs, person, scheduled},
    webhooks::{self, Look, Seen},
};
use crate::{
    domain::{Code, Phase, RunId, document::Report, event::End},
    engine::{Begun, Control, Engine, EngineError, Finished, Order, RunHandle},
    report,
    store::{Job, NewJob, Once, Put, Stage, StoreError, StoredRun, Wish},
};

/// A PSA that is away, or a client that somebody works on, is tried again so often.
const TRIES: u32 = 8;

/// The queue is looked into at least so often, whatever is heard or not: a server that was killed tells nobody what it
/// had in hand.
const IDLE: Duration = Duration::from_secs(15);

/// What the workers leave behind when the server ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    /// Runs that were interrupted; the next server goes on with them.
    pub interrupted: usize,
}

/// What became of a job.
enum Outcome {
    Done,
    /// There was nothing to do, and so there is no run.
    Nothing(&'static str),
    /// Nothing more can be done, and there is no run to tell why.
    Failed(String),
    /// In so many seconds, perhaps.
    Later(i64),
    /// The server ends.
    Stopped,
}

/// Works until the server is to end, and then until what goes on has come to a good end.
pub async fn work(service: Arc<Service>, workers: usize) -> Left {
    let places = Arc::new(Semaphore::new(workers.max(1)));
    let running = TaskTracker::new();
    let interrupted = Arc::new(AtomicUsize::new(0));
    let mut changes = service.store.changes();
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = service.stop.soon.cancelled() => break,
        };
        let (Ok(place), Some(job)) = (place, next(&service, &mut changes).await) else { break };
        let (service, interrupted) = (Arc::clone(&service), Arc::clone(&interrupted));
        running.spawn(async move {
            let _place = place;
            if see_to(&service, job).await {
                interrupted.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    running.close();
    running.wait().await;
    Left { interrupted: interrupted.load(Ordering::Relaxed) }
}

/// Jobs that this process seems to have, and cannot: it has only begun. They are of an earlier life that had the same
/// number, as the first process of a container always has. To be called before [`work`].
pub async fn free_own(service: &Service) {
    let own = Service::holder();
    let jobs = match service.store.jobs().await {
        Ok(jobs) => jobs,
        Err(error) => return tracing::warn!(%error, "the queue cannot be read"),
    };
    for job in jobs {
        if matches!(&job.stage, Stage::Held { by, .. } if by.process == own.process)
            && let Err(error) = service.store.give_back(&job.new.run, service.now()).await
        {
            tracing::warn!(%error, "a job of an earlier life stays with it");
        }
    }
}

/// The next job; `None` when the server is to end.
async fn next(service: &Service, changes: &mut watch::Receiver<u64>) -> Option<Job> {
    let holder = Service::holder();
    while !service.stop.soon.is_cancelled() {
        changes.borrow_and_update();
        match service.store.take_job(&holder, service.now()).await {
            Ok(Some(job)) => return Some(job),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "nothing can be taken from the queue"),
        }
        let due = service.store.next_job().await.ok().flatten().map_or(IDLE, |at| {
            let seconds = at.seconds_since(service.now()).max(0.0);
            // One that may be taken and was not waits for another one of its lane; a change will tell.
            if seconds > 0.0 { Duration::from_secs_f64(seconds).min(IDLE) } else { IDLE }
        });
        tokio::select! {
            heard = changes.changed() => if heard.is_err() {
                service.clock.sleep(Duration::from_secs(1)).await;
            },
            () = service.clock.sleep(due) => {}
            () = service.stop.soon.cancelled() => {}
        }
    }
    None
}

/// Sees to a job, and puts down what became of it; tells whether it was interrupted because the server ends.
async fn see_to(service: &Arc<Service>, job: Job) -> bool {
    let run = job.new.run.clone();
    tracing::info!(target: "mothball::serve", %run, tries = job.tries, "a job is taken");
    let doing = tokio::spawn(perform(Arc::clone(service), job));
    let outcome = doing.await.unwrap_or_else(|error| {
        tracing::error!(%error, %run, "a part of the program panicked");
        Outcome::Failed(
            "a part of the program panicked; its journal is whole, and the log says more".to_owned(),
        )
    });
    let now = service.now();
    let stopped = matches!(outcome, Outcome::Stopped);
    let put_down = match outcome {
        Outcome::Done => service.store.finish_job(&run, now, None).await,
        Outcome::Nothing(why) => {
            tracing::info!(target: "mothball::serve", %run, "nothing to do: {why}");
            service.store.finish_job(&run, now, Some(why)).await
        }
        Outcome::Failed(why) => {
            tracing::warn!(%run, "{why}");
            service.store.finish_job(&run, now, Some(&why)).await
        }
        Outcome::Later(seconds) => service.store.give_back(&run, now.plus_seconds(seconds)).await,
        Outcome::Stopped => service.store.give_back(&run, now).await,
    };
    if let Err(error) = put_down {
        tracing::error!(%error, %run, "what became of a job could not be put down");
    }
    stopped
}

/// One job, with all that it needs.
struct Work {
    service: Arc<Service>,
    engine: Engine,
    job: Job,
}

/// Tells somebody about a run; needs no PSA.
async fn tell(service: &Service, delivery: &Delivery, tries: u32) -> Outcome {
    let Some(notifier) = service.notifier.get() else {
        return Outcome::Failed("nobody is to be told any more".to_owned());
    };
    // The first try was made where the run ended.
    match notifier.deliver(delivery, tries + 1).await {
        Told::Done => Outcome::Done,
        Told::Later(moment) => Outcome::Later(moment.seconds_since(service.now()).max(1.0) as i64),
        Told::Never(why) => Outcome::Failed(why),
    }
}

async fn perform(service: Arc<Service>, job: Job) -> Outcome {
    if let Some(delivery) = Delivery::of(&job.new) {
        return tell(&service, &delivery, job.tries).await;
    }
    let engine = match service.profiles.engine(&job.new.profile).await {
        Ok(engine) => engine,
        Err(why) => return later(job.tries, why),
    };
    let task: Task = match serde_json::from_value(job.new.task.clone()) {
        Ok(task) => task,
        Err(error) => return Outcome::Failed(format!("this build does not know such a job: {error}")),
    };
    let stored = match service.store.run(&job.new.run).await {
        Ok(stored) => stored,
        Err(error) => return later(job.tries, error.to_string()),
    };
    let work = Work { service, engine, job };
    match (task, stored) {
        (Task::Run(inputs), None) => Box::pin(work.run(&inputs)).await,
        (Task::Scheduled { inputs }, None) => {
            let order = scheduled(&inputs, &work.job.new.origin, work.id());
            Box::pin(work.run_order(&order)).await
        }
        (Task::Undo { of, inputs }, None) => work.undo(&of, &inputs).await,
        (Task::Look { at }, None) => Box::pin(work.look(&at)).await,
        (Task::Run(_) | Task::Scheduled { .. } | Task::Undo { .. } | Task::Look { .. }, Some(stored)) => {
            work.take_over(stored).await
        }
        (Task::Approve { by, part }, Some(stored)) => work.approve(stored, &by, &part).await,
        (Task::Resume, Some(stored)) => work.resume(stored).await,
        (Task::Approve { .. } | Task::Resume, None) => Outcome::Failed("there is no such run".to_owned()),
    }
}

/// Once more, later each time; not for ever.
fn later(tries: u32, why: String) -> Outcome {
    if tries >= TRIES { Outcome::Failed(why) } else { Outcome::Later(backoff(tries)) }
}

/// Half a minute, a minute, two, …, an hour at most.
fn backoff(tries: u32) -> i64 {
    (30_i64 << tries.saturating_sub(1).min(7)).min(3_600)
}

/// Whether the PSA may be there again in a while. A refused sign-in is not tried again by itself: vendors lock accounts.
fn may_pass(error: &EngineError) -> bool {
    matches!(error, EngineError::Locked { .. })
        || matches!(error.code(), Code::PSAConnectionError | Code::RateLimited)
}

impl Work {
    fn id(&self) -> &RunId {
        &self.job.new.run
    }

    async fn run(&self, inputs: &RunInputs) -> Outcome {
        let order = inputs.order(&self.job.new.origin, self.id());
        // The settings may have changed since it was asked for.
        if let Some(Err(why)) =
            self.service.profiles.rules(&self.job.new.profile).map(|rules| inputs.check(&rules))
        {
            let finished = self.engine.conclude_failed(&order, &EngineError::Refused(why)).await;
            return self.conclude(&finished).await;
        }
        Box::pin(self.run_order(&order)).await
    }

    async fn run_order(&self, order: &Order) -> Outcome {
        let planning = async {
            for found in self.engine.look_again_first().await {
                tracing::warn!("{found}");
            }
            self.engine.plan(order).await
        };
        let planned = tokio::select! {
            planned = planning => planned,
            () = self.service.stop.soon.cancelled() => return Outcome::Stopped,
            by = self.cancelled() => {
                let message = format!("The run was cancelled by {by} before anything was planned; nothing was changed.");
                let finished = self.engine.conclude_stopped(order, End::Cancelled, message).await;
                return self.conclude(&finished).await;
            }
        };
        if let Err(error) = &planned
            && may_pass(error)
            && self.job.tries < TRIES
        {
            tracing::warn!(%error, run = %self.id(), "tried again later");
            return Outcome::Later(backoff(self.job.tries));
        }
        match self.engine.begin(order, planned).await {
            Ok(begun) => self.go_on(begun).await,
            Err(error) => {
                let finished = self.engine.conclude_failed(order, &error).await;
                self.conclude(&finished).await
            }
        }
    }

    /// Looks at what a PSA told of. Most often there is nothing to do.
    async fn look(&self, at: &Look) -> Outcome {
        let (service, job) = (&self.service, &self.job.new);
        // A job that was given back is a look of its own: what it waited for has come.
        if self.job.tries <= 1 && service.looked.since(&job.profile, at, job.at, service.now()) {
            return Outcome::Nothing("it was looked at since");
        }
        let seen = tokio::select! {
            seen = webhooks::look(&self.engine, at) => seen,
            () = service.stop.soon.cancelled() => return Outcome::Stopped,
        };
        match seen {
            Ok(Seen::Left(client)) => {
                let reason = Some("the PSA told of a change (webhook)".to_owned());
                let inputs =
                    RunInputs { client_id: Some(client.to_string()), reason, ..RunInputs::default() };
                Box::pin(self.run(&inputs)).await
            }
            Ok(Seen::Nothing(why)) => Outcome::Nothing(why),
            Ok(Seen::Later(until)) => {
                Outcome::Later(until.seconds_since(service.now()).ceil().max(1.0) as i64)
            }
            Err(error) => self.judge(&error),
        }
    }

    async fn undo(&self, of: &RunId, inputs: &UndoInputs) -> Outcome {
        let order = inputs.order(of, &self.job.new.origin, self.id());
        let drafted = tokio::select! {
            drafted = self.engine.draft_undo(&order.undo, &order.who) => drafted,
            () = self.service.stop.soon.cancelled() => return Outcome::Stopped,
            by = self.cancelled() => {
                let message = format!("The undo was cancelled by {by} before anything was planned; nothing was changed.");
                let finished = self.engine.conclude_stopped_undo(&order, End::Cancelled, message).await;
                return self.conclude(&finished).await;
            }
        };
        if let Err(error) = &drafted
            && may_pass(error)
            && self.job.tries < TRIES
        {
            return Outcome::Later(backoff(self.job.tries));
        }
        match self.engine.begin_undo(&order, drafted).await {
            Ok(begun) => self.go_on(begun).await,
            Err(error) => {
                let finished = self.engine.conclude_failed_undo(&order, &error).await;
                self.conclude(&finished).await
            }
        }
    }

    async fn approve(&self, stored: StoredRun, by: &str, part: &ApproveInputs) -> Outcome {
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

    async fn resume(&self, stored: StoredRun) -> Outcome {
        match self.engine.resume(stored).await {
            Ok(handle) => self.see_through(handle).await,
            Err(error) => self.judge(&error),
        }
    }

    /// A former life of this job stored the run, and was killed.
    async fn take_over(&self, stored: StoredRun) -> Outcome {
        let phase = phase(&stored);
        if phase.may_go_on() {
            return self.resume(stored).await;
        }
        if phase != Phase::Planned {
            return match super::report_of(&stored, self.service.now()) {
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
    async fn replace(&self, stored: &StoredRun) -> Result<(), EngineError> {
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

    async fn go_on(&self, begun: Begun) -> Outcome {
        match begun {
            Begun::Applies(handle) => self.see_through(handle).await,
            Begun::Parked(finished) | Begun::Ended { finished, .. } => self.conclude(&finished).await,
        }
    }

    /// Follows a run to its end. When the server ends it is interrupted, in good order.
    async fn see_through(&self, handle: RunHandle) -> Outcome {
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

    async fn conclude(&self, finished: &Finished) -> Outcome {
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
    async fn tell(&self, report: &Report) {
        let Some(notifier) = self.service.notifier.get() else { return };
        if let Err(error) = notifier.tell(&self.service.store, report, &self.job.new.origin).await {
            tracing::error!(%error, run = %self.id(), "nobody is told about this run");
        }
    }

    fn judge(&self, error: &EngineError) -> Outcome {
        let why = format!("{error}. {}", error.advice());
        match error {
            EngineError::Store(StoreError::UnknownRun(_)) => Outcome::Failed(why),
            error if may_pass(error) || matches!(error, EngineError::Store(_)) => later(self.job.tries, why),
            _ => Outcome::Failed(why),
        }
    }

    /// Returns when somebody asks for the end of a run that is not begun yet, and tells who.
    async fn cancelled(&self) -> String {
        let mut changes = self.service.store.changes();
        loop {
            changes.borrow_and_update();
            match self.service.store.take_requests(self.id()).await {
                Ok(requests) => {
                    let end = |wish: Wish| matches!(wish, Wish::Cancel | Wish::Stop);
                    if let Some(request) = requests.into_iter().find(|request| end(request.wish)) {
                        return request.by;
                    }
                }
                Err(error) => tracing::warn!(%error, "whether to cancel cannot be read"),
            }
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// The phase that a run is in, as its journal tells it.
fn phase(stored: &StoredRun) -> Phase {
    super::state_of(stored).phase
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_waits_longer_and_none_longer_than_an_hour() {
        let waits: Vec<i64> = (1..10).map(backoff).collect();
        assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        assert_eq!(backoff(0), 30);
    }
}
