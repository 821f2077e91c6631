//! The report of an earlier run, in the form that is wanted, for whom it is wanted.

use super::super::{
    args::ExportRun,
    deliver::is_folder,
    print::{self, Failure},
};
use crate::{
    domain::{ClientId, ExitCode, Plan, RunState, Timestamp, document::Report},
    report::{
        self,
        export::{ExportError, Form, Wish},
    },
    store::StoredRun,
    system::Clock,
};

/// The report as it was kept, or as the journal tells it.
pub fn report_of(run: &StoredRun) -> Result<Report, Failure> {
    // What was added to the journal since (items settled by a later run, a second look) belongs in the report.
    if let Some(kept) = &run.report
        && let Ok(report) = serde_json::from_value::<Report>(kept.clone())
        && report.run().journal_head.as_ref() == Some(&run.head)
    {
        return Ok(report);
    }
    let plan = run.plan.as_ref().map(|(bytes, digest)| Plan::reopen(bytes, digest)).transpose().map_err(
        |error| Failure {
            code: ExitCode::Safeguard,
            message: error.to_string(),
            advice: "The stored plan was altered; do not trust this run's record.".to_owned(),
        },
    )?;
    let mut state = plan.as_ref().map(RunState::of).unwrap_or_default();
    run.events.iter().for_each(|event| state.apply(event));
    Ok(report::build(&report::Source {
        header: &run.header,
        survey: &run.survey,
        plan: plan.as_ref(),
        state: &state,
        journal_head: Some(&run.head),
        now: state.last_event.unwrap_or_else(|| Timestamp::new(Clock::system().now())),
    }))
}

pub fn export(run: &StoredRun, args: &ExportRun) -> Result<(), Failure> {
    let report = report_of(run)?;
    let output = args.output.as_deref();
    let wish = Wish {
        form: args.format.map(Form::from).or_else(|| output.and_then(Form::of_file)).unwrap_or_default(),
        audience: args.audience.into(),
        client: args.client_id.as_deref().map(ClientId::from),
    };
    let refused = |error: ExportError| {
        let advice = advice(&error, &report);
        Failure::usage(error.to_string(), advice)
    };
    match output {
        None => print::out(&report::export::export(&report, &wish).map_err(refused)?),
        Some(path) if is_folder(path) => {
            let sheets = report::export::sheets(&report, &wish).map_err(refused)?;
            report::write_sheets(&sheets, path).map_err(|error| elsewhere(&error))?;
        }
        Some(path) => {
            let text = report::export::export(&report, &wish).map_err(refused)?;
            report::write_text(&text, path).map_err(|error| elsewhere(&error))?;
        }
    }
    Ok(())
}

fn elsewhere(error: &report::WriteError) -> Failure {
    Failure::usage(error.to_string(), "Name another place with --output.")
}

/// What to do next.
fn advice(error: &ExportError, report: &Report) -> String {
    let ids = || {
        let ids: Vec<&str> = report
            .clients()
            .iter()
            .filter_map(|client| client.client_id.as_ref())
            .map(ClientId::as_str)
            .take(8)
            .collect();
        let more = if report.clients().len() > ids.len() { " …" } else { "" };
        format!("{}{more}", ids.join(", "))
    };
    match error {
        ExportError::WhichClient { .. } => format!(
            "Name one with --client-id (here: {}), or a directory with --output DIR/ for one document per client.",
            ids()
        ),
        ExportError::NoSuchClient { .. } => "Name one that is in it with --client-id.".to_owned(),
        ExportError::NobodyToRead => "Without --audience client it is written for the house.".to_owned(),
    }
}
