//! Runs that are not begun yet: what was asked for, what a PSA told of, what is to be undone.

use super::{
    Outcome, Work,
    again::{TRIES, backoff, may_pass},
};
use crate::{
    domain::{RunId, event::End},
    engine::{EngineError, Order},
    service::{
        inputs::{Bounded, RunInputs, UndoInputs},
        webhooks::{self, Look, Seen},
    },
    store::Wish,
};

impl Work {
    pub(super) async fn run(&self, inputs: &RunInputs) -> Outcome {
        let order = inputs.order(&self.job.new.origin, self.id());
        // The settings may have changed since it was asked for.
        if let Some(Err(why)) = self
            .service
            .profiles
            .rules(&self.job.new.profile)
            .map(|rules| inputs.check_bounds().and_then(|()| inputs.check(&rules)))
        {
            let finished = self.engine.conclude_failed(&order, &EngineError::Refused(why)).await;
            return self.conclude(&finished).await;
        }
        Box::pin(self.run_order(&order)).await
    }

    pub(super) async fn run_order(&self, order: &Order) -> Outcome {
        let planning = async {
            for found in self.engine.look_again_first().await {
                tracing::warn!("{found}");
            }
            self.engine.plan(order).await
        };
        let planned = tokio::select! {
            planned = planning => planned,
            () = self.service.stop.soon.cancelled() => return Outcome::Stopped,
            by = self.cancelled() => {
                let message = format!("The run was cancelled by {by} before anything was planned; nothing was changed.");
                let finished = self.engine.conclude_stopped(order, End::Cancelled, message).await;
                return self.conclude(&finished).await;
            }
        };
        if let Err(error) = &planned
            && may_pass(error)
            && self.job.tries < TRIES
        {
            tracing::warn!(%error, run = %self.id(), "tried again later");
            return Outcome::Later(backoff(self.job.tries));
        }
        match self.engine.begin(order, planned).await {
            Ok(begun) => self.go_on(begun).await,
            Err(error) => {
                let finished = self.engine.conclude_failed(order, &error).await;
                self.conclude(&finished).await
            }
        }
    }

    /// Looks at what a PSA told of. Most often there is nothing to do.
    pub(super) async fn look(&self, at: &Look) -> Outcome {
        let (service, job) = (&self.service, &self.job.new);
        // A job that was given back is a look of its own: what it waited for has come.
        if self.job.tries <= 1 && service.looked.since(&job.profile, at, job.at, service.now()) {
            return Outcome::Nothing("it was looked at since");
        }
        let seen = tokio::select! {
            seen = webhooks::look(&self.engine, at) => seen,
            () = service.stop.soon.cancelled() => return Outcome::Stopped,
        };
        match seen {
            Ok(Seen::Left(client)) => {
                let reason = Some("the PSA told of a change (webhook)".to_owned());
                let inputs =
                    RunInputs { client_id: Some(client.to_string()), reason, ..RunInputs::default() };
                Box::pin(self.run(&inputs)).await
            }
            Ok(Seen::Nothing(why)) => Outcome::Nothing(why),
            Ok(Seen::Later(until)) => {
                Outcome::Later(until.seconds_since(service.now()).ceil().max(1.0) as i64)
            }
            Err(error) => self.judge(&error),
        }
    }

    pub(super) async fn undo(&self, of: &RunId, inputs: &UndoInputs) -> Outcome {
        let order = inputs.order(of, &self.job.new.origin, self.id());
        let drafted = tokio::select! {
            drafted = self.engine.draft_undo(&order.undo, &order.who) => drafted,
            () = self.service.stop.soon.cancelled() => return Outcome::Stopped,
            by = self.cancelled() => {
                let message = format!("The undo was cancelled by {by} before anything was planned; nothing was changed.");
                let finished = self.engine.conclude_stopped_undo(&order, End::Cancelled, message).await;
                return self.conclude(&finished).await;
            }
        };
        if let Err(error) = &drafted
            && may_pass(error)
            && self.job.tries < TRIES
        {
            return Outcome::Later(backoff(self.job.tries));
        }
        match self.engine.begin_undo(&order, drafted).await {
            Ok(begun) => self.go_on(begun).await,
            Err(error) => {
                let finished = self.engine.conclude_failed_undo(&order, &error).await;
                self.conclude(&finished).await
            }
        }
    }

    /// Returns when somebody asks for the end of a run that is not begun yet, and tells who.
    pub(super) async fn cancelled(&self) -> String {
        let mut changes = self.service.store.changes();
        loop {
            changes.borrow_and_update();
            match self.service.store.take_requests(self.id()).await {
                Ok(requests) => {
                    let end = |wish: Wish| matches!(wish, Wish::Cancel | Wish::Stop);
                    if let Some(request) = requests.into_iter().find(|request| end(request.wish)) {
                        return request.by;
                    }
                }
                Err(error) => tracing::warn!(%error, "whether to cancel cannot be read"),
            }
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
