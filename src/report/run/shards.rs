//! The machines of a load that several made.

use super::input::Input;
use crate::report::page::{Block, Section, Shown, Table};
use crate::report::words::load::shards as words;

/// What each of them measured.
pub(super) fn shards(input: &Input<'_>) -> Vec<Section> {
    let Some(merged) = &input.run.header.merged else {
        return Vec::new();
    };
    let blocks = vec![
        Block::Table(Table::of(
            "What each machine measured, beside all others",
            words::table(merged),
        )),
        Block::paragraphs(words::told(merged)),
    ];
    vec![Section::new("shards", "Shards", blocks).shown(Shown::Titled)]
}
