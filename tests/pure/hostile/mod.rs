//! Neighbours, files and scenarios that mean harm.

mod bombs;
mod limits;
mod race;
mod readers;
