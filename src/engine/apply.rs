//! A run from its approval to its end: stored, guarded, written, read back, followed up.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    Control, Draft, Engine, EngineError, Feed,
    control::Listener,
    feed::Journal,
    pipeline::{Pipeline, Todo},
    trouble::Trouble,
};
use crate::{
    domain::{
        Approval, ApprovedPlan, ClientId, Code, ConfigId, Event, Outcome, Plan, Problem, RunId, RunState,
        SkipReason, Stamped, State, Timestamp,
        event::End,
        follow_up::follow_up,
        run::ItemState,
        survey::{Header, Survey},
    },
    psa::port::LinkReading,
    store::{Claim, Holder, NewRun},
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
        let approval = Approval::of_all(&plan, &header.operator, self.now());
        let approved = ApprovedPlan::new(plan, approval.clone(), self.now())?;
        self.lock(&header, approved.plan()).await?;
        let journal = self.open_journal(&header, &survey, Some(approved.plan())).await?;
        journal
            .record([Event::Planned { digest: approved.plan().digest() }, Event::Approved { approval }])
            .await?;
        let todo = approved.items().map(|item| (Arc::new(item.clone()), 0)).collect();
        Ok(Run::new(self.clone(), header, survey, approved, journal, todo, None).spawn())
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
    engine: Engine,
    header: Header,
    survey: Survey,
    approved: Arc<ApprovedPlan>,
    journal: Arc<Journal>,
    control: Listener,
    remote: watch::Sender<Control>,
    /// What is to be done, each item with how often it may have been sent already.
    todo: Vec<Todo>,
    /// Why nothing more may be sent: what was sent is only settled by reading.
    settle_only: Option<EngineError>,
}

impl Run {
    pub(super) fn new(
        engine: Engine,
        header: Header,
        survey: Survey,
        approved: ApprovedPlan,
        journal: Journal,
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
        let watching = tokio::spawn(watch_control(
            self.control.clone(),
            Arc::clone(&self.journal),
            hold.clone(),
            self.engine.clone(),
        ));
        if let Err(error) = self.work(&trouble, &hold).await {
            trouble.meet(error);
        }
        watching.abort();
        let met = trouble.take();
        let end = self.end(met.as_ref());
        if let Some(error) = &met {
            let problem = error.problem(self.engine.now());
            self.write_down(vec![Event::Troubled { problem }]).await;
        }
        if self.control.now() != Control::Stop && met.is_none() {
            self.follow_up().await;
        }
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
        if let Err(error) = self.engine.store.release(&self.header.run).await {
            tracing::warn!(%error, "the locks are given back when this process ends");
        }
        Finished {
            header: self.header,
            survey: self.survey,
            plan: Some(self.approved.plan().clone()),
            state: self.journal.with(RunState::clone),
            journal_head: self.journal.head().await,
        }
    }

    async fn work(&mut self, trouble: &Trouble, hold: &CancellationToken) -> Result<(), EngineError> {
        self.engine.same_tenant(&self.approved).await?;
        if let Some(why) = self.settle_only.take() {
            let sent = std::mem::take(&mut self.todo).into_iter().filter(|(_, attempts)| *attempts > 0);
            self.journal.record(self.engine.settle_by_reading(&self.approved, sent.collect()).await).await?;
            return Err(why);
        }
        let mut todo = std::mem::take(&mut self.todo);
        while !todo.is_empty() && !self.control.now().ends() && !trouble.is_there() {
            let returned = self.engine.returned_clients(&self.approved, &self.header.criteria).await?;
            self.journal.record([Event::Applying]).await?;
            let pipeline = Pipeline {
                engine: self.engine.clone(),
                journal: Arc::clone(&self.journal),
                approved: Arc::clone(&self.approved),
                returned,
                trouble: trouble.clone(),
                control: self.control.clone(),
                hold: hold.clone(),
            };
            todo = pipeline.pass(todo).await;
        }
        Ok(())
    }

    /// How the run ends, given what stopped it, if anything did.
    fn end(&self, met: Option<&EngineError>) -> End {
        let nothing_sent =
            self.journal.with(|state| state.items.values().all(|item| matches!(item, ItemState::Queued)));
        match (met, self.control.now()) {
            (
                Some(EngineError::OtherTenant { .. } | EngineError::Refused(_) | EngineError::Locked { .. }),
                _,
            ) => End::Refused,
            (Some(EngineError::Psa(error)), _)
                if nothing_sent && error.code() != Code::PSAConnectionError =>
            {
                End::Refused
            }
            (Some(_), _) | (None, Control::Interrupt) => End::Interrupted,
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
        if let Some(event) = event
            && journal.record([event]).await.is_err()
        {
            hold.cancel();
        }
        match now {
            Control::Go | Control::Pause => {}
            Control::Interrupt | Control::Stop => hold.cancel(),
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
