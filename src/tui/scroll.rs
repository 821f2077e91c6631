//! A cursor in a list of which only a window is shown.

/// Where the cursor is and which entry is at the top. The list itself is elsewhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scroll {
    pub cursor: usize,
    pub offset: usize,
}

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    By(isize),
    Page(isize),
    Top,
    Bottom,
}

impl Scroll {
    /// Moves the cursor and keeps it in the window.
    pub fn go(&mut self, go: Go, len: usize, height: usize) {
        let page = height.saturating_sub(1).max(1) as isize;
        self.cursor = match go {
            Go::By(by) => self.cursor.saturating_add_signed(by),
            Go::Page(pages) => self.cursor.saturating_add_signed(pages * page),
            Go::Top => 0,
            Go::Bottom => usize::MAX,
        };
        self.settle(len, height);
    }

    /// Moves the window, and the cursor with it only as far as it must.
    pub fn wheel(&mut self, by: isize, len: usize, height: usize) {
        let last = len.saturating_sub(height);
        self.offset = self.offset.saturating_add_signed(by).min(last);
        self.cursor = self.cursor.clamp(self.offset, (self.offset + height.max(1) - 1).max(self.offset));
        self.settle(len, height);
    }

    /// Makes cursor and window fit a list of `len` in a window of `height`.
    pub fn settle(&mut self, len: usize, height: usize) {
        let height = height.max(1);
        self.cursor = self.cursor.min(len.saturating_sub(1));
        if self.cursor < self.offset {
            self.offset = self.cursor;
        }
        if self.cursor >= self.offset + height {
            self.offset = self.cursor + 1 - height;
        }
        self.offset = self.offset.min(len.saturating_sub(height));
    }

    /// The entries in the window.
    pub fn window(&self, len: usize, height: usize) -> std::ops::Range<usize> {
        let from = self.offset.min(len);
        from..(from + height).min(len)
    }

    /// Moves a page without a cursor: only the window counts.
    pub fn turn(&mut self, go: Go, len: usize, height: usize) {
        let page = height.saturating_sub(1).max(1) as isize;
        let last = len.saturating_sub(height);
        self.offset = match go {
            Go::By(by) => self.offset.saturating_add_signed(by),
            Go::Page(pages) => self.offset.saturating_add_signed(pages * page),
            Go::Top => 0,
            Go::Bottom => last,
        }
        .min(last);
        self.cursor = self.offset;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_cursor_is_always_in_the_window(
            steps in proptest::collection::vec((-50isize..50, 0usize..80, 0usize..30, 0u8..5), 1..40),
        ) {
            let mut scroll = Scroll::default();
            for (by, len, height, kind) in steps {
                match kind {
                    0 => scroll.go(Go::By(by), len, height),
                    1 => scroll.go(Go::Page(by), len, height),
                    2 => scroll.go(Go::Bottom, len, height),
                    3 => scroll.wheel(by, len, height),
                    _ => scroll.settle(len, height),
                }
                let window = scroll.window(len, height.max(1));
                prop_assert!(len == 0 || window.contains(&scroll.cursor), "{scroll:?} {window:?}");
                prop_assert!(len == 0 || window.len() == height.max(1).min(len));
            }
        }
    }
}
