//! The main job as one piece, for whoever asks without a screen: the command line, the API, a webhook, a schedule.
//! [`Engine::plan`] looks and drafts, [`Engine::begin`] decides what becomes of it. Nothing is printed here.

use std::{num::NonZeroUsize, time::Duration};

use super::{
    Ask, Discovery, Draft, Engine, EngineError, Finished, Pick, Request, RunHandle, Who, conclude_unstored,
    limits::{Allowance, Course, Refusal},
};
use crate::{
    domain::{
        ClientId, Code, ExitCode, Problem, SkipReason,
        event::End,
        plan::Plan,
        selection::Scope,
        survey::{Survey, SurveyedClient},
    },
    psa::PsaError,
};

/// How long a start may be held up by second looks. What is not done by then stays due for the next one.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a run is asked to do.
#[derive(Debug, Clone)]
pub struct Order {
    pub ask: Ask,
    /// Replaces the profile's statuses where not empty.
    pub statuses: Vec<String>,
    pub scope: Scope,
    /// Whoever asks wants somebody to approve it.
    pub require_approval: bool,
    pub limit_clients: Option<NonZeroUsize>,
    pub max_changes: Option<u64>,
    /// Who asks, and how: dry or not, with links or without.
    pub who: Who,
}

/// A draft, what forbids to write it, and what it was made from.
pub struct Planned {
    draft: Draft,
    refusals: Vec<Refusal>,
    discovery: Discovery,
}

/// What came of an order.
pub enum Begun {
    /// It goes on.
    Applies(RunHandle),
    /// It waits for a person.
    Parked(Finished),
    /// It is over, and nothing was written.
    Ended {
        finished: Finished,
        /// The inputs contradict each other.
        usage: bool,
    },
}

impl Order {
    /// The clients asked for, for a report of a run that could not look at them.
    fn placeholders(&self) -> Vec<SurveyedClient> {
        match &self.ask {
            Ask::All => Vec::new(),
            Ask::Named { ids, names } if ids.len() == 1 && names.len() == 1 => vec![SurveyedClient {
                id: ids.first().cloned(),
                name: names.first().cloned(),
                ..SurveyedClient::default()
            }],
            Ask::Named { ids, names } => {
                let by_id =
                    ids.iter().map(|id| SurveyedClient { id: Some(id.clone()), ..SurveyedClient::default() });
                let by_name = names
                    .iter()
                    .map(|name| SurveyedClient { name: Some(name.clone()), ..SurveyedClient::default() });
                by_id.chain(by_name).collect()
            }
        }
    }

    /// The settings are good, and the order names a status that the PSA does not have.
    fn names_a_wrong_status(&self, error: &PsaError) -> bool {
        matches!(error, PsaError::UnknownName { name, .. } if self.statuses.contains(name))
    }

    /// A scope that takes nothing looks like success; it may as well be a slip of the finger.
    fn warn_of_scope(&self, survey: &mut Survey) {
        let Scope { types, sites, ids, .. } = &self.scope;
        let narrowed = !(types.is_empty() && sites.is_empty() && ids.is_empty());
        let taken = survey.found().any(|found| found.skip != Some(SkipReason::NotSelected));
        if narrowed && !taken && survey.found().next().is_some() {
            survey.warnings.push(
                "nothing of what was found fits --type, --site and --config-id; are they spelt as the PSA spells them?"
                    .to_owned(),
            );
        }
    }
}

impl Engine {
    /// Looks again at what earlier runs changed, where that is due; tells what did not stay so. Each start takes this
    /// look first. A PSA that cannot be reached is told by what the program was started for, not here.
    pub async fn look_again_first(&self) -> Vec<String> {
        let looked = tokio::select! {
            looked = self.look_again_where_due() => looked,
            () = self.clock.sleep(PATIENCE) => {
                tracing::warn!("the second look took too long; the next start takes it");
                return Vec::new();
            }
        };
        match looked {
            Ok(looked) => looked.into_iter().flat_map(|one| one.found).map(|found| found.text).collect(),
            Err(error) => {
                tracing::warn!(%error, "the second look is taken at the next start");
                Vec::new()
            }
        }
    }

    /// Everything up to the plan, and what forbids to write it.
    pub async fn plan(&self, order: &Order) -> Result<Planned, EngineError> {
        let Order { who, limit_clients, .. } = order;
        let request = Request { ask: order.ask.clone(), statuses: order.statuses.clone() };
        let discovery = self.discover(&request, None).await?;
        let everything = order.ask == Ask::All;
        let mut survey = self.survey(&discovery, &Pick::Scope(order.scope.clone()), everything);
        let looked = self.sweep(&discovery, everything).await?;
        if !who.attended {
            self.let_rest(&mut survey, &looked);
            survey.warnings.extend(self.first_look_warning(&looked));
        }
        let dry_run = who.dry_run || self.profile.safeguards.dry_run;
        let rules = self.profile.safeguards.when_linked.matters();
        // Rules on links can leave a client without changes, so they come before the limit.
        if let Some(limit) = limit_clients
            && !rules
        {
            Self::limit_clients(&mut survey, limit.get());
        }
        if !who.links {
            self.forget_links(&mut survey, "not read, as asked for with --no-links");
        } else if dry_run && everything {
            self.forget_links(&mut survey, "not read in a dry run of every client");
        } else {
            let reading = self.read_links(&survey).await;
            Self::attach_links(&mut survey, &reading.links, &reading.signs_of_life);
        }
        self.obey_when_linked(&mut survey);
        if let Some(limit) = limit_clients
            && rules
        {
            Self::limit_clients(&mut survey, limit.get());
        }
        order.warn_of_scope(&mut survey);
        let mut draft = self.draft(&discovery, survey, who);
        let allowance = Allowance { max_changes: order.max_changes, attended: who.attended };
        let mut refusals = self.refusals(&draft, allowance).await?;
        let too_many = self.too_many_new(&looked).filter(|_| !who.attended);
        // Somebody who watches has seen the list: what is on it is known from now on.
        self.keep_sweep(&looked, too_many.is_none()).await?;
        refusals.extend(too_many);
        if !who.links && rules && draft.plan.is_some() {
            refusals.push(Refusal::firm(
                "safeguards.when_linked leaves configurations that are still linked, and --no-links would not see them; leave --no-links out",
            ));
        }
        if dry_run {
            let would = refusals.iter().map(|one| format!("a real run would be refused: {}", one.text));
            draft.survey.warnings.extend(would);
        }
        Ok(Planned { draft, refusals, discovery })
    }

    /// Starts, parks or concludes what was planned. Settings that are wrong are the only thing that leaves no run
    /// behind.
    pub async fn begin(
        &self,
        order: &Order,
        planned: Result<Planned, EngineError>,
    ) -> Result<Begun, EngineError> {
        let Planned { draft, refusals, discovery } = match planned {
            Ok(planned) => planned,
            Err(EngineError::Psa(error)) if error.is_settings() && !order.names_a_wrong_status(&error) => {
                return Err(EngineError::Psa(error));
            }
            Err(error) => {
                let finished = self.conclude_failed(order, &error).await;
                return Ok(Begun::Ended { finished, usage: error.exit_code() == ExitCode::Usage });
            }
        };
        match self.course(&draft, refusals, order.require_approval) {
            Course::Report => Ok(self.ended(draft, End::Finished, Vec::new()).await),
            Course::Refuse(refusals) => {
                let problems = refusals
                    .into_iter()
                    .map(|one| Problem::new(Code::SafeguardRefused, one.text, self.now()))
                    .collect();
                Ok(self.ended(draft, End::Refused, problems).await)
            }
            Course::Park { why } => match self.park(draft.clone(), why).await {
                Ok(parked) => Ok(Begun::Parked(parked)),
                Err(error) => {
                    let problem = error.problem(self.now());
                    Ok(self.ended(draft, End::Refused, vec![problem]).await)
                }
            },
            Course::Apply => self.begin_applying(order, &discovery, draft).await,
        }
    }

    /// Ends an order that was stopped before anything was planned: interrupted, or cancelled.
    pub async fn conclude_stopped(&self, order: &Order, how: End, message: String) -> Finished {
        let problem = Problem::new(Code::Interrupted, message, self.now());
        let draft = self.draft_of_failure(&order.who, &order.placeholders(), problem);
        self.concluded(draft, how, Vec::new()).await
    }

    /// Ends an order that could not be planned.
    pub async fn conclude_failed(&self, order: &Order, error: &EngineError) -> Finished {
        let how = if error.exit_code() == ExitCode::Psa { End::Interrupted } else { End::Refused };
        let problem = error.problem(self.now());
        let draft = self.draft_of_failure(&order.who, &order.placeholders(), problem);
        self.concluded(draft, how, Vec::new()).await
    }

    /// Clients that another run is at work on are left out; without others nothing is left to do.
    async fn begin_applying(
        &self,
        order: &Order,
        discovery: &Discovery,
        draft: Draft,
    ) -> Result<Begun, EngineError> {
        let held = match self.start(draft.clone()).await {
            Ok(handle) => return Ok(Begun::Applies(handle)),
            Err(EngineError::Locked { held }) => held,
            Err(error) => {
                let problem = error.problem(self.now());
                return Ok(self.ended(draft, End::Refused, vec![problem]).await);
            }
        };
        let locked = |id: &ClientId| held.iter().any(|one| one.client == *id);
        let others_left = draft.plan.iter().flat_map(Plan::clients).any(|client| !locked(&client));
        let mut survey = draft.survey;
        self.leave_out_held(&mut survey, &held, others_left && order.ask == Ask::All);
        let draft = self.draft(discovery, survey, &order.who);
        if !others_left {
            return Ok(self.ended(draft, End::Refused, Vec::new()).await);
        }
        Ok(Begun::Applies(self.start(draft).await?))
    }

    pub(super) async fn ended(&self, draft: Draft, how: End, problems: Vec<Problem>) -> Begun {
        Begun::Ended { finished: self.concluded(draft, how, problems).await, usage: false }
    }

    /// Stores a run that writes nothing. There is a report all the same where that fails, and it says why it is in no
    /// journal.
    pub(super) async fn concluded(&self, draft: Draft, how: End, problems: Vec<Problem>) -> Finished {
        match self.conclude(draft.clone(), how, problems.clone()).await {
            Ok(finished) => finished,
            Err(error) => {
                let now = self.now();
                let problems = [problems, vec![error.problem(now)]].concat();
                conclude_unstored(draft, End::Refused, problems, now)
            }
        }
    }
}
