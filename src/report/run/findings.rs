//! What is worth knowing: the gravest first, each with what to do about it.

use super::input::Input;
use crate::report::page::{Block, Note, Section, Shown};
use crate::report::words;

pub(super) fn findings(input: &Input<'_>) -> Vec<Section> {
    let notes = words::findings(input).into_iter().map(|finding| Note {
        severity: finding.severity,
        message: finding.message.clone(),
        advice: finding.advice.clone(),
    });
    let block = Block::Findings(notes.collect());
    vec![Section::new("findings", "Worth knowing", vec![block]).shown(Shown::Titled)]
}
