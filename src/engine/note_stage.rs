//! The stage of a pass that writes the notes on items.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{
    items::{Seen, Todo},
    notes::{Leave, unnoted},
    pipeline::{LAST_ANSWERS_IN_HASTE, Pipeline},
};

/// What was guarded, and what may go on.
type Queues = (mpsc::Receiver<(Todo, Seen)>, mpsc::Sender<(Todo, Seen)>);

impl Pipeline {
    /// Where the settings want it, each item gets its note here: after the guard has let it pass, and before anything
    /// is put down about its change.
    pub(super) async fn note_stage(&self, queues: Option<Queues>, in_flight: usize) {
        let Some((mut guarded, out)) = queues else { return };
        let mut group = Vec::new();
        while guarded.recv_many(&mut group, in_flight).await > 0 {
            if !self.go_on().await {
                return;
            }
            // In tasks of their own: what was sent is journaled, even if nobody waits for it any more.
            let writing: Vec<_> = group
                .drain(..)
                .map(|(todo, seen)| {
                    let (notes, hold, item) =
                        (Arc::clone(&self.notes), self.hold.clone(), Arc::clone(&todo.0));
                    (todo, seen, tokio::spawn(async move { notes.before(&item, &hold).await }))
                })
                .collect();
            for (todo, seen, task) in writing {
                let leave = tokio::select! {
                    leave = task => leave,
                    () = self.patience_after_end(LAST_ANSWERS_IN_HASTE) => return,
                };
                match leave {
                    Ok(Ok(Leave::Go)) => {
                        if out.send((todo, seen)).await.is_err() {
                            return;
                        }
                    }
                    Ok(Ok(Leave::Stop(why))) => {
                        if !self.record(vec![unnoted(&todo.0, &why)]).await {
                            return;
                        }
                    }
                    Ok(Ok(Leave::Held)) => {}
                    Ok(Err(error)) => return self.trouble.meet(error),
                    Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
                }
            }
        }
    }
}
