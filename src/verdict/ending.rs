//! How a run ended.

use crate::result::Run;

/// How a run ended.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// It went through to its end.
    pub complete: bool,
    /// A signal ended it.
    pub interrupted: bool,
}

/// A run that did not go through to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct CutShort {
    /// Why, where it could say.
    pub halted: Option<String>,
    /// Whether a signal ended it.
    pub interrupted: bool,
    /// How long it had measured by then.
    pub after_ns: u64,
}

impl CutShort {
    pub(super) fn of(run: &Run, ending: Ending, after_ns: u64) -> CutShort {
        CutShort {
            halted: run.halted().map(str::to_owned),
            interrupted: ending.interrupted,
            after_ns,
        }
    }
}
