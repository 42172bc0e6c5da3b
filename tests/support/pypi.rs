//! What tests take from PyPI: fetched once, kept below the build, shared by whichever tests want it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::FlockOperation;

use super::command::try_run;

/// A directory of this name, filled once and kept; or why it cannot be had.
pub fn once(name: &str, fill: impl FnOnce(&str) -> Result<(), String>) -> Result<PathBuf, String> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let whole = home.join("whole");
    fs::create_dir_all(&home).map_err(|e| e.to_string())?;
    // Several tests may want it at once.
    let lock = File::create(home.join("lock")).map_err(|e| e.to_string())?;
    rustix::fs::flock(&lock, FlockOperation::LockExclusive).map_err(|e| e.to_string())?;
    if !whole.is_file() {
        fill(home.to_str().ok_or("no UTF-8")?)?;
        fs::write(whole, "").map_err(|e| e.to_string())?;
    }
    Ok(home)
}

/// Installs packages into this directory.
pub fn install(directory: &str, packages: &[&str]) -> Result<(), String> {
    pip("install", &["--upgrade", "--target", directory], packages)
}

/// Downloads packages into this directory, as they are.
pub fn download(directory: &str, options: &[&str], packages: &[&str]) -> Result<(), String> {
    let options = [&["--no-deps", "--dest", directory], options].concat();
    pip("download", &options, packages)
}

fn pip(verb: &str, options: &[&str], packages: &[&str]) -> Result<(), String> {
    let arguments = [&["-m", "pip", verb, "--quiet"], options, packages].concat();
    try_run("python3", &arguments).map(drop)
}

/// Python with the packages of this directory at hand.
pub fn python(home: &Path) -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", home).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}
