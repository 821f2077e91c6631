//! The real binary in a pseudo-terminal, as a person would use it.

mod decisions;
mod demo;
mod looks;
mod plain;
mod setup;
mod terminal;
mod views;
