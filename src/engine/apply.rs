//! A run from its approval to its end: guarded, written, read back, followed up.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    Control, Controller, Engine, EngineError, Finished, RunHandle,
    asked::{self, LastAsked},
    control::Listener,
    ending::{how_it_ends, owes_a_note},
    feed::Journal,
    in_hand::InHand,
    items::{Seen, Todo},
    notes::Notes,
    pipeline::Pipeline,
    trouble::Trouble,
};
use crate::{
    domain::{
        ApprovedPlan, Code, ConfigId, Event, Outcome, Problem, RunState, SkipReason, Stamped, State,
        event::End,
        follow_up::follow_up,
        survey::{Header, Survey},
    },
    psa::port::LinkReading,
};

/// How long a cancelled run lets calls wait that have not been sent yet, such as behind a 429.
const DRAIN: Duration = Duration::from_secs(30);

/// Everything that one run carries through its life.
pub(super) struct Run {
    pub(super) engine: Engine,
    pub(super) header: Header,
    pub(super) survey: Survey,
    approved: Arc<ApprovedPlan>,
    pub(super) journal: Arc<Journal>,
    control: Listener,
    remote: watch::Sender<Control>,
    in_hand: Arc<InHand>,
    notes: Arc<Notes>,
    /// What is to be done, each item with how often it may have been sent already.
    todo: Vec<Todo>,
    /// Why nothing more may be sent: what was sent is only settled by reading.
    settle_only: Option<EngineError>,
}

impl Run {
    #[expect(clippy::too_many_arguments, reason = "each is a part of its own, and two callers name them all")]
    pub(super) fn new(
        engine: Engine,
        header: Header,
        survey: Survey,
        approved: ApprovedPlan,
        journal: Journal,
        in_hand: Arc<InHand>,
        todo: Vec<Todo>,
        settle_only: Option<EngineError>,
    ) -> Self {
        let (remote, listener) = watch::channel(Control::Go);
        let (approved, journal) = (Arc::new(approved), Arc::new(journal));
        let notes = Notes::new(
            engine.clone(),
            Arc::clone(&journal),
            Arc::clone(&approved),
            header.clone(),
            Arc::clone(&in_hand),
        );
        Self {
            engine,
            header,
            survey,
            approved,
            journal,
            control: Listener(listener),
            remote,
            in_hand,
            notes,
            todo,
            settle_only,
        }
    }

    pub(super) fn spawn(self) -> RunHandle {
        let (run, feed, control) = (self.header.run.clone(), self.journal.feed(), self.remote.clone());
        RunHandle { run, feed, control, task: tokio::spawn(self.drive()) }
    }

    async fn drive(mut self) -> Finished {
        let trouble = Trouble::default();
        let hold = CancellationToken::new();
        let pauses = Arc::new(AtomicU64::new(0));
        let (last_asked, over) = (LastAsked::default(), CancellationToken::new());
        let watching = tokio::spawn(watch_control(
            self.control.clone(),
            Arc::clone(&self.journal),
            hold.clone(),
            self.engine.clone(),
            trouble.clone(),
            Arc::clone(&pauses),
            last_asked.clone(),
        ));
        let obeying = tokio::spawn(asked::obey(
            self.engine.clone(),
            self.header.run.clone(),
            Controller(self.remote.clone()),
            Arc::clone(&self.journal),
            last_asked,
            over.clone(),
        ));
        if let Err(error) = self.work(&trouble, &hold, &pauses).await {
            trouble.meet(error);
        }
        over.cancel();
        if let Err(error) = obeying.await {
            tracing::error!(%error, "what others asked of this run was not heard to its end");
        }
        watching.abort();
        let met = trouble.take();
        let end = self.journal.with(|state| how_it_ends(met.as_ref(), self.control.now(), state));
        if let Some(error) = &met {
            let problem = error.problem(self.engine.now());
            self.write_down(vec![Event::Troubled { problem }]).await;
        }
        if self.control.now() < Control::Stop && met.is_none() {
            self.follow_up().await;
        }
        self.write_down(self.look_again_later(end)).await;
        if end == End::Interrupted && met.is_none() {
            let message = format!(
                "The run was interrupted; resume it with `mothball runs resume {}`.",
                self.header.run
            );
            let problem = Problem::new(Code::Interrupted, message, self.engine.now());
            self.write_down(vec![Event::Troubled { problem }]).await;
        }
        let mut last = Vec::new();
        if end == End::Cancelled || end == End::Refused {
            last.extend(
                self.untouched()
                    .into_iter()
                    .map(|(id, state)| Event::skipped(id, SkipReason::NotStarted, state)),
            );
        }
        let sent = self.journal.with(RunState::sent_anything);
        if self.header.note_ticket().is_some() && owes_a_note(end, met.as_ref(), sent) {
            self.write_down(std::mem::take(&mut last)).await;
            self.note_on_ticket().await;
        }
        last.push(Event::Ended { how: end });
        self.write_down(last).await;
        // What is still under way may yet take effect: nobody else may touch its clients until this process ends.
        let open = self.journal.with(|state| state.open_items().next().is_some());
        if open {
            tracing::warn!("some answers are outstanding; the locks are kept until this process ends");
        } else {
            self.engine.unlock(&self.header.run).await;
        }
        Finished {
            header: self.header,
            survey: self.survey,
            plan: Some(self.approved.plan().clone()),
            state: self.journal.with(RunState::clone),
            journal_head: self.journal.head().await,
        }
    }

    async fn work(
        &mut self,
        trouble: &Trouble,
        hold: &CancellationToken,
        pauses: &Arc<AtomicU64>,
    ) -> Result<(), EngineError> {
        let plan = self.approved.plan();
        let ready = async {
            self.engine.same_tenant(plan).await?;
            self.engine.settle_left_open(plan).await?;
            self.notes.look_at_ticket().await
        };
        if self.unless_ended(ready).await?.is_none() {
            return Ok(());
        }
        if let Some(why) = self.settle_only.take() {
            let kind = self.approved.plan().head().kind;
            let sent = std::mem::take(&mut self.todo).into_iter().filter(|(_, attempts)| *attempts > 0);
            let settled = self.engine.settle_by_reading(kind, sent.collect()).await;
            self.journal.record(settled).await?;
            return Err(why);
        }
        let mut todo = std::mem::take(&mut self.todo);
        let mut unchanged: BTreeMap<ConfigId, Todo> = BTreeMap::new();
        // The clients as they were read last: good for every pass that begins while that is fresh.
        let mut clients = None;
        while !todo.is_empty() && !self.control.now().ends() && !trouble.is_there() {
            let known = clients.take().filter(|(began, _): &(Seen, _)| !began.is_stale(pauses));
            let (began, returned) = if let Some(known) = known {
                known
            } else {
                let began = Seen::now(pauses);
                let reading = self.engine.returned_clients(&self.approved, &self.header.criteria);
                let Some(returned) = self.unless_ended(reading).await? else { break };
                (began, returned)
            };
            clients = Some((began, returned.clone()));
            self.journal.record([Event::Applying]).await?;
            let pipeline = Pipeline {
                engine: self.engine.clone(),
                journal: Arc::clone(&self.journal),
                approved: Arc::clone(&self.approved),
                returned,
                trouble: trouble.clone(),
                control: self.control.clone(),
                hold: hold.clone(),
                pauses: Arc::clone(pauses),
                began,
                left: Arc::default(),
                in_hand: Arc::clone(&self.in_hand),
                notes: Arc::clone(&self.notes),
            };
            let left = pipeline.pass(todo).await;
            unchanged.extend(left.unchanged.iter().map(|todo| (todo.0.config_id.clone(), todo.clone())));
            todo = left.unchanged;
            todo.extend(left.unseen);
        }
        let ended = self.settle_unchanged(unchanged);
        self.journal.record(ended).await?;
        Ok(())
    }

    /// Items that were sent, read back as they were before, and that no further try was left for.
    fn settle_unchanged(&self, unchanged: BTreeMap<ConfigId, Todo>) -> Vec<Event> {
        let in_vain = |id: &ConfigId, attempts: u32| {
            self.journal.with(|state| state.item(id).is_some_and(|item| item.came_to_nothing(attempts)))
        };
        unchanged
            .into_iter()
            .filter(|(id, (_, attempts))| in_vain(id, *attempts))
            .map(|(id, (item, attempts))| {
                let message =
                    format!("sent {attempts} times without effect; it was read unchanged when the run ended");
                let outcome = Outcome::Failed { code: Code::ConfigUpdateFailed, message };
                Event::settled(id, outcome, Some(item.before.clone()))
            })
            .collect()
    }

    /// Waits for `work`, unless the run is to end before that.
    async fn unless_ended<T>(
        &self,
        work: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<Option<T>, EngineError> {
        let mut control = self.control.clone();
        tokio::select! {
            done = work => done.map(Some),
            () = control.ended() => Ok(None),
        }
    }

    /// Items that nothing was sent for, with the state they were last seen in.
    fn untouched(&self) -> Vec<(ConfigId, Option<State>)> {
        self.journal.with(|state| {
            self.approved
                .items()
                .filter(|item| {
                    state.item(&item.config_id).is_some_and(|now| now.settled().is_none() && !now.is_open())
                })
                .map(|item| (item.config_id.clone(), Some(item.before.clone())))
                .collect()
        })
    }

    /// Reads again what still hangs on what was changed, and writes down what is left for a person.
    async fn follow_up(&self) {
        let changed = self.journal.with(|state| {
            state.items.values().any(|item| {
                item.settled().is_some_and(|settled| {
                    matches!(settled.outcome, Outcome::Deactivated { .. } | Outcome::Unknown { .. })
                })
            })
        });
        let reading = if changed && self.header.links {
            let mut control = self.control.clone();
            tokio::select! {
                reading = self.engine.read_links(&self.survey) => reading,
                () = async { control.ended().await; self.engine.clock.sleep(DRAIN).await } => LinkReading::default(),
            }
        } else {
            LinkReading::default()
        };
        let nouns = self.engine.psa.nouns();
        let list = self
            .journal
            .with(|state| follow_up(&self.survey, state, &reading.links, &reading.signs_of_life, nouns));
        self.write_down(vec![Event::FollowedUp { links: reading.links, follow_up: list }]).await;
    }

    async fn note_on_ticket(&self) {
        let noted = if self.control.now() >= Control::Stop {
            self.notes.give_up_ticket("the run was told to start nothing more").await
        } else {
            let hold = CancellationToken::new();
            let summing = self.notes.sum_up(&self.survey, &hold);
            tokio::pin!(summing);
            let mut control = self.control.clone();
            tokio::select! {
                noted = &mut summing => noted,
                () = async { control.ended().await; self.engine.clock.sleep(DRAIN).await } => {
                    hold.cancel();
                    summing.await
                }
            }
        };
        if let Err(error) = noted {
            tracing::error!(%error, "what became of the note could not be written down");
        }
    }

    /// Writes down if that is still possible, and folds in any case: the report must tell.
    async fn write_down(&self, events: Vec<Event>) {
        if let Err(error) = self.journal.record(events.clone()).await {
            tracing::error!(%error, "the journal could not be written");
            let at = self.journal.now();
            self.journal.fold(events.into_iter().map(|event| Stamped { at, event }).collect());
        }
    }
}

/// Writes pauses down, and sees to it that a run that is to end does not wait for its turn for ever.
async fn watch_control(
    mut control: Listener,
    journal: Arc<Journal>,
    hold: CancellationToken,
    engine: Engine,
    trouble: Trouble,
    pauses: Arc<AtomicU64>,
    last_asked: LastAsked,
) {
    let mut before = Control::Go;
    while control.0.changed().await.is_ok() {
        let now = *control.0.borrow_and_update();
        let event = match (before, now) {
            (Control::Go, Control::Pause) => Some(Event::Paused { why: format!("by {}", last_asked.name()) }),
            (Control::Pause, Control::Go) => Some(Event::Resumed),
            _ => None,
        };
        before = now;
        if now == Control::Pause {
            pauses.fetch_add(1, Ordering::SeqCst);
        }
        if let Some(event) = event
            && let Err(error) = journal.record([event]).await
        {
            trouble.meet(error);
            hold.cancel();
        }
        match now {
            Control::Go | Control::Pause => {}
            Control::Interrupt | Control::Stop | Control::Abort => hold.cancel(),
            Control::Cancel => {
                let (hold, engine) = (hold.clone(), engine.clone());
                tokio::spawn(async move {
                    engine.clock.sleep(DRAIN).await;
                    hold.cancel();
                });
            }
        }
    }
}
