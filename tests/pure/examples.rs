//! The real results under results/examples: they fit the published schema, and are judged today as they were then.

use std::fs;
use std::path::Path;

use etcdbench::exit::Verdict;
use etcdbench::report;
use etcdbench::result;
use serde_json::Value;

fn example(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("results/examples").join(name)
}

fn judged(name: &str, expected: Verdict) {
    let path = example(name);
    let run = result::read(&path).unwrap();
    let then = run.summary.clone().unwrap();
    assert!(then.complete);
    let now = report::conclude(&run, true, false, then.ended_at.clone());
    assert_eq!(now.verdict, expected, "{}", now.headline);
    assert_eq!(then.verdict, expected, "{}", then.headline);
}

#[test]
fn a_good_disk_passes() {
    judged("good-disk.jsonl", Verdict::Pass);
}

#[test]
fn a_slow_disk_fails() {
    judged("slow-disk.jsonl", Verdict::Fail);
}

#[test]
fn real_results_fit_the_published_schema() {
    let schema =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/result.schema.json"));
    let schema: Value = serde_json::from_str(&schema.unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for name in ["good-disk.jsonl", "slow-disk.jsonl"] {
        for line in fs::read_to_string(example(name)).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let error = validator.iter_errors(&line).next();
            assert!(error.is_none(), "{name}: {}", error.unwrap());
        }
    }
}
