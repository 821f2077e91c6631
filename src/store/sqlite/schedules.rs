//! How far schedules were looked after.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::SqliteStore;
use crate::{
    domain::{RunId, Timestamp},
    store::{
        Result,
        schedules::{Mark, Schedules},
        types::{millis, moment},
    },
};

#[async_trait]
impl Schedules for SqliteStore {
    async fn mark_schedule(&self, name: &str, until: Timestamp, run: Option<&RunId>) -> Result<()> {
        let (name, run) = (name.to_owned(), run.map(ToString::to_string));
        self.writer
            .change(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO schedules (name, until, run) VALUES (?, ?, ?)
                         ON CONFLICT (name) DO UPDATE SET until = excluded.until,
                             run = coalesce(excluded.run, run)
                         WHERE excluded.until > until",
                    )
                    .bind(name)
                    .bind(millis(until))
                    .bind(run)
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn schedule_marks(&self) -> Result<BTreeMap<String, Mark>> {
        let rows: Vec<(String, i64, Option<String>)> =
            sqlx::query_as("SELECT name, until, run FROM schedules")
                .fetch_all(&self.reads)
                .await
                .map_err(|error| self.error(&error))?;
        let mark = |until, run: Option<String>| Mark { until: moment(until), run: run.map(RunId::new) };
        Ok(rows.into_iter().map(|(name, until, run)| (name, mark(until, run))).collect())
    }
}
