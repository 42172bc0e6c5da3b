//! The disk and the machine, fact by fact.

use super::input::Input;
use crate::report::page::{Block, Labels, Section, Table};
use crate::report::words;

/// The file system under the measured directory, and what carries it.
pub(super) fn disk(input: &Input<'_>) -> Vec<Section> {
    const CAPTION: &str = "Block devices, from the file system down to the hardware";
    let Some(disk) = &input.run.header.environment.disk else {
        return Vec::new();
    };
    let facts = Block::facts(Labels::Long, words::disk_facts(disk));
    let devices = Block::Table(Table::of(CAPTION, words::devices(&disk.devices)));
    vec![Section::new("disk", "Disk", vec![facts, devices])]
}

pub(super) fn machine(input: &Input<'_>) -> Vec<Section> {
    let facts = Block::facts(Labels::Long, words::machine(&input.run.header.environment));
    vec![Section::new("machine", "Machine", vec![facts])]
}
