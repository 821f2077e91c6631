//! Links in the terminal (OSC 8). A cell has no place for one, so they are written over the painted cells: those that
//! lead somewhere again within a link, those that no longer do again without one.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Write},
};

use ratatui::{
    backend::Backend,
    buffer::{Buffer, Cell},
    layout::Rect,
};

use super::super::{
    prose::is_harmless,
    view::{Picture, canvas::Hyperlink},
};

/// Writes the links of `now` over it, as far as they differ from those of `before`.
pub fn write<B>(backend: &mut B, before: Option<&Picture>, now: &Picture) -> io::Result<()>
where
    B: Backend<Error = io::Error> + Write,
{
    for gone in before.iter().flat_map(|before| &before.links).filter(|link| !now.links.contains(link)) {
        backend.draw(cells(&now.cells, gone.area))?;
    }
    for link in now.links.iter().filter(|link| is_harmless(&link.url)) {
        let as_before = |before: &Picture| {
            before.links.contains(link)
                && is_same(&before.cells, &now.cells, link.area)
                && !is_overwritten(before, now, link)
        };
        if before.is_some_and(as_before) {
            continue;
        }
        // Lines of one address are one link for the terminal.
        write!(backend, "\x1b]8;id={:x};{}\x1b\\", id(link), link.url)?;
        backend.draw(cells(&now.cells, link.area))?;
        write!(backend, "\x1b]8;;\x1b\\")?;
    }
    Ok(())
}

fn id(link: &Hyperlink) -> u64 {
    let mut hasher = DefaultHasher::new();
    link.url.hash(&mut hasher);
    hasher.finish()
}

/// Whether writing what is gone has just taken the link from a part of it.
fn is_overwritten(before: &Picture, now: &Picture, link: &Hyperlink) -> bool {
    let gone = before.links.iter().filter(|other| !now.links.contains(other));
    gone.into_iter().any(|other| !other.area.intersection(link.area).is_empty())
}

fn is_same(before: &Buffer, now: &Buffer, area: Rect) -> bool {
    cells(before, area).eq(cells(now, area))
}

/// The cells of an area; what a wide character covers is not written by itself.
fn cells(buffer: &Buffer, area: Rect) -> impl Iterator<Item = (u16, u16, &Cell)> {
    let area = area.intersection(*buffer.area());
    let mut covered = 0;
    area.positions().filter_map(move |at| {
        if covered > 0 {
            covered -= 1;
            return None;
        }
        let cell = &buffer[at];
        covered = super::super::cells::width(cell.symbol()).saturating_sub(1);
        Some((at.x, at.y, cell))
    })
}
