//! Notes in the PSA. Each is journaled before it is sent, and what came of it after. A note that was sent and whose
//! fate is not known is looked for before it is written again: it cannot be taken back, and two of them say no more
//! than one.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::CancellationToken;

use super::{Engine, EngineError, feed::Journal, in_hand::InHand};
use crate::{
    domain::{
        ApprovedPlan, Code, Event, Outcome, PlanItem, RunState,
        note::{Note, NoteAnswer, NoteFailed, NoteOn, NoteState, Place},
        survey::{Header, Survey},
        text::one_line,
    },
    psa::{PsaError, port::NoteReply},
    store::StoreError,
};

/// Writes of one note at most, the first included; between them it is looked for.
const TRIES: u32 = 2;
/// What is kept of a vendor's words in a warning.
const WORDS: usize = 400;

/// The notes of one run.
pub(super) struct Notes {
    engine: Engine,
    journal: Arc<Journal>,
    approved: Arc<ApprovedPlan>,
    header: Header,
    /// Whoever still waits for an answer holds this, so that nobody resumes the run meanwhile.
    _in_hand: Arc<InHand>,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// What was told already: a hundred notes that fail alike are one warning.
    told: BTreeSet<String>,
    /// Why no more notes on configurations are tried.
    barred: Option<String>,
}

/// Whether the change that a note was written for may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leave {
    Go,
    /// The settings want the note, and it is not there.
    Stop(String),
    /// Nothing more is to be sent; nothing is decided.
    Held,
}

impl Notes {
    pub fn new(
        engine: Engine,
        journal: Arc<Journal>,
        approved: Arc<ApprovedPlan>,
        header: Header,
        in_hand: Arc<InHand>,
    ) -> Arc<Self> {
        Arc::new(Self { engine, journal, approved, header, _in_hand: in_hand, memory: Mutex::default() })
    }

    /// Whether each configuration gets a note before it is changed.
    pub fn on_items(&self) -> bool {
        self.header.notes.on == NoteOn::Configuration
    }

    fn stops(&self) -> bool {
        self.header.notes.failed == NoteFailed::Stop
    }

    /// Looks at the run's ticket before anything is changed. An error is why nothing may be.
    pub async fn look_at_ticket(&self) -> Result<(), EngineError> {
        let Some(place) = self.header.note_ticket() else { return Ok(()) };
        if self.state(&place).is_some() {
            return Ok(());
        }
        match self.engine.psa.ticket(place.id()).await {
            Ok(Some(ticket)) if ticket.closed => {
                let text =
                    format!("{place} is closed; the note goes there all the same, and leaves it closed");
                Ok(self.warn(text).await?)
            }
            Ok(Some(_)) => Ok(()),
            Ok(None) => {
                let message = format!("the PSA has no {place}");
                if self.stops() {
                    return Err(EngineError::Refused(message));
                }
                Ok(self.failed(&place, message).await?)
            }
            Err(error) if self.stops() => Err(error.into()),
            // It is tried at the end.
            Err(error) => {
                tracing::warn!(%error, %place, "the ticket cannot be read before the run");
                Ok(())
            }
        }
    }

    /// Writes the note of one item, if it does not stand there yet.
    pub async fn before(&self, item: &PlanItem, hold: &CancellationToken) -> Result<Leave, StoreError> {
        let nouns = self.engine.psa.nouns();
        let Some(note) = Note::on_item(&self.approved, &item.config_id, &self.header, nouns) else {
            return Ok(Leave::Stop("its change was not approved".to_owned()));
        };
        let barred = self.memory().barred.clone();
        if let Some(why) = barred {
            self.failed(note.place(), why).await?;
        } else {
            self.write(&note, hold).await?;
        }
        Ok(match self.state(note.place()) {
            None | Some(NoteState::Sending | NoteState::Answered(NoteAnswer::NotSent)) => Leave::Held,
            Some(NoteState::Answered(NoteAnswer::Failed { message } | NoteAnswer::Doubtful { message }))
                if self.stops() =>
            {
                Leave::Stop(message)
            }
            Some(NoteState::Answered(_)) => Leave::Go,
        })
    }

    /// Writes the run's note on its ticket, if it does not stand there yet. For the end of a run.
    pub async fn sum_up(&self, survey: &Survey, hold: &CancellationToken) -> Result<(), StoreError> {
        let nouns = self.engine.psa.nouns();
        let state = self.journal.with(RunState::clone);
        match Note::on_ticket(&self.approved, &self.header, survey, &state, nouns) {
            Some(note) => self.write(&note, hold).await,
            None => Ok(()),
        }
    }

    /// The run's note could not even be tried.
    pub async fn give_up_ticket(&self, why: &str) -> Result<(), StoreError> {
        match self.header.note_ticket() {
            Some(place) if self.state(&place).is_none() => self.failed(&place, why.to_owned()).await,
            _ => Ok(()),
        }
    }

    async fn write(&self, note: &Note, hold: &CancellationToken) -> Result<(), StoreError> {
        let place = note.place();
        match self.state(place) {
            Some(NoteState::Answered(NoteAnswer::NotSent)) | None => {}
            // One try is enough: it failed, or it stands there, or nobody can tell.
            Some(NoteState::Answered(_)) => return Ok(()),
            Some(NoteState::Sending) => {
                let was = "the run was interrupted while the note was on its way";
                if !self.look_for(note, was).await? {
                    return Ok(());
                }
            }
        }
        for attempt in 1..=TRIES {
            self.journal.record([Event::NoteIntended { place: place.clone() }]).await?;
            match self.engine.psa.note(note, hold).await {
                NoteReply::Written { id, warning } => {
                    self.answered(place, NoteAnswer::Written { id }).await?;
                    return match warning {
                        Some(warning) => self.warn(format!("the note on {place}: {warning}")).await,
                        None => Ok(()),
                    };
                }
                NoteReply::NotSent { .. } if hold.is_cancelled() => {
                    return self.answered(place, NoteAnswer::NotSent).await;
                }
                NoteReply::Refused { error } | NoteReply::NotSent { error } => {
                    return self.refused(place, &error).await;
                }
                NoteReply::Lost { message } => {
                    if !self.look_for(note, &message).await? {
                        return Ok(());
                    }
                    if attempt == TRIES || hold.is_cancelled() {
                        return self
                            .failed(place, format!("no usable answer, and it is not there: {message}"))
                            .await;
                    }
                }
            }
        }
        Ok(())
    }

    /// Looks for a note that may have been written. True if it is not there for certain.
    async fn look_for(&self, note: &Note, why: &str) -> Result<bool, StoreError> {
        let place = note.place();
        match self.engine.psa.has_note(place, note.mark()).await {
            Ok(false) => Ok(true),
            Ok(true) => {
                self.answered(place, NoteAnswer::Written { id: None }).await?;
                Ok(false)
            }
            Err(error) => {
                let message = one_line(&format!("{why}; and it could not be looked for: {error}"), WORDS);
                self.warn_once(&format!("the note on {place} may be written or not: {message}"), &message)
                    .await?;
                self.answered(place, NoteAnswer::Doubtful { message }).await?;
                Ok(false)
            }
        }
    }

    async fn refused(&self, place: &Place, error: &PsaError) -> Result<(), StoreError> {
        let message = one_line(&error.to_string(), WORDS);
        if matches!(error, PsaError::Permission { .. } | PsaError::Settings { .. }) {
            // It would be the same for every other one.
            self.memory().barred.get_or_insert_with(|| message.clone());
        }
        self.failed(place, message).await
    }

    async fn failed(&self, place: &Place, message: String) -> Result<(), StoreError> {
        self.warn_once(&format!("the note on {place} was not written: {message}"), &message).await?;
        self.answered(place, NoteAnswer::Failed { message }).await
    }

    async fn answered(&self, place: &Place, answer: NoteAnswer) -> Result<(), StoreError> {
        self.journal.record([Event::NoteAnswered { place: place.clone(), answer }]).await
    }

    async fn warn(&self, text: String) -> Result<(), StoreError> {
        self.journal.record([Event::Warned { text }]).await
    }

    /// Warns, unless the same was said of another note.
    async fn warn_once(&self, text: &str, what: &str) -> Result<(), StoreError> {
        let is_new = self.memory().told.insert(what.to_owned());
        if is_new { self.warn(text.to_owned()).await } else { Ok(()) }
    }

    fn state(&self, place: &Place) -> Option<NoteState> {
        self.journal.with(|state| state.notes.get(place).cloned())
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Each change is a single one.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An item that is left as it is because its note is not there.
pub(super) fn unnoted(item: &PlanItem, why: &str) -> Event {
    let message =
        format!("its note is not there, so nothing was sent (deactivate.note_failed is \"stop\"): {why}");
    let outcome = Outcome::Failed { code: Code::ConfigUpdateFailed, message };
    Event::settled(item.config_id.clone(), outcome, Some(item.before.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_without_its_note_says_why_it_was_left() {
        let plan = crate::domain::plan::samples::plan(1);
        let Event::Settled { outcome: Outcome::Failed { message, .. }, .. } =
            unnoted(&plan.items()[0], "no right")
        else {
            panic!("it fails")
        };
        assert!(message.contains("no right") && message.contains("note_failed"), "{message}");
    }
}
