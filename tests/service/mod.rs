//! The server, driven over HTTP: every route, every refusal, and that its document tells the truth about both.

mod binary;
mod by_itself;
mod decisions;
mod document;
mod doors;
mod idempotency;
mod narrowing;
mod refusals;
mod runs;
mod served;
mod server;
mod team;
mod webhooks;
mod webhooks_killed;
mod webhooks_told;
