//! `etcdbench trend`: what it says about histories that are known.

mod operating;
mod simulation;
