//! The manifests: what Kubernetes takes, and what makes a measurement wrong.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use super::files::{at, below, documents, list, manifests, measuring, pods, words};
use crate::support::command::run;
use crate::support::needs::{Need, needs};
use crate::support::validators::python;

fn validated(files: &[PathBuf]) -> Output {
    let script = at("tests/pure/deploy/validate.py");
    let mut arguments = vec![script.to_str().unwrap()];
    arguments.extend(files.iter().map(|path| path.to_str().unwrap()));
    python(&arguments)
}

fn accepted(files: &[PathBuf]) {
    let output = validated(files);
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
}

/// The directories that are applied with `kubectl apply -k`.
fn kustomizations() -> Vec<PathBuf> {
    let all = below("deploy/kubernetes", "kustomization.yaml");
    assert_eq!(all.len(), 5, "{all:?}");
    all
}

#[test]
fn every_kubernetes_since_1_28_takes_the_manifests() {
    needs!(Need::Validators);
    accepted(&manifests());
}

#[test]
fn a_field_that_kubernetes_does_not_know_is_noticed() {
    needs!(Need::Validators);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("job.yaml");
    let job = std::fs::read_to_string(at("deploy/kubernetes/qualify-job/job.yaml")).unwrap();
    std::fs::write(&file, job.replace("backoffLimitPerIndex", "backofLimitPerIndex")).unwrap();
    let output = validated(&[file]);
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(words.contains("backofLimitPerIndex"), "{words}");
}

#[test]
fn what_kustomize_makes_of_them_is_taken_too() {
    needs!(Need::Validators, Need::Program("kubectl"));
    let directory = tempfile::tempdir().unwrap();
    let image = format!("image: registry.example/etcdbench:{}", env!("CARGO_PKG_VERSION"));
    let mut built = Vec::new();
    for (at, kustomization) in kustomizations().iter().enumerate() {
        let text =
            run("kubectl", &["kustomize", kustomization.parent().unwrap().to_str().unwrap()]);
        let images: Vec<&str> = text
            .lines()
            .map(|line| line.trim_start_matches([' ', '-']))
            .filter(|line| line.starts_with("image:"))
            .collect();
        assert!(!images.is_empty(), "{text}");
        // That with an etcd, where one is started.
        let with_etcd = format!("{image}-etcd");
        let is_ours = |line: &&str| *line == image || *line == with_etcd;
        assert!(images.iter().all(is_ours), "{images:?}, not {image}");
        let objects = text.lines().filter(|line| line.starts_with("kind:")).count();
        assert_eq!(text.matches("\n  namespace: etcdbench\n").count(), objects, "{text}");
        let file = directory.path().join(format!("{at}.yaml"));
        std::fs::write(&file, text).unwrap();
        built.push(file);
    }
    accepted(&built);
}

/// Also where there is no kubectl.
#[test]
fn a_kustomization_lists_what_lies_beside_it() {
    needs!(Need::Validators);
    for path in kustomizations() {
        let directory = path.parent().unwrap();
        let mut listed = words(&documents(&path)[0]["resources"]);
        listed.sort();
        let mut there = below(directory.strip_prefix(at("")).unwrap().to_str().unwrap(), ".yaml");
        there.retain(|file| *file != path);
        let there: Vec<&str> =
            there.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(listed, there, "{}", path.display());
    }
}

#[test]
fn every_path_in_a_command_line_is_mounted() {
    needs!(Need::Validators);
    for (place, pod) in pods() {
        for container in measuring(pod) {
            let mounts: Vec<&str> = list(&container["volumeMounts"])
                .iter()
                .map(|mount| mount["mountPath"].as_str().unwrap())
                .collect();
            let line = [words(&container["command"]), words(&container["args"])].concat();
            let paths: Vec<&str> = line
                .iter()
                .map(|word| word.split_once('=').map_or(word.as_str(), |(_, value)| value))
                .filter(|word| word.starts_with('/'))
                .collect();
            assert!(!paths.is_empty(), "{place}: {line:?}");
            for path in paths {
                let mounted = mounts.iter().any(|mount| Path::new(path).starts_with(mount));
                assert!(mounted, "{place}: {path} is in none of {mounts:?}");
            }
        }
    }
}

/// A throttled container waits, and takes that for the disk's slowness.
#[test]
fn no_measurement_is_held_to_a_share_of_a_cpu() {
    needs!(Need::Validators);
    for (place, pod) in pods() {
        let measuring = measuring(pod);
        assert_eq!(measuring.len(), 1, "{place}");
        let resources = &measuring[0]["resources"];
        assert!(resources["limits"]["cpu"].is_null(), "{place}: {resources}");
        assert!(resources["requests"]["cpu"].is_string(), "{place}: {resources}");
        assert!(resources["limits"]["memory"].is_string(), "{place}: {resources}");
    }
}

#[test]
fn no_pod_has_more_rights_than_it_needs() {
    needs!(Need::Validators);
    for (place, pod) in pods() {
        assert_eq!(pod["automountServiceAccountToken"], false, "{place}");
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{place}");
        let on_host = list(&pod["volumes"]).iter().any(|volume| volume["hostPath"].is_object());
        if !on_host {
            assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{place}");
        }
        for container in list(&pod["initContainers"]).iter().chain(list(&pod["containers"])) {
            let context = &container["securityContext"];
            assert_eq!(context["allowPrivilegeEscalation"], false, "{place}");
            assert_eq!(context["readOnlyRootFilesystem"], true, "{place}");
            assert_eq!(words(&context["capabilities"]["drop"]), ["ALL"], "{place}");
        }
    }
}

/// Never in the data directory of a live etcd, and never on a node's disk without a directory of its own.
#[test]
fn what_is_written_to_on_a_node_is_no_directory_of_others() {
    needs!(Need::Validators);
    let mut seen = 0;
    for (place, pod) in pods() {
        for volume in list(&pod["volumes"]) {
            if let Some(path) = volume["hostPath"]["path"].as_str() {
                assert!(path.ends_with("/etcdbench-scratch"), "{place}: {path}");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 4);
}

#[test]
fn every_node_has_a_turn() {
    needs!(Need::Validators);
    let job = &documents(&at("deploy/kubernetes/qualify-job/job.yaml"))[0]["spec"];
    let pod = &job["template"]["spec"];
    let turn = words(&pod["initContainers"][0]["args"]);
    assert_eq!(Value::from(turn[1].parse::<u64>().unwrap()), job["completions"]);
    // All at once: whoever waits for his turn keeps the others off his node.
    assert_eq!(job["parallelism"], job["completions"]);
    let taken = super::commands::disk_length_s(&words(&pod["containers"][0]["args"]));
    let length: u64 = turn[0].parse().unwrap();
    assert!(taken * 3 / 2 < length, "{taken} s in turns of {length} s");
}

/// With exit code 3 a Job fails at once; with 1 it is tried once more.
#[test]
fn a_regression_is_not_retried() {
    needs!(Need::Validators);
    let cron = &documents(&at("deploy/kubernetes/nightly/cronjob.yaml"))[0]["spec"];
    let job = &cron["jobTemplate"]["spec"];
    let fails: Vec<&Value> = list(&job["podFailurePolicy"]["rules"])
        .iter()
        .filter(|rule| rule["action"] == "FailJob")
        .flat_map(|rule| list(&rule["onExitCodes"]["values"]))
        .collect();
    assert_eq!(fails, [2, 3]);
    assert_eq!(cron["concurrencyPolicy"], "Forbid");
    assert_eq!(job["template"]["spec"]["restartPolicy"], "Never");
    // A pod's own name would make each night another machine's.
    assert!(job["template"]["spec"]["hostname"].is_string());
}
