//! What the technician ticked: a set of configuration ids, with undo and redo.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use crate::domain::ConfigId;

/// How many steps can be undone.
const STEPS: usize = 200;

/// The ticked configurations. Ids, never row numbers: they survive filter, sort and reload.
#[derive(Debug, Clone, Default)]
pub struct Ticks {
    set: HashSet<ConfigId>,
    /// That of the set, kept with every change.
    mark: Mark,
    done: Vec<Step>,
    undone: Vec<Step>,
}

/// Tells two sets of ids apart without walking through them: sixty-four bits that do not depend on any order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark(u64);

impl Mark {
    pub fn of<'a>(ids: impl IntoIterator<Item = &'a ConfigId>) -> Self {
        let mut mark = Self::default();
        ids.into_iter().for_each(|id| mark.toggle(id));
        mark
    }

    /// Puts an id in, or takes it out again.
    fn toggle(&mut self, id: &ConfigId) {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        self.0 ^= hasher.finish();
    }
}

/// One change of the set, as it took effect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    pub on: Vec<ConfigId>,
    pub off: Vec<ConfigId>,
}

impl Step {
    pub fn is_empty(&self) -> bool {
        self.on.is_empty() && self.off.is_empty()
    }

    fn reversed(&self) -> Self {
        Self { on: self.off.clone(), off: self.on.clone() }
    }
}

impl Ticks {
    pub fn contains(&self, id: &ConfigId) -> bool {
        self.set.contains(id)
    }

    pub fn len(&self) -> usize {
        self.set.len()
    }

    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    pub fn mark(&self) -> Mark {
        self.mark
    }

    pub fn iter(&self) -> impl Iterator<Item = &ConfigId> {
        self.set.iter()
    }

    /// Ticks `on`, unticks `off`, as one step. What took effect is returned.
    pub fn change(&mut self, on: Vec<ConfigId>, off: Vec<ConfigId>) -> Step {
        let step = self.take_effect(Step { on, off });
        if !step.is_empty() {
            self.undone.clear();
            self.done.push(step.clone());
            if self.done.len() > STEPS {
                self.done.remove(0);
            }
        }
        step
    }

    /// Whether there is anything to undo or redo.
    pub fn has_history(&self) -> bool {
        !self.done.is_empty() || !self.undone.is_empty()
    }

    pub fn undo(&mut self) -> Option<Step> {
        let step = self.done.pop()?;
        let back = self.take_effect(step.reversed());
        self.undone.push(step);
        Some(back)
    }

    pub fn redo(&mut self) -> Option<Step> {
        let step = self.undone.pop()?;
        let again = self.take_effect(step.clone());
        self.done.push(step);
        Some(again)
    }

    /// Drops what no longer exists or may no longer be ticked, from the set and from what can be undone.
    pub fn retain(&mut self, keep: impl Fn(&ConfigId) -> bool) -> usize {
        let before = self.set.len();
        self.set.retain(&keep);
        self.mark = Mark::of(&self.set);
        for step in self.done.iter_mut().chain(&mut self.undone) {
            step.on.retain(&keep);
            step.off.retain(&keep);
        }
        before - self.set.len()
    }

    fn take_effect(&mut self, step: Step) -> Step {
        let Step { mut on, mut off } = step;
        off.retain(|id| self.set.remove(id));
        on.retain(|id| self.set.insert(id.clone()));
        off.iter().chain(&on).for_each(|id| self.mark.toggle(id));
        Step { on, off }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn ids(numbers: &[u8]) -> Vec<ConfigId> {
        numbers.iter().map(|n| ConfigId::new(n.to_string())).collect()
    }

    proptest! {
        #[test]
        fn undo_and_redo_walk_the_same_way(
            steps in proptest::collection::vec((proptest::collection::vec(0u8..12, 0..6), proptest::collection::vec(0u8..12, 0..6)), 1..20),
        ) {
            let mut ticks = Ticks::default();
            let seen = |ticks: &Ticks| ticks.iter().cloned().collect::<BTreeSet<_>>();
            let mut states = vec![seen(&ticks)];
            for (on, off) in steps {
                if !ticks.change(ids(&on), ids(&off)).is_empty() {
                    states.push(seen(&ticks));
                }
            }
            for state in states.iter().rev().skip(1) {
                prop_assert!(ticks.undo().is_some());
                prop_assert_eq!(&seen(&ticks), state);
                prop_assert_eq!(ticks.mark(), Mark::of(state));
            }
            prop_assert!(ticks.undo().is_none());
            for state in states.iter().skip(1) {
                prop_assert!(ticks.redo().is_some());
                prop_assert_eq!(&seen(&ticks), state);
            }
            prop_assert!(ticks.redo().is_none());
            ticks.retain(|id| id.as_str() != "3");
            prop_assert_eq!(ticks.mark(), Mark::of(ticks.iter()));
        }
    }
}
