//! One pass over items: guard → journal the intent → send → journal the answer → read back. The four
//! stages run at the same time, with short queues between them; a write lives in a task of its own
//! until its answer is journaled.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Engine,
    control::Listener,
    feed::Journal,
    guard::Guarded,
    hold::{set_aside, set_aside_unsent},
    in_hand::InHand,
    items::{FRESH, Seen, Todo, answered, concerns_all, unread, unsent_again},
    notes::Notes,
    settle::{certain, told, warned},
    trouble::Trouble,
    verify::{Answered, Rows, judge_batch},
};
use crate::{
    domain::{ApprovedPlan, Change, ClientId, Event, approval::NotApproved, event::Answer, plan::Kind},
    psa::port::SetAnswer,
};

/// Items that are guarded together, at most: few enough that what was read is still fresh when it is
/// written, enough that reading costs one request per hundred writes.
const GUARD_PAGE: usize = 100;

/// The same where each gets a note first: that takes as long as the change itself.
const NOTED_PAGE: usize = 20;

/// Items that are read back together, at most.
const READ_BACK_PAGE: usize = 200;

/// How long what was sent is waited for once the run was cancelled: longer than any call may take.
const LAST_ANSWERS: Duration = Duration::from_secs(75);

/// The same when the program itself was asked to end: what stays open is read when the run is resumed.
pub(super) const LAST_ANSWERS_IN_HASTE: Duration = Duration::from_secs(30);

/// What every stage needs.
pub(super) struct Pipeline {
    pub engine: Engine,
    pub journal: Arc<Journal>,
    pub approved: Arc<ApprovedPlan>,
    pub returned: BTreeSet<ClientId>,
    pub trouble: Trouble,
    pub control: Listener,
    /// Once cancelled, what waits to be sent is not sent any more.
    pub hold: CancellationToken,
    /// Counts pauses; what was read before one is not trusted after it.
    pub pauses: Arc<AtomicU64>,
    /// When the clients of the plan were read.
    pub began: Seen,
    pub left: Arc<Mutex<Left>>,
    pub in_hand: Arc<InHand>,
    pub notes: Arc<Notes>,
}

/// What a pass leaves for the next one.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Read, unchanged: may be sent (again).
    pub unchanged: Vec<Todo>,
    /// Not looked at in this pass.
    pub unseen: Vec<Todo>,
}

impl Pipeline {
    /// Takes `items` as far as they get; tells what is left for another pass.
    pub async fn pass(&self, items: Vec<Todo>) -> Left {
        let can = self.engine.psa.capabilities();
        let (in_flight, batch) = (can.in_flight.max(1), can.batch.max(1));
        let page = if self.notes.on_items() { NOTED_PAGE } else { GUARD_PAGE };
        let (guarded_in, guarded) = mpsc::channel(2 * in_flight * batch);
        let (noted, noting) = if self.notes.on_items() {
            let (noted_in, noted) = mpsc::channel(2 * in_flight * batch);
            (noted, Some((guarded, noted_in)))
        } else {
            (guarded, None)
        };
        let (ready_in, ready) = mpsc::channel(in_flight);
        let (answered_in, answered) = mpsc::channel(2 * READ_BACK_PAGE);
        tokio::join!(
            self.guard_stage(items, can.read_page.clamp(1, page), guarded_in),
            self.note_stage(noting, in_flight),
            self.intent_stage(noted, ready_in, in_flight, batch),
            self.send_stage(ready, answered_in, in_flight),
            self.verify_stage(answered, can.read_page.clamp(1, READ_BACK_PAGE)),
        );
        std::mem::take(&mut *self.left())
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        // Whatever is in there is whole.
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while paused. False once nothing more may be sent.
    pub(super) async fn go_on(&self) -> bool {
        let goes_on = self.control.clone().may_go_on().await;
        let head = self.approved.plan().head();
        if goes_on && self.approved.plan().is_expired(self.journal.now()) {
            self.trouble.meet(NotApproved::Expired(head.expires_at));
        }
        goes_on && !self.trouble.is_there()
    }

    pub(super) async fn record(&self, events: Vec<Event>) -> bool {
        match self.journal.record(events).await {
            Ok(()) => true,
            Err(error) => {
                self.trouble.meet(error);
                false
            }
        }
    }

    async fn guard_stage(&self, items: Vec<Todo>, page: usize, out: mpsc::Sender<(Todo, Seen)>) {
        let head = self.approved.plan().head();
        let kind = head.kind;
        for (at, chunk) in items.chunks(page).enumerate() {
            if !self.go_on().await {
                return;
            }
            if self.began.is_stale(&self.pauses) {
                // The clients are read again first.
                self.left().unseen.extend_from_slice(&items[at * page..]);
                return;
            }
            let seen = Seen::now(&self.pauses);
            let holds = match self.engine.holds_against(head).await {
                Ok(holds) => holds,
                Err(error) => return self.trouble.meet(error),
            };
            let (mut stopped, chunk) = set_aside_unsent(chunk, &holds);
            let mut control = self.control.clone();
            let guarded = tokio::select! {
                biased;
                () = control.ended() => return,
                guarded = self.engine.guard(kind, &chunk, &self.returned) => guarded,
            };
            let mut passed = Vec::new();
            match guarded {
                Ok(guarded) => {
                    for (verdict, (_, attempts)) in guarded.into_iter().zip(&chunk) {
                        match verdict {
                            Guarded::Pass(item) => passed.push((item, *attempts)),
                            Guarded::Stop(event) => stopped.push(event),
                        }
                    }
                }
                Err(error) if concerns_all(&error) => return self.trouble.meet(error),
                Err(error) => {
                    stopped.extend(chunk.iter().map(|(item, attempts)| unread(item, *attempts, &error)));
                }
            }
            let (kept, passed) = set_aside(&passed, &holds);
            stopped.extend(kept);
            if !self.record(stopped).await {
                return;
            }
            for todo in passed {
                if out.send((todo, seen)).await.is_err() {
                    return;
                }
            }
        }
    }

    async fn intent_stage(
        &self,
        mut guarded: mpsc::Receiver<(Todo, Seen)>,
        out: mpsc::Sender<Vec<(Todo, Seen)>>,
        in_flight: usize,
        batch: usize,
    ) {
        let mut group = Vec::new();
        while guarded.recv_many(&mut group, in_flight * batch).await > 0 {
            if !self.go_on().await {
                return;
            }
            let todo: Vec<(Todo, Seen)> =
                group.drain(..).map(|((item, attempts), seen)| ((item, attempts + 1), seen)).collect();
            let intents = todo
                .iter()
                .map(|((item, attempt), _)| Event::Intended {
                    config_id: item.config_id.clone(),
                    attempt: *attempt,
                })
                .collect();
            if !self.record(intents).await {
                return;
            }
            for part in todo.chunks(batch) {
                if out.send(part.to_vec()).await.is_err() {
                    return;
                }
            }
        }
    }

    async fn send_stage(
        &self,
        mut ready: mpsc::Receiver<Vec<(Todo, Seen)>>,
        out: mpsc::Sender<Vec<Answered>>,
        in_flight: usize,
    ) {
        let slots = Arc::new(Semaphore::new(in_flight));
        let tasks = TaskTracker::new();
        while let Some(batch) = ready.recv().await {
            // The semaphore is never closed; the queue to the reader is once the run has ended.
            let slot = Arc::clone(&slots).acquire_owned().await.ok();
            let place = out.clone().reserve_owned().await.ok();
            // Asked last, so that a cancel that came while this item waited still holds it back.
            let go_on = self.go_on().await && !self.hold.is_cancelled();
            let stale = batch.iter().any(|(_, seen)| seen.is_stale(&self.pauses));
            let batch: Vec<Todo> = batch.into_iter().map(|(todo, _)| todo).collect();
            let changes: Option<Vec<Change>> =
                batch.iter().map(|(item, _)| self.approved.change(&item.config_id)).collect();
            let (Some(slot), Some(place), Some(changes), true) = (slot, place, changes, go_on && !stale)
            else {
                let unsent = batch.iter().map(|(item, attempt)| answered(item, *attempt, Answer::NotSent));
                self.record(unsent.collect()).await;
                if stale {
                    self.left().unchanged.extend(batch.into_iter().map(unsent_again));
                }
                continue;
            };
            tasks.spawn(self.write(batch, changes, slot, place));
        }
        tasks.close();
        drop(out);
        let mut control = self.control.clone();
        tokio::select! {
            () = tasks.wait() => {}
            () = async { control.ended().await; self.engine.clock.sleep(self.last_answers()).await } => {
                tracing::warn!("answers are still outstanding after the run was told to end; they are journaled if they come");
            }
        }
    }

    /// The life of one write, from the moment it may leave until its answer is journaled.
    fn write(
        &self,
        batch: Vec<Todo>,
        changes: Vec<Change>,
        slot: OwnedSemaphorePermit,
        place: mpsc::OwnedPermit<Vec<Answered>>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (engine, journal) = (self.engine.clone(), Arc::clone(&self.journal));
        let (trouble, hold, left) = (self.trouble.clone(), self.hold.clone(), Arc::clone(&self.left));
        let in_hand = Arc::clone(&self.in_hand);
        async move {
            // Nobody resumes this run in this process while the answer may still come.
            let _in_hand = in_hand;
            // A write that waits so long for its turn that what was read of it is stale is not sent.
            let turn = hold.child_token();
            let answers = {
                let set = engine.psa.set(&changes, &turn);
                tokio::pin!(set);
                tokio::select! {
                    answers = &mut set => answers,
                    () = engine.clock.sleep(FRESH) => {
                        turn.cancel();
                        set.await
                    }
                }
            };
            let waited_in_vain = turn.is_cancelled() && !hold.is_cancelled();
            drop(slot);
            let answers_told = batch
                .iter()
                .zip(&answers)
                .map(|((item, attempt), answer)| answered(item, *attempt, told(answer)));
            let warnings = batch.iter().zip(&answers).filter_map(|((item, _), answer)| warned(item, answer));
            let events: Vec<Event> = answers_told.chain(warnings).collect();
            if let Err(error) = journal.record(events).await {
                trouble.meet(error);
            }
            let mut back = Vec::with_capacity(batch.len());
            for ((item, attempt), answer) in batch.into_iter().zip(answers) {
                if waited_in_vain && matches!(answer, SetAnswer::NotSent { .. }) {
                    let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
                    left.unchanged.push(unsent_again((item, attempt)));
                } else {
                    back.push(Answered { item, attempt, answer });
                }
            }
            place.send(back);
        }
    }

    async fn verify_stage(&self, mut answered: mpsc::Receiver<Vec<Answered>>, page: usize) {
        let kind = self.approved.plan().head().kind;
        let mut waiting: Vec<Answered> = Vec::new();
        let mut unread: Vec<Answered> = Vec::new();
        let out_of_patience = async {
            self.control.clone().ended().await;
            self.engine.clock.sleep(self.last_answers()).await;
        };
        tokio::pin!(out_of_patience);
        loop {
            let more = tokio::select! {
                batch = answered.recv() => batch,
                () = &mut out_of_patience => None,
            };
            let done = more.is_none();
            let mut settled = Vec::new();
            for entry in more.into_iter().flatten() {
                if let SetAnswer::NotSent { error } = &entry.answer {
                    if self.hold.is_cancelled() {
                        continue;
                    }
                    if concerns_all(error) {
                        self.trouble.meet(error.clone());
                        continue;
                    }
                } else if let SetAnswer::Refused { error } = &entry.answer
                    && concerns_all(error)
                {
                    self.trouble.meet(error.clone());
                }
                match certain(&entry.answer, &entry.item) {
                    Some((outcome, state)) => {
                        settled.push(Event::settled(entry.item.config_id.clone(), outcome, Some(state)));
                    }
                    None => waiting.push(entry),
                }
            }
            self.record(settled).await;
            if done && !waiting.is_empty() {
                self.record(vec![Event::Verifying]).await;
            }
            while waiting.len() >= page || (done && !waiting.is_empty()) {
                let batch: Vec<Answered> = waiting.drain(..waiting.len().min(page)).collect();
                match self.read_back(&batch).await {
                    Err(why) => {
                        tracing::warn!(%why, items = batch.len(), "could not be read back; tried again at the end");
                        unread.extend(batch);
                    }
                    rows => self.settle(kind, batch, &rows).await,
                }
            }
            if done {
                break;
            }
        }
        while !unread.is_empty() {
            let batch: Vec<Answered> = unread.drain(..unread.len().min(page)).collect();
            let rows = if self.control.now().ends() {
                Err("the PSA did not answer before the run had to end".to_owned())
            } else {
                self.read_back(&batch).await
            };
            self.settle(kind, batch, &rows).await;
        }
    }

    /// Reads a batch back, for as long as the run may still wait.
    async fn read_back(&self, batch: &[Answered]) -> Result<Rows, String> {
        tokio::select! {
            rows = self.engine.read_back(batch) => rows,
            () = self.patience_after_end(LAST_ANSWERS_IN_HASTE) => {
                Err("the PSA did not answer before the run had to end".to_owned())
            }
        }
    }

    async fn settle(&self, kind: Kind, batch: Vec<Answered>, rows: &Result<Rows, String>) {
        let may_repeat = !self.control.now().ends() && !self.trouble.is_there();
        let verified = judge_batch(kind, batch, rows, may_repeat);
        self.record(verified.settled).await;
        self.left().unchanged.extend(verified.again);
    }

    /// Returns only after the run was told to end, and `time` has gone by.
    pub(super) async fn patience_after_end(&self, time: Duration) {
        self.control.clone().ended().await;
        self.engine.clock.sleep(time).await;
    }

    fn last_answers(&self) -> Duration {
        if self.control.now().is_resumable() { LAST_ANSWERS_IN_HASTE } else { LAST_ANSWERS }
    }
}
