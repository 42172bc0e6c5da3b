//! `etcdbench compare`: how often it is right, what it says, how it ends.

mod cli;
mod files;
mod hour;
mod noise;
mod page;
mod place;
mod power;
mod simulate;
mod stolen;
mod verdict;
