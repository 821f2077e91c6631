//! The real binary from outside: the contract's commands, exit codes and report.

mod bad_input;
mod locks;
mod run;
mod simulate;
mod tls;
