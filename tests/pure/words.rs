//! Turns that strangers stumbled over are gone for good: from pages, help and messages as from the handbook.

use std::fs;
use std::path::{Path, PathBuf};

/// What was written before, and what is written instead.
const GONE: [(&str, &str); 25] = [
    ("stood still itself", "etcd stopped answering"),
    ("one waiting for the other", "they compete for CPU, which adds latency"),
    ("about once the steady", "about as many writes as"),
    ("can fail unseen", "true error rate below"),
    ("can be longer unseen", "true share of longer ones below"),
    ("nothing of its own doubt", "a single search; no interval"),
    ("puts cost this disk", "Latency against put rate"),
    ("What was asked of it", "Rules and results"),
    ("Nothing can be said of", "not comparable: different methods"),
    ("\"The only one", "The one stall"),
    ("Somebody else at work meanwhile", "Add a competing workload"),
    ("equal but for less than matters", "no difference large enough to matter"),
    ("may be anything from", "Not confirmed: probably 7–34 % slower"),
    ("a small but real change", "changed, below the 10 % threshold"),
    ("four times out of five", "would detect (80 % power): …"),
    ("stretches of time to tell", "too short to estimate uncertainty"),
    ("held against a new level", "learning the new level (4 of 8 nights)"),
    ("were as bad and passed", "similar nights recovered before; waiting for …"),
    ("fewest that tell", "at least 9 nights are needed"),
    ("hypervisor takes the same", "corrected for CPU steal"),
    ("is gone on with", "is resumed"),
    ("be gone on with", "be resumed"),
    ("told only", "informational"),
    ("more pairs are needed", "--pairs auto"),
    ("Http://", "http://"),
];

/// Every file below a folder that ends so.
fn files(root: &Path, ending: &str) -> Vec<PathBuf> {
    let pattern = root.join("**").join(format!("*{ending}"));
    glob::glob(pattern.to_str().unwrap()).unwrap().map(Result::unwrap).collect()
}

/// Lines of a source that may reach a reader: what documents only the code does not.
fn told(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let is_code = path.extension().is_some_and(|ending| ending == "rs");
    let reaches = |line: &&str| {
        let line = line.trim_start();
        // Doc comments of flags are their help.
        !is_code || !(line.starts_with("//!") || (line.starts_with("// ")))
    };
    text.lines().filter(reaches).map(str::to_owned).collect()
}

#[test]
fn no_old_turn_comes_back() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = files(&root.join("src"), ".rs");
    all.extend(files(&root.join("templates"), ".html"));
    all.extend(files(&root.join("scenarios"), ".toml"));
    all.extend(files(&root.join("docs"), ".md"));
    assert!(all.len() > 300, "{}", all.len());
    // What a version of before has written stays as it was.
    let stored = ["docs/runs", "docs/gallery", "docs/compare-proof.md"].map(|name| root.join(name));
    all.retain(|path| !stored.iter().any(|place| path.starts_with(place)));
    all.retain(|path| !path.ends_with("gallery.md") && !path.to_string_lossy().contains("tests"));
    let mut found = Vec::new();
    for path in all {
        for line in told(&path) {
            for (old, new) in GONE.iter().filter(|(old, _)| line.contains(old)) {
                let path = path.strip_prefix(root).unwrap().display();
                found.push(format!("{path}: '{old}'; write '{new}': {}", line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
