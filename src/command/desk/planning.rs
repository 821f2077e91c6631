//! Plans for the screen: drafted, looked up, and put into its words.

use std::collections::BTreeSet;

use super::{RealDesk, trouble};
use crate::{
    domain::{
        Client, ClientId, Code, ConfigId, Configuration, Outcome, Plan, RunId, RunState,
        plan::Kind,
        survey::{Header, Survey, SurveyedClient},
    },
    engine::{Ask, Discovery, Draft, Engine, Finished, Pick, Request, Undo, UndoOf, Who, limits::Allowance},
    store::StoredRun,
    system::process::user,
    tui::desk::{self, Estimate, Pace, PlanView, Trouble, UndoDraft},
};

/// The screen confirms what is over the limit by itself, with the number and the profile's name.
const ATTENDED: Allowance = Allowance { max_changes: Some(u64::MAX), attended: true };

impl RealDesk {
    pub(super) async fn plan_ticked(&self, draft: desk::Draft) -> Result<PlanView, Trouble> {
        let discovery = self.loaded().await?;
        let who = Who {
            ticket: draft.ticket,
            reason: draft.reason,
            dry_run: draft.dry_run,
            links: true,
            ..self.who()
        };
        self.draft(&discovery, draft.ticked, who).await
    }

    /// What failed, once more: to be deactivated, or to be restored.
    pub(super) async fn plan_again(&self, run: RunId) -> Result<PlanView, Trouble> {
        let (finished, _) = self.ended(&run).await?;
        let failed = failed(&finished);
        if failed.is_empty() {
            return Err(Trouble {
                message: "nothing failed in this run".to_owned(),
                advice: "What changed since review wants a new review: read the list again with R."
                    .to_owned(),
            });
        }
        let header = finished.header;
        let who = Who { ticket: header.ticket, reason: header.reason, ..self.who() };
        if header.kind == Kind::Undo {
            let of = header.parent.ok_or_else(|| Trouble {
                message: format!("run {run} does not say what it undid"),
                advice: "Undo the runs of that client one by one, from History.".to_owned(),
            })?;
            return self.draft_undo(Undo { of: UndoOf::Run(of), only: failed }, who).await;
        }
        let clients: BTreeSet<ClientId> = finished
            .plan
            .iter()
            .flat_map(Plan::items)
            .filter(|item| failed.contains(&item.config_id))
            .map(|item| item.client_id.clone())
            .collect();
        let ask = Ask::Named { ids: clients.into_iter().collect(), names: Vec::new() };
        let request = Request { ask, statuses: Vec::new() };
        let discovery = self.engine().discover(&request, None).await.map_err(|error| trouble(&error))?;
        let who = Who { links: true, parent: Some(run), ..who };
        self.draft(&discovery, failed, who).await
    }

    pub(super) async fn plan_back(&self, wish: UndoDraft) -> Result<PlanView, Trouble> {
        // The ticket of the run, where none is named.
        let ticket = wish.ticket.or(self.stored(&wish.run).await?.header.ticket);
        let who = Who { ticket, reason: wish.reason, dry_run: wish.dry_run, ..self.who() };
        // Nothing ticked is not the same as all of it.
        if wish.only.as_ref().is_some_and(BTreeSet::is_empty) {
            return Err(Trouble {
                message: "nothing of this run is ticked".to_owned(),
                advice: "Tick what shall be restored.".to_owned(),
            });
        }
        let undo = Undo { of: UndoOf::Run(wish.run), only: wish.only.unwrap_or_default() };
        self.draft_undo(undo, who).await
    }

    /// The plan of a run in the store, with what its journal says about it.
    pub(super) async fn plan_in_store(&self, run: &RunId) -> Result<PlanView, Trouble> {
        let stored = self.stored(run).await?;
        let refused = match self.engine().may_approve(&stored, &self.context.person()) {
            Ok(()) => Vec::new(),
            Err(error) => vec![error.to_string()],
        };
        let StoredRun { header, survey, plan, events, .. } = stored;
        let (bytes, digest) = plan.ok_or_else(|| Trouble {
            message: format!("run {run} has no plan"),
            advice: "It ended before it had one.".to_owned(),
        })?;
        let plan = Plan::reopen(&bytes, &digest).map_err(|error| Trouble {
            message: error.to_string(),
            advice: "The stored plan was altered: do not trust it. Plan anew in Review.".to_owned(),
        })?;
        let state = RunState::replay(&plan, &events);
        Ok(PlanView {
            digest,
            survey,
            dry_run: header.dry_run,
            estimate: self.estimate(plan.items().len() as u64, &header).await,
            notes: header.notes_in_words(self.engine().psa.nouns()),
            warnings: state.warnings,
            refused,
            needs_approval: None,
            requested_by: header.requested_by.unwrap_or(header.operator),
            reason: header.reason,
            ticket: header.ticket,
            plan,
        })
    }

    async fn draft_undo(&self, undo: Undo, who: Who) -> Result<PlanView, Trouble> {
        let draft = self.engine().draft_undo(&undo, &who).await.map_err(|error| trouble(&error))?;
        if draft.plan.is_none() {
            return Err(nothing_to_restore(&draft.survey));
        }
        self.view(draft).await
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
        if draft.plan.is_none() {
            return Err(Trouble {
                message: "nothing of what is ticked can be deactivated".to_owned(),
                advice: "Each row says why; untick them, or read the list again with R.".to_owned(),
            });
        }
        self.view(draft).await
    }

    /// Shows a draft, and remembers it so that it can be started or parked by its digest.
    async fn view(&self, draft: Draft) -> Result<PlanView, Trouble> {
        let engine = self.engine();
        let Some(plan) = draft.plan.clone() else {
            return Err(Trouble { message: "there is nothing to change".to_owned(), advice: String::new() });
        };
        let refusals = engine.refusals(&draft, ATTENDED).await.map_err(|error| trouble(&error))?;
        let mut refused: Vec<String> = refusals.into_iter().map(|refusal| on_screen(&refusal.text)).collect();
        let mut warnings = Vec::new();
        if draft.header.dry_run {
            warnings.extend(refused.drain(..).map(|text| format!("a real run would be refused: {text}")));
        }
        let digest = plan.digest();
        let view = PlanView {
            digest: digest.clone(),
            survey: draft.survey.clone(),
            dry_run: draft.header.dry_run,
            estimate: self.estimate(plan.items().len() as u64, &draft.header).await,
            notes: draft.header.notes_in_words(engine.psa.nouns()),
            warnings,
            refused,
            needs_approval: self.needs_approval(),
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

    /// Which setting wants somebody to approve a plan before it starts.
    fn needs_approval(&self) -> Option<String> {
        let safeguards = &self.engine().profile.safeguards;
        if safeguards.four_eyes {
            return Some("another person has to look at it (safeguards.four_eyes)".to_owned());
        }
        safeguards.wants_approval().then(|| "the settings want it (safeguards.require_approval)".to_owned())
    }

    async fn estimate(&self, changes: u64, header: &Header) -> Estimate {
        let can = self.engine().psa.capabilities();
        let pace = Pace {
            requests: can.requests,
            window_seconds: can.window_seconds,
            in_flight: can.in_flight,
            batch: can.batch,
        };
        let requests = pace.requests_for(changes) + header.note_requests(changes);
        let pool = self.engine().psa.pool().await.map(|pool| desk::Pool {
            takes: requests as f64 / pool.limit.max(1) as f64,
            used: pool.used as f64 / pool.limit.max(1) as f64,
            window_seconds: pool.window_seconds,
        });
        Estimate { requests, seconds: pace.seconds_for(requests), pace, pool }
    }

    /// Whoever sits at the screen.
    fn who(&self) -> Who {
        Who { operator: self.context.operator.clone(), user: user(), attended: true, ..Who::default() }
    }
}

/// What the command line does with an option, the screen does with a key.
fn on_screen(refusal: &str) -> String {
    refusal
        .replace("name one with --ticket", "write its number in the field below")
        .replace("give one with --reason", "write it in the field below")
}

/// A failure that trying again may mend. What changed since review wants a new review instead.
fn may_retry(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed { code, .. } if *code != Code::ChangedSinceReview)
        || matches!(outcome, Outcome::Unknown { .. })
}

fn failed(finished: &Finished) -> BTreeSet<ConfigId> {
    let items = finished.state.items.iter();
    items
        .filter(|(_, item)| item.settled().is_some_and(|settled| may_retry(&settled.outcome)))
        .map(|(id, _)| id.clone())
        .collect()
}

/// Why none of it can go back, with the first few in full.
fn nothing_to_restore(survey: &Survey) -> Trouble {
    let reasons: Vec<String> = survey
        .found()
        .filter_map(|found| {
            let reason = found.skip?.words();
            let why = found.why.as_deref().unwrap_or(reason);
            Some(format!("{}: {why}.", found.configuration.title()))
        })
        .collect();
    let more = reasons.len().saturating_sub(3);
    let more = if more > 0 { format!(" And {more} more.") } else { String::new() };
    Trouble {
        message: "Nothing of this run can be restored.".to_owned(),
        advice: format!("{}{more}", reasons.iter().take(3).cloned().collect::<Vec<_>>().join(" ")),
    }
}

fn clients_of(survey: &Survey) -> Vec<Client> {
    let client = |client: &SurveyedClient| client.offboarded.as_ref().map(|entry| entry.client.clone());
    survey.clients.iter().filter_map(client).collect()
}
