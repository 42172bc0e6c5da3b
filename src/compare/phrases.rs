//! Parts of sentences about a comparison.

/// Why the rate of an open loop is no test.
pub(super) const AS_OFFERED: &str = "the offered rate, kept by both";

/// `a, b and c`.
pub(super) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The first few, and how many more there are.
pub(super) fn told_of(mut parts: Vec<String>) -> Vec<String> {
    let more = parts.len().saturating_sub(TOLD);
    parts.truncate(TOLD);
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    parts
}

/// More metrics than this are counted, not told.
pub(super) const TOLD: usize = 3;
