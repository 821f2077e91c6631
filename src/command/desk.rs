//! The Desk behind the screen: the engine's work in the screen's words.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc};

use super::{context::Context, deliver::keep};
use crate::{
    domain::{
        Client, ClientId, Code, ConfigId, Configuration, Hold, Outcome, RunId, Stamped, Timestamp, Wanted,
        client::Offboarded,
        document::Report,
        event::End,
        selection::{Scope, Sieve, Verdict},
        survey::{Survey, SurveyedClient},
    },
    engine::{
        Ask, Control, Controller, Discovery, Draft, Engine, EngineError, Finished, Pick, Request, RunHandle,
        Who, discover::Found, limits::Allowance, links::Cache,
    },
    report::{self, write_file},
    system::process::user,
    telemetry,
    tui::desk::{
        self, Desk, Ending, Estimate, LinksRead, LoadNews, LogLine, PastRun, PlanView, Row, RunNews,
        SaveError, Setting, Trouble,
    },
};

/// Items that the engine reads back at once; for estimates only.
const READ_PAGE: u64 = 100;

pub struct RealDesk {
    context: Context,
    setting: Setting,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    loaded: Mutex<Option<Arc<Discovery>>>,
    /// Drafts that were shown, by digest; only these can be started.
    drafts: Mutex<BTreeMap<String, Draft>>,
    running: Mutex<BTreeMap<RunId, Controller>>,
    ended: Mutex<BTreeMap<RunId, (Finished, Report)>>,
    links: Cache,
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

    async fn draft(
        &self,
        discovery: &Discovery,
        ticked: BTreeSet<ConfigId>,
        who: Who,
    ) -> Result<PlanView, Trouble> {
        let engine = self.engine();
        let mut survey = engine.survey(discovery, &Pick::Ticked(ticked.clone()), true);
        survey
            .clients
            .retain(|client| client.found.iter().any(|found| ticked.contains(&found.configuration.id)));
        survey.coverage.clients_in_run = survey.clients.len() as u64;
        let clients = clients_of(&survey);
        let rows: Vec<Configuration> = survey.found().map(|found| found.configuration.clone()).collect();
        let reading = engine.links_for_screen(&clients, &rows, &self.state.links).await;
        Engine::attach_links(&mut survey, &reading.links, &reading.signs_of_life);
        let draft = engine.draft(discovery, survey, &who);
        self.view(draft).await
    }

    async fn view(&self, draft: Draft) -> Result<PlanView, Trouble> {
        let engine = self.engine();
        let Some(plan) = draft.plan.clone() else {
            return Err(Trouble {
                message: "nothing of what is ticked can be deactivated".to_owned(),
                advice: "Each row says why; untick them, or read the list again with R.".to_owned(),
            });
        };
        let allowance = Allowance { max_changes: Some(u64::MAX), attended: true };
        let refusals = engine.refusals(&draft, allowance).await.map_err(|error| trouble(&error))?;
        let mut refused: Vec<String> = refusals.into_iter().map(|refusal| refusal.text).collect();
        if engine.profile.safeguards.wants_approval() {
            refused.push(
                "the settings require another approval than this screen can give; park it with `mothball run --require-approval`"
                    .to_owned(),
            );
        }
        let mut warnings = Vec::new();
        if draft.header.dry_run {
            warnings.extend(refused.drain(..).map(|text| format!("a real run would be refused: {text}")));
        }
        let digest = plan.digest();
        let view = PlanView {
            digest: digest.clone(),
            survey: draft.survey.clone(),
            dry_run: draft.header.dry_run,
            estimate: self.estimate(plan.items().len() as u64).await,
            warnings,
            refused,
            needs_approval: None,
            requested_by: draft.header.operator.clone(),
            reason: draft.header.reason.clone(),
            ticket: draft.header.ticket.clone(),
            plan,
        };
        let mut drafts = self.state.drafts.lock().await;
        drafts.clear();
        if view.refused.is_empty() {
            drafts.insert(digest, draft);
        }
        Ok(view)
    }

    async fn estimate(&self, changes: u64) -> Estimate {
        let can = self.engine().psa.capabilities();
        let requests = changes.div_ceil(can.batch.max(1) as u64) + 2 * changes.div_ceil(READ_PAGE) + 4;
        let pool = self.engine().psa.pool().await.map(|pool| desk::Pool {
            takes: requests as f64 / pool.limit.max(1) as f64,
            used: pool.used as f64 / pool.limit.max(1) as f64,
            window_seconds: pool.window_seconds,
        });
        // What fits into one window goes as fast as it is answered; the rest waits for the next ones. A third of a
        // second an answer is what these PSAs take on an ordinary day.
        let windows = requests.saturating_sub(1) / u64::from(can.requests.max(1));
        let by_pace = windows as f64 * f64::from(can.window_seconds);
        let by_answers = requests as f64 * 0.33 / can.in_flight.max(1) as f64;
        Estimate { requests, seconds: by_pace.max(by_answers), pool }
    }

    fn who(&self, draft: &desk::Draft) -> Who {
        Who {
            operator: self.context.operator.clone(),
            user: user(),
            ticket: draft.ticket.clone(),
            reason: draft.reason.clone(),
            dry_run: draft.dry_run,
            attended: true,
            links: true,
            ..Who::default()
        }
    }

    async fn ended(&self, run: &RunId) -> Result<(Finished, Report), Trouble> {
        self.state.ended.lock().await.get(run).cloned().ok_or_else(|| Trouble {
            message: format!("run {run} has not ended in this session"),
            advice: format!("`mothball runs export {run}` writes its report."),
        })
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
        let rows =
            Rows { engine, clients: BTreeMap::new(), wanted: Wanted::inactive(None), holds: BTreeMap::new() };
        let request = Request { ask: Ask::All, statuses: Vec::new() };
        let discovering = async {
            let discovery = engine.discover(&request, Some(&told)).await;
            drop(told);
            discovery
        };
        let mut notices = engine.psa.notices();
        let telling = async {
            let mut rows = rows;
            loop {
                tokio::select! {
                    more = found.recv() => match more {
                        None => return rows,
                        Some(more) => {
                            if let Some(more) = rows.news(more) {
                                tell(&news, more).await;
                            }
                        }
                    },
                    Ok(notice) = notices.recv() => tell(&news, LoadNews::Notice(notice)).await,
                }
            }
        };
        let (discovery, _) = tokio::join!(discovering, telling);
        let discovery = discovery.map_err(|error| trouble(&error))?;
        let (as_of, coverage) = (discovery.as_of, discovery.coverage.clone());
        *self.state.loaded.lock().await = Some(Arc::new(discovery));
        tell(&news, LoadNews::Complete { as_of, coverage }).await;
        Ok(())
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
        let discovery = self.loaded().await?;
        let who = self.who(&draft);
        self.draft(&discovery, draft.ticked, who).await
    }

    async fn start(&self, digest: String, news: mpsc::Sender<RunNews>) -> Result<RunId, Trouble> {
        let draft = self.state.drafts.lock().await.remove(&digest).ok_or_else(|| Trouble {
            message: "this plan was replaced by a newer one".to_owned(),
            advice: "Go back to Review and open the Plan again.".to_owned(),
        })?;
        let run = draft.header.run.clone();
        let following = Following { context: self.context.clone(), state: Arc::clone(&self.state), news };
        if draft.header.dry_run {
            let finished = self
                .engine()
                .conclude(draft, End::Finished, Vec::new())
                .await
                .map_err(|error| trouble(&error))?;
            tokio::spawn(async move { following.end(finished).await });
        } else {
            let handle = self.engine().start(draft).await.map_err(|error| trouble(&error))?;
            self.state.running.lock().await.insert(run.clone(), handle.controller());
            tokio::spawn(following.follow(handle));
        }
        Ok(run)
    }

    async fn control(&self, run: RunId, control: desk::Control) -> Result<(), Trouble> {
        let running = self.state.running.lock().await;
        let controller = running.get(&run).ok_or_else(|| Trouble {
            message: format!("run {run} is not going on"),
            advice: String::new(),
        })?;
        controller.send(match control {
            desk::Control::Pause => Control::Pause,
            desk::Control::Resume => Control::Go,
            desk::Control::Cancel => Control::Cancel,
            desk::Control::Stop => Control::Stop,
        });
        Ok(())
    }

    async fn plan_retry(&self, run: RunId) -> Result<PlanView, Trouble> {
        let (finished, _) = self.ended(&run).await?;
        let failed: BTreeSet<ConfigId> = finished
            .state
            .items
            .iter()
            .filter(|(_, item)| item.settled().is_some_and(|settled| may_retry(&settled.outcome)))
            .map(|(id, _)| id.clone())
            .collect();
        let clients: BTreeSet<ClientId> = finished
            .plan
            .iter()
            .flat_map(super::super::domain::plan::Plan::items)
            .filter(|item| failed.contains(&item.config_id))
            .map(|item| item.client_id.clone())
            .collect();
        if failed.is_empty() {
            return Err(Trouble {
                message: "nothing failed in this run".to_owned(),
                advice: "What changed since review wants a new review: read the list again with R."
                    .to_owned(),
            });
        }
        let ask = Ask::Named { ids: clients.into_iter().collect(), names: Vec::new() };
        let request = Request { ask, statuses: Vec::new() };
        let discovery = self.engine().discover(&request, None).await.map_err(|error| trouble(&error))?;
        let header = finished.header;
        let who = Who {
            operator: self.context.operator.clone(),
            user: user(),
            ticket: header.ticket,
            reason: header.reason,
            attended: true,
            links: true,
            parent: Some(run),
            ..Who::default()
        };
        self.draft(&discovery, failed, who).await
    }

    async fn park(&self, _: String) -> Result<desk::Parked, Trouble> {
        Err(not_yet())
    }

    async fn stored_plan(&self, _: RunId) -> Result<PlanView, Trouble> {
        Err(not_yet())
    }

    async fn approve(
        &self,
        _: RunId,
        _: String,
        _: BTreeSet<ConfigId>,
        _: mpsc::Sender<RunNews>,
    ) -> Result<RunId, Trouble> {
        Err(not_yet())
    }

    async fn reject(&self, _: RunId) -> Result<(), Trouble> {
        Err(not_yet())
    }

    async fn resume(&self, _: RunId, _: mpsc::Sender<RunNews>) -> Result<RunId, Trouble> {
        Err(not_yet())
    }

    async fn plan_undo(&self, _: desk::UndoDraft) -> Result<PlanView, Trouble> {
        Err(not_yet())
    }

    async fn recheck(&self, _: RunId) -> Result<desk::Recheck, Trouble> {
        Err(not_yet())
    }

    async fn hold(&self, _: desk::HoldRequest) -> Result<desk::Hold, Trouble> {
        Err(not_yet())
    }

    async fn release(&self, _: ConfigId) -> Result<(), Trouble> {
        Err(not_yet())
    }

    async fn save_report(&self, run: RunId, path: PathBuf, overwrite: bool) -> Result<PathBuf, SaveError> {
        let (_, report) = self.ended(&run).await.map_err(SaveError::Failed)?;
        let path = if path.is_dir() { path.join(report::file_name(&report)) } else { path };
        if path.exists() && !overwrite {
            return Err(SaveError::Exists(path));
        }
        write_file(&report, &path).map_err(|error| {
            SaveError::Failed(Trouble {
                message: error.to_string(),
                advice: "Name another place; the copy in the data directory is safe.".to_owned(),
            })
        })?;
        Ok(path)
    }

    async fn history(&self) -> Result<Vec<PastRun>, Trouble> {
        let runs = self.engine().store.runs(200).await.map_err(|error| trouble(&error.into()))?;
        Ok(runs
            .into_iter()
            .map(|run| PastRun {
                kind: run.header.kind,
                parent: run.header.parent.clone(),
                started_at: run.header.started_at,
                phase: run.phase,
                requested_by: run.header.operator.clone(),
                reason: run.header.reason.clone(),
                dry_run: run.header.dry_run,
                clients: run.clients,
                items: run.items,
                changed: run.changed(),
                skipped: run.skipped(),
                errors: run.errors(),
                restorable: 0,
                active_again: 0,
                at_work: None,
                elsewhere: None,
                run: run.header.run,
            })
            .collect())
    }

    async fn report(&self, run: RunId) -> Result<Report, Trouble> {
        let stored = self.engine().store.run(&run).await.map_err(|error| trouble(&error.into()))?;
        let stored = stored
            .ok_or_else(|| Trouble { message: format!("there is no run {run}"), advice: String::new() })?;
        super::runs::report_of(&stored)
            .map_err(|failure| Trouble { message: failure.message, advice: failure.advice })
    }

    fn log(&self) -> Vec<LogLine> {
        telemetry::recent()
            .into_iter()
            .map(|line| LogLine { at: line.at, level: line.level.word().to_owned(), text: line.text })
            .collect()
    }
}

/// A failure that trying again may mend. What changed since review wants a new review instead.
fn may_retry(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed { code, .. } if *code != Code::ChangedSinceReview)
        || matches!(outcome, Outcome::Unknown { .. })
}

/// What arrives from the engine, as rows that say why they cannot be ticked.
struct Rows<'a> {
    engine: &'a Engine,
    clients: BTreeMap<ClientId, Client>,
    wanted: Wanted,
    holds: BTreeMap<ConfigId, Hold>,
}

impl Rows<'_> {
    fn news(&mut self, found: Found) -> Option<LoadNews> {
        Some(match found {
            Found::Holds(holds) => {
                self.holds = holds;
                return None;
            }
            Found::Tenant(tenant) => LoadNews::Tenant(tenant),
            Found::Clients(clients) => {
                self.clients = clients
                    .iter()
                    .map(|Offboarded { client, .. }| (client.id.clone(), client.clone()))
                    .collect();
                LoadNews::Clients(clients)
            }
            Found::Page(page) => {
                LoadNews::Rows(page.into_iter().map(|configuration| self.row(configuration)).collect())
            }
        })
    }

    fn row(&self, configuration: Configuration) -> Row {
        let scope = Scope { include_mixed: true, include_archived: true, ..Scope::default() };
        let sieve = Sieve {
            scope: &scope,
            protection: &self.engine.profile.protection,
            wanted: &self.wanted,
            holds: &self.holds,
        };
        let locked = match self.clients.get(&configuration.client) {
            None => Some("its client is not in this list".to_owned()),
            Some(client) => match sieve.judge(&configuration, client) {
                Verdict::Offer | Verdict::Hide => None,
                Verdict::Leave { reason, why: None } => Some(reason.words().to_owned()),
                Verdict::Leave { reason, why: Some(why) } => Some(format!("{}: {why}", reason.words())),
            },
        };
        Row { configuration, locked, hold: None, again: None }
    }
}

/// Carries a run's news to the screen and its report to the disk.
struct Following {
    context: Context,
    state: Arc<State>,
    news: mpsc::Sender<RunNews>,
}

impl Following {
    async fn follow(self, handle: RunHandle) {
        let run = handle.run.clone();
        let feed = handle.feed.clone();
        let mut events = feed.events();
        let mut notices = self.context.engine.psa.notices();
        let _ = self.news.send(RunNews::State(Box::new(feed.state()))).await;
        let ended = handle.wait();
        tokio::pin!(ended);
        let finished = loop {
            tokio::select! {
                finished = &mut ended => break finished,
                event = events.recv() => {
                    let news = match event {
                        Ok(first) => RunNews::Events(with_waiting(first, &mut events)),
                        Err(_) => RunNews::State(Box::new(feed.state())),
                    };
                    if self.news.try_send(news).is_err() {
                        // The screen is behind: it gets the whole state once it has room again.
                        events = feed.events();
                        let _ = self.news.send(RunNews::State(Box::new(feed.state()))).await;
                    }
                }
                Ok(notice) = notices.recv() => drop(self.news.try_send(RunNews::Notice(notice))),
            }
        };
        self.state.running.lock().await.remove(&run);
        self.end(finished).await;
    }

    async fn end(self, finished: Finished) {
        let report = report::build(&report::Source {
            header: &finished.header,
            survey: &finished.survey,
            plan: finished.plan.as_ref(),
            state: &finished.state,
            journal_head: finished.journal_head.as_deref(),
            now: self.context.engine.now(),
        });
        let saved = keep(&self.context, &report).await.map_err(|failure| failure.message);
        let run = finished.header.run.clone();
        let resume = (finished.state.phase == crate::domain::Phase::Interrupted)
            .then(|| format!("mothball runs resume {run}"));
        let _ = self.news.send(RunNews::State(Box::new(finished.state.clone()))).await;
        self.state.ended.lock().await.insert(run, (finished, report.clone()));
        let _ = self.news.send(RunNews::Ended(Box::new(Ending { report, saved, resume }))).await;
    }
}

/// The event and what else is there already, so that a burst is one message.
fn with_waiting(first: Stamped, events: &mut tokio::sync::broadcast::Receiver<Stamped>) -> Vec<Stamped> {
    let mut batch = vec![first];
    while batch.len() < 512
        && let Ok(next) = events.try_recv()
    {
        batch.push(next);
    }
    batch
}

fn clients_of(survey: &Survey) -> Vec<Client> {
    let client = |client: &SurveyedClient| client.offboarded.as_ref().map(|entry| entry.client.clone());
    survey.clients.iter().filter_map(client).collect()
}

async fn tell(news: &mpsc::Sender<LoadNews>, item: LoadNews) {
    // A screen that is gone needs no news.
    let _ = news.send(item).await;
}

fn not_yet() -> Trouble {
    Trouble { message: "this build cannot do that yet".to_owned(), advice: String::new() }
}

fn trouble(error: &EngineError) -> Trouble {
    Trouble { message: error.to_string(), advice: error.advice() }
}
