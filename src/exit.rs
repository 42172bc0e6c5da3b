//! Exit codes: one meaning each, the same for every subcommand.

use std::process::ExitCode;

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

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

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
