//! The real binary from outside: the contract's commands, exit codes and report.

mod bad_input;
mod run;
mod simulate;
