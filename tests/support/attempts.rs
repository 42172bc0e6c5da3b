//! Times and rates that a neighbour on the same machine can spoil: they have to be right once, not always.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::needs;
use super::neighbours::Neighbours;

/// Whatever else the machine is busy with, it leaves it alone for one of so many.
const ATTEMPTS: usize = 3;
/// Where others take more of the processors, nothing is told by what is late. One that is always busy takes half of two.
const MOST_TAKEN: f64 = 0.6;

/// That one of a few attempts panics not. Only for what takes time: what is wrong once is wrong. Where others use most
/// of the machine all the while, it says that it did not judge.
///
/// # Panics
/// As the last attempt does that can be judged.
pub fn once_of_a_few(attempt: impl Fn()) {
    let mut judged = None;
    for _ in 0..ATTEMPTS {
        let neighbours = Neighbours::watch();
        // An attempt keeps nothing that a panic could spoil; the panic itself is told by the hook.
        let Err(panic) = catch_unwind(AssertUnwindSafe(&attempt)) else {
            return;
        };
        if neighbours.share() < MOST_TAKEN {
            judged = Some(panic);
        }
    }
    match judged {
        Some(panic) => resume_unwind(panic),
        None => needs::skipped("others use most of this machine's processors"),
    }
}
