//! `etcdbench trend`: what it says about histories that are known.

mod judgement;
mod marks;
mod nights;
mod operating;
mod page;
mod program;
mod simulation;
mod speed;
mod table;
