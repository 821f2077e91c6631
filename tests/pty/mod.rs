//! The real binary in a pseudo-terminal, as a person would use it.

mod demo;
mod terminal;
