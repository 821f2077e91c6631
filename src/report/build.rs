//! From survey, plan and folded state to the document. The arithmetic is checked here, in release
//! builds too: a report whose counts do not close is never handed out.

use crate::domain::{
    Code, ConfigId, Outcome, Phase, Plan, Problem, RunState, SkipReason, Statistics, Timestamp,
    document::{
        ClientReport, ConfigReport, Coverage, FollowUp, JointReport, NoteReport, Report, RunFacts,
        SCHEMA_VERSION,
    },
    note::{NoteOn, NoteWord, Place},
    plan::Kind,
    survey::{Found, Header, Survey, SurveyedClient},
};

/// All that a report is made of.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub header: &'a Header,
    pub survey: &'a Survey,
    pub plan: Option<&'a Plan>,
    pub state: &'a RunState,
    pub journal_head: Option<&'a str>,
    pub now: Timestamp,
}

/// One document for one client asked for, the joint one for several.
pub fn build(source: &Source<'_>) -> Report {
    let facts = facts(source);
    let clients: Vec<ClientReport> =
        source.survey.clients.iter().map(|client| client_report(source, &facts, client)).collect();
    let mut run_problems = source.survey.problems.clone();
    run_problems.extend(source.state.problems.iter().cloned());
    let mut run_warnings = source.survey.warnings.clone();
    run_warnings.extend(source.state.warnings.iter().cloned());

    if source.header.single
        && let [client] = clients.as_slice()
    {
        let mut client = client.clone();
        client.success &= run_problems.is_empty();
        client.warnings.extend(run_warnings);
        client.errors.extend(run_problems);
        client.notes.extend(ticket_note(source));
        return Report::Client(Box::new(client));
    }
    let mut statistics: Statistics = clients.iter().map(|client| client.statistics).sum();
    if source.header.kind == Kind::Undo {
        statistics.configs_restored.get_or_insert(0);
    }
    assert!(statistics.close(), "the joint statistics do not add up: {statistics:?}");
    Report::Joint(Box::new(JointReport {
        success: run_problems.is_empty()
            && source.state.phase == Phase::Finished
            && source.survey.coverage.complete
            && clients.iter().all(|client| client.success),
        timestamp: source.now,
        statistics,
        clients,
        coverage: source.survey.coverage.clone(),
        warnings: run_warnings,
        errors: run_problems,
        notes: ticket_note(source).into_iter().collect(),
        run: facts,
    }))
}

fn facts(source: &Source<'_>) -> RunFacts {
    let Source { header, state, plan, .. } = source;
    RunFacts {
        schema_version: SCHEMA_VERSION.to_owned(),
        run_id: header.run.clone(),
        parent_run_id: header.parent.clone(),
        state: state.phase,
        profile: header.profile.clone(),
        psa: header.psa.clone(),
        tenant: header.tenant.clone(),
        operator: header.operator.clone(),
        requested_by: header.requested_by.clone(),
        ticket: header.ticket.clone(),
        approved_by: state.approval.as_ref().map(|approval| approval.approver.clone()),
        approval_digest: state.approval.as_ref().map(|approval| approval.digest.clone()),
        plan_digest: plan.map(Plan::digest),
        reason: header.reason.clone(),
        dry_run: header.dry_run,
        journal_head: source.journal_head.map(str::to_owned),
    }
}

fn client_report(source: &Source<'_>, facts: &RunFacts, client: &SurveyedClient) -> ClientReport {
    let mut statistics = match source.header.kind {
        Kind::Deactivate => Statistics::default(),
        Kind::Undo => Statistics::of_undo(),
    };
    let name = client.name.as_deref().unwrap_or_default();
    let signs = client.signs_of_life.iter().map(|sign| format!("\"{name}\" shows signs of life: {sign}"));
    let mut warnings: Vec<String> = client.warnings.iter().cloned().chain(signs).collect();
    let mut errors = client.problems.clone();
    let mut all_well = true;
    let mut configs = Vec::with_capacity(client.found.len());
    for found in &client.found {
        let (outcome, config) = config_report(source, found);
        statistics.count(&outcome);
        match &outcome {
            Outcome::Deactivated { verified } | Outcome::Restored { verified } => all_well &= *verified,
            // Planned, not settled, and yet the run says that it is through.
            Outcome::Skipped { reason: SkipReason::NotStarted } if found.skip.is_none() => all_well = false,
            Outcome::Skipped { .. } => {}
            Outcome::ChangedSinceReview { what } => {
                all_well = false;
                warnings.push(format!(
                    "{} ({}) changed since review: {what}",
                    config.config_name, config.config_id
                ));
            }
            Outcome::Failed { code, message } => {
                all_well = false;
                errors.push(problem(*code, message, source.now, &found.configuration.id));
            }
            Outcome::Unknown { message } => {
                all_well = false;
                errors.push(problem(Code::NotVerified, message, source.now, &found.configuration.id));
            }
        }
        configs.push(config);
    }
    configs.sort_by(|a, b| a.config_id.cmp(&b.config_id));
    assert!(statistics.close(), "the statistics do not add up: {statistics:?}");
    let refused_before = client.problems.is_empty();
    ClientReport {
        success: refused_before && all_well && source.state.phase == Phase::Finished,
        client_id: client.id.clone(),
        client_name: client.name.clone(),
        timestamp: source.now,
        statistics,
        configs,
        warnings,
        errors,
        run: facts.clone(),
        offboarded_because: client
            .offboarded
            .as_ref()
            .map(|offboarded| offboarded.reasons.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        signs_of_life: client.signs_of_life.clone(),
        coverage: coverage_of(source, client),
        follow_up: follow_up_of(source, client),
        notes: client.found.iter().filter_map(|found| item_note(source, found)).collect(),
    }
}

/// The client's own part of what was looked at.
fn coverage_of(source: &Source<'_>, client: &SurveyedClient) -> Coverage {
    let configurations: Vec<_> = client.found.iter().map(|found| found.configuration.clone()).collect();
    if source.header.single {
        source.survey.coverage.clone()
    } else {
        Coverage {
            configurations_read: Survey::tally(&configurations),
            clients_in_run: 1,
            clients_left_out: Vec::new(),
            ..source.survey.coverage.clone()
        }
    }
}

fn follow_up_of(source: &Source<'_>, client: &SurveyedClient) -> Vec<FollowUp> {
    source
        .state
        .follow_up
        .iter()
        .chain(&source.state.second_look)
        .filter(|entry| client.id.as_ref() == Some(&entry.client_id))
        .cloned()
        .collect()
}

/// The note on the run's ticket, where one is wanted.
fn ticket_note(source: &Source<'_>) -> Option<NoteReport> {
    // Without a plan nothing is done that could be noted.
    source.plan?;
    note(source, &source.header.note_ticket()?, true)
}

/// The note on a configuration: what became of it, or that a run that goes on writes it.
fn item_note(source: &Source<'_>, found: &Found) -> Option<NoteReport> {
    let id = &found.configuration.id;
    let wanted = source.header.notes.on == NoteOn::Configuration
        && source.plan.is_some_and(|plan| plan.item(id).is_some())
        && source
            .state
            .outcome(id)
            .is_none_or(|settled| matches!(settled.outcome, Outcome::Skipped { reason: SkipReason::DryRun }));
    note(source, &Place::Configuration { id: id.clone() }, wanted)
}

fn note(source: &Source<'_>, place: &Place, wanted: bool) -> Option<NoteReport> {
    let known = source.state.notes.get(place);
    let over = source.state.phase.is_over() && source.state.phase != Phase::Interrupted;
    let (state, text) = match known {
        Some(known) => known.words(),
        None if wanted && (source.header.dry_run || !over) => (NoteWord::Planned, None),
        None => return None,
    };
    Some(NoteReport {
        on: place.kind().to_owned(),
        id: place.id().to_owned(),
        state,
        note_id: known.and_then(|known| known.note_id()).map(str::to_owned),
        text,
    })
}

fn problem(code: Code, message: &str, now: Timestamp, id: &ConfigId) -> Problem {
    Problem::new(code, message, now).about(id.clone())
}

fn config_report(source: &Source<'_>, found: &Found) -> (Outcome, ConfigReport) {
    let configuration = &found.configuration;
    let outcome = found.outcome(source.state, source.header.dry_run);
    let before = &configuration.state;
    let after = source.state.state_of(&configuration.id).unwrap_or(before);
    let text = match (&outcome, &found.why) {
        (Outcome::Skipped { reason }, Some(why)) => format!("{}: {why}", reason.words()),
        _ => outcome.words(),
    };
    let links = source.state.links_after.get(&configuration.id).unwrap_or(&found.links).clone();
    let report = ConfigReport {
        config_id: configuration.id.clone(),
        config_name: configuration.title(),
        status: after.lifecycle().report_word().to_owned(),
        previous_status: before.lifecycle().report_word().to_owned(),
        config_type: configuration.config_type.to_string(),
        site: configuration.site.as_deref().map(str::to_owned),
        outcome: outcome.name().to_owned(),
        skip_reason: outcome.skip_reason(),
        outcome_text: text,
        verified: outcome.is_verified(),
        psa_status: after.status_name().map(str::to_owned),
        previous_psa_status: before.status_name().map(str::to_owned),
        links,
        record_url: configuration.url(),
    };
    (outcome, report)
}
