//! What stands in a line of a table, put back together. Both databases have the same columns, so that what a thing is
//! made of is said once.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use sqlx::{Row, postgres::PgRow, sqlite::SqliteRow};

use super::{
    Deactivated, Holder, Job, NewJob, Once, Request, RunSummary, Stage, Token, journal::phase_from,
    types::moment,
};
use crate::{
    domain::{ClientId, ConfigId, Hold, Phase, RunId, Timestamp},
    system::process::Identity,
};

pub type Database<T> = std::result::Result<T, sqlx::Error>;

/// A line of either database.
pub trait Line {
    fn text(&self, column: &str) -> Database<String>;
    fn text_if_any(&self, column: &str) -> Database<Option<String>>;
    fn whole(&self, column: &str) -> Database<i64>;
    fn whole_if_any(&self, column: &str) -> Database<Option<i64>>;
    fn bytes_if_any(&self, column: &str) -> Database<Option<Vec<u8>>>;
    fn flag(&self, column: &str) -> Database<bool>;

    fn moment(&self, column: &str) -> Database<Timestamp> {
        self.whole(column).map(moment)
    }

    fn moment_if_any(&self, column: &str) -> Database<Option<Timestamp>> {
        Ok(self.whole_if_any(column)?.map(moment))
    }

    fn run(&self, column: &str) -> Database<RunId> {
        self.text(column).map(RunId::new)
    }

    /// What stands there as JSON.
    fn json<T: DeserializeOwned>(&self, column: &str) -> Database<T> {
        serde_json::from_str(&self.text(column)?).map_err(|error| sqlx::Error::Decode(error.into()))
    }
}

macro_rules! line {
    ($row:ty) => {
        impl Line for $row {
            fn text(&self, column: &str) -> Database<String> {
                self.try_get(column)
            }

            fn text_if_any(&self, column: &str) -> Database<Option<String>> {
                self.try_get(column)
            }

            fn whole(&self, column: &str) -> Database<i64> {
                self.try_get(column)
            }

            fn whole_if_any(&self, column: &str) -> Database<Option<i64>> {
                self.try_get(column)
            }

            fn bytes_if_any(&self, column: &str) -> Database<Option<Vec<u8>>> {
                self.try_get(column)
            }

            fn flag(&self, column: &str) -> Database<bool> {
                self.try_get(column)
            }
        }
    };
}

line!(SqliteRow);
line!(PgRow);

pub fn process(line: &impl Line) -> Database<Identity> {
    Ok(Identity { host: line.text("host")?, pid: line.whole("pid")? as u32, boot: line.text("boot")? })
}

pub fn holder(line: &impl Line) -> Database<Holder> {
    Ok(Holder { process: process(line)?, operator: line.text("operator")? })
}

pub fn job(line: &impl Line) -> Database<Job> {
    let once = match line.text_if_any("once")? {
        Some(key) => {
            Some(Once { key, fingerprint: line.text("fingerprint")?, until: line.moment("once_until")? })
        }
        None => None,
    };
    Ok(Job {
        new: NewJob {
            run: line.run("run")?,
            profile: line.text("profile")?,
            task: line.json("task")?,
            origin: line.json("origin")?,
            at: line.moment("at")?,
            not_before: line.moment("not_before")?,
            once,
            lane: line.text_if_any("lane")?,
        },
        stage: stage(line)?,
        tries: line.whole("tries")? as u32,
    })
}

fn stage(line: &impl Line) -> Database<Stage> {
    if let Some(at) = line.moment_if_any("ended_at")? {
        return Ok(Stage::Ended { at, trouble: line.text_if_any("trouble")? });
    }
    if line.text_if_any("host")?.is_none() {
        return Ok(Stage::Waiting);
    }
    Ok(Stage::Held { by: holder(line)?, since: line.moment("since")? })
}

pub fn token(line: &impl Line) -> Database<Token> {
    Ok(Token {
        id: line.text("id")?,
        name: line.text("name")?,
        rights: line.json("rights")?,
        hash: line.text("hash")?,
        made_at: line.moment("made_at")?,
        expires: line.moment_if_any("expires")?,
        revoked: line.moment_if_any("revoked")?,
        last_used: line.moment_if_any("last_used")?,
    })
}

pub fn request(line: &impl Line) -> Database<Request> {
    Ok(Request { wish: line.json("wish")?, by: line.text("asked_by")?, at: line.moment("at")? })
}

/// Those that are in force, by configuration.
pub fn holds(lines: &[impl Line], now: Timestamp) -> Database<Vec<Hold>> {
    let mut holds = Vec::with_capacity(lines.len());
    for line in lines {
        let hold = Hold {
            config_id: ConfigId::new(line.text("config_id")?),
            reason: line.text("reason")?,
            by: line.text("held_by")?,
            at: line.moment("held_at")?,
            until: line.moment_if_any("until")?,
        };
        if hold.is_in_force(now) {
            holds.push(hold);
        }
    }
    holds.sort_by(|a, b| a.config_id.cmp(&b.config_id));
    Ok(holds)
}

/// The state that a run is in, by its `id` and `phase`.
pub fn phase(line: &impl Line) -> Database<Phase> {
    let word = line.text("phase")?;
    phase_from(&word).ok_or_else(|| {
        let id = line.text("id").unwrap_or_default();
        sqlx::Error::Decode(format!("run {id} is in no known state (\"{word}\")").into())
    })
}

/// A run of the list, with how many of its items ended how, and of how many clients they are.
pub fn summary(line: &impl Line, counts: &[impl Line], clients: i64) -> Database<RunSummary> {
    let mut items = 0;
    let mut outcomes = BTreeMap::new();
    for count in counts {
        let n = count.whole("n")? as u64;
        items += n;
        if let Some(outcome) = count.text_if_any("outcome")? {
            outcomes.insert(outcome, n);
        }
    }
    Ok(RunSummary {
        header: line.json("header")?,
        phase: phase(line)?,
        head: line.text("head")?,
        last_event: line.moment("last_event")?,
        look_due: line.moment_if_any("look_due")?,
        items,
        clients: clients as u64,
        outcomes,
        has_report: line.flag("has_report")?,
        plan_digest: line.text_if_any("plan_digest")?,
    })
}

/// What stands set inactive, from all that was set inactive and restored, in the order in which it was.
pub fn standing(lines: &[impl Line]) -> Database<Vec<Deactivated>> {
    let mut standing = BTreeMap::new();
    for line in lines {
        let config_id = ConfigId::new(line.text("config_id")?);
        if line.text("outcome")? != "deactivated" {
            standing.remove(&config_id);
            continue;
        }
        let change = Deactivated {
            config_id: config_id.clone(),
            client_id: ClientId::new(line.text("client_id")?),
            run: line.run("run")?,
            at: line.moment("settled_at")?,
        };
        standing.insert(config_id, change);
    }
    Ok(standing.into_values().collect())
}

/// The plan's bytes with their digest, if there is one.
pub fn plan(line: &impl Line) -> Database<Option<(Vec<u8>, String)>> {
    Ok(line.bytes_if_any("plan")?.zip(line.text_if_any("plan_digest")?))
}
