//! What other tools read: a file per format, all behind [`export`]. Pure, like every renderer; a quantile that the
//! samples cannot resolve is left out of every format, never written as 0 or as no number.

mod bmf;
mod document;
mod figures;
mod github;
mod hgrm;
mod hlog;
mod junit;
mod openmetrics;
mod perfdata;

use crate::cli::Export;
use crate::error::{Error, Result};
use crate::plan::check_export;
pub use document::{Document, ExportInput};

use openmetrics::Dialect;

/// What there is of a subject in a format: one document or several, none of them empty.
///
/// # Errors
/// [`Error::Usage`] as [`check`]; [`Error::Refused`] where the subject holds nothing that the format could show.
pub fn export(kind: Export, subject: ExportInput<'_>) -> Result<Vec<Document>> {
    check_export(kind, subject.of())?;
    let documents = match (subject, kind) {
        (ExportInput::Run { run, summary, .. }, Export::Junit) => vec![junit::run(run, summary)],
        (ExportInput::Comparison(found), Export::Junit) => vec![junit::comparison(found)],
        (ExportInput::Trend(trend), Export::Junit) => vec![junit::trend(trend)],
        (_, Export::Openmetrics) => vec![openmetrics::document(subject, Dialect::OpenMetrics)],
        (_, Export::Textfile) => vec![openmetrics::document(subject, Dialect::Classic)],
        (ExportInput::Run { run, intervals, .. }, Export::Hlog) => hlog::documents(run, intervals),
        (ExportInput::Run { run, .. }, Export::Hgrm) => hgrm::documents(run),
        (ExportInput::Run { run, summary, .. }, Export::Perfdata) => {
            perfdata::documents(run, summary)
        }
        (ExportInput::Run { run, summary, .. }, Export::GithubActionBenchmark) => {
            github::documents(run, summary)
        }
        (ExportInput::Run { run, summary, .. }, Export::Bmf) => bmf::documents(run, summary),
        // Refused by the check above.
        (ExportInput::Comparison(_) | ExportInput::Trend(_), _) => Vec::new(),
    };
    if documents.is_empty() {
        let lacks = match kind {
            Export::Hlog => "it holds no intervals",
            Export::Hgrm => "it holds no samples",
            _ => "no series of the phases that are judged has enough samples",
        };
        return Err(Error::Refused(format!(
            "--export {}: there is nothing to write of this result: {lacks}",
            kind.name()
        )));
    }
    Ok(documents)
}
