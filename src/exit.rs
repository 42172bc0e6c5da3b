//! The verdict, and the exit codes: one meaning each, the same for every subcommand.

use std::process::ExitCode;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a rule, or a run, came out. Ordered from good to bad.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Shown to hold.
    Pass,
    /// Holds, but something nearby wants attention.
    Warn,
    /// The samples cannot tell.
    #[default]
    Inconclusive,
    /// Shown not to hold.
    Fail,
}

/// How a command ended, as the shell sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; the verdict is pass, or warn without `--strict`.
    Ok,
    /// Could not measure: I/O, permission, unreachable, internal error.
    CannotMeasure,
    /// Wrong usage or configuration; nothing was touched.
    Usage,
    /// Measured, and the answer is bad: a rule failed, a regression is confirmed.
    Bad,
    /// Measured, but no verdict can honestly be given.
    NoVerdict,
    /// Interrupted by a signal; the partial result is kept.
    Interrupted,
}

impl Exit {
    /// The number the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Exit::Ok => 0,
            Exit::CannotMeasure => 1,
            Exit::Usage => 2,
            Exit::Bad => 3,
            Exit::NoVerdict => 4,
            Exit::Interrupted => 130,
        }
    }
}

impl Exit {
    /// How a command that judged something ends; `strict` takes a warning for bad.
    pub const fn of(verdict: Verdict, strict: bool) -> Self {
        match verdict {
            Verdict::Warn if strict => Exit::Bad,
            Verdict::Pass | Verdict::Warn => Exit::Ok,
            Verdict::Inconclusive => Exit::NoVerdict,
            Verdict::Fail => Exit::Bad,
        }
    }
}

impl Exit {
    /// Of two answers the one that matters more: bad before none, none before good.
    #[must_use]
    pub const fn or_worse(self, other: Exit) -> Exit {
        match (self, other) {
            (Exit::Ok, _) | (Exit::NoVerdict, Exit::Bad) => other,
            _ => self,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::{Exit, Verdict};

    #[test]
    fn strictness_is_about_warnings_alone() {
        let all = [Verdict::Pass, Verdict::Warn, Verdict::Inconclusive, Verdict::Fail];
        assert_eq!(all.map(|verdict| Exit::of(verdict, false).code()), [0, 0, 4, 3]);
        assert_eq!(all.map(|verdict| Exit::of(verdict, true).code()), [0, 3, 4, 3]);
    }

    #[test]
    fn codes_are_the_documented_ones() {
        let all = [
            Exit::Ok,
            Exit::CannotMeasure,
            Exit::Usage,
            Exit::Bad,
            Exit::NoVerdict,
            Exit::Interrupted,
        ];
        assert_eq!(all.map(Exit::code), [0, 1, 2, 3, 4, 130]);
    }
}
