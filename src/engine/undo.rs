//! The way back as a plan: what the journal says was set inactive, held against what the PSA shows now. From there on an
//! undo is a run like any other: approved, locked, guarded, journaled, read back.

use std::collections::{BTreeMap, BTreeSet};

use super::{Draft, Engine, EngineError, Who};
use crate::{
    domain::{
        ClientId, Code, ConfigId, Configuration, Label, Links, Listing, Outcome, Plan, PlanItem, Problem,
        RunId, RunState, SkipReason, Tenant, Wanted,
        document::Coverage,
        listing::Claim,
        plan::{Head, Kind},
        run::ItemState,
        survey::{Found, Survey, SurveyedClient},
        undo::{Standing, WayBack},
    },
    psa::{PsaError, port::ClientScope},
    store::StoredRun,
};

/// What shall be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoOf {
    /// What one run set inactive.
    Run(RunId),
    /// All that was ever set inactive for a client and not restored since.
    Client(ClientId),
}

/// A wish to undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    pub of: UndoOf,
    /// Only these configurations; empty for all.
    pub only: BTreeSet<ConfigId>,
}

/// One configuration as the journal of the run that changed it tells it.
struct Recorded {
    run: RunId,
    item: PlanItem,
    /// As that run found it.
    configuration: Configuration,
    client_name: Option<String>,
    way: WayBack,
    /// It was sent, and nobody read what came of it.
    open: bool,
    /// Why it is not this run's to undo any more.
    settled_since: Option<Settled>,
}

/// What became of it after the run that is to be undone.
enum Settled {
    Restored,
    /// By a later run.
    DeactivatedAgain(RunId),
}

/// What is to become of one recorded configuration.
struct Judged {
    configuration: Configuration,
    skip: Option<SkipReason>,
    why: Option<String>,
    wanted: Option<Wanted>,
    warning: Option<String>,
}

impl Engine {
    /// Plans the way back. Nothing is written. A draft without a plan has nothing to restore, and its survey says why.
    ///
    /// # Errors
    /// [`EngineError::Usage`] for ids that the run did not set inactive, [`EngineError::Refused`] for a run that set
    /// none inactive, and whatever keeps the PSA or the store from being read.
    pub async fn draft_undo(&self, undo: &Undo, who: &Who) -> Result<Draft, EngineError> {
        let tenant = self.psa.tenant().await?;
        self.psa.refresh().await;
        let (mut recorded, parent) = match &undo.of {
            UndoOf::Run(run) => (self.recorded_by(&tenant, run).await?, Some(run.clone())),
            UndoOf::Client(client) => (self.recorded_for(&tenant, client).await?, None),
        };
        for id in &undo.only {
            if !recorded.iter().any(|one| one.item.config_id == *id) {
                let text = format!("{id} is none of the configurations that were set inactive there");
                return Err(EngineError::Usage(format!("{text}; `mothball runs show` lists them")));
            }
        }
        recorded.sort_by(|a, b| a.item.config_id.cmp(&b.item.config_id));
        let chosen = |one: &Recorded| undo.only.is_empty() || undo.only.contains(&one.item.config_id);
        let asked: Vec<ConfigId> = recorded
            .iter()
            .filter(|one| chosen(one) && one.settled_since.is_none())
            .map(|one| one.item.config_id.clone())
            .collect();
        let rows = self.read_all(&asked).await?;
        let statuses = self.statuses_left(&recorded, &rows).await?;
        let mut clients: BTreeMap<ClientId, SurveyedClient> = BTreeMap::new();
        if let UndoOf::Client(id) = &undo.of {
            clients.insert(id.clone(), self.client_to_undo(id, recorded.is_empty()).await?);
        }
        let dry_run = who.dry_run || self.profile.safeguards.dry_run;
        let mut wanted: BTreeMap<ConfigId, (Configuration, Wanted)> = BTreeMap::new();
        for one in recorded {
            let mut judged = if chosen(&one) { judge(&one, &rows, &statuses) } else { not_selected(&one) };
            let client = clients.entry(one.item.client_id.clone()).or_default();
            client.id = Some(one.item.client_id.clone());
            client.name = one.client_name.or(client.name.take());
            client.warnings.extend(judged.warning);
            if judged.skip == Some(SkipReason::NotStarted) {
                let text = judged.why.clone().unwrap_or_default();
                client.problems.push(Problem::new(Code::NotVerified, text, self.now()));
            }
            // A dry run that could look at everything went well, whatever it saw.
            if dry_run && judged.skip == Some(SkipReason::ChangedSinceReview) {
                judged.skip = Some(SkipReason::DryRun);
                let (title, why) = (judged.configuration.title(), judged.why.clone().unwrap_or_default());
                client.warnings.push(format!("{title} would be left as it is: {why}"));
            }
            if let Some(back) = judged.wanted {
                wanted.insert(judged.configuration.id.clone(), (judged.configuration.clone(), back));
            }
            client.found.push(Found {
                configuration: judged.configuration,
                skip: judged.skip,
                why: judged.why,
                links: Links::unknown("not read for an undo"),
            });
        }
        for client in clients.values_mut().filter(|client| client.problems.is_empty()) {
            let nothing = client.found.iter().all(|found| found.skip == Some(SkipReason::AlreadyRestored));
            if nothing {
                client.warnings.push("there is nothing left to restore".to_owned());
            }
        }
        let survey = self.survey_of_undo(clients.into_values().collect());
        self.draft_back(&tenant, parent, survey, &wanted, who)
    }

    fn draft_back(
        &self,
        tenant: &Tenant,
        parent: Option<RunId>,
        mut survey: Survey,
        wanted: &BTreeMap<ConfigId, (Configuration, Wanted)>,
        who: &Who,
    ) -> Result<Draft, EngineError> {
        let made_at = self.now();
        let run = self.id_for(who);
        let who = Who { parent, links: false, single: survey.clients.len() == 1, ..who.clone() };
        let criteria = self.profile.criteria.clone();
        let header = self.header(Kind::Undo, run.clone(), &who, made_at, Some(tenant.clone()), criteria);
        let hours = i64::from(self.profile.safeguards.plan_expires_hours);
        let head = Head {
            run,
            kind: Kind::Undo,
            parent: who.parent.clone(),
            tenant: tenant.clone(),
            made_at,
            expires_at: made_at.plus_seconds(hours * 3600),
        };
        // Each record that shall go back was asked for by its id, and came once.
        let rows: Vec<Configuration> = wanted.values().map(|(row, _)| row.clone()).collect();
        let claim = Claim {
            what: self.psa.nouns().configuration,
            before: wanted.len() as u64,
            after: wanted.len() as u64,
            id: &|row: &Configuration| row.id.to_string(),
            belongs: &|row: &Configuration| wanted.contains_key(&row.id),
        };
        let listing = Listing::prove(rows, &claim).map_err(PsaError::from)?;
        let plan =
            Plan::to_restore(head, &listing, |row| wanted.get(&row.id).map(|(_, wanted)| wanted.clone()));
        survey.warnings.extend(header.lacks_note_ticket());
        Ok(Draft { header, survey, plan: (!plan.items().is_empty()).then_some(plan) })
    }

    fn survey_of_undo(&self, clients: Vec<SurveyedClient>) -> Survey {
        let read: Vec<Configuration> = clients
            .iter()
            .flat_map(|client| &client.found)
            .map(|found| found.configuration.clone())
            .collect();
        let coverage = Coverage {
            as_of: Some(self.now()),
            complete: clients.iter().all(|client| client.problems.is_empty()),
            clients_scanned: clients.len() as u64,
            clients_in_run: clients.len() as u64,
            configurations_read: Survey::tally(&read),
            ..Coverage::default()
        };
        Survey { clients, coverage, ..Survey::default() }
    }

    /// What one run set inactive.
    async fn recorded_by(&self, tenant: &Tenant, run: &RunId) -> Result<Vec<Recorded>, EngineError> {
        let stored = self.store.run(run).await?;
        let stored = stored.ok_or_else(|| EngineError::Usage(format!("there is no run {run}")))?;
        self.must_be_whole(&stored).await?;
        if stored.header.kind == Kind::Undo {
            return Err(EngineError::Refused(format!(
                "run {run} is an undo itself; to set its configurations inactive again, start a new run for their clients"
            )));
        }
        let mut recorded = recorded_in(tenant, stored)?;
        if recorded.is_empty() {
            return Err(EngineError::Refused(format!(
                "run {run} set nothing inactive, so there is nothing to undo"
            )));
        }
        let standing = self.standing(tenant).await?;
        for one in recorded.iter_mut().filter(|one| !one.open) {
            one.settled_since = match standing.get(&one.item.config_id) {
                Some((by, _)) if by == run => None,
                Some((by, _)) => Some(Settled::DeactivatedAgain(by.clone())),
                None => Some(Settled::Restored),
            };
        }
        Ok(recorded)
    }

    /// All that was ever set inactive for a client and not restored since, and what is still open.
    async fn recorded_for(&self, tenant: &Tenant, client: &ClientId) -> Result<Vec<Recorded>, EngineError> {
        let standing = self.standing(tenant).await?;
        let of_client = standing.iter().filter(|(_, (_, of))| of == client);
        let mut runs: BTreeSet<RunId> = of_client.map(|(_, (run, _))| run.clone()).collect();
        runs.extend(self.store.unsettled(Some(tenant)).await?.into_iter().map(|(run, _)| run));
        let mut latest: BTreeMap<ConfigId, Recorded> = BTreeMap::new();
        for run in runs {
            let Some(stored) = self.store.run(&run).await? else { continue };
            if stored.header.kind == Kind::Undo || stored.plan.is_none() {
                continue;
            }
            self.must_be_whole(&stored).await?;
            for one in recorded_in(tenant, stored)? {
                let ours = standing.get(&one.item.config_id).is_some_and(|(by, _)| *by == run);
                if one.item.client_id == *client && (ours || one.open) {
                    latest.insert(one.item.config_id.clone(), one);
                }
            }
        }
        Ok(latest.into_values().collect())
    }

    /// What is inactive by our doing, by whose and for which client.
    async fn standing(&self, tenant: &Tenant) -> Result<BTreeMap<ConfigId, (RunId, ClientId)>, EngineError> {
        let changes = self.store.deactivated(tenant).await?;
        Ok(changes.into_iter().map(|one| (one.config_id, (one.run, one.client_id))).collect())
    }

    /// The client's line of the survey. One that neither the PSA nor any run of ours knows is a problem.
    async fn client_to_undo(&self, id: &ClientId, unrecorded: bool) -> Result<SurveyedClient, EngineError> {
        let ids = [id.clone()];
        let found = self.psa.clients(ClientScope::Ids(&ids), &self.profile.criteria).await?;
        let name = found.listing.rows().first().map(|client| client.name.clone());
        if name.is_none() && unrecorded {
            let noun = self.psa.nouns().client;
            let text =
                format!("There is no {noun} with id {id}, and no run has set anything inactive for it.");
            let problem = Problem::new(Code::ClientNotFound, text, self.now());
            return Ok(SurveyedClient::missing(Some(id.clone()), None, problem));
        }
        Ok(SurveyedClient { id: Some(id.clone()), name, ..SurveyedClient::default() })
    }

    async fn read_all(
        &self,
        ids: &[ConfigId],
    ) -> Result<BTreeMap<ConfigId, Option<Configuration>>, EngineError> {
        let mut rows = BTreeMap::new();
        for chunk in ids.chunks(self.psa.capabilities().read_page.max(1)) {
            rows.extend(self.psa.read(chunk).await?);
        }
        Ok(rows)
    }

    /// Which of the statuses that are to be set again the tenant still has.
    async fn statuses_left(
        &self,
        recorded: &[Recorded],
        rows: &BTreeMap<ConfigId, Option<Configuration>>,
    ) -> Result<BTreeMap<Label, bool>, EngineError> {
        let mut left = BTreeMap::new();
        for one in recorded.iter().filter(|one| rows.contains_key(&one.item.config_id)) {
            if let Some(status) = one.way.status()
                && !left.contains_key(&status.id)
            {
                left.insert(status.id.clone(), self.psa.has_status(status).await?);
            }
        }
        Ok(left)
    }
}

/// What a run set inactive, or may have.
fn recorded_in(tenant: &Tenant, stored: StoredRun) -> Result<Vec<Recorded>, EngineError> {
    let StoredRun { header, survey, plan, events, .. } = stored;
    let Some((bytes, digest)) = plan else { return Ok(Vec::new()) };
    let plan = Plan::reopen(&bytes, &digest).map_err(EngineError::Altered)?;
    if !plan.head().tenant.is_same_as(tenant) {
        let (planned, now) = (plan.head().tenant.to_string(), tenant.to_string());
        return Err(EngineError::OtherTenant { planned, now });
    }
    let state = RunState::replay(&plan, &events);
    let mut recorded = Vec::new();
    for client in survey.clients {
        for found in client.found {
            let Some(item) = plan.item(&found.configuration.id) else { continue };
            let now = state.item(&item.config_id);
            let open = now.is_some_and(ItemState::is_open);
            let read_back = match now {
                Some(ItemState::Settled(settled)) if !open => match settled.outcome {
                    Outcome::Deactivated { .. } => settled.state.as_ref(),
                    _ => continue,
                },
                _ if open => None,
                _ => continue,
            };
            recorded.push(Recorded {
                run: header.run.clone(),
                way: WayBack::of(item, read_back),
                item: item.clone(),
                configuration: found.configuration,
                client_name: client.name.clone(),
                open,
                settled_since: None,
            });
        }
    }
    Ok(recorded)
}

/// The record as far as it is known without reading it: as the run left it.
fn as_left(one: &Recorded) -> Configuration {
    one.configuration.with_state(one.way.left())
}

fn leave(configuration: Configuration, reason: SkipReason, why: impl Into<String>) -> Judged {
    Judged { configuration, skip: Some(reason), why: Some(why.into()), wanted: None, warning: None }
}

fn not_selected(one: &Recorded) -> Judged {
    Judged { why: None, ..leave(as_left(one), SkipReason::NotSelected, "") }
}

/// Holds one configuration, as just read, against what its run left.
fn judge(
    one: &Recorded,
    rows: &BTreeMap<ConfigId, Option<Configuration>>,
    statuses: &BTreeMap<Label, bool>,
) -> Judged {
    match &one.settled_since {
        Some(Settled::Restored) => {
            let before = one.configuration.with_state(&one.item.before);
            return leave(before, SkipReason::AlreadyRestored, "by an earlier undo");
        }
        Some(Settled::DeactivatedAgain(by)) => {
            let why = format!("run {by} set it inactive again later; undo that one");
            return leave(as_left(one), SkipReason::ChangedSinceReview, why);
        }
        None => {}
    }
    let row = match rows.get(&one.item.config_id) {
        Some(Some(row)) => row.clone(),
        Some(None) => {
            return leave(as_left(one), SkipReason::ChangedSinceReview, "it is gone from the PSA");
        }
        None => {
            let why = format!("{} could not be read, so it is left as it is", one.item.title());
            return leave(as_left(one), SkipReason::NotStarted, why);
        }
    };
    match one.way.standing(&one.item, &row) {
        Standing::AsBefore => leave(row, SkipReason::AlreadyRestored, "it is again as it was"),
        Standing::Changed(what) => leave(row, SkipReason::ChangedSinceReview, what),
        Standing::AsLeft => restore(one, row, statuses),
    }
}

fn restore(one: &Recorded, row: Configuration, statuses: &BTreeMap<Label, bool>) -> Judged {
    let title = format!("{} ({}, run {})", row.title(), row.id, one.run);
    let now = row.state.status_name().unwrap_or("none").to_owned();
    let gone = one.way.status().filter(|status| !statuses.get(&status.id).copied().unwrap_or(false));
    let warning = match gone {
        Some(status) => Some(format!(
            "{title}: its earlier status \"{}\" is not there any more; the active mark is restored, the status stays \"{now}\"",
            status.name
        )),
        None if one.way.had_no_status() => Some(format!(
            "{title}: it had no status before; the active mark is restored, the status stays \"{now}\""
        )),
        None => None,
    };
    let wanted = if gone.is_some() { one.way.wanted_without_status() } else { one.way.wanted() };
    Judged { configuration: row, skip: None, why: None, wanted: Some(wanted), warning }
}
