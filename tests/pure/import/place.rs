//! A directory with foreign output, and the program run in it.

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use etcdbench::result::{self, Run};
use serde_json::Value;
use tempfile::TempDir;

pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn run(&self, words: &[&str], stdin: &str) -> Assert {
        let mut command = Command::cargo_bin("etcdbench").unwrap();
        command.env_remove("NO_COLOR").env_remove("COLUMNS");
        command.current_dir(self.0.path()).args(words).write_stdin(stdin).assert()
    }

    pub fn import(&self, words: &[&str]) -> Assert {
        self.run(&[&["import"], words].concat(), "")
    }

    /// Takes in one text, whatever the verdict on it, and reads the result back.
    pub fn imported(&self, program: &str, name: &str, text: &str) -> Run {
        self.write(name, text);
        let to = format!("{name}.jsonl");
        let done = self.import(&[program, name, "--result", &to]);
        let output = done.get_output();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("error"), "{said}");
        result::read(&self.path(&to)).unwrap()
    }

    /// Names of the files that are there.
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let mut names: Vec<String> = entries.map(|entry| name(entry.unwrap())).collect();
        names.sort();
        names
    }
}

/// What fio printed with --output-format=json on a cloud machine's disk.
pub const FIO: &str = include_str!("fixtures/fio.json");
/// The same command with json+.
pub const FIO_BINS: &str = include_str!("fixtures/fio-bins.json");
/// The same command with its usual text.
pub const FIO_TEXT: &str = include_str!("fixtures/fio.txt");
/// FIO as a support bundle keeps it: read into typed fields and written again, on one line, without zeros.
pub const TROUBLESHOOT: &str = include_str!("fixtures/troubleshoot.json");
/// The report of `benchmark range --precise --total 100000`, etcd 3.4.
pub const BENCHMARK: &str = include_str!("fixtures/benchmark.txt");

/// A document of fio's with something changed.
pub fn changed(text: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut value: Value = serde_json::from_str(text).unwrap();
    change(&mut value);
    serde_json::to_string_pretty(&value).unwrap()
}

/// The only job of a document.
pub fn job(document: &mut Value) -> &mut Value {
    &mut document["jobs"][0]
}

/// Makes every sync so many times as long, and so many times as many, at the device too.
pub fn syncs(document: &mut Value, longer: u64, more: u64) {
    let device = &mut document["disk_util"][0]["write_ios"];
    *device = (device.as_u64().unwrap() * more).into();
    let times = &mut job(document)["sync"]["lat_ns"];
    for key in ["min", "max"] {
        times[key] = (times[key].as_u64().unwrap() * longer).into();
    }
    times["mean"] = (times["mean"].as_f64().unwrap() * longer as f64).into();
    times["N"] = (times["N"].as_u64().unwrap() * more).into();
    for (_, value) in times["percentile"].as_object_mut().unwrap() {
        *value = (value.as_u64().unwrap() * longer).into();
    }
}

/// A finding's code is among those of the summary.
pub fn has(run: &Run, code: &str) -> bool {
    let summary = run.summary.as_ref().unwrap();
    summary.findings.iter().any(|found| found.code == code)
}
