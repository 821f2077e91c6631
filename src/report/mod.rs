//! The report: built from what was surveyed, planned and folded, written as JSON; and the same facts line by line
//! for auditors ([`audit`]), also as CSV ([`csv`]).

pub mod audit;
mod build;
pub mod csv;
mod verdict;
mod write;

pub use build::{Source, build};

pub use verdict::verdict;
pub use write::{WriteError, file_name, to_json, write_file, write_folder};

/// The report's JSON schema, as published in `assets/report.schema.json`.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(crate::domain::document::Report).to_value()
}
