//! Reports in every form, for the house and for the client: what is in them, and what never is.

mod canaries;
mod foreign;
mod forms;
pub mod samples;
