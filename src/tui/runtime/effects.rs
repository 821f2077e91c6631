//! Carries out effects: every call of the Desk in a task of its own, its answer as a message.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
};

use super::super::{
    desk::{Desk, RunNews, Trouble},
    effect::{Aside, Effect},
    filter,
    message::Message,
    options::Clipboard,
    order,
};
use crate::domain::RunId;

/// News of one load or run that wait to be taken in.
const NEWS: usize = 64;

pub struct Effects {
    desk: Arc<dyn Desk>,
    send: mpsc::Sender<Message>,
    tasks: JoinSet<()>,
    /// What is still done when the screen is left.
    lasting: JoinSet<()>,
    /// The reading that is under way; a newer one ends it.
    load: Option<AbortHandle>,
    plan: Option<AbortHandle>,
}

impl Effects {
    pub fn new(desk: Arc<dyn Desk>, send: mpsc::Sender<Message>) -> Self {
        Self { desk, send, tasks: JoinSet::new(), lasting: JoinSet::new(), load: None, plan: None }
    }

    /// Ends everything that only serves the screen. What a run does goes on behind the Desk.
    pub fn abandon(&mut self) {
        self.tasks.abort_all();
    }

    fn spawn(&mut self, work: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        // Tasks that are done are let go.
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(work)
    }

    /// Asks the Desk something and sends the answer.
    fn ask<F>(&mut self, work: impl FnOnce(Arc<dyn Desk>) -> F) -> AbortHandle
    where
        F: Future<Output = Message> + Send + 'static,
    {
        let send = self.send.clone();
        let answer = work(Arc::clone(&self.desk));
        self.spawn(async move {
            // Nobody listens any more once the screen was left.
            let _ = send.send(answer.await).await;
        })
    }

    /// Works something out on a thread of its own.
    fn aside(&mut self, work: impl FnOnce() -> Message + Send + 'static) {
        let send = self.send.clone();
        self.spawn(async move {
            if let Ok(answer) = tokio::task::spawn_blocking(work).await {
                let _ = send.send(answer).await;
            }
        });
    }

    /// Gives text to a program of the desktop; if that fails, the terminal is asked by whoever hears of it.
    pub fn copy(&mut self, clipboard: Clipboard, text: String) {
        let send = self.send.clone();
        self.spawn(async move {
            let taken = tokio::task::spawn_blocking(move || ((clipboard.take)(&text), text)).await;
            if let Ok((Err(error), text)) = taken {
                let _ = send.send(Message::CopiedOtherwise(error.to_string(), text)).await;
            }
        });
    }

    /// Lets what outlives the screen come to its end, as long as that may take.
    pub async fn conclude(&mut self, limit: Duration) {
        let all = async { while self.lasting.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::warn!("how Review was looked at was not kept in time");
        }
    }

    pub fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Load { generation } => {
                if let Some(before) = self.load.take() {
                    before.abort();
                }
                self.load = Some(self.load(generation));
            }
            Effect::ReadLinks { clients } => {
                self.ask(|desk| async move {
                    let result = desk.read_links(clients.clone()).await;
                    Message::LinksRead(clients, result)
                });
            }
            Effect::Filter { generation, query, candidates } => self.aside(move || {
                let mut matcher = filter::matcher();
                let fits = |row: &&Aside| query.fits(row.entry.candidate(&row.links), &mut matcher);
                let hits = candidates.iter().filter(fits).map(|row| row.at).collect();
                Message::Filtered(generation, hits)
            }),
            Effect::Order { generation, sort, places } => {
                self.aside(move || Message::Ordered(generation, order::ordered(places, &sort)));
            }
            Effect::CountHidden { generation, query, ticked, hidden } => self.aside(move || {
                let mut matcher = filter::matcher();
                let hides = |row: &&Aside| !query.fits(row.entry.candidate(&row.links), &mut matcher);
                Message::CountedHidden(generation, hidden + ticked.iter().filter(hides).count())
            }),
            Effect::LoadClient { generation, client } => {
                self.ask(|desk| async move {
                    let result = desk.load_client(client.clone()).await.map(Box::new);
                    Message::ClientLoaded(generation, client, result)
                });
            }
            Effect::Remember { serial, view } => {
                let desk = Arc::clone(&self.desk);
                while self.lasting.try_join_next().is_some() {}
                self.lasting.spawn(async move { desk.remember(serial, view).await });
            }
            Effect::Plan { generation, draft } => {
                self.stop_planning();
                let task = self.ask(|desk| async move {
                    Message::Planned(generation, desk.plan(draft).await.map(Box::new))
                });
                self.plan = Some(task);
            }
            Effect::PlanRetry { generation, run } => {
                self.stop_planning();
                let task = self.ask(|desk| async move {
                    Message::Planned(generation, desk.plan_retry(run).await.map(Box::new))
                });
                self.plan = Some(task);
            }
            Effect::PlanUndo { generation, draft } => {
                self.stop_planning();
                let task = self.ask(|desk| async move {
                    Message::Planned(generation, desk.plan_undo(draft).await.map(Box::new))
                });
                self.plan = Some(task);
            }
            Effect::StoredPlan { generation, run } => {
                self.stop_planning();
                let task = self.ask(|desk| async move {
                    Message::Planned(generation, desk.stored_plan(run).await.map(Box::new))
                });
                self.plan = Some(task);
            }
            Effect::Reopen { generation, run } => {
                self.ask(|desk| async move {
                    Message::Reopened(generation, desk.stored_plan(run).await.map(Box::new))
                });
            }
            Effect::Start { serial, digest } => {
                self.run(serial, |desk, news| async move { desk.start(digest, news).await });
            }
            Effect::Approve { serial, run, digest, items } => {
                self.run(serial, |desk, news| async move { desk.approve(run, digest, items, news).await });
            }
            Effect::Resume { serial, run } => {
                self.run(serial, |desk, news| async move { desk.resume(run, news).await });
            }
            Effect::Follow { serial, run } => {
                self.run(serial, |desk, news| async move { desk.follow(run, news).await });
            }
            Effect::Park { digest } => {
                self.ask(|desk| async move { Message::Parked(desk.park(digest).await) });
            }
            Effect::Reject { run } => {
                self.ask(|desk| async move { Message::Rejected(run.clone(), desk.reject(run).await) });
            }
            Effect::Recheck { run } => {
                self.ask(|desk| async move { Message::Rechecked(run.clone(), desk.recheck(run).await) });
            }
            Effect::Hold(wish) => {
                self.ask(|desk| async move {
                    Message::Held(wish.config_id.clone(), desk.hold(wish).await.map(Some))
                });
            }
            Effect::Release { config_id } => {
                self.ask(|desk| async move {
                    Message::Held(config_id.clone(), desk.release(config_id).await.map(|()| None))
                });
            }
            Effect::Control { run, control } => {
                self.ask(
                    |desk| async move { Message::Controlled(control, desk.control(run, control).await) },
                );
            }
            Effect::Save(request) => {
                self.ask(|desk| async move { Message::Saved(desk.save_report(request).await) });
            }
            Effect::Complete { typed } => {
                self.ask(|desk| async move {
                    let completion = desk.complete_path(typed.clone()).await;
                    Message::Completed(typed, completion)
                });
            }
            Effect::Story { run } => {
                self.ask(|desk| async move { Message::Story(run.clone(), desk.story(run).await) });
            }
            Effect::History => {
                self.ask(|desk| async move { Message::History(desk.history().await) });
            }
            Effect::Report { run } => {
                self.ask(|desk| async move {
                    let report = desk.report(run.clone()).await.map(Box::new);
                    Message::Report(run, report)
                });
            }
            Effect::Log => {
                self.ask(|desk| async move { Message::Log(desk.log()) });
            }
            Effect::After { wait, message } => {
                self.ask(|_| async move {
                    tokio::time::sleep(wait).await;
                    *message
                });
            }
            // These need the terminal, which the session has.
            Effect::Copy(_) | Effect::Alert(_) | Effect::Suspend | Effect::Redraw | Effect::Leave(_) => {}
        }
    }

    fn stop_planning(&mut self) {
        if let Some(before) = self.plan.take() {
            before.abort();
        }
    }

    fn load(&mut self, generation: u64) -> AbortHandle {
        let (desk, send) = (Arc::clone(&self.desk), self.send.clone());
        self.spawn(async move {
            let (news, mut told) = mpsc::channel(NEWS);
            let forward = async {
                while let Some(news) = told.recv().await {
                    if send.send(Message::Load(generation, news)).await.is_err() {
                        return;
                    }
                }
            };
            let (result, ()) = tokio::join!(desk.load(news), forward);
            let _ = send.send(Message::LoadEnded(generation, result)).await;
        })
    }

    /// Starts a run, in whichever way, and passes its news on until there are no more.
    fn run<F>(&mut self, serial: u64, begin: impl FnOnce(Arc<dyn Desk>, mpsc::Sender<RunNews>) -> F)
    where
        F: Future<Output = Result<RunId, Trouble>> + Send + 'static,
    {
        let (news, mut told) = mpsc::channel(NEWS);
        let started = begin(Arc::clone(&self.desk), news);
        let send = self.send.clone();
        self.spawn(async move {
            let result = started.await;
            let _ = send.send(Message::Started(serial, result)).await;
        });
        let send = self.send.clone();
        self.spawn(async move {
            while let Some(news) = told.recv().await {
                if send.send(Message::Run(serial, news)).await.is_err() {
                    return;
                }
            }
            let _ = send.send(Message::RunNewsEnded(serial)).await;
        });
    }
}
