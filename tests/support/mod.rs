//! What the tests share.

pub mod canary;
pub mod notes;
pub mod openapi;
mod openapi_notes;
pub mod paper_psa;
pub mod program;
pub mod quick;
pub mod schema;
pub mod screen;
pub mod tls;
pub mod vendor;
pub mod world;
