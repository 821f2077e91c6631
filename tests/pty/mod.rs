//! The real binary in a pseudo-terminal, as a person would use it.

mod decisions;
mod demo;
mod setup;
mod plain;
mod terminal;
mod views;
