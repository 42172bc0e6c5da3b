//! The `etcdbench` program.

fn main() {}
