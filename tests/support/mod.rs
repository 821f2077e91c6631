//! What the tests share.

pub mod bad_disk;
pub mod canary;
pub mod failing_store;
pub mod guarded_store;
pub mod hostile;
pub mod notes;
pub mod openapi;
mod openapi_notes;
pub mod paper_psa;
pub mod postgres;
pub mod postgres_way;
pub mod program;
pub mod quick;
pub mod schema;
pub mod screen;
pub mod tls;
pub mod vendor;
pub mod webhooks;
pub mod world;

/// Says what was counted, or what could not be tested here. Not captured: whoever runs the tests sees it.
pub fn say(text: &str) {
    use std::io::Write;
    writeln!(std::io::stdout(), "{text}").expect("standard output is open");
}
