//! Comparisons and calibrations as text. Pure.

pub(super) mod calibration;
mod csv;
mod markdown;
mod terminal;
pub(super) mod values;
pub(super) mod words;

use serde::Serialize;

use crate::cli::CompareFormat;
use crate::compare::{Answer, Finished};

use super::style::Style;

/// An answer in the form that was asked for, ending in a newline. `all` puts every metric on the page.
pub fn compared(finished: &Finished, format: CompareFormat, all: bool, style: &Style) -> String {
    match (&finished.answer, format) {
        (Answer::Comparison(found), CompareFormat::Text) => terminal::page(found, all, style),
        (Answer::Comparison(found), CompareFormat::Json) => json(found),
        (Answer::Comparison(found), CompareFormat::Markdown) => markdown::markdown(found),
        (Answer::Comparison(found), CompareFormat::Csv) => csv::csv(found),
        (Answer::Comparison(found), CompareFormat::Html) => {
            super::html::comparison(found, &finished.sides)
        }
        (Answer::Calibration(noise, place), CompareFormat::Html) => {
            super::html::calibration(noise, place)
        }
        (Answer::Calibration(noise, place), CompareFormat::Text | CompareFormat::Markdown) => {
            calibration::page(noise, place, style)
        }
        (Answer::Calibration(noise, _), CompareFormat::Json) => json(noise),
        (Answer::Calibration(noise, _), CompareFormat::Csv) => calibration::csv(noise),
    }
}

fn json<T: Serialize>(document: &T) -> String {
    // Plain numbers and text always serialise.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}
