//! The way back: what one item of a run looked like before, and whether it is still as the run left it.

use super::{Configuration, PlanItem, State, StatusRef, Wanted};

/// How one item goes back to what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayBack {
    /// What the run found.
    before: State,
    /// What it left behind.
    left: State,
    /// The status to set again; `None` if the run did not change it.
    status: Option<StatusRef>,
}

/// What undoing an item comes to, by what the PSA shows now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// As the run left it: it can go back.
    AsLeft,
    /// As it was before the run: there is nothing left to undo.
    AsBefore,
    /// Neither, or under another client: somebody changed it since.
    Changed(String),
}

impl WayBack {
    /// `read_back` is the state that was read after the change; without one, the plan says what it must have been.
    pub fn of(item: &PlanItem, read_back: Option<&State>) -> Self {
        let left = read_back.cloned().unwrap_or_else(|| State {
            active: item.wanted.active,
            status: item.wanted.status.clone().or_else(|| item.before.status.clone()),
            closed: None,
        });
        let id = |state: &State| state.status.as_ref().map(|status| status.id.clone());
        let status = item.before.status.clone().filter(|_| id(&item.before) != id(&left));
        Self { before: item.before.clone(), left, status }
    }

    /// Where the record stands now.
    pub fn standing(&self, item: &PlanItem, now: &Configuration) -> Standing {
        if now.client != item.client_id {
            return Standing::Changed(format!("client {} → {}", item.client_id, now.client));
        }
        if now.state.is_same_as(&self.left) {
            return Standing::AsLeft;
        }
        if now.state.is_same_as(&self.before) {
            return Standing::AsBefore;
        }
        let words = |state: &State| {
            let mark = if state.active { "active" } else { "inactive" };
            format!("{mark}, status \"{}\"", state.status_name().unwrap_or("none"))
        };
        Standing::Changed(format!("it was left {}, and is {} now", words(&self.left), words(&now.state)))
    }

    /// The status that has to be set again, if any.
    pub fn status(&self) -> Option<&StatusRef> {
        self.status.as_ref()
    }

    /// Whether there was no status before the run gave it one. No PSA lets us take a status away.
    pub fn had_no_status(&self) -> bool {
        self.before.status.is_none() && self.left.status.is_some()
    }

    /// Both sides as they were.
    pub fn wanted(&self) -> Wanted {
        Wanted { active: self.before.active, status: self.status.clone() }
    }

    /// The active mark alone, where the status is not there any more.
    pub fn wanted_without_status(&self) -> Wanted {
        Wanted { active: self.before.active, status: None }
    }

    /// The state that the run left behind.
    pub fn left(&self) -> &State {
        &self.left
    }
}

#[cfg(test)]
mod tests {
    use super::{super::plan::samples, *};

    fn retired() -> StatusRef {
        StatusRef { id: "7".into(), name: "Retired".into() }
    }

    /// Item 1 of a run that set it inactive with the status "Retired", and the record as the run left it.
    fn left_behind() -> (PlanItem, Configuration) {
        let item = samples::plan(1).items()[0].clone();
        let mut row = samples::configuration(1, 2);
        row.state = State { active: false, status: Some(retired()), closed: Some(true) };
        (item, row)
    }

    #[test]
    fn both_sides_go_back_to_what_they_were() {
        let (item, row) = left_behind();
        let way = WayBack::of(&item, Some(&row.state));
        assert_eq!(way.standing(&item, &row), Standing::AsLeft);
        assert_eq!(way.wanted(), Wanted { active: true, status: item.before.status.clone() });
        assert_eq!(
            WayBack::of(&item, None),
            WayBack { left: State { closed: None, ..row.state.clone() }, ..way }
        );
    }

    #[test]
    fn a_status_that_the_run_left_alone_is_left_alone_again() {
        let (mut item, mut row) = left_behind();
        item.wanted.status = None;
        row.state.status.clone_from(&item.before.status);
        let way = WayBack::of(&item, Some(&row.state));
        assert_eq!(way.wanted(), Wanted { active: true, status: None });
        assert!(!way.had_no_status(), "it had one, and has it still");
        item.before.status = None;
        row.state.status = None;
        assert!(!WayBack::of(&item, Some(&row.state)).had_no_status(), "it was given none");
    }

    #[test]
    fn what_others_changed_is_named() {
        let (item, row) = left_behind();
        let way = WayBack::of(&item, Some(&row.state));
        type Edit = fn(&mut Configuration);
        let edits: [(Edit, &str); 3] = [
            (|row| row.client = "9".into(), "client 2 → 9"),
            (|row| row.state.active = true, "is active, status \"Retired\" now"),
            (|row| row.state.status.as_mut().unwrap().id = "8".into(), "inactive"),
        ];
        for (edit, words) in edits {
            let mut changed = row.clone();
            edit(&mut changed);
            let Standing::Changed(what) = way.standing(&item, &changed) else { panic!("{words}") };
            assert!(what.contains(words), "{what}");
        }
        let mut back = row;
        back.state = item.before.clone();
        assert_eq!(way.standing(&item, &back), Standing::AsBefore);
    }

    #[test]
    fn a_record_that_had_no_status_says_so() {
        let (mut item, row) = left_behind();
        item.before.status = None;
        let way = WayBack::of(&item, Some(&row.state));
        assert!(way.had_no_status());
        assert_eq!(way.wanted(), Wanted { active: true, status: None });
    }
}
