//! fio, for comparison.

use std::path::Path;
use std::process::Command;

/// What fio says of its fdatasyncs.
#[derive(Debug, Clone, Copy)]
pub struct Syncs {
    /// Mean, seconds.
    pub mean: f64,
    /// Median, seconds.
    pub p50: f64,
}

/// Sequential writes of so many bytes, an fdatasync after each, into a fresh file below `directory`; more
/// arguments, separated by spaces. `wrapped` turns the program into the command that starts it.
///
/// # Panics
/// When fio fails or its JSON has no sync latencies.
pub fn write_and_sync(
    directory: &Path,
    wrapped: impl FnOnce(&Path) -> Command,
    block_bytes: u64,
    more: &str,
) -> Syncs {
    let output = wrapped(Path::new("fio"))
        .args(["--name=etcdbench-fio", "--rw=write", "--ioengine=sync", "--fdatasync=1"])
        .args(["--unlink=1", "--output-format=json"])
        .arg(format!("--directory={}", directory.display()))
        .arg(format!("--bs={block_bytes}"))
        .args(more.split_whitespace())
        .output()
        .expect("fio can be started");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "fio: {words}");
    let told: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("fio: {e}: {words}"));
    let sync = &told["jobs"][0]["sync"]["lat_ns"];
    let seconds = |value: &serde_json::Value| value.as_f64().expect("fio tells syncs") / 1e9;
    Syncs { mean: seconds(&sync["mean"]), p50: seconds(&sync["percentile"]["50.000000"]) }
}
