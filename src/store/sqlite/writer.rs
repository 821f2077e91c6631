//! The one writer: whoever wants something written gives an order and waits until it is durable. Orders
//! that wait together become one commit. After a failure nothing more is taken: what SQLite says of a
//! failed sync cannot be trusted a second time.

use sqlx::{Row, Sqlite, SqliteConnection, SqlitePool, Transaction};
use tokio::sync::{mpsc, oneshot};

use super::super::{Held, Holder, NewRun, Result, StoreError, chain, types::Step};
use crate::domain::{ClientId, RunId, Stamped, Timestamp};

/// Orders that may wait.
const QUEUE: usize = 1024;
/// Orders that become one commit at most.
const GROUP: usize = 256;

pub enum Order {
    Create(Box<NewRun>),
    Append { run: RunId, events: Vec<Stamped> },
    Report { run: RunId, report: String },
    Release(RunId),
}

type Reply = oneshot::Sender<Result<String>>;

#[derive(Clone)]
pub struct Writer(mpsc::Sender<(Order, Reply)>);

impl Writer {
    pub fn start(pool: SqlitePool) -> Self {
        let (orders, queue) = mpsc::channel(QUEUE);
        tokio::spawn(work(pool, queue));
        Self(orders)
    }

    /// Durable when it returns.
    pub async fn give(&self, order: Order) -> Result<String> {
        let (reply, answer) = oneshot::channel();
        let gone = || StoreError::Broken("the writer has ended".to_owned());
        self.0.send((order, reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

async fn work(pool: SqlitePool, mut queue: mpsc::Receiver<(Order, Reply)>) {
    let mut failed: Option<String> = None;
    let mut group = Vec::new();
    while queue.recv_many(&mut group, GROUP).await > 0 {
        if let Some(why) = &failed {
            for (_, reply) in group.drain(..) {
                // Whoever no longer waits needs no answer.
                let _ = reply.send(Err(StoreError::Failed(why.clone())));
            }
            continue;
        }
        let (orders, replies): (Vec<Order>, Vec<Reply>) = group.drain(..).unzip();
        match commit(&pool, &orders).await {
            Ok(answers) => {
                for (reply, answer) in replies.into_iter().zip(answers) {
                    let _ = reply.send(answer);
                }
            }
            Err(error) => {
                failed = Some(error.to_string());
                for reply in replies {
                    let _ = reply.send(Err(StoreError::Broken(error.to_string())));
                }
            }
        }
    }
}

/// All orders in one transaction. An order that makes no sense is answered so and leaves no trace; an error of the
/// database itself fails them all.
async fn commit(
    pool: &SqlitePool,
    orders: &[Order],
) -> std::result::Result<Vec<Result<String>>, sqlx::Error> {
    let mut transaction: Transaction<'_, Sqlite> = pool.begin_with("BEGIN IMMEDIATE").await?;
    let mut answers = Vec::with_capacity(orders.len());
    for order in orders {
        let answer = match order {
            Order::Create(run) => create(&mut transaction, run).await?,
            Order::Append { run, events } => append(&mut transaction, run, events).await?,
            Order::Report { run, report } => keep_report(&mut transaction, run, report).await?,
            Order::Release(run) => {
                sqlx::query("DELETE FROM leases WHERE run = ?")
                    .bind(run.as_str())
                    .execute(&mut *transaction)
                    .await?;
                Ok(String::new())
            }
        };
        answers.push(answer);
    }
    transaction.commit().await?;
    Ok(answers)
}

async fn create(
    connection: &mut SqliteConnection,
    run: &NewRun,
) -> std::result::Result<Result<String>, sqlx::Error> {
    let header = &run.header;
    let known = sqlx::query("SELECT 1 FROM runs WHERE id = ?")
        .bind(header.run.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    if known.is_some() {
        return Ok(Err(StoreError::RunExists(header.run.to_string())));
    }
    let before: Option<String> = sqlx::query(
        "SELECT head FROM standings JOIN runs ON runs.id = standings.run ORDER BY position DESC LIMIT 1",
    )
    .fetch_optional(&mut *connection)
    .await?
    .map(|row| row.try_get(0))
    .transpose()?;
    let start = before.unwrap_or_else(|| chain::GENESIS.to_owned());
    let (plan, digest) = run.plan.clone().unzip();
    sqlx::query(
        "INSERT INTO runs (id, started_at, profile, tenant, dry_run, header, survey, plan, digest, start) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(header.run.as_str())
    .bind(header.started_at.to_string())
    .bind(&header.profile)
    .bind(header.tenant.as_ref().map(|tenant| tenant.id.clone()))
    .bind(header.dry_run)
    .bind(text(header))
    .bind(text(&run.survey))
    .bind(plan)
    .bind(digest)
    .bind(&start)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO standings (run, phase, head, seq, changed, skipped, errors) VALUES (?, ?, ?, 0, 0, 0, 0)",
    )
    .bind(header.run.as_str())
    .bind(text(&crate::domain::Phase::Planned))
    .bind(&start)
    .execute(&mut *connection)
    .await?;
    Ok(Ok(start))
}

async fn append(
    connection: &mut SqliteConnection,
    run: &RunId,
    events: &[Stamped],
) -> std::result::Result<Result<String>, sqlx::Error> {
    let standing = sqlx::query("SELECT head, seq FROM standings WHERE run = ?")
        .bind(run.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(standing) = standing else { return Ok(Err(StoreError::NoRun(run.to_string()))) };
    let mut head: String = standing.try_get("head")?;
    let mut seq: i64 = standing.try_get("seq")?;
    for event in events {
        seq += 1;
        let json = text(event);
        let hash = chain::link(&head, run.as_str(), seq, &json);
        sqlx::query("INSERT INTO records (run, seq, event, before, hash) VALUES (?, ?, ?, ?, ?)")
            .bind(run.as_str())
            .bind(seq)
            .bind(&json)
            .bind(&head)
            .bind(&hash)
            .execute(&mut *connection)
            .await?;
        head = hash;
    }
    let step = Step::of(events);
    sqlx::query(
        "UPDATE standings SET head = ?, seq = ?, phase = coalesce(?, phase), changed = changed + ?, \
         skipped = skipped + ?, errors = errors + ? WHERE run = ?",
    )
    .bind(&head)
    .bind(seq)
    .bind(step.phase.map(|phase| text(&phase)))
    .bind(step.changed)
    .bind(step.skipped)
    .bind(step.errors)
    .bind(run.as_str())
    .execute(&mut *connection)
    .await?;
    Ok(Ok(head))
}

async fn keep_report(
    connection: &mut SqliteConnection,
    run: &RunId,
    report: &str,
) -> std::result::Result<Result<String>, sqlx::Error> {
    sqlx::query("INSERT INTO reports (run, report) VALUES (?, ?) ON CONFLICT (run) DO UPDATE SET report = excluded.report")
        .bind(run.as_str())
        .bind(report)
        .execute(&mut *connection)
        .await?;
    Ok(Ok(String::new()))
}

/// Takes the free clients of the list, all in one transaction, and tells who holds the others.
pub async fn acquire(
    pool: &SqlitePool,
    tenant: &str,
    clients: &[ClientId],
    holder: &Holder,
    now: Timestamp,
) -> Result<Vec<Held>> {
    let taken = async {
        let mut transaction: Transaction<'_, Sqlite> = pool.begin_with("BEGIN IMMEDIATE").await?;
        let mut held = Vec::new();
        for client in clients {
            if let Some(other) = lease(&mut transaction, tenant, client).await?
                && other.0.run != holder.run
                && other.0.is_alive()
            {
                let (other, since) = other;
                let by = other.words();
                held.push(Held { client: client.clone(), run: other.run, by, since });
                continue;
            }
            sqlx::query(
                "INSERT OR REPLACE INTO leases (tenant, client, run, operator, host, pid, boot, since) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(tenant)
            .bind(client.as_str())
            .bind(holder.run.as_str())
            .bind(&holder.operator)
            .bind(&holder.host)
            .bind(i64::from(holder.pid))
            .bind(&holder.boot)
            .bind(now.to_string())
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok::<_, sqlx::Error>(held)
    };
    taken.await.map_err(|error| StoreError::Broken(error.to_string()))
}

async fn lease(
    connection: &mut SqliteConnection,
    tenant: &str,
    client: &ClientId,
) -> std::result::Result<Option<(Holder, Timestamp)>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT run, operator, host, pid, boot, since FROM leases WHERE tenant = ? AND client = ?",
    )
    .bind(tenant)
    .bind(client.as_str())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let holder = Holder {
        run: RunId::new(row.try_get::<String, _>("run")?),
        operator: row.try_get("operator")?,
        host: row.try_get("host")?,
        pid: u32::try_from(row.try_get::<i64, _>("pid")?).unwrap_or_default(),
        boot: row.try_get("boot")?,
    };
    let since: String = row.try_get("since")?;
    Ok(Some((holder, Timestamp::parse(&since).unwrap_or_else(|| Timestamp::from_seconds(0)))))
}

/// JSON of our own types, which all have text keys and finite numbers.
fn text<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
