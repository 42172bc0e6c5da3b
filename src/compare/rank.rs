//! Three sides or more: from best to worst, and which one is far from all others.

use crate::stats::{self, MAD_TO_DEVIATION};

use super::side_metric::SideMetric;
use super::subject::ComparedMetric;
use super::{Metric, RankedSide, Ranking, Side, Value};

/// A side this many times better or worse than the median of the others …
const ODD_RATIO: f64 = 1.5;
/// … and so many deviations of the others away from it is the odd one out. With few others their deviation is hardly
/// known: the factor covers it.
const ODD_DEVIATIONS: f64 = 5.0;
/// Others that happen to agree closely make nobody odd who is this near, as a difference of logarithms.
const NEVER_ODD: f64 = 0.05;

/// A ranking per metric that decides; none of two sides.
pub(super) fn rankings(
    subjects: &[ComparedMetric],
    measured: &[Vec<SideMetric>],
    sides: &[Side],
) -> Vec<Ranking> {
    if sides.len() < 3 {
        return Vec::new();
    }
    subjects
        .iter()
        .enumerate()
        .filter(|(_, subject)| subject.primary && !subject.stat.is_share())
        .filter_map(|(index, subject)| ranking(index, subject, measured, sides))
        .collect()
}

fn ranking(
    row: usize,
    subject: &ComparedMetric,
    measured: &[Vec<SideMetric>],
    sides: &[Side],
) -> Option<Ranking> {
    // What was asked for is no merit of those who did it.
    let all_as_asked = measured.iter().all(|side| side[row].offered);
    if all_as_asked || !measured.iter().all(|side| side[row].speaks(subject.stat)) {
        return None;
    }
    let values: Option<Vec<f64>> = measured.iter().map(|side| side[row].value.value).collect();
    let values = values.filter(|values| values.iter().all(|value| *value > 0.0))?;
    // Where all have the same there is no order.
    if values.iter().all(|value| (value - values[0]).abs() <= 1e-6 * values[0]) {
        return None;
    }
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let mut places: Vec<RankedSide> = sides
        .iter()
        .enumerate()
        .map(|(index, side)| {
            let (to_others, far) = beside_others(&logs, index);
            let of_others = values[index] / to_others.exp();
            let odd = far && excludes(&measured[index][row].value, of_others);
            RankedSide {
                letter: side.letter.clone(),
                name: side.name.clone(),
                value: values[index],
                to_others: to_others.exp(),
                odd,
            }
        })
        .collect();
    let direction = if subject.stat.more_is_better() { -1.0 } else { 1.0 };
    places.sort_by(|a, b| (direction * a.value).total_cmp(&(direction * b.value)));
    let named = Metric {
        phase: subject.phase.clone(),
        series: subject.series.clone(),
        stat: subject.stat,
        ..Metric::default()
    };
    Some(Ranking { label: named.label(), stat: subject.stat, places })
}

/// Whether a value's interval leaves this number out.
fn excludes(value: &Value, number: f64) -> bool {
    value.low.is_some_and(|low| number < low) || value.high.is_some_and(|high| number > high)
}

/// How far this value is from the median of the others, and whether that is far.
fn beside_others(logs: &[f64], index: usize) -> (f64, bool) {
    let others: Vec<f64> =
        logs.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, log)| *log).collect();
    let off = logs[index] - stats::median(&others).unwrap_or(logs[index]);
    let spread = stats::median_deviation(&others).unwrap_or(0.0) * MAD_TO_DEVIATION;
    let usual = spread.max(NEVER_ODD);
    (off, off.abs() >= ODD_RATIO.ln() && off.abs() >= ODD_DEVIATIONS * usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odd(values: &[f64]) -> Vec<bool> {
        let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
        (0..logs.len()).map(|index| beside_others(&logs, index).1).collect()
    }

    #[test]
    fn the_odd_one_is_named_and_no_other() {
        assert_eq!(odd(&[1.0, 1.1, 11.0, 0.9]), [false, false, true, false]);
        assert_eq!(odd(&[1.0, 1.1, 1.3, 0.9]), [false; 4]);
        // All of them differ: none is odd.
        assert_eq!(odd(&[1.0, 2.0, 4.0, 8.0, 16.0]), [false; 5]);
        let logs = [0.0, 0.0, 11f64.ln()];
        assert!((beside_others(&logs, 2).0.exp() - 11.0).abs() < 1e-9);
    }
}
