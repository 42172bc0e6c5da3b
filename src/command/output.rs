//! What a command made, on its way out.

use std::io::{self, Write as _};
use std::path::Path;

use crate::cli::ChartArgs;
use crate::error::Result;
use crate::plan::ExportPlan;
use crate::printable::clean_lines;
use crate::report::chart::Chart;
use crate::report::export::{self, ExportInput};
use crate::{charts, delivery};

/// What somebody types whose etcd does not answer.
pub(super) const ANOTHER_ETCD: &str = "name another with --endpoints";

/// Writes charts where they are wanted, and tells their files on stderr: stdout is the report's.
pub(super) fn draw(wanted: &ChartArgs, charts: impl FnOnce() -> Vec<Chart>) -> Result<()> {
    let Some(directory) = &wanted.charts else {
        return Ok(());
    };
    let written = charts::write(&charts(), directory, wanted.png)?;
    if written.is_empty() {
        say("no chart was drawn: there is nothing measured to show");
    }
    written.iter().for_each(|path| say(&format!("wrote {}", path.display())));
    Ok(())
}

/// Writes what another tool reads where it was asked to be.
pub(super) fn send(plan: &ExportPlan, subject: ExportInput<'_>) -> Result<()> {
    delivery::deliver_all(&export::export(plan.kind, subject)?, plan)
}

/// Writes a document where it was asked to be, and says where a file is.
pub(super) fn hand_over(document: &str, output: Option<&Path>, quiet: bool) -> Result<()> {
    delivery::deliver(document, output)?;
    if let Some(path) = output.filter(|_| !quiet) {
        say(&format!("written to {}", path.display()));
    }
    Ok(())
}

/// Writes a line to stderr, if anybody is there. It may repeat what others wrote.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{}", clean_lines(line));
}
