//! What the tests share.

pub mod openapi;
