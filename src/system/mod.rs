//! The outside world, each part of it in one place: clock, ids, randomness, environment, process
//! identity, signals, the desktop's clipboard, time zones, and files that are whole or not there.

pub mod clipboard;
pub mod clock;
pub mod environment;
pub mod files;
pub mod keyring;
pub mod process;
pub mod random;
pub mod signals;
pub mod terminal;
pub mod zones;

pub use clock::Clock;
