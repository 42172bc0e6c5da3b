//! JSON: one document, as `docs/trend.schema.json` has it.

use crate::compare::trend::Trend;

/// A trend as one JSON document, ending in a newline.
pub fn json(trend: &Trend) -> String {
    // Maps with text keys and plain numbers always serialise.
    let mut text = serde_json::to_string_pretty(trend).unwrap_or_default();
    text.push('\n');
    text
}
