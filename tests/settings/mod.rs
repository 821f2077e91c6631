//! The settings file: what it may say, and how it says what is wrong.

mod example;
mod faults;
mod secrets;
