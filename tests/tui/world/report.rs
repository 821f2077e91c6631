//! The reports of its runs.

use std::path::PathBuf;

use mothball::{
    domain::{
        Outcome, Phase, Problem, RunState, SkipReason, Statistics,
        document::{
            ClientReport, ConfigReport, Coverage, FollowUp, FollowUpKind, JointReport, Report, RunFacts,
        },
        survey::SurveyedClient,
    },
    tui::desk::{Ending, PlanView},
};

use super::{World, now, tenant};

impl World {
    pub fn ending(&self, view: &PlanView, state: &RunState) -> Ending {
        Ending {
            report: self.report(view, state),
            saved: Some(Ok(PathBuf::from("/data/mothball/reports/20261124T020000-abcdefgh.json"))),
            resume: (state.phase == Phase::Interrupted)
                .then(|| "mothball runs resume 20261124T020000-abcdefgh".to_owned()),
        }
    }

    pub fn report(&self, view: &PlanView, state: &RunState) -> Report {
        let facts = RunFacts {
            schema_version: "1.0".into(),
            run_id: view.plan.head().run.clone(),
            parent_run_id: None,
            state: state.phase,
            profile: "main".into(),
            psa: "connectwise".into(),
            tenant: Some(tenant()),
            operator: "jane@msp.example".into(),
            requested_by: None,
            ticket: None,
            approved_by: Some("jane@msp.example".into()),
            approval_digest: None,
            plan_digest: Some(view.digest.clone()),
            reason: None,
            dry_run: view.dry_run,
            journal_head: None,
        };
        let clients: Vec<ClientReport> =
            view.survey.clients.iter().map(|client| client_report(client, state, &facts)).collect();
        let statistics: Statistics = clients.iter().map(|client| client.statistics).sum();
        Report::Joint(Box::new(JointReport {
            run: facts,
            success: state.is_success(),
            timestamp: now(),
            statistics,
            clients,
            coverage: self.coverage(),
            warnings: Vec::new(),
            errors: Vec::new(),
            notes: Vec::new(),
        }))
    }
}

fn client_report(client: &SurveyedClient, state: &RunState, facts: &RunFacts) -> ClientReport {
    let (id, name) = client.id.clone().zip(client.name.clone()).unwrap();
    let mut statistics = Statistics::default();
    let mut configs = Vec::new();
    let mut follow_up = Vec::new();
    let mut errors = Vec::new();
    for found in &client.found {
        let configuration = &found.configuration;
        let outcome = match found.skip {
            Some(reason) => Outcome::Skipped { reason },
            None => state
                .outcome(&configuration.id)
                .map_or(Outcome::Skipped { reason: SkipReason::NotStarted }, |settled| {
                    settled.outcome.clone()
                }),
        };
        statistics.count(&outcome);
        if let Outcome::Failed { code, message } = &outcome {
            errors.push(Problem::new(*code, message.clone(), now()).about(configuration.id.clone()));
        }
        for kind in found.links.linked() {
            follow_up.push(FollowUp {
                kind: FollowUpKind::from(kind),
                config_id: Some(configuration.id.clone()),
                client_id: id.clone(),
                text: format!("{}: {}", configuration.title(), found.links.get(kind).items()[0].name),
                record_url: configuration.url(),
            });
        }
        configs.push(ConfigReport {
            config_id: configuration.id.clone(),
            config_name: configuration.title(),
            status: if matches!(outcome, Outcome::Deactivated { .. }) { "inactive" } else { "active" }.into(),
            previous_status: "active".into(),
            config_type: configuration.config_type.to_string(),
            site: configuration.site.as_deref().map(Into::into),
            outcome: outcome.name().into(),
            skip_reason: outcome.skip_reason(),
            outcome_text: outcome.words(),
            verified: outcome.is_verified(),
            psa_status: None,
            previous_psa_status: None,
            links: found.links.clone(),
            record_url: configuration.url(),
        });
    }
    ClientReport {
        success: errors.is_empty(),
        client_id: Some(id),
        client_name: Some(name),
        timestamp: now(),
        statistics,
        configs,
        warnings: Vec::new(),
        errors,
        run: facts.clone(),
        offboarded_because: Vec::new(),
        signs_of_life: client.signs_of_life.clone(),
        coverage: Coverage::default(),
        follow_up,
        notes: Vec::new(),
    }
}
