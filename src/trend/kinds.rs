//! One kind of nights, or two: a fast and a slow one, or single bad ones among many.
//!
//! Mixtures of two normal distributions are fitted by expectation and maximisation (A. Dempster, N. Laird and D. Rubin,
//! Journal of the Royal Statistical Society B 39, 1977) and taken where Schwarz's criterion (Annals of Statistics 6,
//! 1978) prefers them to one.

use crate::stats::{MAD_TO_DEVIATION, median};

/// Fewer nights do not tell two kinds apart.
const FEWEST_FOR_TWO: usize = 12;
/// A kind of nights is at least so wide, of what all are.
const NARROWEST: f64 = 0.25;
/// Skewness or kurtosis beyond so many of its errors is worth a search for a second kind.
const ODD: f64 = 1.5;
/// No kind is likelier or less likely than this: below it a logarithm says nothing.
pub(super) const LEAST: f64 = 1e-300;

/// One kind of nights: how frequent it is, how far off the level, how much its nights differ.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub weight: f64,
    pub off: f64,
    pub deviation: f64,
}

/// What is believed of the deviation before any night is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Belief {
    pub deviation: f64,
    /// It counts as so many nights.
    pub nights: f64,
}

impl Kind {
    /// How dense it is at a place, but for a constant that all kinds share.
    pub fn density(&self, x: f64) -> f64 {
        let z = (x - self.off) / self.deviation;
        self.weight * (-0.5 * z * z).exp() / self.deviation
    }
}

/// The standard deviation of all kinds together.
pub(super) fn overall(kinds: &[Kind]) -> f64 {
    let weight: f64 = kinds.iter().map(|kind| kind.weight).sum();
    let mean = kinds.iter().map(|kind| kind.weight * kind.off).sum::<f64>() / weight;
    let square =
        |kind: &Kind| kind.weight * ((kind.off - mean).powi(2) + kind.deviation * kind.deviation);
    (kinds.iter().map(square).sum::<f64>() / weight).sqrt()
}

/// The kinds of some nights about their levels; `lost` degrees of freedom went into those.
pub(super) fn fit(values: &[f64], lost: f64, belief: Belief) -> Vec<Kind> {
    let n = values.len() as f64;
    let prior = belief.nights * belief.deviation * belief.deviation;
    let squares: f64 = values.iter().map(|v| v * v).sum();
    let freedom = belief.nights + (n - lost).max(0.0);
    let one = Kind { weight: 1.0, off: 0.0, deviation: ((prior + squares) / freedom).sqrt() };
    if values.len() < FEWEST_FOR_TWO || !is_odd(values) {
        return vec![one];
    }
    let likelihood = |kinds: &[Kind]| -> f64 {
        let dense = |v: &f64| kinds.iter().map(|kind| kind.density(*v)).sum::<f64>();
        values.iter().map(|v| dense(v).max(LEAST).ln()).sum()
    };
    let narrowest = NARROWEST * one.deviation.min(robust(values).max(0.2 * one.deviation));
    let best = starts(values)
        .into_iter()
        .map(|start| maximise(values, start, (prior, belief.nights), narrowest))
        .map(|kinds| (likelihood(&kinds), kinds))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        // Three numbers more.
        Some((two, kinds)) if 2.0 * (two - likelihood(&[one])) > 3.0 * n.ln() => kinds.to_vec(),
        _ => vec![one],
    }
}

fn robust(values: &[f64]) -> f64 {
    let sizes: Vec<f64> = values.iter().map(|v| v.abs()).collect();
    MAD_TO_DEVIATION * median(&sizes).unwrap_or(0.0)
}

/// Whether they are not as nights of one kind are.
fn is_odd(values: &[f64]) -> bool {
    let n = values.len() as f64;
    let moment = |power: i32| values.iter().map(|v| v.powi(power)).sum::<f64>() / n;
    let variance = moment(2);
    if variance <= 0.0 {
        return false;
    }
    let skew = moment(3) / variance.powf(1.5);
    let kurtosis = moment(4) / (variance * variance) - 3.0;
    skew.abs() > ODD * (6.0 / n).sqrt() || kurtosis.abs() > ODD * (24.0 / n).sqrt()
}

/// Where the search begins: halves, a tenth of bad nights, a few wide ones among many narrow ones.
fn starts(values: &[f64]) -> Vec<[Kind; 2]> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    let part = |values: &[f64]| {
        let size = values.len().max(1) as f64;
        let off = values.iter().sum::<f64>() / size;
        let deviation = (values.iter().map(|v| (v - off).powi(2)).sum::<f64>() / size).sqrt();
        Kind { weight: size / n as f64, off, deviation }
    };
    let mut found: Vec<[Kind; 2]> = [n / 2, n - (n / 10).max(2)]
        .into_iter()
        .map(|at| [part(&sorted[..at]), part(&sorted[at..])])
        .collect();
    let wide = 2.0 * part(&sorted).deviation;
    found.push([
        Kind { weight: 0.8, off: 0.0, deviation: robust(values) },
        Kind { weight: 0.2, off: 0.0, deviation: wide },
    ]);
    found
}

fn maximise(
    values: &[f64],
    mut kinds: [Kind; 2],
    (prior, believed): (f64, f64),
    narrowest: f64,
) -> [Kind; 2] {
    const ROUNDS: usize = 20;
    let n = values.len() as f64;
    for kind in &mut kinds {
        kind.deviation = kind.deviation.max(narrowest).max(f64::MIN_POSITIVE);
    }
    for _ in 0..ROUNDS {
        let share = |value: &f64| {
            let (a, b) = (kinds[0].density(*value), kinds[1].density(*value));
            if a + b > 0.0 { a / (a + b) } else { 0.5 }
        };
        let shares: Vec<f64> = values.iter().map(share).collect();
        for (index, kind) in kinds.iter_mut().enumerate() {
            let of = |share: f64| if index == 0 { share } else { 1.0 - share };
            let weight: f64 = shares.iter().map(|share| of(*share)).sum();
            if weight < 1.0 {
                continue;
            }
            let pairs = || shares.iter().zip(values);
            kind.off = pairs().map(|(share, v)| of(*share) * v).sum::<f64>() / weight;
            let squares: f64 = pairs().map(|(share, v)| of(*share) * (v - kind.off).powi(2)).sum();
            kind.deviation = ((prior + squares) / (believed + weight)).sqrt().max(narrowest);
            kind.weight = (weight / n).clamp(1.0 / n, 1.0 - 1.0 / n);
        }
    }
    kinds
}
