//! What other processes ask of a run that goes on here: to pause, to go on, to end. They ask through the store, because
//! that is what they share with us.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::{Control, Controller, Engine, feed::Journal};
use crate::{
    domain::{Event, RunId},
    store::{Request, Wish},
};

/// The store changes with every record of this run itself, and nobody who asks minds waiting this long.
const REST: Duration = Duration::from_millis(500);

/// Who asked last, for the record.
#[derive(Debug, Clone)]
pub(super) struct LastAsked(Arc<Mutex<String>>);

impl Default for LastAsked {
    fn default() -> Self {
        Self(Arc::new(Mutex::new("the operator".to_owned())))
    }
}

impl LastAsked {
    pub fn name(&self) -> String {
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, name: &str) {
        name.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Passes on what is asked, until the run is over. It is not cut off: what it writes down is folded, too.
pub(super) async fn obey(
    engine: Engine,
    run: RunId,
    controller: Controller,
    journal: Arc<Journal>,
    last: LastAsked,
    over: CancellationToken,
) {
    let mut changes = engine.store.changes();
    loop {
        changes.borrow_and_update();
        match engine.store.take_requests(&run).await {
            Ok(requests) => {
                for request in requests {
                    pass_on(&request, &controller, &journal, &last).await;
                }
            }
            Err(error) => tracing::warn!(%error, %run, "what others ask of this run is not heard now"),
        }
        let more = async {
            let heard = changes.changed().await.is_ok();
            engine.clock.sleep(REST).await;
            heard
        };
        tokio::select! {
            more = more => if !more { return },
            () = over.cancelled() => return,
        }
    }
}

async fn pass_on(request: &Request, controller: &Controller, journal: &Journal, last: &LastAsked) {
    let Request { wish, by, at } = request;
    let (control, word) = match wish {
        Wish::Pause => (Control::Pause, None),
        Wish::Resume => (Control::Go, None),
        Wish::Cancel => (Control::Cancel, Some("cancelled")),
        Wish::Stop => (Control::Stop, Some("stopped")),
    };
    tracing::info!(?wish, by, "asked by another process");
    last.set(by);
    if let Some(word) = word {
        let text = format!("{word} by {by}, asked for at {} UTC", at.minutes());
        // The run ends all the same; whatever keeps this from being written down will be met there.
        if let Err(error) = journal.record([Event::Warned { text }]).await {
            tracing::warn!(%error, "who cancelled the run is not in its record");
        }
    }
    controller.send(control);
}
