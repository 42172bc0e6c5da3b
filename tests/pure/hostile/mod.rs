//! Neighbours, files and scenarios that mean harm.

mod bombs;
mod escapes;
mod limits;
mod race;
mod readers;
mod servers;
