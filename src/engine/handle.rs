//! A run as whoever started it holds it: to watch, to control, to wait for.

use tokio::{sync::watch, task::JoinHandle};

use super::{Control, Feed};
use crate::domain::{
    Plan, RunId, RunState,
    survey::{Header, Survey},
};

/// A run that goes on. Dropping this does not end it.
pub struct RunHandle {
    pub run: RunId,
    pub feed: Feed,
    pub(super) control: watch::Sender<Control>,
    pub(super) task: JoinHandle<Finished>,
}

/// All that is known of a run at its end; the report is made from it.
#[derive(Debug, Clone)]
pub struct Finished {
    pub header: Header,
    pub survey: Survey,
    pub plan: Option<Plan>,
    pub state: RunState,
    pub journal_head: Option<String>,
}

impl RunHandle {
    pub fn control(&self, wish: Control) {
        self.controller().send(wish);
    }

    /// A remote control that may outlive this handle.
    pub fn controller(&self) -> Controller {
        Controller(self.control.clone())
    }

    /// The end of the run. A panic in it is passed on.
    pub async fn wait(self) -> Finished {
        match self.task.await {
            Ok(finished) => finished,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

#[derive(Clone)]
pub struct Controller(pub(super) watch::Sender<Control>);

impl Controller {
    /// A wish to end is never taken back, only made stronger.
    pub fn send(&self, wish: Control) {
        self.0.send_modify(|now| {
            if !now.ends() || wish > *now {
                *now = wish;
            }
        });
    }
}
