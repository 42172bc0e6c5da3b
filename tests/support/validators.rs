//! Judges of what lies below `deploy/`, written by others in Python: `kubernetes-validate`, which holds the schemas of
//! Kubernetes, and `check-jsonschema`, which holds that of GitHub's workflows. From PyPI.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rustix::fs::FlockOperation;

use super::command::try_run;

/// What PyPI has.
const PACKAGES: [&str; 2] = ["kubernetes-validate==1.37.0", "check-jsonschema==0.39.0"];

/// The directory of the packages, downloaded once and kept; or why they cannot be had.
pub fn from_pypi() -> Result<PathBuf, String> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("validators");
    let whole = home.join("whole");
    fs::create_dir_all(&home).map_err(|e| e.to_string())?;
    // Several tests want them at once.
    let lock = File::create(home.join("lock")).map_err(|e| e.to_string())?;
    rustix::fs::flock(&lock, FlockOperation::LockExclusive).map_err(|e| e.to_string())?;
    if whole.is_file() {
        return Ok(home);
    }
    let directory = home.to_str().ok_or("no UTF-8")?;
    let mut install = vec!["-m", "pip", "install", "--quiet", "--upgrade", "--target"];
    install.push(directory);
    install.extend(PACKAGES);
    try_run("python3", &install)?;
    fs::write(whole, "").map_err(|e| e.to_string())?;
    Ok(home)
}

/// Runs Python with the packages at hand.
pub fn python(arguments: &[&str]) -> Output {
    let home = from_pypi().expect("asked for with Need::Validators");
    Command::new("python3")
        .env("PYTHONPATH", &home)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(arguments)
        .output()
        .expect("python3 runs")
}
