//! The simulators do what the vendors' public sources say, and every fault does what it says.

mod autotask;
mod connectwise;
mod halopsa;
