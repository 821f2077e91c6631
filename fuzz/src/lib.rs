//! What the fuzz targets do with bytes, one module per target. The test suite runs the same code on the seeds and on
//! random variants of them (`tests/fuzz`), so that it keeps compiling and what was found stays mended.
//!
//! Every `try_it` panics when a promise is broken; whatever else happens to the bytes is fine.

pub mod answers;
pub mod bend;
pub mod journal;
pub mod plan;
pub mod settings;
pub mod webhook;
