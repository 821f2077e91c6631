//! The report of an earlier run, in the form that is wanted, for whom it is wanted.

use super::super::{
    args::ExportRun,
    deliver::is_folder,
    print::{self, Failure},
};
use crate::{
    domain::{ClientId, ExitCode, Timestamp, document::Report},
    report::{
        self,
        export::{ExportError, Form, Wish},
    },
    service,
    store::StoredRun,
    system::Clock,
};

/// The report as it was kept, or as the journal tells it.
pub fn report_of(run: &StoredRun) -> Result<Report, Failure> {
    let now = Timestamp::new(Clock::system().now());
    service::report_of(run, now).map_err(|error| Failure {
        code: ExitCode::Safeguard,
        message: error.to_string(),
        advice: "The stored plan was altered; do not trust this run's record.".to_owned(),
    })
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
