//! Neighbours, files and scenarios that mean harm.

mod race;
