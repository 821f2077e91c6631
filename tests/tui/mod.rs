//! The screen: what it shows, what its keys do, and that its loop is the one that is tested.

mod behaviour;
mod real_loop;
mod rules;
mod screens;
mod world;
