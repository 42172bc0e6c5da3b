//! How findings are made, whatever was measured.

use crate::record::Distribution;
use crate::result::{Finding, Severity};

/// A finding without advice or numbers yet.
pub(super) fn finding(code: &str, severity: Severity, message: String) -> Finding {
    Finding { code: code.to_owned(), severity, message, ..Finding::default() }
}

/// What a finding is completed with.
pub(super) trait Complete {
    fn advise(self, advice: impl Into<String>) -> Self;
    fn number(self, name: &str, value: f64) -> Self;
}

impl Complete for Finding {
    fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    fn number(mut self, name: &str, value: f64) -> Self {
        self.numbers.insert(name.to_owned(), value);
        self
    }
}

/// The median of numbers; `None` without any.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    part(values, 0.5)
}

/// The value at a share of the sorted numbers; `None` without any.
pub(super) fn part(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * share).round() as usize).copied()
}

/// A quantile of a distribution, 0 without samples.
pub(super) fn quantile(distribution: &Distribution, q: f64) -> u64 {
    distribution.quantile(q).unwrap_or_default()
}

/// A text as the beginning of a sentence.
pub(super) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
