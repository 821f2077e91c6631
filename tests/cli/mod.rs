//! The real binary from outside: the contract's commands, exit codes and report.

mod bad_input;
mod killed;
mod locks;
mod run;
mod simulate;
mod tls;
mod undo;
