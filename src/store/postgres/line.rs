//! The connection that writes. It comes back after it was lost, and then knows whether its last transaction was made
//! durable: each one counts itself in the row of this process in `processes`, with which it becomes visible.

use std::{sync::Arc, time::Duration};

use sqlx::{PgConnection, Row};
use tokio::time::timeout;

use super::{
    address::Address,
    explain::is_lost,
    open::{self, Backend, backend, connect},
    own::Own,
    writer::{Job, run_all},
};
use crate::store::StoreError;

/// A transaction that takes longer is given up: the way to the server may be cut without anybody saying so.
const LONGEST: Duration = Duration::from_mins(1);

/// Rows of processes that hold nothing and were not heard of for so long are swept out.
const SWEPT_AFTER: &str = "1 day";

/// Whoever listens hears of it once it is durable: see [`super::watch`].
const TELL_AND_COMMIT: &str = "NOTIFY mothball_changes; COMMIT";

/// How a transaction ended.
pub enum Ended {
    Durable,
    /// Certainly nothing of it was kept.
    Void(sqlx::Error),
    /// There is no connection. Whether the last transaction was kept is found out with the next one.
    Lost(sqlx::Error),
    /// Nothing can be stored through this line any more.
    Over(StoreError),
}

pub struct Line {
    address: Address,
    own: Arc<Own>,
    connection: Option<PgConnection>,
    /// The server's side of the connection that was there last.
    backend: Option<Backend>,
    /// Transactions that are known to be durable; `None` until the process has its row.
    commits: Option<i64>,
    /// A commit was asked for, and nobody said what became of it.
    in_doubt: bool,
    over: Option<StoreError>,
}

impl Line {
    pub fn new(address: Address, own: Arc<Own>) -> Self {
        Self { address, own, connection: None, backend: None, commits: None, in_doubt: false, over: None }
    }

    /// Whether the database knows of this process.
    pub fn is_known(&self) -> bool {
        self.commits.is_some()
    }

    /// One transaction with these jobs. `again`: they were in the last one, too, which was lost; if that one turns out to
    /// be durable, nothing is done again.
    pub async fn transact(&mut self, jobs: &mut [Job], again: bool) -> Ended {
        if let Some(error) = &self.over {
            return Ended::Over(error.clone());
        }
        if self.connection.is_none() {
            match timeout(LONGEST, self.come_back()).await {
                Ok(Ok(kept)) if kept && again => return Ended::Durable,
                Ok(Ok(_)) => {}
                Ok(Err(Back::Failed(error))) if is_lost(&error) => return Ended::Lost(error),
                Ok(Err(Back::Failed(error))) => return Ended::Void(error),
                Ok(Err(Back::Over(error))) => {
                    tracing::error!(%error, "nothing more is stored");
                    self.over = Some(error.clone());
                    return Ended::Over(error);
                }
                Err(_) => return Ended::Lost(silent()),
            }
        }
        let (Some(mut connection), Some(commits)) = (self.connection.take(), self.commits) else {
            return Ended::Lost(silent());
        };
        let (number, own) = (commits + 1, Arc::clone(&self.own));
        let asked = &mut self.in_doubt;
        let outcome = timeout(LONGEST, async {
            sqlx::raw_sql("BEGIN").execute(&mut connection).await?;
            let counted = count(&mut connection, &own.id, number).await?;
            if counted {
                run_all(&mut connection, &own, jobs).await?;
                *asked = true;
                sqlx::raw_sql(if jobs.is_empty() { "COMMIT" } else { TELL_AND_COMMIT })
                    .execute(&mut connection)
                    .await?;
            }
            Ok(counted)
        })
        .await;
        match outcome {
            Ok(Ok(true)) => {
                (self.in_doubt, self.commits) = (false, Some(number));
                self.connection = Some(connection);
                Ended::Durable
            }
            Ok(Ok(false)) => {
                let error = self.forgotten();
                self.over = Some(error.clone());
                Ended::Over(error)
            }
            Ok(Err(error)) if is_lost(&error) => Ended::Lost(error),
            Ok(Err(error)) => {
                // The server answered: nothing of it was kept, not even if the answer was to the commit.
                self.in_doubt = false;
                if sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.is_ok() {
                    self.connection = Some(connection);
                }
                Ended::Void(error)
            }
            Err(_) => Ended::Lost(silent()),
        }
    }

    /// Connects, and finds out what became of the last transaction: whether it was kept.
    async fn come_back(&mut self) -> Result<bool, Back> {
        let mut connection = connect(&self.address).await?;
        let now = backend(&mut connection).await?;
        let kept = match self.commits {
            None => {
                register(&mut connection, &self.own).await?;
                self.commits = Some(0);
                false
            }
            Some(known) => {
                if let Some(before) = &self.backend {
                    open::end(&mut connection, before).await?;
                }
                // Waits for the transaction that may still be under way at the server: it holds this row.
                let counted: Option<i64> =
                    sqlx::query_scalar("SELECT commits FROM processes WHERE id = $1 FOR UPDATE")
                        .bind(self.own.id.as_str())
                        .fetch_optional(&mut connection)
                        .await?;
                match counted {
                    Some(counted) if counted == known => false,
                    Some(counted) if counted == known + 1 && self.in_doubt => {
                        self.commits = Some(counted);
                        true
                    }
                    Some(_) => return Err(Back::Over(self.lost_some())),
                    None => return Err(Back::Over(self.forgotten())),
                }
            }
        };
        self.in_doubt = false;
        self.backend = Some(now);
        self.connection = Some(connection);
        Ok(kept)
    }

    fn lost_some(&self) -> StoreError {
        let first = format!(
            "{} does not have any more what it had acknowledged, as after a restored backup or a change to a copy that was behind",
            self.address
        );
        StoreError::Failed { first }
    }

    fn forgotten(&self) -> StoreError {
        StoreError::Failed { first: format!("{} does not know this process any more", self.address) }
    }

    /// Ends in good order: a process that holds nothing leaves no row behind.
    pub async fn leave(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        let left = sqlx::query(
            "DELETE FROM processes WHERE id = $1 AND NOT EXISTS (SELECT FROM leases WHERE process = $1)",
        )
        .bind(self.own.id.as_str())
        .execute(&mut connection);
        if let Ok(Err(error)) = timeout(Duration::from_secs(5), left).await {
            tracing::debug!(%error, "the process could not take its leave of the database");
        }
        let _ = timeout(Duration::from_secs(5), open::finish(connection)).await;
    }
}

enum Back {
    Failed(sqlx::Error),
    Over(StoreError),
}

impl From<sqlx::Error> for Back {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

fn silent() -> sqlx::Error {
    let text = format!("no answer within {} seconds", LONGEST.as_secs());
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, text))
}

async fn count(connection: &mut PgConnection, process: &str, number: i64) -> sqlx::Result<bool> {
    let counted = sqlx::query("UPDATE processes SET commits = $2, seen = clock_timestamp() WHERE id = $1")
        .bind(process)
        .bind(number)
        .execute(connection)
        .await?;
    Ok(counted.rows_affected() == 1)
}

async fn register(connection: &mut PgConnection, own: &Own) -> sqlx::Result<()> {
    sqlx::query(
        "DELETE FROM processes WHERE seen < clock_timestamp() - $1::interval
           AND NOT EXISTS (SELECT FROM leases WHERE process = processes.id)",
    )
    .bind(SWEPT_AFTER)
    .execute(&mut *connection)
    .await?;
    // A connection that was lost while this was under way may have made the row.
    let row = sqlx::query(
        "INSERT INTO processes (id, host, pid, boot, space, commits, seen)
         VALUES ($1, $2, $3, $4, $5, 0, clock_timestamp())
         ON CONFLICT (id) DO UPDATE SET seen = excluded.seen RETURNING commits",
    )
    .bind(own.id.as_str())
    .bind(own.identity.host.as_str())
    .bind(i64::from(own.identity.pid))
    .bind(own.identity.boot.as_str())
    .bind(own.space.as_str())
    .fetch_one(connection)
    .await?;
    let commits: i64 = row.try_get("commits")?;
    if commits == 0 { Ok(()) } else { Err(sqlx::Error::Protocol("the process's row is not new".to_owned())) }
}
