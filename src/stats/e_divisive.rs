//! Where the level of a history changes for good: E-divisive means by split and merge.
//!
//! The divisive search is D. Matteson and N. James, "A Nonparametric Approach for Multiple Change Point Analysis of
//! Multivariate Data" (arXiv:1306.4933); sliding windows, a t-test in place of permutations and the merge from the
//! bottom up are M. Fleming et al., "Hunter: Using Change Point Detection to Hunt for Performance Regressions"
//! (arXiv:2301.03034), now Apache Otava. Different from those on purpose, because their defaults take single bad
//! nights for changes: the variance in the t-test is the unbiased one, a segment has at least three values, and the
//! last threshold is stricter.

use super::contrast::Contrast;
use super::means::pooled;

/// How eagerly changes are taken for real. Scale-free but for `min_shift`, which is in the values' own unit: for
/// logarithms a ratio's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detector {
    /// Values looked at together, so that an old change does not hide a young one.
    pub window: usize,
    /// Fewest values on each side of a change.
    pub min_segment: usize,
    /// A split is followed up at this p.
    pub weak_p: f64,
    /// A change remains at this p. Not an error rate: it is that of the best of many places.
    pub p: f64,
    /// A change remains when the means on its two sides are this far apart.
    pub min_shift: f64,
}

impl Detector {
    /// Window, shortest segment and thresholds that raise 6 to 10 times fewer false alarms on unchanged histories than
    /// Otava's defaults at about the same power from the fifth value after a change on.
    pub const DEFAULT: Detector =
        Detector { window: 50, min_segment: 3, weak_p: 0.01, p: 1e-4, min_shift: 0.0 };

    /// The index of the first value after each change, ascending.
    pub fn changes(&self, values: &[f64]) -> Vec<usize> {
        self.merge(values, self.split(values))
    }

    /// Every place that may be a change, by windows of which each begins at the last change found or half a window
    /// further on.
    fn split(&self, values: &[f64]) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        let mut start = 0;
        while start < values.len() {
            let end = (start + self.window).min(values.len());
            let here = self.split_window(&values[start..end]);
            let last = here.iter().max().map_or(0, |index| start + index);
            found.extend(here.iter().map(|index| start + index));
            start = last.max(start + (self.window / 2).max(1));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Splits one window until the best split left is not even weakly significant.
    fn split_window(&self, values: &[f64]) -> Vec<usize> {
        let distances = Distances::between(values);
        let mut ends = vec![0, values.len()];
        loop {
            let intervals = ends.windows(2).map(|pair| (pair[0], pair[1]));
            let best = intervals
                .filter_map(|(from, to)| {
                    let (at, q) = distances.best_split(from, to, self.min_segment)?;
                    Some((q, from, at, to))
                })
                .max_by(|a, b| a.0.total_cmp(&b.0));
            let Some((_, from, at, to)) = best else { break };
            if p_of(&values[from..at], &values[at..to]) > self.weak_p {
                break;
            }
            let place = ends.partition_point(|&end| end < at);
            ends.insert(place, at);
        }
        ends[1..ends.len() - 1].to_vec()
    }

    /// Takes out the least significant change, then the smallest, until all that are left hold between their
    /// neighbours.
    fn merge(&self, values: &[f64], mut changes: Vec<usize>) -> Vec<usize> {
        loop {
            let judged: Vec<(f64, f64)> = (0..changes.len())
                .map(|i| {
                    let from = if i == 0 { 0 } else { changes[i - 1] };
                    let to = changes.get(i + 1).copied().unwrap_or(values.len());
                    let (before, after) = (&values[from..changes[i]], &values[changes[i]..to]);
                    let shift = pooled(before, after).map_or(0.0, |c| c.difference.abs());
                    (p_of(before, after), shift)
                })
                .collect();
            let by = |key: fn(&(f64, f64)) -> f64| {
                let keyed = judged.iter().map(key).enumerate();
                keyed.max_by(|a, b| a.1.total_cmp(&b.1))
            };
            let unsure = by(|judged| judged.0).filter(|(_, p)| *p >= self.p);
            let small = by(|judged| -judged.1).filter(|(_, shift)| -shift < self.min_shift);
            match unsure.or(small) {
                Some((index, _)) => drop(changes.remove(index)),
                None => return changes,
            }
        }
    }
}

/// Student's p for a difference of means; 0 where constant values differ.
fn p_of(before: &[f64], after: &[f64]) -> f64 {
    pooled(before, after).map_or(1.0, |contrast: Contrast| contrast.p_value())
}

/// Sums of absolute differences over any rectangle of pairs, from a table of running sums.
struct Distances {
    side: usize,
    sums: Vec<f64>,
}

impl Distances {
    fn between(values: &[f64]) -> Self {
        let side = values.len() + 1;
        let mut sums = vec![0.0; side * side];
        for (i, a) in values.iter().enumerate() {
            let mut row = 0.0;
            for (j, b) in values.iter().enumerate() {
                row += (a - b).abs();
                sums[(i + 1) * side + j + 1] = sums[i * side + j + 1] + row;
            }
        }
        Distances { side, sums }
    }

    /// Σ |x − y| for x in `rows` and y in `columns`.
    fn sum(&self, rows: (usize, usize), columns: (usize, usize)) -> f64 {
        let at = |row: usize, column: usize| self.sums[row * self.side + column];
        at(rows.1, columns.1) - at(rows.0, columns.1) - at(rows.1, columns.0)
            + at(rows.0, columns.0)
    }

    /// The scaled energy distance between neighbours X = `from..at` and Y = `at..to`: nm/(n+m) times twice the mean
    /// distance between them less the mean distances within.
    fn q(&self, from: usize, at: usize, to: usize) -> f64 {
        let (n, m) = ((at - from) as f64, (to - at) as f64);
        let between = self.sum((from, at), (at, to));
        // Every pair is in the square twice; a single value has no pair.
        let mean_within = |range: (usize, usize), size: f64| {
            if size < 2.0 { 0.0 } else { self.sum(range, range) / (size * (size - 1.0)) }
        };
        let within = mean_within((from, at), n) + mean_within((at, to), m);
        (n * m / (n + m)) * (2.0 * between / (n * m) - within)
    }

    /// Where `from..to` comes apart best, with its Q. The right part may end before `to`, so that what comes back to
    /// the old level later does not hide the change.
    fn best_split(&self, from: usize, to: usize, min_segment: usize) -> Option<(usize, f64)> {
        let shortest = min_segment.max(1);
        let splits = (from + shortest..to)
            .flat_map(|at| (at + shortest..=to).map(move |until| (at, self.q(from, at, until))));
        splits.max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [usize; 0] = [];

    /// apache/otava `tests/series_test.py`.
    const HALVED: [f64; 11] = [1.02, 0.95, 0.99, 1.00, 1.12, 0.90, 0.50, 0.51, 0.48, 0.48, 0.55];
    const TENTH: [f64; 11] = [2.02, 2.03, 2.01, 2.04, 1.82, 1.85, 1.79, 1.81, 1.80, 1.76, 1.78];
    /// apache/otava `tests/resources/sample.csv`.
    const STEADY: [f64; 10] = [
        154_023.0, 138_455.0, 143_112.0, 149_190.0, 132_098.0, 151_344.0, 155_145.0, 148_889.0,
        149_466.0, 148_209.0,
    ];
    const DROPPED: [f64; 10] = [10.43, 10.23, 10.29, 10.91, 10.34, 10.69, 9.23, 9.11, 9.13, 9.03];
    /// mongodb/signal-processing-algorithms `tests/test_detection.py`.
    const THREE_LEVELS: [f64; 60] = [
        41.0, 18.0, 23.0, 3.0, 32.0, 11.0, 40.0, 13.0, 29.0, 48.0, 47.0, 35.0, 18.0, 21.0, 6.0,
        2.0, 23.0, 3.0, 4.0, 7.0, 120.0, 103.0, 102.0, 81.0, 71.0, 62.0, 115.0, 61.0, 108.0, 63.0,
        70.0, 98.0, 65.0, 96.0, 64.0, 74.0, 70.0, 113.0, 90.0, 114.0, 208.0, 196.0, 153.0, 150.0,
        225.0, 179.0, 206.0, 165.0, 177.0, 151.0, 218.0, 217.0, 244.0, 245.0, 229.0, 195.0, 225.0,
        229.0, 176.0, 250.0,
    ];
    /// apache/otava `tests/change_point_divisive_test.py`.
    const WITH_NEGATIVES: [f64; 14] =
        [0.3, 2.4, 1.5, -0.9, -0.5, 99.7, 98.3, 99.1, 149.0, 149.7, 149.5, 149.1, 148.8, 150.0];

    fn logs(values: &[f64]) -> Vec<f64> {
        values.iter().map(|v| v.ln()).collect()
    }

    fn at_least(share: f64) -> Detector {
        Detector { min_shift: (1.0 + share).ln(), ..Detector::DEFAULT }
    }

    #[test]
    fn published_series_have_their_published_changes() {
        let detector = at_least(0.05);
        assert_eq!(detector.changes(&logs(&HALVED)), [6]);
        assert_eq!(detector.changes(&logs(&TENTH)), [4]);
        assert_eq!(detector.changes(&logs(&DROPPED)), [6]);
        assert_eq!(detector.changes(&logs(&STEADY)), NONE);
        assert_eq!(detector.changes(&logs(&THREE_LEVELS)), [20, 40]);
        assert_eq!(Detector::DEFAULT.changes(&THREE_LEVELS), [20, 40]);
        assert_eq!(Detector::DEFAULT.changes(&WITH_NEGATIVES), [5, 8]);
    }

    #[test]
    fn a_change_below_the_smallest_that_matters_is_none() {
        assert_eq!(at_least(0.2).changes(&logs(&HALVED)), [6]);
        assert_eq!(at_least(0.2).changes(&logs(&TENTH)), NONE);
    }

    #[test]
    fn a_value_between_two_levels_goes_to_the_nearer_one() {
        // mongodb/signal-processing-algorithms `tests/test_detection.py`: raw values.
        let stair = |middle: f64| {
            let mut values = vec![50.0; 14];
            values.push(middle);
            values.extend([100.0; 15]);
            values
        };
        assert_eq!(Detector::DEFAULT.changes(&stair(50.0)), [15]);
        assert_eq!(Detector::DEFAULT.changes(&stair(74.0)), [15]);
        assert_eq!(Detector::DEFAULT.changes(&stair(76.0)), [14]);
        // As a ratio 74 is nearer to 100 than to 50.
        assert_eq!(Detector::DEFAULT.changes(&logs(&stair(74.0))), [14]);
    }

    #[test]
    fn t_test_of_otava() {
        // apache/otava `tests/series_test.py`, the significance test alone.
        let before = [1.00, 1.02, 1.05, 0.95, 0.98];
        assert!(p_of(&before, &before) > 0.99);
        assert!(p_of(&before, &[0.80, 0.82, 0.85, 0.79, 0.77]) < 0.001);
    }

    #[test]
    fn energy_distance_of_mongodb() {
        // mongodb/signal-processing-algorithms `tests/test_energy_statistics.py`, in the form that divides within by
        // n² and m²: e and t = nm/(n+m)·e.
        let table = [
            (
                (1..100).map(f64::from).collect::<Vec<f64>>(),
                (1..105).map(f64::from).collect::<Vec<f64>>(),
                0.160,
                8.136,
            ),
            (
                (1..300).map(f64::from).collect(),
                (1000..5000).step_by(10).map(f64::from).collect(),
                4257.009,
                728_381.015,
            ),
        ];
        for (x, y, e, t) in table {
            let all: Vec<f64> = x.iter().chain(&y).copied().collect();
            let distances = Distances::between(&all);
            let (n, m) = (x.len(), x.len() + y.len());
            let (left, right) = ((0, n), (n, m));
            let (nf, mf) = (x.len() as f64, y.len() as f64);
            let got = 2.0 * distances.sum(left, right) / (nf * mf)
                - distances.sum(left, left) / (nf * nf)
                - distances.sum(right, right) / (mf * mf);
            assert!((got - e).abs() < 1e-3, "{got}, not {e}");
            let scaled = got * nf * mf / (nf + mf);
            assert!((scaled / t - 1.0).abs() < 1e-4, "{scaled}, not {t}");
        }
    }

    #[test]
    fn too_little_to_split_is_left_whole() {
        for values in [&[][..], &[1.0], &[1.0, 2.0, 3.0], &[1.0, 1.0, 9.0, 9.0, 9.0]] {
            assert_eq!(Detector::DEFAULT.changes(values), NONE);
        }
        assert_eq!(Detector::DEFAULT.changes(&[7.0; 200]), NONE);
        assert_eq!(Detector::DEFAULT.changes(&[1.0, 1.0, 1.0, 9.0, 9.0, 9.0]), [3]);
    }

    #[test]
    fn one_bad_night_is_no_change() {
        let mut values: Vec<f64> = (0..60u8).map(|i| f64::from(i % 5)).collect();
        values[30] = 1000.0;
        assert_eq!(Detector::DEFAULT.changes(&values), NONE);
        values[31] = 1000.0;
        assert_eq!(Detector::DEFAULT.changes(&values), NONE);
    }

    #[test]
    fn a_unit_changes_nothing() {
        let scaled: Vec<f64> = THREE_LEVELS.iter().map(|v| v * 1e6).collect();
        assert_eq!(Detector::DEFAULT.changes(&scaled), Detector::DEFAULT.changes(&THREE_LEVELS));
    }

    #[test]
    fn a_change_beyond_the_first_windows_is_found_where_it_is() {
        let values: Vec<f64> =
            (0..365u16).map(|i| f64::from(i % 7) + if i < 203 { 0.0 } else { 20.0 }).collect();
        assert_eq!(Detector::DEFAULT.changes(&values), [203]);
    }
}
