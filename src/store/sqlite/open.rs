//! Making the file ready: private, in the form that this build knows, with the settings that make a
//! commit durable.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, SqliteConnection, SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::FILE;
use crate::{
    store::{Result, StoreError},
    system::files,
};

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/sqlite/migrations");

/// How long to wait for another process that changes the file.
const BUSY: Duration = Duration::from_secs(10);

/// Bounds that tests make narrow.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// The file may not grow beyond so many pages.
    pub pages: Option<u32>,
    /// How long to wait for another process that changes the file, instead of [`BUSY`].
    pub patience: Option<Duration>,
}

pub struct Opened {
    pub path: PathBuf,
    pub connection: SqliteConnection,
    pub reads: SqlitePool,
}

pub async fn open(folder: &Path, limits: Limits) -> Result<Opened> {
    let unwritable = |error: std::io::Error| StoreError::Unwritable {
        folder: folder.to_owned(),
        reason: error.to_string(),
    };
    files::create_private_folder(folder).map_err(unwritable)?;
    let path = folder.join(FILE);
    // Made here, because SQLite would make it readable for others, and its companions take its mode.
    files::open_private(&path).map_err(unwritable)?;
    let guard = lock(folder, &path).await?;
    let mut connection = options(&path)
        .busy_timeout(limits.patience.unwrap_or(BUSY))
        .connect()
        .await
        .map_err(|error| explain(&error, &path))?;
    migrate(&mut connection, &path).await?;
    drop(guard);
    files::sync_folder(folder).map_err(unwritable)?;
    if let Some(pages) = limits.pages {
        sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}")))
            .execute(&mut connection)
            .await
            .map_err(|error| explain(&error, &path))?;
    }
    let reads = SqlitePoolOptions::new()
        .max_connections(2)
        .acquire_timeout(BUSY)
        .connect_lazy_with(options(&path).pragma("query_only", "on"));
    Ok(Opened { path, connection, reads })
}

/// One more connection to a file that is ready.
pub async fn connect(path: &Path) -> Result<SqliteConnection> {
    options(path).connect().await.map_err(|error| explain(&error, path))
}

pub fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .disable_statement_logging()
}

/// Two processes that open a new store at once must not both make its tables.
async fn lock(folder: &Path, path: &Path) -> Result<File> {
    let unwritable = |error: std::io::Error| StoreError::Unwritable {
        folder: folder.to_owned(),
        reason: error.to_string(),
    };
    let file = files::open_private(&folder.join("mothball.lock")).map_err(unwritable)?;
    for _ in 0..200 {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(BUSY / 200).await,
            Err(TryLockError::Error(error)) => return Err(unwritable(error)),
        }
    }
    Err(StoreError::Busy { path: path.to_owned() })
}

async fn migrate(connection: &mut SqliteConnection, path: &Path) -> Result<()> {
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    let migrated = MIGRATIONS.run_direct(None, connection, false).await;
    match migrated {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(_)) => {
            let found: i64 = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
                .fetch_one(&mut *connection)
                .await
                .unwrap_or(known + 1);
            Err(StoreError::NewerSchema { path: path.to_owned(), found, known })
        }
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => {
            Err(explain(&error, path))
        }
        Err(error) => Err(StoreError::Corrupt { path: path.to_owned(), what: error.to_string() }),
    }
}

/// What SQLite's error means to a person.
pub fn explain(error: &sqlx::Error, path: &Path) -> StoreError {
    let folder = || path.parent().unwrap_or(path).to_owned();
    let path = path.to_owned();
    let code = match error {
        sqlx::Error::Database(database) => database.code().and_then(|code| code.parse::<u32>().ok()),
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => return StoreError::Closed,
        sqlx::Error::PoolTimedOut => return StoreError::Busy { path },
        sqlx::Error::Decode(what) => return StoreError::Corrupt { path, what: what.to_string() },
        sqlx::Error::Io(io) => {
            return StoreError::Unwritable { folder: folder(), reason: io.to_string() };
        }
        _ => None,
    };
    // The low byte is SQLite's primary code; its numbers never change.
    match code.map(|code| code & 0xff) {
        Some(5 | 6) => StoreError::Busy { path },
        Some(10) => StoreError::DiskFailed { path, reason: error.to_string() },
        Some(3 | 8 | 14 | 23) => StoreError::Unwritable { folder: folder(), reason: error.to_string() },
        Some(11 | 26) => StoreError::Corrupt { path, what: error.to_string() },
        Some(13) => StoreError::DiskFull { path },
        _ => StoreError::Other { message: error.to_string() },
    }
}

/// Ends a connection in good order; what was committed is durable all the same.
pub async fn close(connection: SqliteConnection) {
    if let Err(error) = connection.close().await {
        tracing::warn!("the store did not close in good order: {error}");
    }
}
