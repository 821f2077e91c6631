//! One test binary: a module per promise.

mod tui;
