//! `etcdbench run`: scenarios, what they refuse, how they go on, what a history of nights says.

mod execution;
mod kubernetes;
mod neighbours;
mod nightly;
mod refusals;
mod secrets;
mod shipped;
