//! The columns of the table of configurations: which there are, which are shown, and where they stand.
//!
//! Without a choice of the technician's the width decides. The first column is the name: it is always there and
//! stays where it is while the others are moved through.

use std::{borrow::Cow, sync::Arc};

use super::{filter::Field, model::data::Entry, natural};
use crate::domain::{ConfigId, Links, Text, links::LinkKind};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Column {
    #[default]
    Name,
    Type,
    Site,
    Status,
    Links,
    Serial,
    Updated,
    Id,
    Parent,
    Rmm,
    /// A field that this vendor's records have beside the common ones, by its label.
    Detail(Arc<str>),
}

/// What every vendor's records have, in the order in which it is offered.
const COMMON: [Column; 9] = [
    Column::Type,
    Column::Site,
    Column::Status,
    Column::Links,
    Column::Serial,
    Column::Updated,
    Column::Id,
    Column::Parent,
    Column::Rmm,
];

/// How a column is written where views are kept.
const DETAIL: &str = "detail:";

impl Column {
    /// All that may stand beside the name, with the vendor's own fields at the end.
    pub fn offered(labels: &[Arc<str>]) -> Vec<Self> {
        COMMON.into_iter().chain(labels.iter().map(|label| Self::Detail(Arc::clone(label)))).collect()
    }

    pub fn title(&self) -> &str {
        match self {
            Self::Name => "Name",
            Self::Type => "Type",
            Self::Site => "Site",
            Self::Status => "Status",
            Self::Links => "Still linked",
            Self::Serial => "Serial",
            Self::Updated => "Updated",
            Self::Id => "Id",
            Self::Parent => "Part of",
            Self::Rmm => "RMM",
            Self::Detail(label) => label,
        }
    }

    /// The name under which a view is kept.
    pub fn key(&self) -> Cow<'static, str> {
        match self {
            Self::Name => "name".into(),
            Self::Type => "type".into(),
            Self::Site => "site".into(),
            Self::Status => "status".into(),
            Self::Links => "links".into(),
            Self::Serial => "serial".into(),
            Self::Updated => "updated".into(),
            Self::Id => "id".into(),
            Self::Parent => "parent".into(),
            Self::Rmm => "rmm".into(),
            Self::Detail(label) => format!("{DETAIL}{label}").into(),
        }
    }

    pub fn of_key(key: &str) -> Option<Self> {
        if let Some(label) = key.strip_prefix(DETAIL) {
            return (!label.is_empty()).then(|| Self::Detail(label.into()));
        }
        std::iter::once(Self::Name).chain(COMMON).find(|column| column.key() == key)
    }

    /// What a filter asks for to find its text.
    pub fn field(&self) -> Field {
        match self {
            Self::Name => Field::Name,
            Self::Type => Field::Type,
            Self::Site => Field::Site,
            Self::Status => Field::Status,
            Self::Links => Field::Links,
            Self::Serial => Field::Serial,
            Self::Updated => Field::Updated,
            Self::Id => Field::Id,
            Self::Parent => Field::Parent,
            Self::Rmm => Field::Rmm,
            Self::Detail(label) => Field::Detail(Arc::clone(label)),
        }
    }

    /// As wide as it is unless somebody wants it otherwise.
    fn usual_width(&self) -> u16 {
        match self {
            Self::Name => 24,
            Self::Type | Self::Serial | Self::Rmm => 16,
            Self::Status | Self::Site => 12,
            Self::Links => 18,
            Self::Updated | Self::Id | Self::Parent => 10,
            Self::Detail(label) => (label.chars().count() as u16).clamp(12, 20),
        }
    }

    /// The text of a cell as it is copied, and shown where nothing more is to be said.
    pub fn text<'a>(&self, entry: &'a Entry, links: &Links) -> Cow<'a, str> {
        let row = &entry.row.configuration;
        match self {
            Self::Name => row.title().into(),
            Self::Type => row.config_type.as_str().into(),
            Self::Site => row.site.as_deref().unwrap_or("").into(),
            Self::Status if row.lifecycle().is_mixed() => row.lifecycle().words().into(),
            Self::Status => row.state.status_name().unwrap_or_else(|| row.lifecycle().words()).into(),
            Self::Links => links.summary().into(),
            Self::Serial => row.serial.as_deref().unwrap_or("").into(),
            Self::Updated => row.last_updated.map_or_else(String::new, |at| at.day().to_string()).into(),
            Self::Id => row.id.as_str().into(),
            Self::Parent => row.parent.as_ref().map_or("", ConfigId::as_str).into(),
            Self::Rmm => row.rmm.as_deref().unwrap_or("").into(),
            Self::Detail(label) => row.details.get(label).map_or("", Text::as_str).into(),
        }
    }

    /// A text whose order is that of the column. What has none comes last.
    pub fn sort_key(&self, entry: &Entry, linked: u32) -> String {
        match self {
            // The name breaks every tie: what is to be sorted is in its order already.
            Self::Name => String::new(),
            // Most links first: those want attention.
            Self::Links => format!("{:010}", u32::MAX - linked),
            _ => {
                let text = self.text(entry, &Links::default());
                if text.trim().is_empty() { "\u{10ffff}".to_owned() } else { natural::key(&text) }
            }
        }
    }
}

/// How many links of all kinds there are, for sorting.
pub fn linked(links: &Links) -> u32 {
    LinkKind::ALL.iter().map(|kind| links.get(*kind).items().len() as u32).sum()
}

/// A column that somebody chose, and how wide if that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub column: Column,
    pub width: Option<u16>,
}

/// What of the table is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// The columns after the name, as somebody chose them; `None` leaves it to the width.
    pub chosen: Option<Vec<Chosen>>,
    /// How wide the name is, if that was said.
    pub name: Option<u16>,
    /// How many of the columns after the name are moved out of sight to the left.
    pub first: usize,
}

/// A column where it stands, counted from the first cell after the box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub column: Column,
    pub x: u16,
    pub width: u16,
}

/// The columns in sight, and how many are out of it on either side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    pub slots: Vec<Slot>,
    pub left: usize,
    pub right: usize,
}

/// What stands beside the name in so many cells, unless somebody chose.
fn by_width(room: u16) -> &'static [(Column, u16)] {
    match room {
        0..34 => &[(Column::Links, 12)],
        34..50 => &[(Column::Type, 11), (Column::Links, 16)],
        50..70 => &[(Column::Type, 12), (Column::Status, 9), (Column::Links, 16)],
        70..100 => &[(Column::Type, 16), (Column::Site, 12), (Column::Status, 12), (Column::Links, 18)],
        100..140 => &[(Column::Type, 20), (Column::Site, 18), (Column::Status, 16), (Column::Links, 28)],
        _ => &[
            (Column::Type, 20),
            (Column::Site, 18),
            (Column::Status, 16),
            (Column::Links, 28),
            (Column::Serial, 16),
            (Column::Updated, 10),
        ],
    }
}

impl Columns {
    /// The columns after the name in their order, with their widths.
    pub fn listed(&self, labels: &[Arc<str>], room: u16) -> Vec<(Column, u16)> {
        if let Some(chosen) = &self.chosen {
            let width = |one: &Chosen| one.width.unwrap_or_else(|| one.column.usual_width());
            return chosen.iter().map(|one| (one.column.clone(), width(one))).collect();
        }
        let mut listed = by_width(room).to_vec();
        for column in Column::offered(labels) {
            if !listed.iter().any(|(there, _)| *there == column) {
                let width = column.usual_width();
                listed.push((column, width));
            }
        }
        listed
    }

    /// What stands where in `room` cells.
    pub fn lay_out(&self, labels: &[Arc<str>], room: u16) -> Table {
        let listed = self.listed(labels, room);
        let taken = |columns: &[(Column, u16)]| columns.iter().map(|(_, width)| width + 1).sum::<u16>();
        let name = match (&self.chosen, self.name) {
            (_, Some(wanted)) => wanted.clamp(8, room.max(8)),
            (None, None) => room.saturating_sub(taken(by_width(room))),
            (Some(_), None) => {
                let left = room.saturating_sub(taken(&listed));
                if left >= 16 { left } else { (room * 2 / 5).clamp(12, 40) }
            }
        };
        let mut table = Table {
            slots: vec![Slot { column: Column::Name, x: 0, width: name.min(room) }],
            left: self.first.min(listed.len().saturating_sub(1)),
            right: 0,
        };
        let mut x = name + 1;
        for (column, width) in listed.iter().skip(table.left) {
            let left = room.saturating_sub(x);
            // One column is always in sight, if only a part of it.
            let fits = left >= *width || (table.slots.len() == 1 && left >= 4);
            if table.right > 0 || !fits {
                table.right += 1;
                continue;
            }
            table.slots.push(Slot { column: column.clone(), x, width: (*width).min(left) });
            x += width + 1;
        }
        // What is left over belongs to the last one, unless the name had it already.
        if let Some(last) = table.slots.last_mut() {
            last.width = last.width.max(room.saturating_sub(last.x));
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(table: &Table) -> Vec<&str> {
        table.slots.iter().map(|slot| slot.column.title()).collect()
    }

    #[test]
    fn the_width_chooses_until_somebody_does() {
        let columns = Columns::default();
        assert_eq!(titles(&columns.lay_out(&[], 30)), ["Name", "Still linked"]);
        let wide = columns.lay_out(&["Model".into()], 90);
        assert_eq!(titles(&wide), ["Name", "Type", "Site", "Status", "Still linked"]);
        assert_eq!((wide.left, wide.right), (0, 6), "serial, updated, id, part of, RMM, model");
    }

    #[test]
    fn the_name_stays_while_the_others_are_moved_through() {
        let labels: [Arc<str>; 1] = ["Model".into()];
        let mut columns = Columns::default();
        let name = columns.lay_out(&labels, 60).slots[0].clone();
        let mut seen = Vec::new();
        loop {
            let table = columns.lay_out(&labels, 60);
            assert_eq!(table.slots[0], name);
            assert!(table.slots.iter().all(|slot| slot.x + slot.width <= 60), "{table:?}");
            seen.extend(table.slots[1..].iter().map(|slot| slot.column.clone()));
            if table.right == 0 {
                break;
            }
            columns.first += 1;
        }
        for column in Column::offered(&labels) {
            assert!(seen.contains(&column), "{column:?} is never in sight");
        }
    }

    #[test]
    fn a_choice_is_kept_at_every_width() {
        let chosen = ["serial", "links", "detail:Model"]
            .map(|key| Chosen { column: Column::of_key(key).unwrap(), width: Some(14) });
        let columns = Columns { chosen: Some(chosen.into()), name: None, first: 0 };
        assert_eq!(titles(&columns.lay_out(&[], 120)), ["Name", "Serial", "Still linked", "Model"]);
        let narrow = columns.lay_out(&[], 34);
        assert_eq!((titles(&narrow), narrow.right), (vec!["Name", "Serial"], 2));
        for room in 0..200 {
            let table = columns.lay_out(&[], room);
            assert!(table.slots.iter().all(|slot| slot.x + slot.width <= room.max(9)), "{room}: {table:?}");
        }
    }

    #[test]
    fn keys_come_back_as_their_columns() {
        let labels: [Arc<str>; 1] = ["IP address".into()];
        for column in Column::offered(&labels).into_iter().chain([Column::Name]) {
            assert_eq!(Column::of_key(&column.key()), Some(column));
        }
        assert_eq!(Column::of_key("nope"), None);
    }
}
