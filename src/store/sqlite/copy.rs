//! The tables as they are, for a copy of the whole store.

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, QueryBuilder, Row, Sqlite, SqliteConnection};

use super::{SqliteStore, open};
use crate::{
    domain::RunId,
    store::{
        Result,
        copy::{Cell, Copyable, Kind, Line, Lines, Table},
        rows::Database,
    },
};

/// Lines per statement: SQLite takes only so many values at once.
const LINES: usize = 500;

struct Tables {
    path: std::path::PathBuf,
    connection: SqliteConnection,
}

#[async_trait]
impl Copyable for SqliteStore {
    async fn lines(&self) -> Result<Box<dyn Lines>> {
        self.tables("BEGIN").await
    }

    async fn filling(&self) -> Result<Box<dyn Lines>> {
        self.tables("BEGIN IMMEDIATE").await
    }
}

impl SqliteStore {
    async fn tables(&self, begin: &'static str) -> Result<Box<dyn Lines>> {
        let mut connection = open::connect(&self.path).await?;
        sqlx::query(begin).execute(&mut connection).await.map_err(|error| self.error(&error))?;
        Ok(Box::new(Tables { path: self.path.clone(), connection }))
    }
}

#[async_trait]
impl Lines for Tables {
    async fn read(&mut self, table: &Table, run: Option<&RunId>) -> Result<Vec<Line>> {
        let lines = read(&mut self.connection, table, run).await;
        lines.map_err(|error| open::explain(&error, &self.path))
    }

    async fn write(&mut self, table: &Table, lines: Vec<Line>) -> Result<()> {
        let written = write(&mut self.connection, table, lines).await;
        written.map_err(|error| open::explain(&error, &self.path))
    }

    async fn finish(mut self: Box<Self>) -> Result<()> {
        let done = sqlx::query("COMMIT").execute(&mut self.connection).await;
        done.map_err(|error| open::explain(&error, &self.path))?;
        open::close(self.connection).await;
        Ok(())
    }
}

async fn read(connection: &mut SqliteConnection, table: &Table, run: Option<&RunId>) -> Database<Vec<Line>> {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let one_run = table.of_run.zip(run).map_or(String::new(), |(column, _)| format!(" WHERE {column} = ?"));
    let text = format!("SELECT {} FROM {}{one_run} ORDER BY {}", names.join(", "), table.name, table.order);
    let mut query = sqlx::query(AssertSqlSafe(text));
    if let Some((_, run)) = table.of_run.zip(run) {
        query = query.bind(run.as_str());
    }
    let rows = query.fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let cell = |(name, kind): &(&'static str, Kind)| {
                Ok(match kind {
                    Kind::Text => Cell::Text(row.try_get(*name)?),
                    Kind::Whole => Cell::Whole(row.try_get(*name)?),
                    Kind::Bytes => Cell::Bytes(row.try_get(*name)?),
                })
            };
            table.columns.iter().map(cell).collect()
        })
        .collect()
}

async fn write(connection: &mut SqliteConnection, table: &Table, lines: Vec<Line>) -> Database<()> {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let mut lines = lines.into_iter().peekable();
    while lines.peek().is_some() {
        let mut insert: QueryBuilder<Sqlite> =
            QueryBuilder::new(format!("INSERT INTO {} ({}) ", table.name, names.join(", ")));
        insert.push_values(lines.by_ref().take(LINES), |mut values, line| {
            for cell in line {
                match cell {
                    Cell::Text(text) => values.push_bind(text),
                    Cell::Whole(number) => values.push_bind(number),
                    Cell::Bytes(bytes) => values.push_bind(bytes),
                };
            }
        });
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}
