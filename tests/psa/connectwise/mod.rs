//! The ConnectWise adapter.

mod discovery;
mod doctor;
mod faults;
mod links;
mod writing;
