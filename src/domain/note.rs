//! Notes in the PSA about what a run does: who wants them and where, and what became of them. What they say is in
//! [`super::note_text`].
//!
//! A note is a write to the PSA like any other: it is made from an [`ApprovedPlan`] only, so a dry run has none.
//!
//! ```compile_fail
//! use mothball::domain::note::{Note, Place};
//! fn forge(place: Place) -> Note {
//!     Note { place, mark: String::new(), title: String::new(), text: String::new() } // the fields are private
//! }
//! ```

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ApprovedPlan, ConfigId, RunState, note_text, survey::Header, survey::Survey, tenant::Nouns};

/// Where the PSA is told what was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteOn {
    #[default]
    None,
    /// One note for each run, on the ticket that was named for it.
    Ticket,
    /// One note on each configuration, before it is changed.
    Configuration,
}

/// What a note that cannot be written does to the work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteFailed {
    /// It is a warning; the work goes on.
    #[default]
    Warn,
    /// The configuration is left as it is; a ticket that cannot take the note lets nothing be changed.
    Stop,
}

/// What a run was asked to note. It stands in the run's record, so that a resumed run keeps to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotePolicy {
    pub on: NoteOn,
    pub failed: NoteFailed,
}

/// The record that a note is written on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "snake_case")]
pub enum Place {
    /// As the person named it.
    Ticket {
        ticket: String,
    },
    Configuration {
        id: ConfigId,
    },
}

impl Place {
    /// The word of the report.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Ticket { .. } => "ticket",
            Self::Configuration { .. } => "configuration",
        }
    }

    pub fn id(&self) -> &str {
        match self {
            Self::Ticket { ticket } => ticket,
            Self::Configuration { id } => id.as_str(),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind(), super::text::one_line(self.id(), 60))
    }
}

/// What came back for a note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum NoteAnswer {
    /// It stands there, under this number where the PSA tells one.
    Written { id: Option<String> },
    /// It does not.
    Failed { message: String },
    /// It may stand there or not, and that could not be found out.
    Doubtful { message: String },
    /// It was held back and never sent; it may still be.
    NotSent,
}

/// Where a note stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteState {
    /// Journaled and on its way.
    Sending,
    Answered(NoteAnswer),
}

impl NoteState {
    /// The word of the report, and what is to be said about it.
    pub fn words(&self) -> (NoteWord, Option<String>) {
        match self {
            Self::Sending | Self::Answered(NoteAnswer::NotSent) => {
                (NoteWord::Unknown, Some("nobody knows yet whether it was written".to_owned()))
            }
            Self::Answered(NoteAnswer::Written { .. }) => (NoteWord::Written, None),
            Self::Answered(NoteAnswer::Failed { message }) => (NoteWord::Failed, Some(message.clone())),
            Self::Answered(NoteAnswer::Doubtful { message }) => (NoteWord::Unknown, Some(message.clone())),
        }
    }

    pub fn note_id(&self) -> Option<&str> {
        match self {
            Self::Answered(NoteAnswer::Written { id }) => id.as_deref(),
            _ => None,
        }
    }
}

/// What became of a note, in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoteWord {
    /// A run that goes on will write it.
    Planned,
    Written,
    Failed,
    /// It may stand there or not.
    Unknown,
}

/// One note that may be written: the only thing that a PSA adapter takes as leave to write one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    place: Place,
    mark: String,
    title: String,
    text: String,
}

impl Note {
    /// What is said on a configuration before it is changed; `None` if its change was not approved.
    pub fn on_item(approved: &ApprovedPlan, id: &ConfigId, header: &Header, nouns: Nouns) -> Option<Self> {
        let item = approved.items().find(|item| item.config_id == *id)?;
        let place = Place::Configuration { id: id.clone() };
        let text = note_text::before_change(approved, item, header, nouns);
        Some(Self { place, mark: note_text::mark(&header.run), title: note_text::title(header), text })
    }

    /// What is said on the run's ticket at its end; `None` if no ticket was named.
    pub fn on_ticket(
        approved: &ApprovedPlan,
        header: &Header,
        survey: &Survey,
        state: &RunState,
        nouns: Nouns,
    ) -> Option<Self> {
        let place = header.note_ticket()?;
        let text = note_text::summary(approved, header, survey, state, nouns);
        Some(Self { place, mark: note_text::mark(&header.run), title: note_text::title(header), text })
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What tells this run's note from every other one; it stands in the text.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// One line, for PSAs whose notes have a title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Plain text of several lines. Foreign words in it are harmless on a screen; markup is the vendor's room's to escape.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Header {
    /// The ticket that this run's note goes to.
    pub fn note_ticket(&self) -> Option<Place> {
        let ticket = self.ticket.as_deref().map(str::trim).filter(|ticket| !ticket.is_empty())?;
        (self.notes.on == NoteOn::Ticket).then(|| Place::Ticket { ticket: ticket.to_owned() })
    }

    /// What a person is told beforehand about the notes of this run.
    pub fn notes_in_words(&self, nouns: Nouns) -> Option<String> {
        match (self.notes.on, self.note_ticket()) {
            (NoteOn::None, _) | (NoteOn::Ticket, None) => None,
            (NoteOn::Configuration, _) => {
                Some(format!("Each {} gets a note before it is changed.", nouns.configuration))
            }
            (NoteOn::Ticket, Some(place)) => {
                Some(format!("An internal note with the summary goes to {place} at the end."))
            }
        }
    }

    /// A note on the ticket is wanted, and there is no ticket.
    pub fn lacks_note_ticket(&self) -> Option<String> {
        let lacks = self.notes.on == NoteOn::Ticket && self.note_ticket().is_none();
        lacks.then(|| "the settings want a note on the ticket (deactivate.note), but no ticket is named: none is written".to_owned())
    }

    /// Requests that the notes of so many changes take, for estimates.
    pub fn note_requests(&self, changes: u64) -> u64 {
        match self.notes.on {
            NoteOn::None => 0,
            // What the ticket is, and the note.
            NoteOn::Ticket => 2,
            NoteOn::Configuration => changes,
        }
    }
}
