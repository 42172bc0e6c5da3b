//! The page of a machine's noise.

use std::path::Path;

use super::parts::{Article, Cell, Page, Section, Table, html, paragraph};
use crate::compare::Calibration;
use crate::report::compare::calibration::{HEAD, MEANING, cells, title};
use crate::report::text::clean;

/// The page.
pub fn calibration(noise: &Calibration, place: &Path) -> String {
    let [metric, between, found] = HEAD;
    let table = Table {
        caption: MEANING.to_owned(),
        head: vec![Cell::text(metric), Cell::number(between), Cell::number(found)],
        rows: noise
            .noise
            .iter()
            .map(|noise| {
                let [metric, between, found] = cells(noise);
                vec![Cell::text(metric), Cell::number(between), Cell::number(found)]
            })
            .collect(),
        naming: 0,
    };
    let written = format!("Written to {}", clean(&place.display().to_string()));
    let sections = [
        Section::new("noise", "Between runs", html(&table)),
        Section::new("written", "Where it is kept", paragraph(&written)),
    ];
    let article = Article {
        id: "noise".to_owned(),
        level: 1,
        tone: "info",
        mark: "±",
        word: "NOISE".to_owned(),
        reason: title(noise),
        above: vec!["etcdbench compare --calibrate".to_owned()],
        notes: Vec::new(),
        about: Vec::new(),
        lines: false,
        sections: sections.into_iter().flatten().collect(),
    };
    html(&Page::new(format!("{} · etcdbench", title(noise)), vec![article]))
}
