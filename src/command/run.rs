//! `mothball run`: the main job without a screen. It never asks.

use std::cell::Cell;

use super::{
    args::{Global, Run},
    conduct::{conclude, see_through, tell_parked},
    context::Context,
    print::{self, Failure},
    progress::Style,
    second_look,
};
use crate::{
    domain::{
        ClientId, Code, ConfigId, ExitCode, Problem, SkipReason,
        event::End,
        selection::Scope,
        survey::{Survey, SurveyedClient},
    },
    engine::{
        Ask, Discovery, Draft, Engine, EngineError, Finished, Pick, Request, RunHandle, Who,
        conclude_unstored,
        limits::{Allowance, Course, Refusal},
    },
    psa::PsaError,
    system::{
        process::user,
        signals::{Stop, Stops},
    },
};

pub async fn run(global: &Global, args: &Run) -> Result<ExitCode, Failure> {
    let ask = asked(args)?;
    let mut stops = Stops::listen()
        .map_err(|error| Failure::usage(format!("signals cannot be listened for: {error}"), ""))?;
    let context = Context::open(global, false).await?;
    let style = Style::chosen(args.output.progress, global.quiet);
    for warning in &context.settings.warnings {
        style.tell("warning", warning);
    }
    let job = Job {
        global,
        args,
        context: &context,
        who: who(args, &ask, &context),
        everything: ask == Ask::All,
        usage: Cell::new(false),
    };
    let (finished, stopped) = job.run(&ask, &mut stops).await?;
    let code = conclude(&context, &args.output, style, &finished, stopped).await?;
    Ok(if job.usage.get() { ExitCode::Usage } else { code })
}

/// A draft, what forbids to write it, and what it was made from.
struct Drafted {
    draft: Draft,
    refusals: Vec<Refusal>,
    discovery: Discovery,
}

struct Job<'a> {
    global: &'a Global,
    args: &'a Run,
    context: &'a Context,
    who: Who,
    /// Every offboarded client was asked for.
    everything: bool,
    /// The inputs contradict each other; there is a report, and that is how the program ends.
    usage: Cell<bool>,
}

impl Job<'_> {
    fn engine(&self) -> &Engine {
        &self.context.engine
    }

    async fn run(&self, ask: &Ask, stops: &mut Stops) -> Result<(Finished, Option<Stop>), Failure> {
        let drafted = tokio::select! {
            drafted = async { self.look_again().await; self.draft(ask).await } => drafted,
            stop = stops.next() => {
                let message = format!("The run was {} before anything was planned; nothing was changed.", stop.words());
                let problem = Problem::new(Code::Interrupted, message, self.engine().now());
                let draft = self.engine().draft_of_failure(&self.who, &placeholders(ask), problem);
                return Ok((self.conclude(draft, End::Interrupted, Vec::new()).await?, Some(stop)));
            }
        };
        let Drafted { draft, refusals, discovery } = match drafted {
            Ok(drafted) => drafted,
            Err(EngineError::Psa(error)) if error.is_settings() && !self.names_a_wrong_status(&error) => {
                return Err(EngineError::Psa(error).into());
            }
            Err(error) => {
                let how = if error.exit_code() == ExitCode::Psa { End::Interrupted } else { End::Refused };
                self.usage.set(error.exit_code() == ExitCode::Usage);
                let problem = error.problem(self.engine().now());
                let draft = self.engine().draft_of_failure(&self.who, &placeholders(ask), problem);
                return Ok((self.conclude(draft, how, Vec::new()).await?, None));
            }
        };
        match self.engine().course(&draft, refusals, self.args.require_approval) {
            Course::Report => Ok((self.conclude(draft, End::Finished, Vec::new()).await?, None)),
            Course::Refuse(refusals) => {
                let problems = refusals
                    .into_iter()
                    .map(|one| Problem::new(Code::SafeguardRefused, one.text, self.engine().now()))
                    .collect();
                Ok((self.conclude(draft, End::Refused, problems).await?, None))
            }
            Course::Park { why } => {
                let parked = match self.engine().park(draft.clone(), why).await {
                    Ok(parked) => parked,
                    Err(error) => {
                        let problem = error.problem(self.engine().now());
                        return Ok((self.conclude(draft, End::Refused, vec![problem]).await?, None));
                    }
                };
                tell_parked(Style::chosen(self.args.output.progress, self.global.quiet), &parked);
                Ok((parked, None))
            }
            Course::Apply => self.apply(&discovery, draft, stops).await,
        }
    }

    /// The settings are good, and the command line asks for a status that the PSA does not have.
    fn names_a_wrong_status(&self, error: &PsaError) -> bool {
        matches!(error, PsaError::UnknownName { name, .. } if self.args.offboarded_status.contains(name))
    }

    /// Takes the second looks at earlier runs that are due.
    async fn look_again(&self) {
        let style = Style::chosen(self.args.output.progress, self.global.quiet);
        for found in second_look::where_due(self.context).await {
            style.tell("warning", &found);
        }
    }

    /// Starts the run. Clients that another run is at work on are left out; without others nothing is left to do.
    async fn start(
        &self,
        discovery: &Discovery,
        draft: Draft,
    ) -> Result<Result<RunHandle, Finished>, Failure> {
        let held = match self.engine().start(draft.clone()).await {
            Ok(handle) => return Ok(Ok(handle)),
            Err(EngineError::Locked { held }) => held,
            Err(error) => {
                let problem = error.problem(self.engine().now());
                return Ok(Err(self.conclude(draft, End::Refused, vec![problem]).await?));
            }
        };
        let locked = |id: &ClientId| held.iter().any(|one| one.client == *id);
        let others_left = draft
            .plan
            .iter()
            .flat_map(super::super::domain::plan::Plan::clients)
            .any(|client| !locked(&client));
        let mut survey = draft.survey;
        self.engine().leave_out_held(&mut survey, &held, others_left && self.everything);
        let draft = self.engine().draft(discovery, survey, &self.who);
        if !others_left {
            return Ok(Err(self.conclude(draft, End::Refused, Vec::new()).await?));
        }
        match self.engine().start(draft).await {
            Ok(handle) => Ok(Ok(handle)),
            Err(error) => Err(error.into()),
        }
    }

    /// Everything up to the plan, and what forbids to write it.
    async fn draft(&self, ask: &Ask) -> Result<Drafted, EngineError> {
        let engine = self.engine();
        let request = Request { ask: ask.clone(), statuses: self.args.offboarded_status.clone() };
        let discovery = engine.discover(&request, None).await?;
        let everything = *ask == Ask::All;
        let mut survey = engine.survey(&discovery, &Pick::Scope(self.scope()), everything);
        let looked = engine.sweep(&discovery, everything).await?;
        if !self.who.attended {
            engine.let_rest(&mut survey, &looked);
            survey.warnings.extend(engine.first_look_warning(&looked));
        }
        let dry_run = self.who.dry_run || engine.profile.safeguards.dry_run;
        let rules = engine.profile.safeguards.when_linked.matters();
        // Rules on links can leave a client without changes, so they come before the limit.
        if let Some(limit) = self.args.limit_clients
            && !rules
        {
            Engine::limit_clients(&mut survey, limit.get());
        }
        if self.args.no_links {
            engine.forget_links(&mut survey, "not read, as asked for with --no-links");
        } else if dry_run && everything {
            engine.forget_links(&mut survey, "not read in a dry run of every client");
        } else {
            let reading = engine.read_links(&survey).await;
            Engine::attach_links(&mut survey, &reading.links, &reading.signs_of_life);
        }
        engine.obey_when_linked(&mut survey);
        if let Some(limit) = self.args.limit_clients
            && rules
        {
            Engine::limit_clients(&mut survey, limit.get());
        }
        self.warn_of_scope(&mut survey);
        let mut draft = engine.draft(&discovery, survey, &self.who);
        let allowance = Allowance { max_changes: self.args.max_changes, attended: self.who.attended };
        let mut refusals = engine.refusals(&draft, allowance).await?;
        let too_many = engine.too_many_new(&looked).filter(|_| !self.who.attended);
        // Somebody who watches has seen the list: what is on it is known from now on.
        engine.keep_sweep(&looked, too_many.is_none()).await?;
        refusals.extend(too_many);
        if self.args.no_links && rules && draft.plan.is_some() {
            refusals.push(Refusal::firm(
                "safeguards.when_linked leaves configurations that are still linked, and --no-links would not see them; leave --no-links out",
            ));
        }
        if dry_run {
            let would = refusals.iter().map(|one| format!("a real run would be refused: {}", one.text));
            draft.survey.warnings.extend(would);
        }
        Ok(Drafted { draft, refusals, discovery })
    }

    /// A scope that takes nothing looks like success; it may as well be a slip of the finger.
    fn warn_of_scope(&self, survey: &mut Survey) {
        let args = self.args;
        let narrowed = !(args.types.is_empty() && args.sites.is_empty() && args.config_ids.is_empty());
        let taken = survey.found().any(|found| found.skip != Some(SkipReason::NotSelected));
        if narrowed && !taken && survey.found().next().is_some() {
            survey.warnings.push(
                "nothing of what was found fits --type, --site and --config-id; are they spelt as the PSA spells them?"
                    .to_owned(),
            );
        }
    }

    fn scope(&self) -> Scope {
        Scope {
            types: self.args.types.clone(),
            sites: self.args.sites.clone(),
            ids: self.args.config_ids.iter().map(|id| ConfigId::from(id.trim())).collect(),
            include_mixed: self.args.include_mixed,
            include_archived: self.args.include_archived,
        }
    }

    async fn apply(
        &self,
        discovery: &Discovery,
        draft: Draft,
        stops: &mut Stops,
    ) -> Result<(Finished, Option<Stop>), Failure> {
        let handle = match self.start(discovery, draft).await? {
            Ok(handle) => handle,
            Err(finished) => return Ok((finished, None)),
        };
        let style = Style::chosen(self.args.output.progress, self.global.quiet);
        Ok(see_through(self.engine(), style, handle, stops).await)
    }

    async fn conclude(&self, draft: Draft, how: End, problems: Vec<Problem>) -> Result<Finished, Failure> {
        match self.engine().conclude(draft.clone(), how, problems.clone()).await {
            Ok(finished) => Ok(finished),
            // There is a report all the same, and it says why it is in no journal.
            Err(error) => {
                let now = self.engine().now();
                let problems = [problems, vec![error.problem(now)]].concat();
                Ok(conclude_unstored(draft, End::Refused, problems, now))
            }
        }
    }
}

fn asked(args: &Run) -> Result<Ask, Failure> {
    if args.all {
        return Ok(Ask::All);
    }
    let mut ids: Vec<ClientId> = args.client_id.iter().map(|id| ClientId::from(id.trim())).collect();
    ids.sort();
    ids.dedup();
    let mut names = args.client_name.clone();
    names.dedup();
    let blank = |text: &str| text.trim().is_empty();
    if ids.iter().any(|id| blank(id.as_str())) || names.iter().any(|name| blank(name)) {
        return Err(Failure::usage(
            "an empty client id or name means nobody",
            "Leave it out, or name a client.",
        ));
    }
    if ids.is_empty() && names.is_empty() {
        return Err(Failure::usage(
            "which clients?",
            "Name them with --client-id or --client-name, or take every offboarded one with --all.",
        ));
    }
    Ok(Ask::Named { ids, names })
}

fn who(args: &Run, ask: &Ask, context: &Context) -> Who {
    let attended = match (args.attended, args.unattended) {
        (true, _) => true,
        (_, true) => false,
        _ => *ask != Ask::All || print::stdin_is_terminal(),
    };
    let single = match ask {
        Ask::All => false,
        Ask::Named { ids, names } => ids.len().max(names.len()) == 1,
    };
    Who {
        operator: context.operator.clone(),
        user: user(),
        requested_by: said(args.requested_by.as_deref()),
        ticket: said(args.ticket.as_deref()),
        reason: said(args.reason.as_deref()),
        dry_run: args.dry_run,
        attended,
        single,
        parent: None,
        links: !args.no_links,
    }
}

/// What was really said: blanks are nothing.
fn said(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The clients asked for, for a report of a run that could not look at them.
fn placeholders(ask: &Ask) -> Vec<SurveyedClient> {
    match ask {
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
