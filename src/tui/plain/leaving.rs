//! The ways out: asked for, by a signal, or because no more lines come. What runs is cancelled and waited for.

use std::time::Duration;

use super::{
    super::{
        effect::Effect,
        message::Message,
        model::run::RunPage,
        options::{Closing, Leave, StopSignal},
    },
    running,
    session::Session,
};

/// How long leaving waits for a cancelled run to end; the same as the screen waits.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Whether the session ends as soon as the run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    No,
    /// A person wants that, or no more lines will come.
    Wanted,
    Asked(StopSignal),
}

impl Session {
    /// No more lines will come. What runs is cancelled and waited for: nobody could answer whether to.
    pub fn end_of_input(&mut self) -> Vec<Effect> {
        self.question = None;
        if !self.runs() {
            return self.leave_now();
        }
        self.say("The input has ended: the run is cancelled, and what was sent is waited for.");
        self.cancel_and_leave(Leaving::Wanted)
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.leaving != Leaving::No
    }

    /// Whether the program is being ended from outside. Ctrl-C is a person's own word.
    pub(super) fn is_signalled(&self) -> bool {
        matches!(self.leaving, Leaving::Asked(StopSignal::Terminate | StopSignal::Hangup))
    }

    /// A signal. Ctrl-C first only cancels what runs; everything else cancels, waits, and ends.
    pub(super) fn stop(&mut self, signal: StopSignal) -> Vec<Effect> {
        self.question = None;
        if !self.runs() {
            self.leaving = Leaving::Asked(signal);
            return self.leave_now();
        }
        if signal == StopSignal::Interrupt {
            if self.is_leaving() {
                self.leaving = Leaving::Asked(signal);
                return self.leave_now();
            }
            let again = self.run.as_ref().is_some_and(|run| run.cancels > 0);
            return if again { self.cancel_and_leave(Leaving::Asked(signal)) } else { running::cancel(self) };
        }
        // A terminal that goes away tells of it in two ways, its end of input and its signal.
        if self.is_leaving() {
            let before = std::mem::replace(&mut self.leaving, Leaving::Asked(signal));
            let hurries = !matches!(before, Leaving::Wanted | Leaving::Asked(StopSignal::Hangup));
            return if hurries { self.leave_now() } else { Vec::new() };
        }
        self.say("Asked to end.");
        self.cancel_and_leave(Leaving::Asked(signal))
    }

    pub(super) fn cancel_and_leave(&mut self, leaving: Leaving) -> Vec<Effect> {
        self.leaving = leaving;
        let mut effects = running::cancel(self);
        effects.push(Effect::After { wait: PATIENCE, message: Box::new(Message::LeaveNow) });
        effects
    }

    pub(super) fn leave_now(&mut self) -> Vec<Effect> {
        let closing = self.closing();
        vec![Effect::Leave(match self.leaving {
            Leaving::Asked(signal) => Leave::Stopped(signal, closing),
            Leaving::Wanted | Leaving::No => Leave::Quit(closing),
        })]
    }

    pub fn closing(&self) -> Closing {
        Closing { last_run: self.run.as_ref().and_then(RunPage::last_run) }
    }
}
