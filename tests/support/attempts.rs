//! Times and rates that a neighbour on the same machine can spoil: they have to be right once, not always.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Whatever else the machine was busy with, it left it alone for one of so many.
pub const ATTEMPTS: usize = 3;

/// What one of a few attempts returns without a panic. Only for what takes time: what is wrong once is wrong.
///
/// # Panics
/// As the last of them does.
pub fn once_of_a_few<T>(attempt: impl Fn() -> T) -> T {
    for _ in 1..ATTEMPTS {
        // The panic itself is told by the hook, and the attempt keeps nothing that a panic could spoil.
        if let Ok(right) = catch_unwind(AssertUnwindSafe(&attempt)) {
            return right;
        }
    }
    attempt()
}
