//! A rule and its outcome, cell by cell.

use crate::exit::Verdict;
use crate::report::text::{clean, width};
use crate::result::RuleOutcome;
use crate::units::{format_count, format_ratio};

/// What stands above the cells.
pub const HEAD: [&str; 6] = ["rule", "measured", "limit", "margin", "samples", "source"];

/// A limit wider than this is a sentence.
const LIMIT_AT_MOST: usize = 16;

/// One rule as text, column by column; only the last may be wrapped.
pub struct Row {
    /// What became of it.
    pub verdict: Verdict,
    /// As [`HEAD`] has them.
    pub cells: [String; 6],
    /// Why, where it is not plain from the numbers.
    pub note: Option<String>,
}

/// A rule as a row.
pub fn row(outcome: &RuleOutcome) -> Row {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    // A limit in words would widen its column for all: it goes before the source.
    let (limit, source) = if width(&outcome.limit) > LIMIT_AT_MOST {
        ("", format!("{}: {}", outcome.limit, outcome.source))
    } else {
        (outcome.limit.as_str(), outcome.source.clone())
    };
    let text = |text: &str| {
        if text.is_empty() { "–".to_owned() } else { clean(text) }
    };
    Row {
        verdict: outcome.verdict,
        cells: [
            text(&outcome.label),
            text(&outcome.measured),
            text(limit),
            or_dash(outcome.margin.map(format_ratio)),
            or_dash(outcome.samples.map(format_count)),
            text(&source),
        ],
        note: outcome.note.as_deref().map(clean),
    }
}
