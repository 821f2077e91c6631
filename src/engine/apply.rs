//! A run from its approval to its end: stored, guarded, written, read back, followed up.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    Control, Draft, Engine, EngineError, Feed,
    control::Listener,
    feed::Journal,
    in_hand::InHand,
    pipeline::{Pipeline, Seen, Todo},
    trouble::Trouble,
};
use crate::{
    domain::{
        Approval, ApprovedPlan, ClientId, Code, ConfigId, Event, Outcome, Plan, Problem, RunId, RunState,
        SkipReason, Stamped, State, Timestamp,
        event::{Answer, End},
        follow_up::follow_up,
        run::ItemState,
        survey::{Header, Survey},
    },
    psa::port::LinkReading,
    store::{Claim, Held, Holder, NewRun},
    system::process::Identity,
};

/// How long a cancelled run lets calls wait that have not been sent yet, such as behind a 429.
const DRAIN: Duration = Duration::from_secs(30);

/// A run that goes on. Dropping this does not end it.
pub struct RunHandle {
    pub run: RunId,
    pub feed: Feed,
    control: watch::Sender<Control>,
    task: JoinHandle<Finished>,
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
pub struct Controller(watch::Sender<Control>);

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

impl Engine {
    /// Approves the draft's plan in the operator's name and starts it. The plan and its approval are
    /// durable when this returns.
    pub async fn start(&self, draft: Draft) -> Result<RunHandle, EngineError> {
        let Draft { header, survey, plan } = draft;
        let plan = plan.ok_or_else(|| EngineError::Refused("there is nothing to change".to_owned()))?;
        if header.dry_run {
            return Err(EngineError::Refused("a dry run writes nothing".to_owned()));
        }
        if self.profile.safeguards.wants_approval() {
            return Err(EngineError::Refused("the settings want a second step for approval".to_owned()));
        }
        let approval = Approval::of_all(&plan, &header.operator, self.now());
        let approved = ApprovedPlan::new(plan, approval.clone(), self.now())?;
        let in_hand = self.take_in_hand(&header, approved.plan())?;
        self.lock(&header, approved.plan()).await?;
        let begun = async {
            let journal = self.open_journal(&header, &survey, Some(approved.plan())).await?;
            let planned = Event::Planned { digest: approved.plan().digest() };
            journal.record([planned, Event::Approved { approval }]).await?;
            let superseded = self.supersede(&header.run, approved.plan()).await?;
            journal.record(superseded).await?;
            Ok(journal)
        };
        let journal = match begun.await {
            Ok(journal) => journal,
            Err(error) => {
                self.unlock(&header.run).await;
                return Err(error);
            }
        };
        let todo = approved.items().map(|item| (Arc::new(item.clone()), 0)).collect();
        Ok(Run::new(self.clone(), header, survey, approved, journal, in_hand, todo, None).spawn())
    }

    /// Takes the plan's clients for this run alone, all of them or none.
    pub(super) async fn lock(&self, header: &Header, plan: &Plan) -> Result<(), EngineError> {
        let holder = Holder { process: Identity::own(), operator: header.operator.clone() };
        let clients: Vec<ClientId> = plan.clients().into_iter().collect();
        let tenant = &plan.head().tenant;
        let acquired =
            self.store.acquire(tenant, &clients, Claim::All, &header.run, &holder, self.now()).await?;
        if acquired.held.is_empty() { Ok(()) } else { Err(EngineError::Locked { held: acquired.held }) }
    }

    pub(super) async fn unlock(&self, run: &RunId) {
        if let Err(error) = self.store.release(run).await {
            tracing::warn!(%error, "the locks are given back when this process ends");
        }
    }

    /// Takes the run for one task of this process.
    pub(super) fn take_in_hand(&self, header: &Header, plan: &Plan) -> Result<Arc<InHand>, EngineError> {
        InHand::take(&header.run, self.now()).map_err(|since| {
            let by = Holder { process: Identity::own(), operator: header.operator.clone() };
            let held = |client| Held { client, run: header.run.clone(), by: by.clone(), since };
            EngineError::Locked { held: plan.clients().into_iter().map(held).collect() }
        })
    }

    /// Stores a run that writes nothing: a dry run, one without anything to change, one refused.
    pub async fn conclude(
        &self,
        draft: Draft,
        how: End,
        problems: Vec<Problem>,
    ) -> Result<Finished, EngineError> {
        let Draft { header, survey, plan } = draft;
        let journal = self.open_journal(&header, &survey, plan.as_ref()).await?;
        journal.record(conclusion(&header, plan.as_ref(), how, problems)).await?;
        let journal_head = journal.head().await;
        Ok(Finished { header, survey, plan, state: journal.with(RunState::clone), journal_head })
    }

    /// Stores a run that waits for a person. It holds nothing and changes nothing.
    pub async fn park(&self, draft: Draft, warnings: Vec<String>) -> Result<Finished, EngineError> {
        let Draft { header, survey, plan } = draft;
        let journal = self.open_journal(&header, &survey, plan.as_ref()).await?;
        let mut events: Vec<Event> =
            plan.iter().map(|plan| Event::Planned { digest: plan.digest() }).collect();
        events.extend(warnings.into_iter().map(|text| Event::Warned { text }));
        events.push(Event::Parked);
        journal.record(events).await?;
        if let Some(plan) = &plan {
            let superseded = self.supersede(&header.run, plan).await?;
            journal.record(superseded).await?;
        }
        let journal_head = journal.head().await;
        Ok(Finished { header, survey, plan, state: journal.with(RunState::clone), journal_head })
    }

    async fn open_journal(
        &self,
        header: &Header,
        survey: &Survey,
        plan: Option<&Plan>,
    ) -> Result<Journal, EngineError> {
        let run = NewRun {
            header: header.clone(),
            survey: survey.clone(),
            plan: plan.map(|plan| (plan.canonical_bytes(), plan.digest())),
        };
        self.store.create_run(&run).await?;
        let state = plan.map(RunState::of).unwrap_or_default();
        Ok(Journal::new(Arc::clone(&self.store), self.clock.clone(), header.run.clone(), state))
    }
}

/// How a run that writes nothing ends, without a store: for a report when there is none.
pub fn conclude_unstored(draft: Draft, how: End, problems: Vec<Problem>, now: Timestamp) -> Finished {
    let Draft { header, survey, plan } = draft;
    let mut state = plan.as_ref().map(RunState::of).unwrap_or_default();
    for event in conclusion(&header, plan.as_ref(), how, problems) {
        state.apply(&Stamped { at: now, event });
    }
    Finished { header, survey, plan, state, journal_head: None }
}

fn conclusion(header: &Header, plan: Option<&Plan>, how: End, problems: Vec<Problem>) -> Vec<Event> {
    let mut events = Vec::new();
    if let Some(plan) = plan {
        events.push(Event::Planned { digest: plan.digest() });
        if how == End::Finished && header.dry_run {
            events.extend(plan.items().iter().map(|item| {
                Event::skipped(item.config_id.clone(), SkipReason::DryRun, Some(item.before.clone()))
            }));
        }
    }
    events.extend(problems.into_iter().map(|problem| Event::Troubled { problem }));
    events.push(Event::Ended { how });
    events
}

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
        Self {
            engine,
            header,
            survey,
            approved: Arc::new(approved),
            journal: Arc::new(journal),
            control: Listener(listener),
            remote,
            in_hand,
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
        let watching = tokio::spawn(watch_control(
            self.control.clone(),
            Arc::clone(&self.journal),
            hold.clone(),
            self.engine.clone(),
            trouble.clone(),
            Arc::clone(&pauses),
        ));
        if let Err(error) = self.work(&trouble, &hold, &pauses).await {
            trouble.meet(error);
        }
        watching.abort();
        let met = trouble.take();
        let end = self.end(met.as_ref());
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
            self.engine.settle_left_open(plan).await
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
        while !todo.is_empty() && !self.control.now().ends() && !trouble.is_there() {
            let began = Seen::now(pauses);
            let criteria = &self.header.criteria;
            let returned = self.unless_ended(self.engine.returned_clients(&self.approved, criteria)).await?;
            let Some(returned) = returned else { break };
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
        let last_known = |id: &ConfigId, attempts: u32| {
            self.journal.with(|state| match state.item(id) {
                Some(ItemState::Answered { attempt, answer }) => {
                    *attempt == attempts || *answer == Answer::NotSent
                }
                _ => false,
            })
        };
        unchanged
            .into_iter()
            .filter(|(id, (_, attempts))| *attempts > 0 && last_known(id, *attempts))
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

    /// How the run ends, given what stopped it, if anything did.
    fn end(&self, met: Option<&EngineError>) -> End {
        let nothing_sent =
            self.journal.with(|state| state.items.values().all(|item| matches!(item, ItemState::Queued)));
        let open = self.journal.with(|state| state.open_items().next().is_some());
        match (met, self.control.now()) {
            (Some(EngineError::OtherTenant { .. } | EngineError::Refused(_)), _) => End::Refused,
            (Some(EngineError::NotApproved(_) | EngineError::Altered(_) | EngineError::Locked { .. }), _) => {
                End::Refused
            }
            (Some(EngineError::Psa(error)), _)
                if nothing_sent && error.code() != Code::PSAConnectionError =>
            {
                End::Refused
            }
            (Some(_), _) | (None, Control::Interrupt | Control::Abort) => End::Interrupted,
            // What is open can only be settled by resuming.
            (None, Control::Cancel | Control::Stop) if open => End::Interrupted,
            (None, Control::Cancel | Control::Stop) => End::Cancelled,
            (None, Control::Go | Control::Pause) => End::Finished,
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
) {
    let mut before = Control::Go;
    while control.0.changed().await.is_ok() {
        let now = *control.0.borrow_and_update();
        let event = match (before, now) {
            (Control::Go, Control::Pause) => Some(Event::Paused { why: "by the operator".to_owned() }),
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
