//! What is told about a run: its totals and where to look. Nothing in it is a secret, and nothing comes from a PSA,
//! names of clients apart, which are only there where the settings ask for them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::{
    Code, Phase, RunId, Statistics, Timestamp,
    document::Report,
    notice::Occasion,
    text::{count, one_line},
};

/// As many names of clients as anybody reads in a message.
const MOST_NAMES: usize = 20;

/// One happening, ready to be kept and told later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    pub event: Occasion,
    pub run_id: RunId,
    pub at: Timestamp,
    pub profile: String,
    pub psa: String,
    pub state: Phase,
    pub dry_run: bool,
    /// What set the run going, such as `schedule nightly`.
    pub started_by: String,
    /// Clients of the run, and changes that wait for approval or were made.
    pub clients: u64,
    pub changes: u64,
    pub statistics: Statistics,
    /// The contract's codes of what went wrong, each once.
    pub codes: BTreeSet<Code>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_names: Option<Vec<String>>,
    /// Where to look: an address of the house, or the command that shows the run.
    pub look: String,
}

impl Notice {
    /// What this run has to tell, if it has come to a point where something is told: one that was interrupted by hand
    /// is gone on with, and a rejected one is known to whoever rejected it.
    pub fn of(report: &Report, started_by: String, at: Timestamp) -> Option<Self> {
        let run = report.run();
        let event = match run.state {
            Phase::AwaitingApproval => Occasion::Waiting,
            Phase::Finished if report.success() => Occasion::Finished,
            Phase::Finished | Phase::Refused | Phase::Expired | Phase::Cancelled => Occasion::Failed,
            Phase::Interrupted if !codes(report).is_subset(&BTreeSet::from([Code::Interrupted])) => {
                Occasion::Failed
            }
            _ => return None,
        };
        let configs = || report.clients().iter().flat_map(|client| &client.configs);
        let wanted: &[&str] =
            if event == Occasion::Waiting { &["planned"] } else { &["deactivated", "restored"] };
        let changes = configs().filter(|config| wanted.contains(&config.outcome.as_str())).count();
        Some(Self {
            event,
            run_id: run.run_id.clone(),
            at,
            profile: run.profile.clone(),
            psa: run.psa.clone(),
            state: run.state,
            dry_run: run.dry_run,
            started_by,
            clients: report.clients().len() as u64,
            changes: changes as u64,
            statistics: report.statistics(),
            codes: codes(report),
            client_names: None,
            look: format!("mothball runs show {}", run.run_id),
        })
    }

    /// The names of the run's clients, as a message may show them.
    pub fn names(report: &Report) -> Vec<String> {
        let told = report.clients().iter().filter_map(|client| client.client_name.as_deref());
        let mut names: Vec<String> = told.take(MOST_NAMES).map(|name| one_line(name, 80)).collect();
        let more = report.clients().len().saturating_sub(names.len());
        if more > 0 {
            names.push(format!("and {more} more"));
        }
        names
    }

    /// What happened, in one line.
    pub fn title(&self) -> String {
        let dry = if self.dry_run { " (dry run)" } else { "" };
        match self.event {
            Occasion::Waiting => "A run waits for approval".to_owned(),
            Occasion::Finished => format!("A run finished{dry}"),
            Occasion::Failed if self.state == Phase::Finished => {
                format!("A run finished, and not everything went well{dry}")
            }
            Occasion::Failed => format!("A run is {}{dry}", self.state.words()),
        }
    }

    /// The figures, each with its name.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let changed = if self.event == Occasion::Waiting { "Changes to approve" } else { "Changes made" };
        let figures = &self.statistics;
        let mut facts = vec![
            ("Run", self.run_id.to_string()),
            ("Profile", self.profile.clone()),
            ("Started by", self.started_by.clone()),
            ("Clients", self.clients.to_string()),
            (changed, self.changes.to_string()),
            (
                "Configurations",
                format!(
                    "{} found, {} skipped, {}",
                    figures.configs_found,
                    figures.configs_skipped,
                    count(figures.errors as usize, "error", "errors")
                ),
            ),
        ];
        if !self.codes.is_empty() {
            let codes: Vec<String> = self.codes.iter().map(ToString::to_string).collect();
            facts.push(("What went wrong", codes.join(", ")));
        }
        if let Some(names) = &self.client_names {
            facts.push(("Names", names.join(", ")));
        }
        facts
    }

    /// Whether there is an address to look at, and not only a command.
    pub fn has_address(&self) -> bool {
        self.look.starts_with("https://") || self.look.starts_with("http://")
    }
}

fn codes(report: &Report) -> BTreeSet<Code> {
    let whole: &[_] = match report {
        Report::Joint(joint) => &joint.errors,
        Report::Client(_) => &[],
    };
    let of_clients = report.clients().iter().flat_map(|client| &client.errors);
    whole.iter().chain(of_clients).map(|problem| problem.code).collect()
}
