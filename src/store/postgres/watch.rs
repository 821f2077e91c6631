//! Notices that something was changed, by whichever process: each transaction tells the database, which tells whoever
//! listens. There is a connection for that only while somebody wants to know.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::postgres::PgListener;
use tokio::sync::watch::{Receiver, Sender};

use super::{address::Address, open};

/// What a transaction tells, and its listeners listen for.
pub const CHANNEL: &str = "mothball_changes";

/// How long to wait before a connection that was lost is made again.
const PAUSE: Duration = Duration::from_secs(1);

pub struct Watched {
    address: Address,
    changes: Sender<u64>,
    /// Whether a task listens; under a lock, so that nobody begins to while it decides to end.
    listening: Arc<Mutex<bool>>,
}

impl Watched {
    pub fn new(address: &Address) -> Self {
        Self { address: address.clone(), changes: Sender::new(0), listening: Arc::default() }
    }

    pub fn subscribe(&self) -> Receiver<u64> {
        // Nothing panics while it holds the lock.
        let mut listening = self.listening.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = self.changes.subscribe();
        if !*listening {
            *listening = true;
            let (address, changes) = (self.address.clone(), self.changes.clone());
            let listening = Arc::clone(&self.listening);
            tokio::spawn(async move {
                loop {
                    tokio::select! {
                        () = changes.closed() => {
                            let mut listening = listening.lock().unwrap_or_else(PoisonError::into_inner);
                            if changes.is_closed() {
                                *listening = false;
                                return;
                            }
                        }
                        () = listen(&address, &changes) => tokio::time::sleep(PAUSE).await,
                    }
                }
            });
        }
        receiver
    }
}

/// Passes on what is told, until the connection is lost.
async fn listen(address: &Address, changes: &Sender<u64>) {
    let listening = async {
        let pool = open::pool(address, 1);
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.ignore_pool_close_event(true);
        listener.listen(CHANNEL).await?;
        loop {
            // What happened before it listened, or while the connection was made anew, nobody told.
            changes.send_modify(|number| *number += 1);
            listener.try_recv().await?;
        }
    };
    let ended: sqlx::Result<()> = listening.await;
    if let Err(error) = ended {
        tracing::debug!(%error, "changes of other processes are not heard of for now");
    }
}
