//! Judges of what lies below `deploy/`, written by others in Python: `kubernetes-validate`, which holds the schemas of
//! Kubernetes, and `check-jsonschema`, which holds that of GitHub's workflows. From PyPI.

use std::path::PathBuf;
use std::process::Output;

use super::pypi;

/// What PyPI has.
const PACKAGES: [&str; 2] = ["kubernetes-validate==1.37.0", "check-jsonschema==0.39.0"];

/// The directory of the packages, downloaded once and kept; or why they cannot be had.
pub fn from_pypi() -> Result<PathBuf, String> {
    pypi::once("validators", |directory| pypi::install(directory, &PACKAGES))
}

/// Runs Python with the packages at hand.
pub fn python(arguments: &[&str]) -> Output {
    let home = from_pypi().expect("asked for with Need::Validators");
    let mut python = pypi::python(&home);
    python.args(arguments).output().expect("python3 runs")
}
