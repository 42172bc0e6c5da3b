//! Renderers of a [`Trend`]: pure.
//!
//! [`Trend`]: crate::compare::trend::Trend

mod csv;
mod json;
mod markdown;
mod terminal;
pub(super) mod words;

pub use csv::csv;
pub use json::json;
pub use markdown::markdown;
pub use terminal::terminal;

use super::Style;
use crate::cli::TrendFormat;
use crate::compare::trend::Trend;

/// A trend in the format that was asked for.
pub fn render(trend: &Trend, format: TrendFormat, style: &Style) -> String {
    match format {
        TrendFormat::Text => terminal(trend, style),
        TrendFormat::Json => json(trend),
        TrendFormat::Markdown => markdown(trend),
        TrendFormat::Csv => csv(trend),
        TrendFormat::Html => super::html::trend(trend),
    }
}
