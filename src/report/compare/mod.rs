//! Comparisons and calibrations as text. Pure.

mod calibration;
mod csv;
mod page;
pub(super) mod values;
pub(super) mod words;

use super::page::{Medium, Page, html, markdown, terminal};
use super::style::Style;
use crate::cli::CompareFormat;
use crate::compare::{Answer, Finished};
use crate::report::json;

/// An answer in the form that was asked for, ending in a newline. `all` puts every metric on the page.
pub fn compared(finished: &Finished, format: CompareFormat, all: bool, style: &Style) -> String {
    let page = |medium: Medium| -> Page {
        match &finished.answer {
            Answer::Comparison(found) => page::page(found, &finished.sides, all, medium),
            Answer::Calibration(noise, place) => calibration::page(noise, place, medium),
        }
    };
    match (format, &finished.answer) {
        (CompareFormat::Text, _) => terminal::terminal(&page(Medium::Terminal), style),
        (CompareFormat::Markdown, _) => markdown::markdown(&page(Medium::Comment)),
        (CompareFormat::Html, _) => html::html(&page(Medium::Browser)),
        (CompareFormat::Json, Answer::Comparison(found)) => json::document(found),
        (CompareFormat::Json, Answer::Calibration(noise, _)) => json::document(noise),
        (CompareFormat::Csv, Answer::Comparison(found)) => csv::csv(found),
        (CompareFormat::Csv, Answer::Calibration(noise, _)) => calibration::csv(noise),
    }
}
