//! The one task that changes the file. Whatever waits is put into one transaction, so that many small
//! appends cost one sync of the disk; callers wait until theirs is durable.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::future::BoxFuture;
use sqlx::SqliteConnection;
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    journal,
    open::{close, explain},
};
use crate::{
    domain::RunId,
    store::{Result, StoreError, journal::Batch},
};

/// Callers that may wait before the next one has to wait for a place.
const QUEUE: usize = 256;

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

/// Tells the caller, once it is known whether the transaction is durable.
type Tell = Box<dyn FnOnce(Result<()>) + Send>;

/// A change that ran; `Err` if it voids the transaction.
type Ran = std::result::Result<Tell, (Tell, sqlx::Error)>;

type Change = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Ran> + Send>;

pub struct Append {
    pub run: RunId,
    pub batch: Batch,
    pub answer: oneshot::Sender<Result<String>>,
}

enum Job {
    Append(Append),
    Change { run: Change, refuse: Tell },
    Close(oneshot::Sender<()>),
}

pub struct Writer {
    jobs: mpsc::Sender<Job>,
    commits: Arc<AtomicU64>,
}

impl Writer {
    /// `changes` is told of every transaction.
    pub fn start(connection: SqliteConnection, path: PathBuf, changes: watch::Sender<u64>) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let commits = Arc::new(AtomicU64::new(0));
        tokio::spawn(work(connection, path, queue, commits.clone(), changes));
        Self { jobs, commits }
    }

    /// Transactions that were made durable.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub async fn append(&self, run: RunId, batch: Batch) -> Result<String> {
        let (answer, answered) = oneshot::channel();
        self.send(Job::Append(Append { run, batch, answer })).await?;
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Runs a change within the next transaction, and returns when it is durable.
    pub async fn change<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Changed<T>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel::<Result<T>>();
        // Whoever speaks first, the change or the refusal to run it, uses the way back.
        let way_back = Arc::new(Mutex::new(Some(answer)));
        let way_back_of_refusal = way_back.clone();
        let take = |way: &Mutex<Option<oneshot::Sender<Result<T>>>>| {
            way.lock().unwrap_or_else(PoisonError::into_inner).take()
        };
        let run: Change = Box::new(move |connection| {
            Box::pin(async move {
                let tell = |outcome: Result<T>| -> Tell {
                    let answer = take(&way_back);
                    Box::new(move |durable| {
                        if let Some(answer) = answer {
                            // A caller that left does not want to know.
                            let _ = answer.send(durable.and(outcome));
                        }
                    })
                };
                match change(connection).await {
                    Ok(value) => Ok(tell(Ok(value))),
                    Err(Failure::Refused(error)) => Ok(tell(Err(error))),
                    Err(Failure::Database(error)) => Err((tell(Err(StoreError::Closed)), error)),
                }
            })
        });
        let refuse: Tell = Box::new(move |refused| {
            if let (Some(answer), Err(error)) = (take(&way_back_of_refusal), refused) {
                let _ = answer.send(Err(error));
            }
        });
        self.send(Job::Change { run, refuse }).await?;
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

async fn work(
    connection: SqliteConnection,
    path: PathBuf,
    mut queue: mpsc::Receiver<Job>,
    commits: Arc<AtomicU64>,
    changes: watch::Sender<u64>,
) {
    let mut connection = Some(connection);
    let mut failed: Option<String> = None;
    let mut closing = Vec::new();
    let mut jobs = Vec::with_capacity(QUEUE);
    while queue.recv_many(&mut jobs, QUEUE).await > 0 {
        let mut todo = Vec::with_capacity(jobs.len());
        for job in jobs.drain(..) {
            match job {
                Job::Close(done) => closing.push(done),
                job => todo.push(job),
            }
        }
        if let Some(first) = &failed {
            let error = StoreError::Failed { first: first.clone() };
            refuse_all(todo, &error);
        } else if let Some(mut working) = connection.take_if(|_| !todo.is_empty()) {
            failed = transact(&mut working, &path, todo).await;
            if failed.is_none() {
                commits.fetch_add(1, Ordering::Relaxed);
                changes.send_modify(|number| *number += 1);
                connection = Some(working);
            } else {
                // Closing it would sync the same files again. A disk that failed to may say yes the second time, and have
                // dropped what it was to keep: nothing more is asked of it. The end of the process closes the files.
                std::mem::forget(working);
            }
        }
        if !closing.is_empty() {
            queue.close();
        }
    }
    if let Some(connection) = connection {
        close(connection).await;
    }
    for done in closing {
        let _ = done.send(());
    }
}

/// One transaction. Returns what made it fail for good, if that happened.
async fn transact(connection: &mut SqliteConnection, path: &Path, todo: Vec<Job>) -> Option<String> {
    if let Err(error) = sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await {
        let error = explain(&error, path);
        refuse_all(todo, &error);
        // Nothing was touched yet: when another process was just busy, the next try may go well.
        return (!matches!(error, StoreError::Busy { .. })).then(|| error.to_string());
    }
    let mut told: Vec<Tell> = Vec::with_capacity(todo.len());
    let mut todo = todo.into_iter().peekable();
    let mut broken = None;
    while let Some(job) = todo.next() {
        let ran = match job {
            Job::Append(first) => {
                let mut appends = vec![first];
                while let Some(Job::Append(append)) = todo.next_if(|job| matches!(job, Job::Append(_))) {
                    appends.push(append);
                }
                append(connection, appends).await
            }
            Job::Change { run, .. } => run(connection).await,
            Job::Close(_) => continue,
        };
        match ran {
            Ok(tell) => told.push(tell),
            Err((tell, error)) => {
                told.push(tell);
                broken = Some(error);
                break;
            }
        }
    }
    let durable = match broken {
        None => sqlx::query("COMMIT").execute(&mut *connection).await.map(|_| ()),
        Some(error) => Err(error),
    };
    match durable {
        Ok(()) => {
            tell_all(told, &Ok(()));
            None
        }
        Err(error) => {
            // The file may already have been rolled back by SQLite itself; then this fails, and may.
            let _ = sqlx::query("ROLLBACK").execute(&mut *connection).await;
            let error = explain(&error, path);
            tracing::error!("the store failed, nothing more is stored: {error}");
            tell_all(told, &Err(error.clone()));
            refuse_all(todo, &error);
            Some(error.to_string())
        }
    }
}

/// Many appends in few statements.
async fn append(connection: &mut SqliteConnection, appends: Vec<Append>) -> Ran {
    let (batches, answers): (Vec<_>, Vec<_>) =
        appends.into_iter().map(|append| ((append.run, append.batch), append.answer)).unzip();
    match journal::append(connection, batches).await {
        Ok(heads) => Ok(Box::new(move |durable: Result<()>| {
            for (answer, head) in answers.into_iter().zip(heads) {
                let _ = answer.send(durable.clone().and(head));
            }
        })),
        Err(error) => {
            let tell = Box::new(move |durable: Result<()>| {
                for answer in answers {
                    let refused = durable.clone().and(Err(StoreError::Closed));
                    let _ = answer.send(refused);
                }
            });
            Err((tell, error))
        }
    }
}

fn tell_all(told: Vec<Tell>, durable: &Result<()>) {
    for tell in told {
        tell(durable.clone());
    }
}

fn refuse_all(jobs: impl IntoIterator<Item = Job>, error: &StoreError) {
    for job in jobs {
        refuse(job, error);
    }
}

fn refuse(job: Job, error: &StoreError) {
    match job {
        Job::Append(append) => {
            let _ = append.answer.send(Err(error.clone()));
        }
        Job::Change { refuse, .. } => refuse(Err(error.clone())),
        Job::Close(_) => {}
    }
}
