//! The way back as one piece, as [`super::order`] is for the main job.

use super::{
    Begun, Draft, Engine, EngineError, Finished, Undo, UndoOf, Who, limits::Allowance, limits::Course,
};
use crate::domain::{Code, ExitCode, Problem, event::End, plan::Kind, survey::SurveyedClient};

/// What an undo is asked to do.
#[derive(Debug, Clone)]
pub struct UndoOrder {
    pub undo: Undo,
    /// Whoever asks wants somebody to approve it.
    pub require_approval: bool,
    pub who: Who,
}

impl Engine {
    /// Starts, parks or concludes an undo that was drafted. Where it could not be drafted, only a PSA that was not there
    /// leaves a run behind.
    pub async fn begin_undo(
        &self,
        order: &UndoOrder,
        drafted: Result<Draft, EngineError>,
    ) -> Result<Begun, EngineError> {
        let draft = match drafted {
            Ok(draft) => draft,
            Err(error @ EngineError::Psa(_)) if error.exit_code() == ExitCode::Psa => {
                let draft = self.failed_undo(order, error.problem(self.now()));
                return Ok(self.ended(draft, End::Interrupted, Vec::new()).await);
            }
            Err(error) => return Err(error),
        };
        let allowance = Allowance { max_changes: None, attended: true };
        let refusals = self.refusals(&draft, allowance).await?;
        match self.course(&draft, refusals, order.require_approval) {
            Course::Report => Ok(self.ended(draft, End::Finished, Vec::new()).await),
            Course::Refuse(refusals) => {
                let now = self.now();
                let problems = refusals
                    .into_iter()
                    .map(|one| Problem::new(Code::SafeguardRefused, one.text, now))
                    .collect();
                Ok(self.ended(draft, End::Refused, problems).await)
            }
            Course::Park { why } => Ok(Begun::Parked(self.park(draft, why).await?)),
            Course::Apply => match self.start(draft.clone()).await {
                Ok(handle) => Ok(Begun::Applies(handle)),
                Err(error) => {
                    let problem = error.problem(self.now());
                    Ok(self.ended(draft, End::Refused, vec![problem]).await)
                }
            },
        }
    }

    /// Ends an undo that was stopped before anything was planned: interrupted, or cancelled.
    pub async fn conclude_stopped_undo(&self, order: &UndoOrder, how: End, message: String) -> Finished {
        let problem = Problem::new(Code::Interrupted, message, self.now());
        self.concluded(self.failed_undo(order, problem), how, Vec::new()).await
    }

    /// Ends an undo that could not be drafted.
    pub async fn conclude_failed_undo(&self, order: &UndoOrder, error: &EngineError) -> Finished {
        let draft = self.failed_undo(order, error.problem(self.now()));
        self.concluded(draft, End::Refused, Vec::new()).await
    }

    /// A draft that says why there is none.
    fn failed_undo(&self, order: &UndoOrder, problem: Problem) -> Draft {
        let asked = match &order.undo.of {
            UndoOf::Run(_) => Vec::new(),
            UndoOf::Client(id) => {
                vec![SurveyedClient { id: Some(id.clone()), ..SurveyedClient::default() }]
            }
        };
        let mut draft = self.draft_of_failure(&order.who, &asked, problem);
        draft.header.kind = Kind::Undo;
        draft
    }
}
