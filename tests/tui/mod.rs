//! The screen: what it shows, what its keys do, and that its loop is the one that is tested.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod behaviour;
mod decisions;
mod exports;
mod following;
mod foreign;
mod holds;
mod hyperlinks;
mod looks;
mod palette;
mod plain;
mod pty;
mod reading;
mod real_loop;
mod rules;
mod screens;
mod setup;
mod watching;
mod world;
