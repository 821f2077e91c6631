//! Changes that no client made: what is touched is looked at before and after, and the log tells what differs.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::rows::Row;

/// Records that are being changed, as they were; `None` for those that were not there.
pub(crate) type Touched = BTreeMap<(&'static str, i64), Option<Row>>;

/// The records of a tenant that others than clients change, too.
pub(crate) trait Watched: Sized {
    fn touched(&mut self) -> &mut Touched;

    /// A record as the log tells it.
    fn shown(&self, kind: &str, id: i64) -> Option<Row>;

    /// Puts right what hangs on a record that was changed in place: when, by whom, and under which client it stands.
    fn settle(&mut self, at: Timestamp, kind: &str, id: i64);

    /// Notes what differs between two states of a record, made by others.
    fn tell(&mut self, at: Timestamp, record: (&str, i64), before: &Row, after: &Row);

    /// To be called before a record is changed.
    fn touch(&mut self, kind: &'static str, id: i64) {
        if !self.touched().contains_key(&(kind, id)) {
            let before = self.shown(kind, id);
            self.touched().insert((kind, id), before);
        }
    }

    /// Runs a change that no client made, and logs what differs afterwards.
    fn as_others<R>(&mut self, at: Timestamp, change: impl FnOnce(&mut Self) -> R) -> R {
        self.touched().clear();
        let result = change(self);
        for ((kind, id), before) in std::mem::take(self.touched()) {
            let after = self.shown(kind, id);
            if before != after {
                self.settle(at, kind, id);
                self.tell(at, (kind, id), &before.unwrap_or_default(), &after.unwrap_or_default());
            }
        }
        result
    }
}
