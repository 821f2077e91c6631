//! Runs: asked for, looked at, decided about. Whatever leads to a write is put down in the queue before it is answered.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    answer::{Answer, RunAnswer, RunList},
    extract::{Asked, Caller, Inputs, Named, OnceKey, ToApprove, ToCancel, ToRead, ToTrigger},
    problem::Trouble,
};
use crate::{
    domain::{Origin, Phase, RunId, document::Report, plan::sha256},
    engine::expire_overdue,
    service::{
        Service, Task,
        inputs::{ApproveInputs, Bounded, RunInputs, UndoInputs},
        report_of, state_of,
        task::person,
    },
    store::{Job, NewJob, Once, Put, Request, StoredRun, Token, Wish},
};

/// For so long an Idempotency-Key counts.
const KEY_HOURS: i64 = 24;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// At most so many of the runs that were begun.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<u32>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitQuery {
    /// Wait for so many seconds for its end, and answer with the report.
    #[schemars(range(min = 0, max = 300))]
    wait: Option<u32>,
}

/// Nothing to say. An empty object all the same: a form of a web page cannot send one as JSON.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl Bounded for Nothing {
    fn check_bounds(&self) -> Result<(), String> {
        Ok(())
    }
}

pub async fn list(
    State(service): State<Arc<Service>>,
    _caller: Caller<ToRead>,
    Asked(query): Asked<ListQuery>,
) -> Result<Answer<RunList>, Trouble> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=500).contains(&limit) {
        return Err(Trouble::input("limit: from 1 to 500"));
    }
    expire_overdue(service.store.as_ref(), service.now()).await?;
    let jobs = service.store.jobs().await?;
    let summaries = service.store.runs(limit).await?;
    let by_run: BTreeMap<&RunId, &Job> = jobs.iter().map(|job| (&job.new.run, job)).collect();
    let mut runs = Vec::new();
    for job in jobs.iter().filter(|job| Task::is_of_a_run(&job.new.task)) {
        // One that was begun long ago stands further down in the list of runs, or behind its end.
        let begun = summaries.iter().any(|run| run.header.run == job.new.run);
        if !begun && service.store.summary(&job.new.run).await?.is_none() {
            runs.push(RunAnswer::of_job(job));
        }
    }
    runs.extend(summaries.iter().map(|run| RunAnswer::of_summary(run, by_run.get(&run.header.run).copied())));
    Ok(Answer(RunList { runs }))
}

pub async fn show(
    State(service): State<Arc<Service>>,
    _caller: Caller<ToRead>,
    Named(run): Named,
) -> Result<Answer<RunAnswer>, Trouble> {
    answer(&service, &run).await.map(Answer)
}

pub async fn report(
    State(service): State<Arc<Service>>,
    _caller: Caller<ToRead>,
    Named(run): Named,
) -> Result<Answer<Report>, Trouble> {
    match stored(&service, &run).await? {
        Some(stored) => report_as_of_now(&service, &stored).map(Answer),
        None => Err(not_begun()),
    }
}

pub async fn create(
    State(service): State<Arc<Service>>,
    caller: Caller<ToTrigger>,
    OnceKey(key): OnceKey,
    Asked(query): Asked<WaitQuery>,
    Inputs(inputs): Inputs<RunInputs>,
) -> Result<Response, Trouble> {
    let wait = query.wait.unwrap_or(0);
    if wait > 300 {
        return Err(Trouble::input("wait: from 0 to 300 seconds"));
    }
    let profile = service.profiles.chosen(inputs.profile.as_deref()).map_err(Trouble::no_such_profile)?;
    let rules = service
        .profiles
        .rules(&profile)
        .ok_or_else(|| Trouble::no_such_profile("there is no such profile"))?;
    inputs.check(&rules).map_err(Trouble::refused)?;
    let task = Task::Run(inputs);
    let run = put(&service, &caller.token, service.new_run(), profile, &task, key).await?;
    if wait > 0
        && has_ended_within(&service, &run, Duration::from_secs(wait.into())).await?
        && let Some(stored) = service.store.run(&run).await?
    {
        return Ok((located(&run), Answer(report_as_of_now(&service, &stored)?)).into_response());
    }
    accepted(&service, &run).await
}

pub async fn approve(
    State(service): State<Arc<Service>>,
    caller: Caller<ToApprove>,
    Named(run): Named,
    Inputs(inputs): Inputs<ApproveInputs>,
) -> Result<Response, Trouble> {
    let part = inputs.part().map_err(Trouble::input)?;
    let stored = stored(&service, &run).await?.ok_or_else(not_begun)?;
    let profile = stored.header.profile.clone();
    let engine = service.profiles.engine(&profile).await.map_err(Trouble::unavailable)?;
    engine.check_approval(stored, &part, &person(&caller.token.name)).await?;
    let task = Task::Approve { by: caller.token.name.clone(), part: inputs };
    let run = put(&service, &caller.token, run, profile, &task, None).await?;
    accepted(&service, &run).await
}

pub async fn reject(
    State(service): State<Arc<Service>>,
    caller: Caller<ToApprove>,
    Named(run): Named,
    Inputs(Nothing {}): Inputs<Nothing>,
) -> Result<Answer<RunAnswer>, Trouble> {
    let stored = stored(&service, &run).await?.ok_or_else(not_begun)?;
    let profile = stored.header.profile.clone();
    let engine = service.profiles.engine(&profile).await.map_err(Trouble::unavailable)?;
    engine.reject(stored, &person(&caller.token.name)).await?;
    if let Some(rejected) = service.store.run(&run).await? {
        service.profiles.keep(&profile, &report_as_of_now(&service, &rejected)?).await;
    }
    answer(&service, &run).await.map(Answer)
}

pub async fn cancel(
    State(service): State<Arc<Service>>,
    caller: Caller<ToCancel>,
    Named(run): Named,
    Inputs(Nothing {}): Inputs<Nothing>,
) -> Result<Response, Trouble> {
    let (now, by) = (service.now(), &caller.token.name);
    let begun = stored(&service, &run).await?;
    let phase = begun.as_ref().map(phase);
    if phase == Some(Phase::AwaitingApproval) {
        return Err(Trouble::wrong_state(format!("Run {run} waits for approval: reject it instead.")));
    }
    if phase.is_some_and(|phase| phase.is_over() && phase != Phase::Interrupted) {
        return Err(Trouble::wrong_state(format!("Run {run} has ended.")));
    }
    let dropped =
        service.store.drop_job(&run, now, &format!("cancelled by {by} before it was begun")).await?;
    if !dropped {
        let open = service.store.job(&run).await?.is_some_and(|job| !job.has_ended());
        if !open && phase.is_none_or(Phase::is_over) {
            return Err(Trouble::wrong_state(format!("Nobody is at work on run {run}.")));
        }
        let request = Request { wish: Wish::Cancel, by: by.clone(), at: now };
        service.store.put_request(&run, &request).await?;
    }
    accepted(&service, &run).await
}

pub async fn resume(
    State(service): State<Arc<Service>>,
    caller: Caller<ToTrigger>,
    Named(run): Named,
    Inputs(Nothing {}): Inputs<Nothing>,
) -> Result<Response, Trouble> {
    let stored = stored(&service, &run).await?.ok_or_else(not_begun)?;
    let state = state_of(&stored);
    let unsettled = state.phase == Phase::Finished && state.open_items().next().is_some();
    if !(state.phase.may_go_on() || unsettled) || stored.plan.is_none() {
        let why = format!("Run {run} is {}: there is nothing to resume.", state.phase.words());
        return Err(Trouble::wrong_state(why));
    }
    let profile = stored.header.profile.clone();
    let run = put(&service, &caller.token, run, profile, &Task::Resume, None).await?;
    accepted(&service, &run).await
}

pub async fn undo(
    State(service): State<Arc<Service>>,
    caller: Caller<ToTrigger>,
    OnceKey(key): OnceKey,
    Named(run): Named,
    Inputs(inputs): Inputs<UndoInputs>,
) -> Result<Response, Trouble> {
    let of = run;
    let stored = stored(&service, &of).await?.ok_or_else(not_begun)?;
    let phase = phase(&stored);
    if !phase.is_over() {
        return Err(Trouble::wrong_state(format!(
            "Run {of} is {}; undo it when it has ended.",
            phase.words()
        )));
    }
    let task = Task::Undo { of, inputs };
    let profile = stored.header.profile.clone();
    let run = put(&service, &caller.token, service.new_run(), profile, &task, key).await?;
    accepted(&service, &run).await
}

/// Puts a task down, and tells the run that it makes or goes on with: the one of the first time, if the key was seen.
async fn put(
    service: &Service,
    token: &Token,
    run: RunId,
    profile: String,
    task: &Task,
    key: Option<String>,
) -> Result<RunId, Trouble> {
    if service.stop.soon.is_cancelled() {
        return Err(Trouble::unavailable("The server is about to end."));
    }
    let now = service.now();
    let task = serde_json::to_value(task).map_err(|error| Trouble::unavailable(error.to_string()))?;
    let once = key.map(|key| Once {
        key: format!("api:{}:{key}", token.id),
        fingerprint: sha256(task.to_string().as_bytes()),
        until: now.plus_seconds(KEY_HOURS * 60 * 60),
    });
    let origin = Origin::Api { token: token.name.clone() };
    let job = NewJob { run: run.clone(), profile, task, origin, at: now, not_before: now, once, lane: None };
    match service.store.put_job(&job).await? {
        Put::New => Ok(run),
        Put::Known(known) => Ok(known),
        Put::Differs(known) => Err(Trouble::key_used_otherwise(known.as_str())),
        Put::Busy => Err(Trouble::wrong_state(format!("The server is at work on run {run} already."))),
    }
}

/// Waits until the job has ended; tells whether it did.
async fn has_ended_within(service: &Service, run: &RunId, time: Duration) -> Result<bool, Trouble> {
    let mut changes = service.store.changes();
    let deadline = service.clock.sleep(time);
    tokio::pin!(deadline);
    loop {
        changes.borrow_and_update();
        if service.store.job(run).await?.is_none_or(|job| job.has_ended()) {
            return Ok(true);
        }
        tokio::select! {
            heard = changes.changed() => if heard.is_err() { return Ok(false) },
            () = &mut deadline => return Ok(false),
            () = service.stop.soon.cancelled() => return Ok(false),
        }
    }
}

fn located(run: &RunId) -> [(HeaderName, HeaderValue); 1] {
    let path = HeaderValue::try_from(format!("/v1/runs/{run}"));
    [(header::LOCATION, path.unwrap_or_else(|_| HeaderValue::from_static("/v1/runs")))]
}

async fn accepted(service: &Service, run: &RunId) -> Result<Response, Trouble> {
    Ok((StatusCode::ACCEPTED, located(run), Answer(answer(service, run).await?)).into_response())
}

/// The run as it is now.
async fn answer(service: &Service, run: &RunId) -> Result<RunAnswer, Trouble> {
    let job = service.store.job(run).await?;
    match (service.store.summary(run).await?, job) {
        (Some(summary), job) => {
            let mut answer = RunAnswer::of_summary(&summary, job.as_ref());
            // Which one took its place stands in the journal alone; that of a run that was never begun is short.
            if summary.phase == Phase::Expired
                && let Some(stored) = service.store.run(run).await?
            {
                answer.superseded_by = state_of(&stored).superseded_by;
            }
            Ok(answer)
        }
        (None, Some(job)) => Ok(RunAnswer::of_job(&job)),
        (None, None) => Err(Trouble::no_such_run()),
    }
}

/// A run that is in the store; `None` if it only waits to get there.
async fn stored(service: &Service, run: &RunId) -> Result<Option<StoredRun>, Trouble> {
    match service.store.run(run).await? {
        Some(stored) => Ok(Some(stored)),
        None if service.store.job(run).await?.is_some() => Ok(None),
        None => Err(Trouble::no_such_run()),
    }
}

fn not_begun() -> Trouble {
    Trouble::wrong_state("This run is not begun yet, or no run came of it; look at it again in a while.")
}

fn phase(stored: &StoredRun) -> Phase {
    state_of(stored).phase
}

/// Whether it has come to an end, or waits for a person.
pub(super) fn rests(phase: Phase) -> bool {
    phase.is_over() || phase == Phase::AwaitingApproval
}

fn report_as_of_now(service: &Service, stored: &StoredRun) -> Result<Report, Trouble> {
    report_of(stored, service.now()).map_err(|error| Trouble::wrong_state(error.to_string()))
}
