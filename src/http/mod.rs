//! One way to send: limits, retries, pacing, waiting and redaction are the same for every vendor.
//!
//! A [`Request`] goes through [`Http::send`]: the memory of refused sign-ins ([`sign_in`]), the gate ([`gate`]: refused sign-in, a PSA that asks to wait, a PSA
//! that is away), a place among those under way ([`lanes`]), the pace ([`pace`]), where processes share a PSA a seat among theirs ([`seats`]), then a [`Transport`] ([`network`], or a test's own). What comes back is a
//! [`Reply`] with any status, or an [`HttpError`] that says whether the request may have reached the PSA.

pub mod address;
mod body;
mod discreet;
mod gate;
mod http_client;
mod lanes;
pub mod network;
mod outcome;
mod pace;
mod request;
mod retry_after;
mod seats;
mod sign_in;
#[cfg(test)]
mod tests;
mod transport;

pub use address::AddressError;
pub use body::readable;
pub use discreet::Discreet;
pub use http_client::{Http, Options};
pub use network::Network;
pub use pace::Limits;
pub use request::{Auth, Authorizer, HttpError, Judgement, Renewed, Reply, Request, Tries, Weight};
pub use reqwest::{
    Method, Url,
    header::{self, HeaderMap, HeaderValue},
};
pub use seats::{Seat, Seats, Taken};
pub use sign_in::{Rest, SignInMemory, SignInParts};
pub use transport::{Failure, Sent, Transport, TransportError, WireReply, WireRequest};
