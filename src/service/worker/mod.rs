//! Takes jobs from the queue and sees them through. What a process left behind that was killed is taken over: a run that
//! is in the store already is resumed, never begun anew.
//!
//! [`begin`] makes runs, [`carry`] sees them through, [`again`] says what is tried again.

mod again;
mod begin;
mod carry;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Semaphore, watch};
use tokio_util::task::TaskTracker;

use self::again::later;
use super::{
    Service, Task,
    notify::{Delivery, Told},
    task::scheduled,
};
use crate::{
    domain::RunId,
    engine::Engine,
    store::{Job, Stage},
};

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

impl Work {
    fn id(&self) -> &RunId {
        &self.job.new.run
    }
}
