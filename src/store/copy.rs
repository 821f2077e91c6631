//! A whole store, from one place to another: from one computer's file to a team's database, and back. The chain of
//! hashes is checked at both ends, and what is copied is copied word for word.

use std::collections::BTreeMap;

use async_trait::async_trait;
use thiserror::Error;

use super::{Audit, Held, Result, StoreError};
use crate::domain::RunId;

/// A table that both kinds of store have, with the same columns.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [(&'static str, Kind)],
    /// The column that names the run, where there are many lines of each run.
    pub of_run: Option<&'static str>,
    /// What the lines are read in the order of.
    pub order: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Whole,
    Bytes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Text(Option<String>),
    Whole(Option<i64>),
    Bytes(Option<Vec<u8>>),
}

pub type Line = Vec<Cell>;

use Kind::{Bytes, Text, Whole};

const RUNS: Table = Table {
    name: "runs",
    columns: &[
        ("id", Text),
        ("number", Whole),
        ("psa", Text),
        ("tenant", Text),
        ("phase", Text),
        ("records", Whole),
        ("head", Text),
        ("last_event", Whole),
        ("look_due", Whole),
        ("header", Text),
    ],
    of_run: None,
    order: "number",
};

/// What there is of each run, in an order in which nothing stands before what it belongs to.
const OF_RUNS: &[Table] = &[
    Table {
        name: "documents",
        columns: &[
            ("run", Text),
            ("survey", Text),
            ("plan", Bytes),
            ("plan_digest", Text),
            ("report", Text),
            ("report_digest", Text),
        ],
        of_run: Some("run"),
        order: "run",
    },
    Table {
        name: "records",
        columns: &[("run", Text), ("seq", Whole), ("previous", Text), ("hash", Text), ("body", Text)],
        of_run: Some("run"),
        order: "seq",
    },
    Table {
        name: "items",
        columns: &[
            ("run", Text),
            ("config_id", Text),
            ("client_id", Text),
            ("outcome", Text),
            ("settled_at", Whole),
        ],
        of_run: Some("run"),
        order: "config_id",
    },
];

/// What belongs to no run. Leases and requests are not among them: they are between living processes.
const BESIDE: &[Table] = &[
    Table {
        name: "prunings",
        columns: &[("seq", Whole), ("previous", Text), ("hash", Text), ("body", Text)],
        of_run: None,
        order: "seq",
    },
    Table { name: "refusals", columns: &[("sign_in", Text), ("at", Whole)], of_run: None, order: "sign_in" },
    Table {
        name: "sweeps",
        columns: &[("psa", Text), ("tenant", Text), ("profile", Text), ("at", Whole), ("clients", Text)],
        of_run: None,
        order: "tenant",
    },
    Table {
        name: "holds",
        columns: &[
            ("psa", Text),
            ("tenant", Text),
            ("config_id", Text),
            ("reason", Text),
            ("held_by", Text),
            ("held_at", Whole),
            ("until", Whole),
        ],
        of_run: None,
        order: "config_id",
    },
    // Jobs that a killed server had in hand wait again: whoever takes one finds the run it began.
    Table {
        name: "jobs",
        columns: &[
            ("run", Text),
            ("profile", Text),
            ("task", Text),
            ("origin", Text),
            ("at", Whole),
            ("not_before", Whole),
            ("lane", Text),
            ("once", Text),
            ("fingerprint", Text),
            ("once_until", Whole),
            ("tries", Whole),
            ("ended_at", Whole),
            ("trouble", Text),
        ],
        of_run: None,
        order: "number",
    },
    Table {
        name: "tokens",
        columns: &[
            ("id", Text),
            ("name", Text),
            ("rights", Text),
            ("hash", Text),
            ("made_at", Whole),
            ("expires", Whole),
            ("revoked", Whole),
            ("last_used", Whole),
        ],
        of_run: None,
        order: "id",
    },
    Table {
        name: "schedules",
        columns: &[("name", Text), ("until", Whole), ("run", Text)],
        of_run: None,
        order: "name",
    },
];

/// One transaction over the tables as they are.
#[async_trait]
pub trait Lines: Send {
    /// All lines, or those of one run.
    async fn read(&mut self, table: &Table, run: Option<&RunId>) -> Result<Vec<Line>>;

    async fn write(&mut self, table: &Table, lines: Vec<Line>) -> Result<()>;

    /// Makes durable what was written.
    async fn finish(self: Box<Self>) -> Result<()>;
}

/// A store that can be copied from and to.
#[async_trait]
pub trait Copyable: Audit {
    /// Reads as of one moment.
    async fn lines(&self) -> Result<Box<dyn Lines>>;

    /// Writes with nobody else writing beside it.
    async fn filling(&self) -> Result<Box<dyn Lines>>;
}

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    pub runs: u64,
    pub records: u64,
}

#[derive(Debug, Error)]
pub enum CopyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("what shall be copied is not as it was written ({0} things)")]
    NotWhole(usize),
    #[error("somebody is at work with what shall be copied: {0}")]
    InUse(Box<Held>),
    #[error("a server is about run {0}")]
    InHand(RunId),
    #[error("the place to copy to has something in it already (table {0})")]
    NotEmpty(&'static str),
    #[error("the copy is not the same as what was copied: {0}")]
    Differs(String),
}

/// Copies everything that is kept. All of it or nothing.
pub async fn copy(from: &dyn Copyable, to: &dyn Copyable) -> std::result::Result<Copied, CopyError> {
    let found = from.audit(&[]).await?;
    if !found.is_whole() {
        return Err(CopyError::NotWhole(found.flaws.len() + found.damage.len()));
    }
    if let Some(held) = from.leases().await?.into_iter().find(|held| !held.ended) {
        return Err(CopyError::InUse(Box::new(held)));
    }
    if let Some(job) = from.jobs_in_hand().await?.into_iter().next() {
        return Err(CopyError::InHand(job.new.run));
    }
    let mut source = from.lines().await?;
    let mut target = to.filling().await?;
    for table in std::iter::once(&RUNS).chain(OF_RUNS).chain(BESIDE) {
        if !target.read(table, None).await?.is_empty() {
            return Err(CopyError::NotEmpty(table.name));
        }
    }
    let runs = source.read(&RUNS, None).await?;
    let ids: Vec<RunId> = runs.iter().filter_map(id).collect();
    target.write(&RUNS, runs).await?;
    for run in &ids {
        for table in OF_RUNS {
            let lines = source.read(table, Some(run)).await?;
            target.write(table, lines).await?;
        }
    }
    for table in BESIDE {
        let lines = source.read(table, None).await?;
        target.write(table, lines).await?;
    }
    target.finish().await?;
    let there = to.audit(&[]).await?;
    if !there.is_whole() {
        return Err(CopyError::Differs("its chain of hashes is broken".to_owned()));
    }
    if heads(from).await? != heads(to).await? {
        return Err(CopyError::Differs("runs went on while they were copied".to_owned()));
    }
    Ok(Copied { runs: there.runs, records: there.records })
}

fn id(line: &Line) -> Option<RunId> {
    match line.first() {
        Some(Cell::Text(Some(id))) => Some(RunId::from(id.as_str())),
        _ => None,
    }
}

async fn heads(store: &dyn Copyable) -> Result<BTreeMap<RunId, String>> {
    Ok(store.runs(u32::MAX).await?.into_iter().map(|run| (run.header.run, run.head)).collect())
}
