//! Stalls among samples, counted with their dependence: what holds up one operation holds up its neighbours too.

use super::pooled::{Pooled, Share};

/// Stalls nearer to each other than this are one occurrence: one cause holds up the WAL and the backend together,
/// and whatever follows right behind.
const SAME_OCCURRENCE_NS: u64 = 1_000_000_000;

/// The stalls at least this long among all waits; `spans` are the (start, end) of those that were told one by one,
/// ascending.
pub(super) fn share(waits: &Pooled, spans: &[(u64, u64)], at_least_ns: u64) -> Share {
    let hits = waits.at_or_above(at_least_ns).hits;
    let occurrences = if spans.is_empty() { hits } else { occurrences(spans) };
    Share::in_occurrences(hits, waits.count(), occurrences)
}

/// Occurrences among stalls given as (start, end), ascending.
pub(super) fn occurrences(spans: &[(u64, u64)]) -> u64 {
    let mut count = 0;
    let mut quiet_from = 0;
    for &(start, end) in spans {
        if count == 0 || start > quiet_from {
            count += 1;
        }
        quiet_from = quiet_from.max(end.saturating_add(SAME_OCCURRENCE_NS));
    }
    count
}

#[cfg(test)]
mod tests {
    use super::occurrences;

    #[test]
    fn what_follows_right_behind_is_the_same_occurrence() {
        const S: u64 = 1_000_000_000;
        let spans = [
            (0, S / 5),
            (S / 2, S),
            (10 * S, 12 * S),
            (12 * S + S / 2, 13 * S),
            (20 * S, 20 * S + 1),
        ];
        assert_eq!(occurrences(&spans), 3);
        assert_eq!(occurrences(&[]), 0);
    }
}
