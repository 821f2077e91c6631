//! Notices that the file was changed: by this process at once, by another within a moment. The file tells nobody by
//! itself, so it is asked, and only while somebody wants to know.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{ConnectOptions, SqliteConnection};
use tokio::sync::watch::{Receiver, Sender};

use super::open;

/// How late a change of another process may be noticed.
const PAUSE: Duration = Duration::from_secs(1);

pub struct Watched {
    path: PathBuf,
    changes: Sender<u64>,
    /// Whether a task asks the file; under a lock, so that nobody begins to listen while it decides to end.
    asking: Arc<Mutex<bool>>,
    closed: Arc<AtomicBool>,
}

impl Watched {
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            changes: Sender::new(0),
            asking: Arc::default(),
            closed: Arc::default(),
        }
    }

    /// For whoever changes the file here.
    pub fn teller(&self) -> Sender<u64> {
        self.changes.clone()
    }

    pub fn subscribe(&self) -> Receiver<u64> {
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = self.changes.subscribe();
        if !*asking {
            *asking = true;
            let question = Question {
                changes: self.changes.clone(),
                asking: Arc::clone(&self.asking),
                closed: Arc::clone(&self.closed),
            };
            let path = self.path.clone();
            tokio::spawn(async move {
                if let Err(error) = question.ask(&path).await {
                    tracing::warn!("changes of other processes are noticed late: {error}");
                    *question.asking() = false;
                }
            });
        }
        receiver
    }

    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }
}

struct Question {
    changes: Sender<u64>,
    asking: Arc<Mutex<bool>>,
    closed: Arc<AtomicBool>,
}

impl Question {
    fn asking(&self) -> MutexGuard<'_, bool> {
        // Nothing panics while it holds the lock.
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody wants to know any more; then this was the last question.
    fn is_over(&self) -> bool {
        let mut asking = self.asking();
        *asking = self.changes.receiver_count() > 0 && !self.closed.load(Ordering::SeqCst);
        !*asking
    }

    async fn ask(&self, path: &Path) -> Result<(), sqlx::Error> {
        let mut connection = open::options(path).pragma("query_only", "on").connect().await?;
        let mut seen = version(&mut connection).await?;
        while !self.is_over() {
            tokio::time::sleep(PAUSE).await;
            let now = version(&mut connection).await?;
            if now != seen {
                seen = now;
                self.changes.send_modify(|number| *number += 1);
            }
        }
        open::close(connection).await;
        Ok(())
    }
}

/// A number that changes on this connection when another one has changed the file.
async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA data_version").fetch_one(connection).await
}
