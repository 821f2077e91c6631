//! The real binary in a pseudo-terminal, as a person would use it.

mod decisions;
mod demo;
mod following;
mod looks;
mod plain;
mod promises;
mod setup;
mod steps;
mod terminal;
mod views;
