//! Every shell script of this repository, looked through by shellcheck.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::files::{at, below};
use super::github;
use crate::support::needs::{Need, needs};

fn is_shell(path: &Path) -> bool {
    let start = std::fs::read(path).unwrap_or_default();
    [&b"#!/bin/sh"[..], b"#!/usr/bin/env bash", b"#!/bin/bash"]
        .iter()
        .any(|interpreter| start.starts_with(interpreter))
}

fn scripts() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = ["scripts", "benches", "deploy", ".ci"]
        .into_iter()
        .flat_map(|directory| below(directory, ""))
        .filter(|path| is_shell(path))
        .collect();
    // It is sourced, and has no interpreter of its own.
    all.push(at("scripts/packages"));
    assert!(all.len() >= 10, "{all:?}");
    all
}

#[test]
fn shellcheck_has_nothing_to_say_about_any_script() {
    needs!(Need::Program("shellcheck"));
    let output = Command::new("shellcheck")
        .arg("--external-sources")
        .args(scripts())
        .current_dir(at(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn shellcheck_has_nothing_to_say_about_the_workflows() {
    needs!(Need::Program("shellcheck"), Need::Validators);
    for step in github::all_scripts() {
        let mut child = Command::new("shellcheck")
            .args(["--shell=bash", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(step.script.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {words}", step.name);
    }
}
