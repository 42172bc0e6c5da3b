//! The columns that every table has.

use crate::result::Header;

/// What tells rows apart, in every table.
pub(super) const KEY: [&str; 5] = ["run_id", "name", "phase", "series", "member"];

/// The cells of [`KEY`]; without a member, of all of them together.
pub(super) fn key(header: &Header, phase: &str, series: &str, member: Option<u32>) -> [String; 5] {
    [
        header.run_id.clone(),
        header.name.clone(),
        phase.to_owned(),
        series.to_owned(),
        member.map_or_else(String::new, |member| member.to_string()),
    ]
}

/// The header row of a table of these columns.
pub(super) fn columns(more: &[&str]) -> Vec<String> {
    KEY.iter().chain(more).map(|name| (*name).to_owned()).collect()
}
