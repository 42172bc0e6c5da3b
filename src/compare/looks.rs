//! Pairs that are measured until something is decided: when it is looked, and at which level.

use crate::stats;

use super::Group;
use super::judge::ALPHA;

/// The label that tells a run was one of as many pairs as it takes: `auto:24`.
pub(crate) const LABEL: &str = "compare.pairs";
/// How the value of [`LABEL`] begins.
const AUTO: &str = "auto:";
/// Pairs at the first look: fewer hardly ever decide.
const FIRST: u32 = 6;
/// Each look is at so many times the pairs of the one before.
const GROWTH: f64 = 1.4;

/// The value of [`LABEL`].
pub(crate) fn label(most: u32) -> String {
    format!("{AUTO}{most}")
}

/// After how many pairs it is looked; the last is `most`.
pub(crate) fn looks(most: u32) -> Vec<u32> {
    let mut looks = Vec::new();
    let mut next = FIRST;
    while next < most {
        looks.push(next);
        next = (f64::from(next) * GROWTH).round() as u32;
    }
    looks.push(most);
    looks
}

/// The level of a look after so many pairs, so that all looks together err no more often than [`ALPHA`]. Between two
/// looks it is that of the earlier one.
pub(super) fn level(pairs: u32, most: u32) -> f64 {
    let looks = looks(most);
    let fractions: Vec<f64> = looks.iter().map(|n| f64::from(*n) / f64::from(most)).collect();
    let levels = stats::levels(&fractions, ALPHA);
    let past = looks.iter().rposition(|look| *look <= pairs).unwrap_or(0);
    levels.get(past).copied().unwrap_or(ALPHA)
}

/// The level at which runs are judged that say themselves that they were measured until something was decided.
pub(super) fn told(a: &Group, b: &Group) -> Option<f64> {
    let labels = a.runs.iter().chain(&b.runs).map(|input| input.run.header.labels.get(LABEL));
    let most: Option<Vec<u32>> =
        labels.map(|label| label?.strip_prefix(AUTO)?.parse().ok()).collect();
    let most = most?.into_iter().max().filter(|most| *most > 0)?;
    Some(level(a.runs.len().min(b.runs.len()) as u32, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_grow_and_end_at_the_bound() {
        assert_eq!(looks(24), [6, 8, 11, 15, 21, 24]);
        assert_eq!(looks(6), [6]);
        assert!((level(6, 6) - ALPHA).abs() < 1e-4);
        let each: Vec<f64> = looks(24).into_iter().map(|n| level(n, 24)).collect();
        assert!((each[0] - ALPHA / 4.0).abs() < 1e-4, "{each:?}");
        assert!(each.iter().all(|level| *level < ALPHA), "{each:?}");
        assert_eq!(level(7, 24), each[0]);
        assert_eq!(level(3, 24), each[0]);
    }
}
