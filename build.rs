//! Tells the program which commit it was built from, where that is known, and for which target.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rerun-if-changed=.git/refs/heads");
    // A file that is not there would be one that has changed, each time.
    if Path::new(PACKAGED).exists() {
        println!("cargo::rerun-if-changed={PACKAGED}");
    }
    let commit = packaged().or_else(checked_out);
    if let Some(commit) = &commit {
        println!("cargo::rustc-env=ETCDBENCH_GIT={commit}");
    }
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let target = env::var("TARGET").unwrap_or_default();
    let from = commit.map_or(String::new(), |commit| format!("{commit}, "));
    println!("cargo::rustc-env=ETCDBENCH_LONG_VERSION={version} ({from}{target})");
}

/// Where `cargo package` keeps the commit that it was made from.
const PACKAGED: &str = ".cargo_vcs_info.json";
/// Digits of a commit that are told.
const DIGITS: usize = 12;

/// The commit of a package from a registry, which has no `.git` of its own.
fn packaged() -> Option<String> {
    let info = fs::read_to_string(PACKAGED).ok()?;
    let (_, after) = info.split_once("\"sha1\"")?;
    let commit: String =
        after.chars().skip_while(|c| !c.is_ascii_hexdigit()).take(DIGITS).collect();
    (commit.len() == DIGITS && commit.chars().all(|c| c.is_ascii_hexdigit())).then_some(commit)
}

/// The commit of a checkout. Tags are left out: a clone without them is to build the same.
fn checked_out() -> Option<String> {
    let described = Command::new("git")
        .args(["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"])
        .output()
        .ok()?;
    let commit = String::from_utf8(described.stdout).ok()?;
    described.status.success().then(|| commit.trim().to_owned())
}
