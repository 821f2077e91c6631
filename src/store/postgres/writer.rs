//! The one task of this process that changes the database. Whatever waits is put into one transaction, so that many
//! small appends cost one sync of the server's disk; callers wait until theirs is durable.
//!
//! A connection may be lost at any moment. Each transaction counts itself in the process's own row (see [`super::line`]), so
//! that the next connection can tell whether the last one was made durable; only then is anything done again.
//! Changes can therefore be run more than once, and only the transaction that was made durable counts.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use sqlx::PgConnection;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep},
};

use super::{
    address::Address,
    explain::{explain, is_lost, met_another},
    journal, leases,
    line::{Ended, Line},
    open::Limits,
    own::Own,
};
use crate::{
    domain::RunId,
    store::{Result, StoreError, journal::Batch},
};

/// Callers that may wait before the next one has to wait for a place.
const QUEUE: usize = 256;

/// How often a transaction that met another one is tried.
const TRIES: u32 = 8;

/// Why a change did not happen.
pub enum Failure {
    /// It was not possible; nothing was changed, and the changes beside it are fine.
    Refused(StoreError),
    /// The database failed; the whole transaction is void.
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

pub type Changed<T> = std::result::Result<T, Failure>;

/// A change that waits for its caller to be told.
pub trait Work: Send {
    /// Runs within a transaction, perhaps once more within another one; keeps what came of it.
    fn run<'a>(&'a mut self, connection: &'a mut PgConnection) -> BoxFuture<'a, sqlx::Result<()>>;

    /// Tells the caller: what came of it if the transaction is durable, else why it is not.
    fn tell(self: Box<Self>, durable: Result<()>);
}

struct Change<T, F> {
    run: F,
    came: Result<T>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T, F> Work for Change<T, F>
where
    T: Send + 'static,
    F: for<'c> Fn(&'c mut PgConnection) -> BoxFuture<'c, Changed<T>> + Send,
{
    fn run<'a>(&'a mut self, connection: &'a mut PgConnection) -> BoxFuture<'a, sqlx::Result<()>> {
        let running = (self.run)(connection);
        let came = &mut self.came;
        Box::pin(async move {
            *came = match running.await {
                Ok(value) => Ok(value),
                Err(Failure::Refused(error)) => Err(error),
                Err(Failure::Database(error)) => return Err(error),
            };
            Ok(())
        })
    }

    fn tell(self: Box<Self>, durable: Result<()>) {
        // A caller that left does not want to know.
        let _ = self.answer.send(durable.and(self.came));
    }
}

/// Records for one journal.
pub struct Append {
    pub run: RunId,
    pub batch: Batch,
    came: Result<String>,
    answer: oneshot::Sender<Result<String>>,
}

pub enum Job {
    Append(Append),
    Change(Box<dyn Work>),
    Close(oneshot::Sender<()>),
}

impl Job {
    fn tell(self, durable: Result<()>) {
        match self {
            Self::Append(append) => {
                let _ = append.answer.send(durable.and(append.came));
            }
            Self::Change(work) => work.tell(durable),
            Self::Close(_) => {}
        }
    }
}

pub struct Writer {
    jobs: mpsc::Sender<Job>,
    commits: Arc<AtomicU64>,
}

impl Writer {
    pub fn start(address: Address, own: Arc<Own>, limits: Limits) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let commits = Arc::new(AtomicU64::new(0));
        let line = Line::new(address.clone(), Arc::clone(&own));
        let working = Working { address, own, limits, line, commits: Arc::clone(&commits), away: false };
        tokio::spawn(working.work(queue));
        Self { jobs, commits }
    }

    /// Transactions that were made durable.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub async fn append(&self, run: RunId, batch: Batch) -> Result<String> {
        let (answer, answered) = oneshot::channel();
        self.send(Job::Append(Append { run, batch, came: Err(StoreError::Closed), answer })).await?;
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Runs a change within the next transaction, and returns when it is durable.
    pub async fn change<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut PgConnection) -> BoxFuture<'c, Changed<T>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.send(Job::Change(Box::new(Change { run: change, came: Err(StoreError::Closed), answer })))
            .await?;
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.jobs.send(Job::Close(done)).await.is_ok() {
            // An error means that the task is gone already.
            let _ = closed.await;
        }
    }

    async fn send(&self, job: Job) -> Result<()> {
        self.jobs.send(job).await.map_err(|_| StoreError::Closed)
    }
}

struct Working {
    address: Address,
    own: Arc<Own>,
    limits: Limits,
    line: Line,
    commits: Arc<AtomicU64>,
    /// The database did not come back while somebody waited for it: nobody waits again before it is there.
    away: bool,
}

impl Working {
    async fn work(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut closing = Vec::new();
        let mut jobs = Vec::with_capacity(QUEUE);
        loop {
            tokio::select! {
                biased;
                taken = queue.recv_many(&mut jobs, QUEUE) => if taken == 0 { break },
                () = sleep(self.limits.heartbeat), if self.line.is_known() => {
                    self.beat().await;
                    continue;
                }
            }
            let mut todo = Vec::with_capacity(jobs.len());
            for job in jobs.drain(..) {
                match job {
                    Job::Close(done) => closing.push(done),
                    job => todo.push(job),
                }
            }
            if !todo.is_empty() {
                self.settle(todo).await;
                self.give_back_what_is_owed().await;
            }
            if !closing.is_empty() {
                queue.close();
            }
        }
        self.line.leave().await;
        for done in closing {
            let _ = done.send(());
        }
    }

    /// Is heard of, and gives back what could not be given back before.
    async fn beat(&mut self) {
        match self.line.transact(&mut [], false).await {
            Ended::Durable => self.away = false,
            Ended::Void(error) | Ended::Lost(error) => {
                tracing::debug!(%error, "the database did not hear of this process");
            }
            Ended::Over(_) => {}
        }
        self.give_back_what_is_owed().await;
    }

    async fn give_back_what_is_owed(&mut self) {
        if self.away {
            return;
        }
        for run in self.own.owed() {
            let (answer, answered) = oneshot::channel();
            let (process, of) = (self.own.id.clone(), run.clone());
            let job = job(
                move |connection| {
                    let (process, run) = (process.clone(), of.clone());
                    Box::pin(async move { leases::release(connection, &run, &process).await })
                },
                answer,
            );
            self.settle(vec![job]).await;
            if matches!(answered.await, Ok(Ok(()))) {
                self.own.gave_back(&run);
            }
        }
    }

    /// Makes the jobs durable, or tells their callers why they are not.
    async fn settle(&mut self, todo: Vec<Job>) {
        let mut todo = self.without_broken(todo);
        let give_up = Instant::now() + if self.away { Duration::ZERO } else { self.limits.patience };
        let mut pause = Duration::from_millis(50);
        let (mut tries, mut again) = (0, false);
        while !todo.is_empty() {
            match self.line.transact(&mut todo, again).await {
                Ended::Durable => {
                    self.away = false;
                    self.commits.fetch_add(1, Ordering::Relaxed);
                    return todo.into_iter().for_each(|job| job.tell(Ok(())));
                }
                Ended::Void(error) if met_another(&error) && tries < TRIES => {
                    tries += 1;
                    sleep(pause.mul_f64(crate::system::random::fraction())).await;
                }
                Ended::Void(error) if todo.len() == 1 || !is_of_one_change(&error) => {
                    let error = explain(&error, &self.address);
                    return self.refuse(todo, &error);
                }
                // One of them is what the database does not take; the others shall not suffer for it.
                Ended::Void(_) => {
                    for job in todo {
                        Box::pin(self.settle(vec![job])).await;
                    }
                    return;
                }
                Ended::Lost(error) => {
                    again = true;
                    if Instant::now() + pause > give_up {
                        self.away = true;
                        let error = explain(&error, &self.address);
                        tracing::error!(%error, "the store is away, nothing is stored");
                        return self.refuse(todo, &error);
                    }
                    tracing::warn!(%error, "the database went away; it is waited for");
                    sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
                Ended::Over(error) => return self.refuse(todo, &error),
            }
        }
    }

    /// The jobs that may go; those for a journal that lacks something are refused.
    fn without_broken(&self, todo: Vec<Job>) -> Vec<Job> {
        let (mut go, mut stay) = (Vec::with_capacity(todo.len()), Vec::new());
        for job in todo {
            let first = match &job {
                Job::Append(append) => self.own.broken(&append.run),
                _ => None,
            };
            match first {
                Some(first) => stay.push((job, first)),
                None => go.push(job),
            }
        }
        for (job, first) in stay {
            job.tell(Err(StoreError::Failed { first }));
        }
        go
    }

    /// Tells why not. A journal that lacks what was to be appended takes nothing more from this process, until it takes
    /// up the run anew: what follows must not look as if nothing were missing.
    fn refuse(&self, todo: Vec<Job>, error: &StoreError) {
        for job in todo {
            if let Job::Append(append) = &job {
                self.own.broke(&append.run, &error.to_string());
            }
            job.tell(Err(error.clone()));
        }
    }
}

/// Whether it is what one change wanted that the database did not take: data, or a rule that it broke.
fn is_of_one_change(error: &sqlx::Error) -> bool {
    !is_lost(error)
        && match error {
            sqlx::Error::Database(database) => {
                database.code().is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
            }
            _ => true,
        }
}

fn job<T, F>(change: F, answer: oneshot::Sender<Result<T>>) -> Job
where
    T: Send + 'static,
    F: for<'c> Fn(&'c mut PgConnection) -> BoxFuture<'c, Changed<T>> + Send + 'static,
{
    Job::Change(Box::new(Change { run: change, came: Err(StoreError::Closed), answer }))
}

/// All the jobs within one transaction; appends that follow each other in few statements.
pub fn run_all<'a>(
    connection: &'a mut PgConnection,
    own: &'a Own,
    jobs: &'a mut [Job],
) -> BoxFuture<'a, sqlx::Result<()>> {
    Box::pin(async move {
        let mut rest = jobs;
        while !rest.is_empty() {
            let appends = rest.iter().take_while(|job| matches!(job, Job::Append(_))).count();
            if appends == 0 {
                let (first, later) = rest.split_at_mut(1);
                if let Job::Change(work) = &mut first[0] {
                    work.run(&mut *connection).await?;
                }
                rest = later;
                continue;
            }
            let (first, later) = rest.split_at_mut(appends);
            let batches: Vec<(RunId, Batch)> = first
                .iter()
                .filter_map(|job| match job {
                    Job::Append(append) => Some((append.run.clone(), append.batch.clone())),
                    _ => None,
                })
                .collect();
            let heads = journal::append(&mut *connection, own, batches).await?;
            for (job, head) in first.iter_mut().zip(heads) {
                if let Job::Append(append) = job {
                    append.came = head;
                }
            }
            rest = later;
        }
        Ok(())
    })
}
