//! The screen, the Elm way: `model` is plain data, `update` is pure, `view` only draws, `runtime` owns
//! the terminal and the tasks. Everything else is reached through the [`desk::Desk`].

pub mod desk;
