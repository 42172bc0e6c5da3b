//! Which export is wanted, and where it goes: refused before anything is measured that could not be written after.

use std::path::{Path, PathBuf};

use super::document::place;
use crate::cli::{Export, ReportArgs};
use crate::error::{Result, usage};

/// An export, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportPlan {
    /// Its format.
    pub kind: Export,
    /// Where it goes.
    pub to: Destination,
}

/// Where the documents of an export go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// One, printed.
    Stdout,
    /// One, whole or not at all.
    File(PathBuf),
    /// Any number, under their own names; the directory may have to be made.
    Directory(PathBuf),
}

impl ExportPlan {
    /// What `report` was asked to export, of the one result that is named; `None` when it was asked for a page.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) as [`ExportPlan::resolve`], and for several results at once.
    pub fn of_report(args: &ReportArgs) -> Result<Option<ExportPlan>> {
        let Some(kind) = args.export.export else {
            return Ok(None);
        };
        let refuse =
            |why: String| Err(usage(&["--export"], format!("--export {}: {why}", kind.name())));
        if args.document.table.is_some() {
            return refuse("--table is about --format csv; drop one of the two".to_owned());
        }
        let [_] = args.files.as_slice() else {
            return refuse(format!(
                "takes one result at a time, and {} are named; run it for each of them",
                args.files.len()
            ));
        };
        let to = destination(args.document.output.as_deref(), &args.files)?;
        Ok(Some(ExportPlan { kind, to }))
    }

    /// What a comparison or a trend was asked to be exported as; `None` when a page was asked for.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) for a format that such a thing has not, and for a place that nothing can be written to.
    pub fn resolve(
        kind: Option<Export>,
        of: Of,
        output: Option<&Path>,
    ) -> Result<Option<ExportPlan>> {
        let Some(kind) = kind else {
            return Ok(None);
        };
        check(kind, of)?;
        let to = destination(output, &[])?;
        Ok(Some(ExportPlan { kind, to }))
    }
}

/// The kinds of things that can be exported, for a check before anything is measured or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A run: every format.
    Run,
    /// A comparison.
    Comparison,
    /// A trend.
    Trend,
}

/// What tells good from bad rather than how much.
const JUDGEMENTS: [Export; 3] = [Export::Junit, Export::Openmetrics, Export::Textfile];

/// Checks that such a thing has such an export.
///
/// # Errors
/// [`Error::Usage`] that names the exports there are.
pub fn check(kind: Export, of: Of) -> Result<()> {
    let what = match of {
        Of::Run => return Ok(()),
        Of::Comparison => "a comparison",
        Of::Trend => "a trend",
    };
    if JUDGEMENTS.contains(&kind) {
        return Ok(());
    }
    let known = JUDGEMENTS.map(Export::name).join(", ");
    let kind = kind.name();
    Err(usage(
        &["--export"],
        format!(
            "--export {kind}: {kind} holds the figures of one run, and {what} has several; {what} can be exported as \
         {known}, and each of its results with 'etcdbench report FILE --export {kind}'"
        ),
    ))
}

fn destination(output: Option<&Path>, results: &[PathBuf]) -> Result<Destination> {
    let Some(path) = output else {
        return Ok(Destination::Stdout);
    };
    let ends_in_slash = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    if path.is_dir() || ends_in_slash {
        return Ok(Destination::Directory(path.to_path_buf()));
    }
    Ok(match place(Some(path), results)? {
        Some(file) => Destination::File(file),
        None => Destination::Stdout,
    })
}
