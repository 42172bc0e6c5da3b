//! What other tools read of results, comparisons and trends: each format as it is, and read back by somebody else's
//! reader.

mod golden;
mod hdr;
mod judged;
mod metrics;
mod program;
mod samples;
mod trackers;

use std::path::{Path, PathBuf};

use etcdbench::cli::Export;
use etcdbench::compare::Comparison;
use etcdbench::report::export::{Document, ExportInput, export};
use etcdbench::result::{self, Interval, Run, Summary};
use etcdbench::trend::Trend;

/// Every document of a run.
fn of_run(
    kind: Export,
    (run, summary, intervals): &(Run, Summary, Vec<Interval>),
) -> Vec<Document> {
    let subject = ExportInput::Run { run, summary, intervals };
    export(kind, subject).unwrap()
}

/// The only document of a comparison.
fn of_comparison(kind: Export, found: &Comparison) -> Document {
    only(export(kind, ExportInput::Comparison(found)).unwrap())
}

/// The only document of a trend.
fn of_trend(kind: Export, trend: &Trend) -> Document {
    only(export(kind, ExportInput::Trend(trend)).unwrap())
}

fn only(documents: Vec<Document>) -> Document {
    let [only] = <[Document; 1]>::try_from(documents).unwrap();
    only
}

/// A measured result that comes with the program.
fn example_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("results/examples/good-disk.jsonl")
}

fn example() -> (Run, Summary, Vec<Interval>) {
    let path = example_path();
    let run = result::read(&path).unwrap();
    let summary = run.summary.clone().unwrap();
    (run, summary, result::intervals(&path).unwrap())
}

/// Puts a document where a reader in another language finds it.
fn kept(document: &Document) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(&document.file_name);
    std::fs::write(&path, &document.text).unwrap();
    (directory, path)
}
