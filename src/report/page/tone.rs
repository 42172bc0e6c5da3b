//! Emphasis.

use crate::exit::Verdict;
use crate::result::Severity;

/// Emphasis; never the only thing that tells something apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// None.
    #[default]
    Plain,
    /// Good.
    Pass,
    /// To be looked at.
    Warn,
    /// Not known.
    Open,
    /// Bad.
    Fail,
}

impl From<Verdict> for Tone {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Tone::Pass,
            Verdict::Warn => Tone::Warn,
            Verdict::Inconclusive => Tone::Open,
            Verdict::Fail => Tone::Fail,
        }
    }
}

impl From<Severity> for Tone {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Tone::Plain,
            Severity::Warning => Tone::Warn,
            Severity::Critical => Tone::Fail,
        }
    }
}
