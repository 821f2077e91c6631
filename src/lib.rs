//! Retire the PSA configurations of offboarded clients: reviewed one by one, applied safely, proven afterwards.

pub mod domain;
pub mod store;
pub mod system;
pub mod tui;
