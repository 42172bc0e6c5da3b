//! How far a member's clock is ahead of this machine's, from the dates of its answers.
//!
//! A date has whole seconds, so that a single one says little: at the moment of the answer, which lies between sending and
//! receiving, the other clock was between the date and a second later. Many answers at odd moments narrow that down.

use crate::diagnosis::Range;

const SECOND_NS: i64 = 1_000_000_000;

/// Dates of one member.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dates {
    ahead: Option<Range>,
    contradict: bool,
}

impl Dates {
    /// An answer of this date, sent for and received at these moments of this machine's clock.
    pub fn add(&mut self, dated_s: i64, sent_ns: i64, received_ns: i64) {
        let dated_ns = dated_s.saturating_mul(SECOND_NS);
        let from_ns = dated_ns.saturating_sub(received_ns);
        let to_ns = dated_ns.saturating_add(SECOND_NS).saturating_sub(sent_ns);
        let before = self.ahead.unwrap_or(Range { from_ns, to_ns });
        let both = Range { from_ns: from_ns.max(before.from_ns), to_ns: to_ns.min(before.to_ns) };
        // A clock that was set meanwhile.
        self.contradict |= both.from_ns > both.to_ns;
        self.ahead = Some(both);
    }

    /// How far it is ahead; none where answers contradict one another.
    pub fn ahead(&self) -> Option<Range> {
        self.ahead.filter(|_| !self.contradict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers of a clock that is so far ahead, asked for at odd moments, 4 ms there and back.
    fn of(ahead_ns: i64, answers: i64) -> Dates {
        let mut dates = Dates::default();
        for n in 0..answers {
            let sent = 1_700_000_000 * SECOND_NS + n * 437_000_000;
            let there = sent + 2_000_000 + ahead_ns;
            dates.add(there.div_euclid(SECOND_NS), sent, sent + 4_000_000);
        }
        dates
    }

    #[test]
    fn many_answers_narrow_down_a_clock_of_whole_seconds() {
        for ahead_ns in [-2_300_000_000, -40_000_000, 0, 1_000_000, 777_000_000, 90_000_000_000] {
            let found = of(ahead_ns, 120).ahead().unwrap();
            assert!(found.from_ns <= ahead_ns && ahead_ns <= found.to_ns, "{found:?}");
            assert!(found.to_ns - found.from_ns <= 50_000_000, "{found:?}");
        }
        let few = of(0, 1).ahead().unwrap();
        assert!(few.to_ns - few.from_ns >= SECOND_NS);
    }

    #[test]
    fn a_clock_that_is_set_meanwhile_is_not_known() {
        let mut dates = of(0, 20);
        dates.add(1_700_000_100, 1_700_000_010 * SECOND_NS, 1_700_000_010 * SECOND_NS + 1_000_000);
        assert_eq!(dates.ahead(), None);
        assert_eq!(Dates::default().ahead(), None);
    }
}
