//! The Desk behind the screen: the engine's work in the screen's words.
//!
//! `planning` makes plans, `past` tells of earlier runs, `rows` of what is read, `following` of what runs;
//! `watching` what runs in another process; `rereading` reads one client again, `files` saves reports.

mod files;
mod following;
mod past;
mod planning;
mod rereading;
mod rows;
mod watching;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc};

use self::{following::Following, rows::Rows};
use super::{context::Context, deliver::keep};
use crate::{
    domain::{Client, ClientId, ConfigId, RunId, Timestamp, consent::Part, document::Report, event::End},
    engine::{
        Ask, Control, Controller, Discovery, Draft, Engine, EngineError, Finished, Request, RunHandle,
        links::Cache,
    },
    report,
    store::{StoreError, StoredRun},
    telemetry,
    tui::desk::{
        self, ClientRead, Completion, Desk, Hold, HoldRequest, LinksRead, LoadNews, LogLevel, LogLine,
        Parked, PastRun, PlanView, Recheck, RunNews, SaveError, SaveRequest, Saved, Setting, Trouble,
        UndoDraft, View,
    },
};

pub struct RealDesk {
    context: Context,
    setting: Setting,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    loaded: Mutex<Option<Arc<Discovery>>>,
    /// Drafts that were shown, by digest; only these can be started or parked.
    drafts: Mutex<BTreeMap<String, Draft>>,
    running: Mutex<BTreeMap<RunId, Controller>>,
    ended: Mutex<BTreeMap<RunId, (Finished, Report)>>,
    links: Cache,
    /// The latest view that was to be kept.
    remembered: Mutex<u64>,
}

impl RealDesk {
    pub fn new(context: Context, setting: Setting) -> Self {
        Self { context, setting, state: Arc::default() }
    }

    fn engine(&self) -> &Engine {
        &self.context.engine
    }

    async fn loaded(&self) -> Result<Arc<Discovery>, Trouble> {
        self.state.loaded.lock().await.clone().ok_or_else(|| Trouble {
            message: "the list is not complete yet".to_owned(),
            advice: "Wait until it is read, or read it again with R.".to_owned(),
        })
    }

    async fn ended(&self, run: &RunId) -> Result<(Finished, Report), Trouble> {
        self.state.ended.lock().await.get(run).cloned().ok_or_else(|| Trouble {
            message: format!("run {run} has not ended in this session"),
            advice: format!("`mothball runs export {run}` writes its report."),
        })
    }

    async fn stored(&self, run: &RunId) -> Result<StoredRun, Trouble> {
        let stored = self.engine().store.run(run).await.map_err(broken)?;
        stored.ok_or_else(|| Trouble { message: format!("there is no run {run}"), advice: String::new() })
    }

    /// The draft that was shown with this digest. It can be acted on once.
    async fn shown(&self, digest: &str) -> Result<Draft, Trouble> {
        self.state.drafts.lock().await.remove(digest).ok_or_else(|| Trouble {
            message: "this plan was replaced by a newer one".to_owned(),
            advice: "Go back to Review and open the Plan again.".to_owned(),
        })
    }

    /// Lets the screen watch a run that goes on.
    async fn watch(&self, handle: RunHandle, news: mpsc::Sender<RunNews>) -> RunId {
        let run = handle.run.clone();
        self.state.running.lock().await.insert(run.clone(), handle.controller());
        tokio::spawn(self.following(news).follow(handle));
        run
    }

    fn following(&self, news: mpsc::Sender<RunNews>) -> Following {
        Following { context: self.context.clone(), state: Arc::clone(&self.state), news }
    }

    /// Keeps the report of a run that ended, or was parked, without anything written.
    async fn keep_report(&self, finished: &Finished) {
        let report = report::build(&report::Source {
            header: &finished.header,
            survey: &finished.survey,
            plan: finished.plan.as_ref(),
            state: &finished.state,
            journal_head: finished.journal_head.as_deref(),
            now: self.engine().now(),
        });
        // It can be had from the journal at any time.
        if let Err(failure) = keep(&self.context, &report).await {
            tracing::warn!(why = failure.message, "the report was not kept");
        }
    }

    /// What is held in the list that plans are made of, once a hold has changed.
    async fn refresh_holds(&self) -> Result<(), Trouble> {
        let mut loaded = self.state.loaded.lock().await;
        if let Some(discovery) = loaded.as_mut() {
            let holds = self.engine().holds(&discovery.tenant).await.map_err(|error| trouble(&error))?;
            Arc::make_mut(discovery).holds = holds;
        }
        Ok(())
    }
}

#[async_trait]
impl Desk for RealDesk {
    fn setting(&self) -> Setting {
        self.setting.clone()
    }

    fn now(&self) -> Timestamp {
        self.engine().now()
    }

    async fn load(&self, news: mpsc::Sender<LoadNews>) -> Result<(), Trouble> {
        *self.state.loaded.lock().await = None;
        self.state.links.forget().await;
        let engine = self.engine();
        let (told, mut found) = mpsc::channel(16);
        let request = Request { ask: Ask::All, statuses: Vec::new() };
        let discovering = async {
            let discovery = engine.discover(&request, Some(&told)).await;
            drop(told);
            discovery
        };
        let mut notices = engine.psa.notices();
        let telling = async {
            let mut rows = Rows::new(engine);
            loop {
                tokio::select! {
                    more = found.recv() => match more {
                        None => return rows,
                        Some(more) => {
                            if let Some(more) = rows.news(more).await {
                                tell(&news, more).await;
                            }
                        }
                    },
                    Ok(notice) = notices.recv() => tell(&news, LoadNews::Notice(notice)).await,
                }
            }
        };
        let (discovery, rows) = tokio::join!(discovering, telling);
        let discovery = discovery.map_err(|error| trouble(&error))?;
        tell(&news, LoadNews::Proven(rows.of(discovery.listing.rows()))).await;
        let (as_of, coverage) = (discovery.as_of, discovery.coverage.clone());
        *self.state.loaded.lock().await = Some(Arc::new(discovery));
        tell(&news, LoadNews::Complete { as_of, coverage }).await;
        // What is due is looked at once the list is here: it holds up no picture.
        let found = self.context.engine.look_again_first().await;
        if !found.is_empty() {
            tell(&news, LoadNews::CameBack(found)).await;
        }
        Ok(())
    }

    async fn load_client(&self, client: ClientId) -> Result<ClientRead, Trouble> {
        self.read_again(client).await
    }

    async fn read_links(&self, clients: Vec<ClientId>) -> Result<Vec<LinksRead>, Trouble> {
        let discovery = self.loaded().await?;
        let wanted: Vec<Client> = discovery
            .clients
            .iter()
            .map(|offboarded| &offboarded.client)
            .filter(|client| clients.contains(&client.id))
            .cloned()
            .collect();
        let reading =
            self.engine().links_for_screen(&wanted, discovery.listing.rows(), &self.state.links).await;
        Ok(wanted
            .into_iter()
            .map(|client| LinksRead {
                links: discovery
                    .listing
                    .rows()
                    .iter()
                    .filter(|row| row.client == client.id)
                    .filter_map(|row| Some((row.id.clone(), reading.links.get(&row.id)?.clone())))
                    .collect(),
                signs_of_life: reading.signs_of_life.get(&client.id).cloned().unwrap_or_default(),
                client: client.id,
            })
            .collect())
    }

    async fn plan(&self, draft: desk::Draft) -> Result<PlanView, Trouble> {
        self.plan_ticked(draft).await
    }

    async fn start(&self, digest: String, news: mpsc::Sender<RunNews>) -> Result<RunId, Trouble> {
        let draft = self.shown(&digest).await?;
        if !draft.header.dry_run {
            let handle = self.engine().start(draft).await.map_err(|error| trouble(&error))?;
            return Ok(self.watch(handle, news).await);
        }
        let run = draft.header.run.clone();
        let concluded = self.engine().conclude(draft, End::Finished, Vec::new()).await;
        let finished = concluded.map_err(|error| trouble(&error))?;
        let following = self.following(news);
        tokio::spawn(async move { following.end(finished).await });
        Ok(run)
    }

    async fn control(&self, run: RunId, control: desk::Control) -> Result<(), Trouble> {
        let controller = self.state.running.lock().await.get(&run).cloned();
        let Some(controller) = controller else { return self.ask_other(&run, control).await };
        controller.send(match control {
            desk::Control::Pause => Control::Pause,
            desk::Control::Resume => Control::Go,
            desk::Control::Cancel => Control::Cancel,
            desk::Control::Interrupt => Control::Interrupt,
            desk::Control::Stop => Control::Stop,
        });
        Ok(())
    }

    async fn plan_retry(&self, run: RunId) -> Result<PlanView, Trouble> {
        self.plan_again(run).await
    }

    async fn plan_undo(&self, draft: UndoDraft) -> Result<PlanView, Trouble> {
        self.plan_back(draft).await
    }

    async fn stored_plan(&self, run: RunId) -> Result<PlanView, Trouble> {
        self.plan_in_store(&run).await
    }

    async fn park(&self, digest: String) -> Result<Parked, Trouble> {
        let draft = self.shown(&digest).await?;
        let finished = self.engine().park(draft, Vec::new()).await.map_err(|error| trouble(&error))?;
        self.keep_report(&finished).await;
        let until = finished.plan.as_ref().map_or(self.now(), |plan| plan.head().expires_at);
        Ok(Parked { run: finished.header.run, until })
    }

    async fn approve(
        &self,
        run: RunId,
        digest: String,
        items: BTreeSet<ConfigId>,
        news: mpsc::Sender<RunNews>,
    ) -> Result<RunId, Trouble> {
        let stored = self.stored(&run).await?;
        // What was looked at is what is approved, whatever became of the store meanwhile.
        if stored.plan.as_ref().is_none_or(|(_, kept)| *kept != digest) {
            return Err(Trouble {
                message: format!("the plan of run {run} is not the one that was shown"),
                advice: "Open it again from History and look at it.".to_owned(),
            });
        }
        let approved = self.engine().approve(stored, &Part::Only(items), &self.context.person()).await;
        let handle = approved.map_err(|error| trouble(&error))?;
        Ok(self.watch(handle, news).await)
    }

    async fn reject(&self, run: RunId) -> Result<(), Trouble> {
        let stored = self.stored(&run).await?;
        let rejected = self.engine().reject(stored, &self.context.person()).await;
        self.keep_report(&rejected.map_err(|error| trouble(&error))?).await;
        Ok(())
    }

    async fn follow(&self, run: RunId, news: mpsc::Sender<RunNews>) -> Result<RunId, Trouble> {
        self.watch_other(run, news).await
    }

    async fn resume(&self, run: RunId, news: mpsc::Sender<RunNews>) -> Result<RunId, Trouble> {
        let stored = self.stored(&run).await?;
        let handle = self.engine().resume(stored).await.map_err(|error| trouble(&error))?;
        Ok(self.watch(handle, news).await)
    }

    async fn recheck(&self, run: RunId) -> Result<Recheck, Trouble> {
        self.look_again(&run).await
    }

    async fn hold(&self, wish: HoldRequest) -> Result<Hold, Trouble> {
        let person = self.context.person();
        let ids = BTreeSet::from([wish.config_id]);
        let held = self.engine().hold(&ids, wish.until, &wish.reason, &person).await;
        held.map_err(|error| trouble(&error))?;
        self.refresh_holds().await?;
        Ok(Hold { reason: wish.reason, by: person.to_string(), until: wish.until })
    }

    async fn release(&self, config_id: ConfigId) -> Result<(), Trouble> {
        // One that somebody else took away meanwhile is gone all the same.
        self.engine().unhold(&BTreeSet::from([config_id])).await.map_err(|error| trouble(&error))?;
        self.refresh_holds().await
    }

    async fn save_report(&self, request: SaveRequest) -> Result<Saved, SaveError> {
        let report = self.report(request.run.clone()).await.map_err(SaveError::Failed)?;
        // Disks may be slow, and far away.
        let saving = tokio::task::spawn_blocking(move || files::save(&report, &request));
        saving.await.unwrap_or_else(|error| {
            let advice = "Try again; the copy in the data directory is safe.".to_owned();
            Err(SaveError::Failed(Trouble { message: error.to_string(), advice }))
        })
    }

    async fn complete_path(&self, typed: String) -> Completion {
        tokio::task::spawn_blocking(move || files::complete(&typed)).await.unwrap_or_default()
    }

    async fn story(&self, run: RunId) -> Result<Vec<String>, Trouble> {
        Ok(super::runs::story(&self.stored(&run).await?))
    }

    async fn history(&self) -> Result<Vec<PastRun>, Trouble> {
        self.past_runs().await
    }

    async fn report(&self, run: RunId) -> Result<Report, Trouble> {
        if let Some((_, report)) = self.state.ended.lock().await.get(&run) {
            return Ok(report.clone());
        }
        let stored = self.stored(&run).await?;
        super::runs::report_of(&stored)
            .map_err(|failure| Trouble { message: failure.message, advice: failure.advice })
    }

    async fn remember(&self, serial: u64, view: View) {
        let mut latest = self.state.remembered.lock().await;
        if serial < *latest {
            return;
        }
        *latest = serial;
        let (views, profile) = (self.context.views(), self.setting.profile.clone());
        let kept = tokio::task::spawn_blocking(move || views.keep(&profile, view)).await;
        if let Err(error) = kept {
            tracing::warn!(%error, "how Review was looked at was not kept");
        }
    }

    fn log(&self) -> Vec<LogLine> {
        telemetry::recent()
            .into_iter()
            .map(|line| LogLine { at: line.at, level: level(line.level), text: line.text })
            .collect()
    }
}

fn level(level: telemetry::Level) -> LogLevel {
    match level {
        telemetry::Level::Trace => LogLevel::Trace,
        telemetry::Level::Debug => LogLevel::Debug,
        telemetry::Level::Info => LogLevel::Info,
        telemetry::Level::Warn => LogLevel::Warn,
        telemetry::Level::Error => LogLevel::Error,
    }
}

async fn tell(news: &mpsc::Sender<LoadNews>, item: LoadNews) {
    // A screen that is gone needs no news.
    let _ = news.send(item).await;
}

fn trouble(error: &EngineError) -> Trouble {
    Trouble { message: error.to_string(), advice: error.advice() }
}

fn broken(error: StoreError) -> Trouble {
    trouble(&error.into())
}
