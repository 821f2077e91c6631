//! Follows a run on behalf of the screen.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{
    super::{context::Context, deliver::keep},
    State,
};
use crate::{
    domain::{Phase, Stamped},
    engine::{Finished, RunHandle},
    report,
    tui::desk::{Ending, RunNews},
};

/// Carries a run's news to the screen and its report to the disk.
pub(super) struct Following {
    pub context: Context,
    pub state: Arc<State>,
    pub news: mpsc::Sender<RunNews>,
}

impl Following {
    pub async fn follow(self, handle: RunHandle) {
        let run = handle.run.clone();
        let feed = handle.feed.clone();
        let mut events = feed.events();
        let mut notices = self.context.engine.psa.notices();
        let _ = self.news.send(RunNews::State(Box::new(feed.state()))).await;
        let ended = handle.wait();
        tokio::pin!(ended);
        let finished = loop {
            tokio::select! {
                finished = &mut ended => break finished,
                event = events.recv() => {
                    let news = match event {
                        Ok(first) => RunNews::Events(with_waiting(first, &mut events)),
                        Err(_) => RunNews::State(Box::new(feed.state())),
                    };
                    if self.news.try_send(news).is_err() {
                        // The screen is behind: it gets the whole state once it has room again.
                        events = feed.events();
                        let _ = self.news.send(RunNews::State(Box::new(feed.state()))).await;
                    }
                }
                Ok(notice) = notices.recv() => drop(self.news.try_send(RunNews::Notice(notice))),
            }
        };
        self.state.running.lock().await.remove(&run);
        self.end(finished).await;
    }

    pub async fn end(self, finished: Finished) {
        let report = report::build(&report::Source {
            header: &finished.header,
            survey: &finished.survey,
            plan: finished.plan.as_ref(),
            state: &finished.state,
            journal_head: finished.journal_head.as_deref(),
            now: self.context.engine.now(),
        });
        let saved = keep(&self.context, &report).await.map_err(|failure| failure.message);
        let run = finished.header.run.clone();
        let resume =
            (finished.state.phase == Phase::Interrupted).then(|| format!("mothball runs resume {run}"));
        let _ = self.news.send(RunNews::State(Box::new(finished.state.clone()))).await;
        self.state.ended.lock().await.insert(run, (finished, report.clone()));
        let _ = self.news.send(RunNews::Ended(Box::new(Ending { report, saved: Some(saved), resume }))).await;
    }
}

/// The event and what else is there already, so that a burst is one message.
fn with_waiting(first: Stamped, events: &mut tokio::sync::broadcast::Receiver<Stamped>) -> Vec<Stamped> {
    let mut batch = vec![first];
    while batch.len() < 512
        && let Ok(next) = events.try_recv()
    {
        batch.push(next);
    }
    batch
}
