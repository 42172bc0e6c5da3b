//! Renderers of a [`Trend`]: pure.
//!
//! [`Trend`]: crate::trend::Trend

mod csv;
mod page;
pub(super) mod verdicts;
pub(super) mod words;

use super::Style;
use super::json;
use super::page::{Medium, html, markdown, terminal};
use crate::cli::TrendFormat;
use crate::trend::Trend;

/// A trend in the format that was asked for.
pub fn render(trend: &Trend, format: TrendFormat, style: &Style) -> String {
    match format {
        TrendFormat::Text => terminal::terminal(&page::page(trend, Medium::Terminal), style),
        TrendFormat::Json => json::document(trend),
        TrendFormat::Markdown => markdown::markdown(&page::page(trend, Medium::Comment)),
        TrendFormat::Csv => csv::csv(trend),
        TrendFormat::Html => html::html(&page::page(trend, Medium::Browser)),
    }
}
