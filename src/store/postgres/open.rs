//! Making the database ready: its tables in the form that this build knows, and connections that make a commit durable.

use std::{path::PathBuf, time::Duration};

use sqlx::{
    Connection, Executor, PgConnection, PgPool, Row,
    migrate::{MigrateError, Migrator},
    postgres::PgPoolOptions,
};
use tokio::time::timeout;

use super::{address::Address, explain::explain};
use crate::store::{Result, StoreError, rows::Database};

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/postgres/migrations");

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// Connections for reading, beside the one that writes.
const READERS: u32 = 4;

/// Bounds that tests make narrow.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a call waits for a database that went away.
    pub patience: Duration,
    /// A process on another computer that was not heard of for so long has ended: longer than any call to a PSA may
    /// take after its last word, so that none of it is still under way.
    pub ended_after: Duration,
    /// How often a process is heard of when it has nothing to say.
    pub heartbeat: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            patience: Duration::from_mins(2),
            ended_after: Duration::from_secs(90),
            heartbeat: Duration::from_secs(10),
        }
    }
}

/// What the tables are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// There are none.
    Empty,
    Ours,
    Older(i64),
    Newer(i64),
}

/// Opens the database if its tables are in the form that this build knows. An empty one gets its tables; those of an
/// earlier build are left alone, because other processes may still be at work with it.
pub async fn open(address: &Address) -> Result<PgPool> {
    let mut connection = connect(address).await.map_err(|error| explain(&error, address))?;
    match form(&mut connection).await.map_err(|error| explain(&error, address))? {
        Form::Empty => migrate_on(&mut connection, address).await?,
        Form::Ours => {}
        Form::Older(found) => {
            return Err(StoreError::OlderSchema { place: address.to_string(), found, known: known() });
        }
        Form::Newer(found) => return Err(newer(address, found)),
    }
    finish(connection).await;
    Ok(pool(address, READERS))
}

/// Makes the tables, or brings them into the form that this build knows. Tells in which they were found.
pub async fn migrate(address: &Address) -> Result<Form> {
    let mut connection = connect(address).await.map_err(|error| explain(&error, address))?;
    let found = form(&mut connection).await.map_err(|error| explain(&error, address))?;
    match found {
        Form::Newer(found) => return Err(newer(address, found)),
        Form::Empty | Form::Older(_) => migrate_on(&mut connection, address).await?,
        Form::Ours => {}
    }
    finish(connection).await;
    Ok(found)
}

/// The form that this build knows.
pub fn known() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

fn newer(address: &Address, found: i64) -> StoreError {
    StoreError::NewerSchema { path: PathBuf::from(address.to_string()), found, known: known() }
}

async fn form(connection: &mut PgConnection) -> Database<Form> {
    let tables: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !tables {
        return Ok(Form::Empty);
    }
    let applied: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success")
        .fetch_one(connection)
        .await?;
    Ok(match applied {
        None => Form::Empty,
        Some(found) if found > known() => Form::Newer(found),
        Some(found) if found < known() => Form::Older(found),
        Some(_) => Form::Ours,
    })
}

async fn migrate_on(connection: &mut PgConnection, address: &Address) -> Result<()> {
    let encoding: String = sqlx::query_scalar("SHOW server_encoding")
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| explain(&error, address))?;
    if encoding != "UTF8" {
        let reason = format!("its encoding is {encoding}, not UTF8");
        return Err(StoreError::NoRights { place: address.to_string(), reason });
    }
    match MIGRATIONS.run_direct(None, connection, false).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(found)) => Err(newer(address, found)),
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => {
            Err(explain(&error, address))
        }
        Err(error) => {
            Err(StoreError::Corrupt { path: PathBuf::from(address.to_string()), what: error.to_string() })
        }
    }
}

/// A connection for the one that writes.
pub async fn connect(address: &Address) -> Database<PgConnection> {
    address.check_authority()?;
    let made = async {
        let mut connection = PgConnection::connect_with(address.options()).await.map_err(refused)?;
        // Whatever the database or the account have as their default: what is committed is on the disk. A process that
        // was put to sleep in the middle of a transaction lets go before those who wait for it give up.
        connection
            .execute(
                "SET synchronous_commit = on; SET lock_timeout = '15s';
                 SET idle_in_transaction_session_timeout = '10s'",
            )
            .await?;
        Ok(connection)
    };
    timeout(CONNECT, made).await.unwrap_or_else(|_| {
        let text = format!("no answer within {} seconds", CONNECT.as_secs());
        Err(sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, text)))
    })
}

/// A certificate that is refused comes as something wrong that was read; who shows it is not away, and will not be
/// better for being waited for.
fn refused(error: sqlx::Error) -> sqlx::Error {
    match error {
        sqlx::Error::Io(io) if io.kind() == std::io::ErrorKind::InvalidData => sqlx::Error::Tls(io.into()),
        other => other,
    }
}

/// Connections that only read, made when they are needed.
pub fn pool(address: &Address, most: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(CONNECT)
        .after_connect(|connection: &mut PgConnection, _| {
            Box::pin(async move {
                connection.execute("SET default_transaction_read_only = on").await?;
                Ok(())
            })
        })
        .connect_lazy_with(address.options().clone())
}

/// The name of a connection at the server, by which another one can end it.
pub struct Backend {
    pid: i32,
    since: String,
}

pub async fn backend(connection: &mut PgConnection) -> Database<Backend> {
    let row = sqlx::query(
        "SELECT pid, extract(epoch FROM backend_start)::text AS since FROM pg_stat_activity
         WHERE pid = pg_backend_pid()",
    )
    .fetch_one(connection)
    .await?;
    Ok(Backend { pid: row.try_get("pid")?, since: row.try_get("since")? })
}

/// Ends a connection of ours that was lost: the server may not know yet that nobody is at its other end.
pub async fn end(connection: &mut PgConnection, backend: &Backend) -> Database<()> {
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE pid = $1 AND extract(epoch FROM backend_start)::text = $2",
    )
    .bind(backend.pid)
    .bind(backend.since.as_str())
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// Ends a connection in good order; what was committed is durable all the same.
pub async fn finish(connection: PgConnection) {
    if let Err(error) = connection.close().await {
        tracing::debug!("a connection did not close in good order: {error}");
    }
}
