//! What a person, or a signal, can tell a run that goes on.

use tokio::sync::watch;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Control {
    #[default]
    Go,
    Pause,
    /// Take nothing new, let what is in flight end, read it back.
    Cancel,
    /// The same, asked for from outside: the run can be resumed.
    Interrupt,
    /// Start nothing more at all, and settle what was sent.
    Stop,
    /// The same, asked for from outside: the run can be resumed.
    Abort,
}

impl Control {
    pub fn ends(self) -> bool {
        self >= Self::Cancel
    }

    pub fn is_resumable(self) -> bool {
        matches!(self, Self::Interrupt | Self::Abort)
    }
}

/// The run's end of the line.
#[derive(Debug, Clone)]
pub(super) struct Listener(pub watch::Receiver<Control>);

impl Listener {
    pub fn now(&self) -> Control {
        *self.0.borrow()
    }

    /// Waits while paused; tells whether the run goes on.
    pub async fn may_go_on(&mut self) -> bool {
        loop {
            let now = *self.0.borrow_and_update();
            if now != Control::Pause {
                return !now.ends();
            }
            if self.0.changed().await.is_err() {
                return false;
            }
        }
    }

    /// Returns when the run shall end; never if nobody can say so any more.
    pub async fn ended(&mut self) {
        loop {
            if self.0.borrow_and_update().ends() {
                return;
            }
            if self.0.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
