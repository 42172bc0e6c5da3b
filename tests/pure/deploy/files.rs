//! The files, and what stands in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::validators::python;

/// A file or directory of this repository.
pub fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Its text.
pub fn read(path: &str) -> String {
    let path = at(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a directory and those below it whose name ends so, in order.
pub fn below(directory: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![at(directory)];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_str().unwrap().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The documents of a YAML file.
pub fn documents(path: &Path) -> Vec<Value> {
    let script = at("tests/pure/deploy/documents.py");
    let output = python(&[script.to_str().unwrap(), path.to_str().unwrap()]);
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {words}", path.display());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Manifests of Kubernetes, without what is for kustomize alone.
pub fn manifests() -> Vec<PathBuf> {
    let mut all = below("deploy/kubernetes", ".yaml");
    all.retain(|path| !path.ends_with("kustomization.yaml"));
    assert!(all.len() >= 6, "{all:?}");
    all
}

/// The pods that the manifests make, each with where it comes from.
pub fn pods() -> &'static [(String, Value)] {
    static PODS: OnceLock<Vec<(String, Value)>> = OnceLock::new();
    PODS.get_or_init(|| {
        let pods: Vec<(String, Value)> = manifests().iter().flat_map(|path| of(path)).collect();
        assert_eq!(pods.len(), 6, "{pods:?}");
        pods
    })
}

fn of(path: &Path) -> Vec<(String, Value)> {
    let mut pods = Vec::new();
    for document in documents(path) {
        let spec = &document["spec"];
        if document["kind"] == "Pod" {
            pods.push((format!("{} Pod", path.display()), spec.clone()));
        }
        let within = [&spec["template"], &spec["jobTemplate"]["spec"]["template"]];
        for template in within {
            if template["spec"].is_object() {
                let place = format!("{} {}", path.display(), document["kind"]);
                pods.push((place, template["spec"].clone()));
            }
        }
    }
    pods
}

/// The members of a JSON array; none where it is missing.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The words of a JSON array of strings.
pub fn words(value: &Value) -> Vec<String> {
    let word = |value: &Value| value.as_str().expect("a string, quoted").to_owned();
    list(value).iter().map(word).collect()
}

/// What begins the command of a container that measures; those that wait or stay have another word at the end.
const RUN: [&str; 3] = ["etcdbench", "pod", "run"];

/// Containers that run etcdbench, those that run before the others among them.
pub fn measuring(pod: &Value) -> Vec<&Value> {
    list(&pod["initContainers"])
        .iter()
        .chain(list(&pod["containers"]))
        .filter(|container| words(&container["command"]).starts_with(&RUN.map(str::to_owned)))
        .collect()
}
