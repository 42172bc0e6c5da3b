//! Signs.

use crate::exit::Verdict;

/// The sign of a verdict; never the only thing that tells it apart is its colour.
pub fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✔",
        Verdict::Warn => "!",
        Verdict::Inconclusive => "?",
        Verdict::Fail => "✘",
    }
}
