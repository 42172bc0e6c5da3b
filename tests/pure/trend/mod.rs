//! `etcdbench trend`: what it says about histories that are known.

mod events;
mod judgement;
mod marks;
mod nights;
mod operating;
mod page;
mod program;
mod rules;
mod simulation;
mod speed;
mod table;
