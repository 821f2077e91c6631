//! What became of an item, judged from what was answered and what was read back. Pure: no I/O, so
//! that every case can be put in a table.

use crate::{
    domain::{Code, Configuration, Event, Outcome, PlanItem, State, event::Answer, plan::Kind},
    psa::{PsaError, port::SetAnswer},
};

/// Writes of one item at most, the first included.
pub const ATTEMPTS: u32 = 3;

/// What reading an item back showed.
#[derive(Debug, Clone)]
pub enum ReadBack {
    Row(Box<Configuration>),
    Gone,
    Unreadable(String),
}

/// What is to be done about an item now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    Settle(Outcome, Option<State>),
    /// It was read and is as it was before: it may be sent once more.
    Again,
}

/// A refusal that says for certain that nothing was changed needs no reading back.
pub fn certain(answer: &SetAnswer, item: &PlanItem) -> Option<(Outcome, State)> {
    let failed = |error: &PsaError| {
        (Outcome::Failed { code: code_of(error), message: error.to_string() }, item.before.clone())
    };
    match answer {
        SetAnswer::Refused { error } | SetAnswer::NotSent { error } => Some(failed(error)),
        SetAnswer::Accepted { .. }
        | SetAnswer::NotTaken { .. }
        | SetAnswer::Taken { .. }
        | SetAnswer::Doubted { .. }
        | SetAnswer::Lost { .. } => None,
    }
}

fn code_of(error: &PsaError) -> Code {
    match error {
        PsaError::Refused { .. } | PsaError::Unreadable { .. } => Code::ConfigUpdateFailed,
        other => other.code(),
    }
}

/// The answer as the journal keeps it.
pub fn told(answer: &SetAnswer) -> Answer {
    match answer {
        SetAnswer::Accepted { .. } | SetAnswer::Taken { .. } => Answer::Accepted,
        SetAnswer::NotTaken { message, .. } => Answer::Refused { message: message.clone() },
        SetAnswer::Refused { error } | SetAnswer::Doubted { error } => {
            Answer::Refused { message: error.to_string() }
        }
        SetAnswer::Lost { message } => Answer::Lost { message: message.clone() },
        SetAnswer::NotSent { .. } => Answer::NotSent,
    }
}

/// What the PSA remarked on a change that it took, for the report.
pub fn warned(item: &PlanItem, answer: &SetAnswer) -> Option<Event> {
    let text = format!(
        "{} ({}): the PSA took the change and warns: {}",
        item.title(),
        item.config_id,
        answer.warning()?
    );
    Some(Event::Warned { text })
}

/// Judges an item whose write may have had an effect. `may_repeat` is false once the run is ending.
pub fn judge(
    kind: Kind,
    item: &PlanItem,
    answer: &SetAnswer,
    attempt: u32,
    read: &ReadBack,
    may_repeat: bool,
) -> Judgement {
    let row = match read {
        ReadBack::Row(row) => row,
        ReadBack::Gone => {
            let message = "the record is gone: somebody deleted it meanwhile".to_owned();
            return Judgement::Settle(Outcome::Failed { code: Code::ConfigUpdateFailed, message }, None);
        }
        ReadBack::Unreadable(why) => return unreadable(kind, item, answer, why),
    };
    let state = Some(row.state.clone());
    if item.wanted.is_met_by(&row.state) {
        return Judgement::Settle(done(kind, true), state);
    }
    if !item.before.is_same_as(&row.state) {
        let message = format!(
            "reading back shows {}, which is neither what was there nor what was asked for",
            describe(&row.state)
        );
        return Judgement::Settle(Outcome::Failed { code: Code::NotVerified, message }, state);
    }
    let (repeats, code, message) = match answer {
        SetAnswer::Lost { message } => {
            let text =
                format!("no usable answer in {attempt} tries, and reading shows it unchanged: {message}");
            (ATTEMPTS, Code::ConfigUpdateFailed, text)
        }
        SetAnswer::NotTaken { message, .. } => {
            (2, Code::NotVerified, format!("the PSA said yes without doing it: {message}"))
        }
        // Reading confirms the refusal.
        SetAnswer::Doubted { error } => (1, code_of(error), error.to_string()),
        _ => {
            let text = "the PSA said yes, but reading back shows it unchanged".to_owned();
            (2, Code::NotVerified, text)
        }
    };
    if may_repeat && attempt < repeats {
        Judgement::Again
    } else {
        Judgement::Settle(Outcome::Failed { code, message }, state)
    }
}

fn unreadable(kind: Kind, item: &PlanItem, answer: &SetAnswer, why: &str) -> Judgement {
    match answer {
        SetAnswer::Accepted { state, .. } => Judgement::Settle(done(kind, false), Some(state.clone())),
        SetAnswer::NotTaken { message, .. } | SetAnswer::Lost { message } => {
            unknown(item, &format!("{message}; and it could not be read back: {why}"))
        }
        SetAnswer::Taken { .. } => {
            unknown(item, &format!("the PSA said yes, but it could not be read back: {why}"))
        }
        SetAnswer::Doubted { error } => {
            unknown(item, &format!("{error}; and it could not be read back: {why}"))
        }
        SetAnswer::Refused { error } | SetAnswer::NotSent { error } => Judgement::Settle(
            Outcome::Failed { code: error.code(), message: error.to_string() },
            Some(item.before.clone()),
        ),
    }
}

fn unknown(item: &PlanItem, message: &str) -> Judgement {
    Judgement::Settle(Outcome::Unknown { message: message.to_owned() }, Some(item.before.clone()))
}

pub fn done(kind: Kind, verified: bool) -> Outcome {
    match kind {
        Kind::Deactivate => Outcome::Deactivated { verified },
        Kind::Undo => Outcome::Restored { verified },
    }
}

fn describe(state: &State) -> String {
    let mark = if state.active { "the active mark set" } else { "the active mark off" };
    match state.status_name() {
        Some(status) => format!("{mark} and status \"{status}\""),
        None => mark.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Details, StatusRef, Wanted, configuration::Record};

    fn row(active: bool, status: &str) -> Configuration {
        Record {
            id: "1".into(),
            client: "1".into(),
            name: "SRV".into(),
            names: Vec::new(),
            config_type: "Server".into(),
            site: None,
            serial: None,
            state: State {
                active,
                status: Some(StatusRef { id: status.into(), name: status.into() }),
                closed: Some(status == "7"),
            },
            parent: None,
            rmm: None,
            last_updated: None,
            record_url: None,
            details: Details::default(),
        }
        .into()
    }

    fn item() -> PlanItem {
        let before = row(true, "2");
        PlanItem {
            config_id: before.id.clone(),
            client_id: before.client.clone(),
            name: before.name.clone(),
            names: before.names.clone(),
            config_type: before.config_type.clone(),
            before: before.state.clone(),
            wanted: Wanted::inactive(Some(StatusRef { id: "7".into(), name: "7".into() })),
        }
    }

    fn verdict(answer: &SetAnswer, attempt: u32, read: &ReadBack, may_repeat: bool) -> String {
        match judge(Kind::Deactivate, &item(), answer, attempt, read, may_repeat) {
            Judgement::Again => "again".to_owned(),
            Judgement::Settle(Outcome::Failed { code, .. }, _) => format!("failed {code}"),
            Judgement::Settle(Outcome::Deactivated { verified }, _) => format!("done {verified}"),
            Judgement::Settle(other, _) => other.name().to_owned(),
        }
    }

    #[test]
    fn every_answer_against_every_reading() {
        let accepted = SetAnswer::Accepted { state: row(false, "7").state.clone(), warning: None };
        let lost = SetAnswer::Lost { message: "reset".into() };
        let not_taken = SetAnswer::NotTaken { state: None, message: "unchanged".into() };
        let taken = SetAnswer::Taken { warning: None };
        let no = PsaError::Refused { status: 500, message: "productID is required".into() };
        let doubted = SetAnswer::Doubted { error: no };
        let wanted = ReadBack::Row(Box::new(row(false, "7")));
        let old = ReadBack::Row(Box::new(row(true, "2")));
        let half = ReadBack::Row(Box::new(row(false, "2")));
        let dark = ReadBack::Unreadable("503".into());
        for (answer, attempt, read, may_repeat, expected) in [
            (&accepted, 1, &wanted, true, "done true"),
            (&accepted, 1, &old, true, "again"),
            (&accepted, 2, &old, true, "failed NotVerified"),
            (&accepted, 1, &old, false, "failed NotVerified"),
            (&accepted, 1, &half, true, "failed NotVerified"),
            (&accepted, 1, &ReadBack::Gone, true, "failed ConfigUpdateFailed"),
            (&accepted, 1, &dark, true, "done false"),
            (&lost, 1, &wanted, true, "done true"),
            (&lost, 1, &old, true, "again"),
            (&lost, 2, &old, true, "again"),
            (&lost, 3, &old, true, "failed ConfigUpdateFailed"),
            (&lost, 1, &old, false, "failed ConfigUpdateFailed"),
            (&lost, 1, &half, true, "failed NotVerified"),
            (&lost, 1, &dark, true, "unknown"),
            (&not_taken, 1, &wanted, true, "done true"),
            (&not_taken, 1, &old, true, "again"),
            (&not_taken, 2, &old, true, "failed NotVerified"),
            (&not_taken, 1, &dark, true, "unknown"),
            (&taken, 1, &wanted, true, "done true"),
            (&taken, 1, &old, true, "again"),
            (&taken, 2, &old, true, "failed NotVerified"),
            (&taken, 1, &old, false, "failed NotVerified"),
            (&taken, 1, &half, true, "failed NotVerified"),
            (&taken, 1, &dark, true, "unknown"),
            (&taken, 1, &ReadBack::Gone, true, "failed ConfigUpdateFailed"),
            (&doubted, 1, &wanted, true, "done true"),
            (&doubted, 1, &old, true, "failed ConfigUpdateFailed"),
            (&doubted, 1, &half, true, "failed NotVerified"),
            (&doubted, 1, &dark, true, "unknown"),
        ] {
            assert_eq!(verdict(answer, attempt, read, may_repeat), expected, "{answer:?} {attempt} {read:?}");
        }
    }

    #[test]
    fn a_plain_refusal_is_certain() {
        let refused = SetAnswer::Refused { error: PsaError::Refused { status: 400, message: "no".into() } };
        let Some((Outcome::Failed { code, .. }, _)) = certain(&refused, &item()) else {
            panic!("a refusal is certain")
        };
        assert_eq!(code, Code::ConfigUpdateFailed);
        for open in [
            SetAnswer::Lost { message: String::new() },
            SetAnswer::Taken { warning: None },
            SetAnswer::Doubted { error: PsaError::Refused { status: 500, message: "no".into() } },
        ] {
            assert!(certain(&open, &item()).is_none(), "{open:?}");
        }
    }

    #[test]
    fn what_the_psa_said_and_showed_is_told_in_words() {
        let told = |answer: &SetAnswer, read: &ReadBack| match judge(
            Kind::Deactivate,
            &item(),
            answer,
            2,
            read,
            true,
        ) {
            Judgement::Settle(Outcome::Failed { message, .. }, _) => message,
            other => panic!("{other:?}"),
        };
        let not_taken = SetAnswer::NotTaken { state: None, message: "unchanged".into() };
        let old = ReadBack::Row(Box::new(row(true, "2")));
        assert_eq!(told(&not_taken, &old), "the PSA said yes without doing it: unchanged");
        let half = ReadBack::Row(Box::new(row(false, "2")));
        let shown = "reading back shows the active mark off and status \"2\", which is neither what was there nor \
                     what was asked for";
        assert_eq!(told(&not_taken, &half), shown);
    }

    #[test]
    fn a_warning_that_came_with_a_yes_is_kept() {
        let remark = Some("the agreement goes on".to_owned());
        let Some(Event::Warned { text }) = warned(&item(), &SetAnswer::Taken { warning: remark }) else {
            panic!("the remark is lost")
        };
        assert!(text.contains("(1): the PSA took the change and warns: the agreement goes on"), "{text}");
        assert_eq!(warned(&item(), &SetAnswer::Taken { warning: None }), None);
    }
}
