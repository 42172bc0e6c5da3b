//! The preflight of troubleshoot.sh: does it look where etcdbench's answer stands?

use assert_cmd::Command;
use serde_json::Value;

use super::files::{at, documents, list};
use crate::support::needs::{Need, needs};

/// Where it is.
pub const FILE: &str = "deploy/troubleshoot/disk.yaml";

/// What it runs.
pub fn collectors() -> Vec<Value> {
    let spec = &documents(&at(FILE))[0]["spec"];
    list(&spec["collectors"]).iter().map(|collector| collector["run"].clone()).collect()
}

/// What `--format json` prints of a stored result.
fn printed(result: &str) -> Value {
    let file = at("results/examples").join(result);
    let line = ["report", file.to_str().unwrap(), "--format", "json"];
    let output = Command::cargo_bin("etcdbench").unwrap().args(line).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_preflight_tells_a_slow_disk_from_a_good_one() {
    needs!(Need::Validators);
    let collectors = collectors();
    let analyzers = documents(&at(FILE))[0]["spec"]["analyzers"].clone();
    let mut failing = 0;
    for analyzer in list(&analyzers) {
        let compare = &analyzer["jsonCompare"];
        // Where troubleshoot keeps what a program printed.
        let name = collectors[0]["collectorName"].as_str().unwrap();
        assert_eq!(compare["fileName"], format!("host-collectors/run-host/{name}.txt"));
        let path = format!("/{}", compare["path"].as_str().unwrap().replace('.', "/"));
        let value: Value = serde_json::from_str(compare["value"].as_str().unwrap()).unwrap();
        let is = |result| printed(result).pointer(&path).map(|found| *found == value);
        assert_eq!(is("good-disk.jsonl"), Some(false));
        let fails = list(&compare["outcomes"]).iter().any(|outcome| outcome["fail"].is_object());
        assert_eq!(is("slow-disk.jsonl"), Some(fails));
        failing += usize::from(fails);
    }
    assert_eq!(failing, 1);
}
