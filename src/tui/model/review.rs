//! The state of Review, and the questions that others may ask it.

use std::{collections::BTreeSet, sync::Arc};

use nucleo_matcher::Matcher;
use tui_input::Input;

use super::{
    super::{
        columns::{Column, Columns, Table},
        desk::Trouble,
        filter::{self, Known, Query},
        layout::Pane,
        scroll::Scroll,
        ticks::Ticks,
    },
    data::{ClientEntry, Data, Entry},
};
use crate::domain::{ClientId, ConfigId, Timestamp, event::Notice};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Show {
    #[default]
    All,
    Ticked,
    Unticked,
    Linked,
}

impl Show {
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::All => Self::Ticked,
            Self::Ticked => Self::Unticked,
            Self::Unticked => Self::Linked,
            Self::Linked => Self::All,
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Ticked => "ticked only",
            Self::Unticked => "unticked only",
            Self::Linked => "still linked only",
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sort {
    pub column: Column,
    pub reverse: bool,
}

/// A filter as it is typed and as it is understood.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub input: Input,
    pub query: Arc<Query>,
}

/// Where reading stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Load {
    #[default]
    NotStarted,
    Reading,
    Complete,
    Failed(Trouble),
}

/// Links to be read, one call at a time.
#[derive(Debug, Default)]
pub struct LinkQueue {
    pub wanted: BTreeSet<ClientId>,
    pub reading: bool,
    /// Clients whose rows without links are to be ticked once those are known.
    pub tick_unlinked: BTreeSet<ClientId>,
    /// Counts the clients that the cursor came to, so that only the last one is read.
    pub visit: u64,
}

#[derive(Debug, Default)]
pub struct Review {
    pub generation: u64,
    pub load: Load,
    pub notice: Option<Notice>,
    pub data: Data,
    /// A second reading, shown when it is complete.
    pub staging: Option<Data>,
    /// The rows as they were proven, until the reading is complete.
    pub proven: Option<Data>,
    pub ticks: Ticks,
    pub focus: Pane,
    pub clients: Scroll,
    pub rows: Scroll,
    pub detail: u16,
    /// Places in the data's clients, filtered and sorted.
    pub shown_clients: Vec<usize>,
    /// The client that the rows belong to.
    pub client: Option<usize>,
    /// Its rows, sorted; and those of them that fit.
    pub order: Vec<u32>,
    pub shown: Vec<u32>,
    pub client_filter: Filter,
    pub row_filter: Filter,
    /// Which filter is being typed.
    pub typing: Option<Pane>,
    pub filter_generation: u64,
    pub filtering: bool,
    /// The rows are being put in order aside.
    pub ordering: bool,
    pub order_generation: u64,
    pub sort: Sort,
    pub columns: Columns,
    pub show: Show,
    /// Where the range starts, in `shown`.
    pub range: Option<usize>,
    pub links: LinkQueue,
    pub hidden_ticks: usize,
    pub hidden_generation: u64,
    /// They are being counted aside.
    pub counting: bool,
    pub preselected: bool,
    /// The client that is being read again by itself.
    pub reading_client: Option<ClientId>,
    pub client_generation: u64,
}

impl Review {
    pub fn cursor_client(&self) -> Option<&ClientEntry> {
        self.client.map(|at| &self.data.clients[at])
    }

    pub fn cursor_row(&self) -> Option<u32> {
        self.shown.get(self.rows.cursor).copied()
    }

    pub fn cursor_entry(&self) -> Option<&Arc<Entry>> {
        self.cursor_row().map(|at| self.data.entry(at))
    }

    pub fn is_ticked(&self, at: u32) -> bool {
        self.ticks.contains(self.data.entry(at).id())
    }

    /// Whether everything is read and proven complete, so that it can be planned.
    pub fn is_complete(&self) -> bool {
        self.data.complete.is_some()
    }

    pub fn is_reading(&self) -> bool {
        self.load == Load::Reading
    }

    /// A filter of configurations as it is meant here and now.
    pub fn row_query(&self, text: &str, now: Timestamp) -> Query {
        Query::of_rows(text, Known { labels: &self.data.labels, now })
    }

    /// The columns where they stand in so many cells.
    pub fn table(&self, room: u16) -> Table {
        self.columns.lay_out(&self.data.labels, room)
    }

    /// The rows of the range, ends included.
    pub fn range(&self) -> Option<std::ops::RangeInclusive<usize>> {
        let from = self.range?;
        let to = self.rows.cursor;
        Some(from.min(to)..=from.max(to))
    }

    pub fn is_filtered(&self) -> bool {
        !self.row_filter.query.is_empty() || !self.client_filter.query.is_empty() || self.show != Show::All
    }

    /// Everything that decides without matching text.
    pub fn passes_show(&self, at: u32) -> bool {
        match self.show {
            Show::All => true,
            Show::Ticked => self.is_ticked(at),
            Show::Unticked => !self.is_ticked(at),
            Show::Linked => self.data.links_of(at).linked().next().is_some(),
        }
    }

    /// Whether a row would be shown if the cursor were on its client.
    pub fn is_visible(&self, at: u32, matcher: &mut Matcher) -> bool {
        self.passes_show(at) && self.passes_filters(at, matcher)
    }

    fn passes_filters(&self, at: u32, matcher: &mut Matcher) -> bool {
        let entry = self.data.entry(at);
        self.client_filter.query.fits_client(&self.data.clients[entry.client], matcher)
            && self.row_filter.query.fits(entry.candidate(self.data.links_of(at)), matcher)
    }

    /// Whether the filters hide this configuration while it is ticked.
    pub fn hides(&self, id: &ConfigId, matcher: &mut Matcher) -> bool {
        let Some(at) = self.data.row(id) else { return true };
        let passes = match self.show {
            Show::All | Show::Ticked => true,
            Show::Unticked => false,
            Show::Linked => self.data.links_of(at).linked().next().is_some(),
        };
        !passes || !self.passes_filters(at, matcher)
    }

    /// Ticked configurations that the filters hide.
    pub fn hidden(&self) -> Vec<ConfigId> {
        if !self.is_filtered() {
            return Vec::new();
        }
        let mut matcher = filter::matcher();
        self.ticks.iter().filter(|id| self.hides(id, &mut matcher)).cloned().collect()
    }

    /// Clients with at least one ticked configuration.
    pub fn ticked_clients(&self) -> usize {
        self.data.clients.iter().filter(|client| client.ticked > 0).count()
    }
}
