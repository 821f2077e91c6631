//! `mothball runs undo`: what was set inactive is set back to what it was.

use super::super::{
    args::{Global, Undo},
    conduct::{conclude, see_through, tell_parked},
    context::Context,
    print::Failure,
    progress::Style,
};
use crate::{
    domain::{Code, ConfigId, ExitCode, Problem, event::End, plan::Kind, survey::SurveyedClient},
    engine::{
        self, Draft, Engine, EngineError, Finished, UndoOf, Who, conclude_unstored,
        limits::{Allowance, Course},
    },
    store::StoredRun,
    system::{
        process::user,
        signals::{Stop, Stops},
    },
};

/// Undoes `run`, or all of a client, on the profile of the run unless another is named.
pub async fn undo(global: &Global, args: &Undo, run: Option<StoredRun>) -> Result<ExitCode, Failure> {
    let mut stops = Stops::listen()
        .map_err(|error| Failure::usage(format!("signals cannot be listened for: {error}"), ""))?;
    let of_run = run.as_ref().map(|run| run.header.profile.clone());
    let profile = global.profile.clone().or(of_run);
    let context = Context::open(&Global { profile, ..global.clone() }, false).await?;
    let style = Style::chosen(args.output.progress, global.quiet);
    let job = Job { args, context: &context, style, who: who(args, run.as_ref(), &context) };
    let (finished, stopped) = job.run(&wish(args), &mut stops).await?;
    conclude(&context, &args.output, style, &finished, stopped).await
}

fn wish(args: &Undo) -> engine::Undo {
    let of = match (&args.id, &args.client_id) {
        (Some(run), _) => UndoOf::Run(run.as_str().into()),
        (None, client) => UndoOf::Client(client.as_deref().unwrap_or_default().trim().into()),
    };
    let only = args.only.iter().map(|id| ConfigId::from(id.trim())).collect();
    engine::Undo { of, only }
}

fn who(args: &Undo, run: Option<&StoredRun>, context: &Context) -> Who {
    let said = |text: &Option<String>| {
        text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    Who {
        operator: context.operator.clone(),
        user: user(),
        requested_by: said(&args.requested_by),
        ticket: said(&args.ticket).or_else(|| run.and_then(|run| run.header.ticket.clone())),
        reason: said(&args.reason),
        dry_run: args.dry_run,
        attended: true,
        parent: run.map(|run| run.header.run.clone()),
        ..Who::default()
    }
}

struct Job<'a> {
    args: &'a Undo,
    context: &'a Context,
    style: Style,
    who: Who,
}

impl Job<'_> {
    fn engine(&self) -> &Engine {
        &self.context.engine
    }

    async fn run(&self, wish: &engine::Undo, stops: &mut Stops) -> Result<(Finished, Option<Stop>), Failure> {
        let drafted = tokio::select! {
            drafted = self.engine().draft_undo(wish, &self.who) => drafted,
            stop = stops.next() => {
                let message = format!("The undo was {} before anything was planned; nothing was changed.", stop.words());
                let problem = Problem::new(Code::Interrupted, message, self.engine().now());
                return Ok((self.conclude(self.failed(wish, problem), End::Interrupted, Vec::new()).await, Some(stop)));
            }
        };
        let draft = match drafted {
            Ok(draft) => draft,
            Err(error @ EngineError::Psa(_)) if error.exit_code() == ExitCode::Psa => {
                let problem = error.problem(self.engine().now());
                return Ok((
                    self.conclude(self.failed(wish, problem), End::Interrupted, Vec::new()).await,
                    None,
                ));
            }
            Err(error) => return Err(error.into()),
        };
        let allowance = Allowance { max_changes: None, attended: true };
        let refusals = self.engine().refusals(&draft, allowance).await?;
        match self.engine().course(&draft, refusals, self.args.require_approval) {
            Course::Report => return Ok((self.conclude(draft, End::Finished, Vec::new()).await, None)),
            Course::Refuse(refusals) => {
                let now = self.engine().now();
                let problems = refusals
                    .into_iter()
                    .map(|one| Problem::new(Code::SafeguardRefused, one.text, now))
                    .collect();
                return Ok((self.conclude(draft, End::Refused, problems).await, None));
            }
            Course::Park { why } => {
                let parked = self.engine().park(draft, why).await?;
                tell_parked(self.style, &parked);
                return Ok((parked, None));
            }
            Course::Apply => {}
        }
        match self.engine().start(draft.clone()).await {
            Ok(handle) => Ok(see_through(self.engine(), self.style, handle, stops).await),
            Err(error) => {
                let problem = error.problem(self.engine().now());
                Ok((self.conclude(draft, End::Refused, vec![problem]).await, None))
            }
        }
    }

    /// A draft that says why there is none.
    fn failed(&self, wish: &engine::Undo, problem: Problem) -> Draft {
        let asked = match &wish.of {
            UndoOf::Run(_) => Vec::new(),
            UndoOf::Client(id) => {
                vec![SurveyedClient { id: Some(id.clone()), ..SurveyedClient::default() }]
            }
        };
        let mut draft = self.engine().draft_of_failure(&self.who, &asked, problem);
        draft.header.kind = Kind::Undo;
        draft
    }

    async fn conclude(&self, draft: Draft, how: End, problems: Vec<Problem>) -> Finished {
        match self.engine().conclude(draft.clone(), how, problems.clone()).await {
            Ok(finished) => finished,
            // There is a report all the same, and it says why it is in no journal.
            Err(error) => {
                let now = self.engine().now();
                conclude_unstored(draft, End::Refused, [problems, vec![error.problem(now)]].concat(), now)
            }
        }
    }
}
