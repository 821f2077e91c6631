//! Numbers of printed lists. Behind each number stands the id that it was printed with, for as long as that
//! list is the last of its kind, whatever is read anew meanwhile.

use super::command::Pick;

/// What a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Clients,
    Rows,
    /// Items of a plan of which a part can be chosen.
    Items,
    Runs,
}

/// The ids of a list, in the order in which they are numbered, and how many of them were printed so far.
#[derive(Debug)]
pub struct Handles<T> {
    ids: Vec<T>,
    shown: usize,
}

impl<T> Default for Handles<T> {
    fn default() -> Self {
        Self { ids: Vec::new(), shown: 0 }
    }
}

impl<T: Clone + for<'a> From<&'a str>> Handles<T> {
    pub fn of(ids: Vec<T>) -> Self {
        Self { ids, shown: 0 }
    }

    /// One more of them was printed.
    pub fn printed(&mut self) {
        self.shown = (self.shown + 1).min(self.ids.len());
    }

    pub fn one(&self, pick: &Pick) -> Result<T, String> {
        self.many(std::slice::from_ref(pick))?.pop().ok_or_else(|| "Nothing is named.".to_owned())
    }

    /// What these mean; what nobody has seen yet means nothing.
    pub fn many(&self, picks: &[Pick]) -> Result<Vec<T>, String> {
        let mut found = Vec::new();
        for pick in picks {
            match pick {
                Pick::Number(n) => found.extend(self.numbered(*n, *n)?.iter().cloned()),
                Pick::Range(from, to) => found.extend(self.numbered(*from, *to)?.iter().cloned()),
                Pick::Id(id) => found.push(T::from(id)),
            }
        }
        Ok(found)
    }

    fn numbered(&self, from: usize, to: usize) -> Result<&[T], String> {
        if self.ids.is_empty() {
            return Err("No list with numbers was printed yet: list prints one.".to_owned());
        }
        if to > self.ids.len() {
            return Err(format!(
                "There is no {to}: the list that was printed last ends with {}.",
                self.ids.len()
            ));
        }
        if to > self.shown {
            return Err(format!("{to} was not printed yet: next prints more of the list."));
        }
        Ok(&self.ids[from - 1..to])
    }
}
