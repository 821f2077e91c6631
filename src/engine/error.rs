//! Why a run could not go on as a whole. What concerns one client or one item is in the survey and in
//! the events instead.

use thiserror::Error;

use crate::{
    domain::{Code, ExitCode, Problem, RunId, Timestamp, approval::NotApproved, plan::PlanAltered},
    psa::PsaError,
    store::{Held, StoreError},
};

#[derive(Debug, Error)]
pub enum EngineError {
    #[error(transparent)]
    Psa(#[from] PsaError),
    #[error("the journal cannot be written, so nothing more is sent: {0}")]
    Store(#[from] StoreError),
    #[error("this plan is for {planned}, but the PSA says it is {now}")]
    OtherTenant { planned: String, now: String },
    #[error(transparent)]
    NotApproved(#[from] NotApproved),
    #[error(transparent)]
    Altered(PlanAltered),
    /// The inputs contradict each other.
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Refused(String),
    /// A parked run that nobody can approve any more, or not yet, or not this person.
    #[error("{0}")]
    NotWaiting(String),
    #[error("run {0} was superseded: a newer plan for one of its clients is run {1}")]
    Superseded(RunId, RunId),
    #[error("{}", held.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Locked { held: Vec<Held> },
}

impl EngineError {
    pub fn code(&self) -> Code {
        match self {
            Self::Psa(error) => error.code(),
            Self::OtherTenant { .. } => Code::OtherTenant,
            Self::NotApproved(NotApproved::Expired(_)) | Self::Superseded(..) => Code::PlanExpired,
            Self::NotApproved(_) | Self::Altered(_) => Code::PlanAltered,
            Self::Usage(_) => Code::AmbiguousClient,
            Self::Store(_) | Self::Refused(_) | Self::NotWaiting(_) => Code::SafeguardRefused,
            Self::Locked { .. } => Code::RunLocked,
        }
    }

    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::Usage,
            Self::Psa(error) if error.is_settings() => ExitCode::Usage,
            other => ExitCode::of(other.code()),
        }
    }

    /// What a person can do next.
    pub fn advice(&self) -> String {
        match self {
            Self::Psa(error) => error.advice().to_owned(),
            Self::Store(error) => error.advice().to_owned(),
            Self::OtherTenant { .. } => {
                "Use the profile of the tenant that the plan was made for.".to_owned()
            }
            Self::Altered(PlanAltered::Record(_)) => {
                "Nothing is sent for it. `mothball audit verify` names all that is wrong and what to do; review again to make a new plan."
                    .to_owned()
            }
            Self::NotApproved(_) | Self::Altered(_) => "Review again to make a new plan.".to_owned(),
            Self::Usage(_) => "`--help` behind the command tells its options.".to_owned(),
            Self::Refused(_) => "Nothing was changed.".to_owned(),
            Self::NotWaiting(_) => "`mothball runs list` shows what waits for approval.".to_owned(),
            Self::Superseded(_, newer) => format!("Look at the newer one with `mothball runs show {newer}`."),
            Self::Locked { .. } => "Wait until that run has ended, or cancel it.".to_owned(),
        }
    }

    pub fn problem(&self, at: Timestamp) -> Problem {
        let what = self.to_string();
        let stop = if what.ends_with(['.', '?', '!']) { "" } else { "." };
        Problem::new(self.code(), format!("{what}{stop} {}", self.advice()), at)
    }
}
