//! What happens in a run, as server-sent events from its journal: each record once, in order, from where one was.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event as Sent, KeepAlive, Sse},
    },
};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::watch;

use super::{
    extract::{Caller, LastEvent, Named, ToRead},
    problem::Trouble,
};
use crate::{
    domain::{RunId, Stamped, text::harmless_json},
    service::Service,
    store::{Result, StoreError},
};

/// Records that are read at once.
const CHUNK: u32 = 500;
const QUIET: Duration = Duration::from_secs(15);

pub async fn events(
    State(service): State<Arc<Service>>,
    _caller: Caller<ToRead>,
    Named(run): Named,
    LastEvent(last): LastEvent,
) -> std::result::Result<Response, Trouble> {
    let known = service.store.job(&run).await?.is_some() || service.store.summary(&run).await?.is_some();
    if !known {
        return Err(Trouble::no_such_run());
    }
    let stream = follow(service, run, last).map(Ok::<_, Infallible>);
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(QUIET)).into_response())
}

struct Following {
    service: Arc<Service>,
    run: RunId,
    /// The last record that was sent.
    last: u64,
    changes: watch::Receiver<u64>,
}

fn follow(service: Arc<Service>, run: RunId, last: u64) -> impl Stream<Item = Sent> + Send {
    let changes = service.store.changes();
    let following = Following { service, run, last, changes };
    stream::unfold(following, |mut following| async move {
        let records = following.next().await?;
        Some((stream::iter(records), following))
    })
    .flatten()
}

impl Following {
    /// The next records; `None` at the end of the run, or of the server.
    async fn next(&mut self) -> Option<Vec<Sent>> {
        loop {
            self.changes.borrow_and_update();
            // Asked before the records are read: what is written in between is read with them.
            let over = self.is_over().await;
            match self.service.store.records_after(&self.run, self.last, CHUNK).await {
                Ok(records) if !records.is_empty() => {
                    self.last = records.last().map_or(self.last, |(seq, _)| *seq);
                    return Some(records.iter().map(|(seq, stamped)| sent(*seq, stamped)).collect());
                }
                Ok(_) | Err(StoreError::UnknownRun(_)) if over => return None,
                Ok(_) | Err(StoreError::UnknownRun(_)) => {}
                Err(error) => {
                    tracing::error!(%error, "a journal cannot be followed");
                    return None;
                }
            }
            tokio::select! {
                heard = self.changes.changed() => heard.ok()?,
                () = self.service.stop.soon.cancelled() => return None,
            }
        }
    }

    /// Whether nothing more is to come: nobody here is to work on it, and it has come to an end or waits for a person.
    async fn is_over(&self) -> bool {
        let over = async {
            if self.service.store.job(&self.run).await?.is_some_and(|job| !job.has_ended()) {
                return Ok(false);
            }
            let run = self.service.store.summary(&self.run).await?;
            Result::Ok(run.is_none_or(|run| super::runs::rests(run.phase)))
        };
        over.await.unwrap_or(true)
    }
}

fn sent(seq: u64, stamped: &Stamped) -> Sent {
    let json = serde_json::to_value(stamped).unwrap_or_default();
    let name = json["event"].as_str().unwrap_or("event").to_owned();
    Sent::default().id(seq.to_string()).event(name).data(harmless_json(&json.to_string()))
}
