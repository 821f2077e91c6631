//! The report: built from what was surveyed, planned and folded, written as JSON, or in other forms and for other eyes
//! ([`export`]); and the same facts line by line for auditors ([`audit`]). Every CSV cell goes through [`csv`].

pub mod audit;
mod build;
pub mod csv;
pub mod export;
mod verdict;
mod write;

pub use build::{Source, build};
pub use export::address;

pub use verdict::verdict;
pub use write::{WriteError, file_name, to_json, write_file, write_folder, write_sheets, write_text};

/// The report's JSON schema, as published in `assets/report.schema.json`.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(crate::domain::document::Report).to_value()
}
