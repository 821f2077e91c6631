//! Reads events in a task of its own and hands them over.
//!
//! crossterm's `EventStream` remembers the waker of whoever polled it first while it waits, so it must
//! have one reader that always waits for it: polling it "just to look" from the loop loses wake-ups.

use crossterm::event::Event;
use futures_util::StreamExt;
use tokio::{sync::mpsc, task::JoinHandle};

use super::Events;

/// Events that wait while the loop is busy; more wait in the terminal.
const AHEAD: usize = 256;

pub struct Keyboard {
    events: mpsc::Receiver<std::io::Result<Event>>,
    reader: JoinHandle<()>,
}

impl Keyboard {
    pub fn open(mut events: Events) -> Self {
        let (send, receive) = mpsc::channel(AHEAD);
        let reader = tokio::spawn(async move {
            while let Some(event) = events.next().await {
                let broken = event.is_err();
                if send.send(event).await.is_err() || broken {
                    return;
                }
            }
        });
        Self { events: receive, reader }
    }

    /// The next event; `None` once the terminal has gone away.
    pub async fn next(&mut self) -> Option<std::io::Result<Event>> {
        self.events.recv().await
    }

    /// What is there already.
    pub fn ready(&mut self) -> Option<std::io::Result<Event>> {
        self.events.try_recv().ok()
    }

    /// Stops reading; the terminal's keys are somebody else's when this returns.
    pub async fn close(mut self) {
        self.reader.abort();
        // Only says that it was aborted.
        let _ = (&mut self.reader).await;
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.reader.abort();
    }
}
