//! Results for strangers: what is hidden is nowhere, what is measured is as it was.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use etcdbench::result;

use crate::support::probe::program;

/// A load of three members, as its header tells it, with one line of each kind that holds a sentence.
const HEADER: &str = r#"{"type":"header","schema":"1.0","tool":{"name":"etcdbench","version":"0.1.0","git":"x"},"run_id":"r","kind":"load","name":"https://etcd-1.bank.example.org:2379","labels":{"rack":"of cp1"},"started_at":"2026-11-21T23:06:11Z","plan":{"target":{"endpoints":["https://etcd-1.bank.example.org:2379","10.20.30.41:2379"],"local":{"etcd":"/opt/vault-team/etcd","arguments":["--data-dir=/opt/vault-team/data"]}},"prefix":"/etcdbench/"},"environment":{"host":"cp1","sysctls":{"vm.dirty_ratio":"10"},"disk":{"directory":"/srv/secret-project/etcd","mount_point":"/srv/secret-project","mount_source":"/dev/mapper/vault-etcd","devices":[{"name":"sda","number":"8:0","kind":"disk","model":"SuperDisk 9000","firmware":"Z77"}]},"etcd":{},"members":[{"id":"8e9e05c52164694d","name":"etcd-one","endpoint":"https://etcd-1.bank.example.org:2379","version":"3.5.30","leader":true,"learner":false,"db_bytes":1}]}}"#;
const EVENT: &str = r#"{"type":"event","phase":"steady","at_ns":2000000000,"at":"2026-11-21T23:06:13Z","kind":"leader","detail":{"text":"etcd-one (8e9e05c52164694d) at 10.20.30.41:2379 lost to etcd-7.bank.example.org, [fd00::17]:2380 and 10.20.30.99; 127.0.0.1:2379 stays; /srv/secret-project/etcd/member on SuperDisk 9000 of cp1.","ratio":0.30000000000000004}}"#;
const SECRETS: [&str; 12] = [
    "cp1",
    "etcd-1",
    "bank.example",
    "10.20.30",
    "fd00",
    "secret-project",
    "vault-etcd",
    "vault-team",
    "SuperDisk",
    "Z77",
    "8e9e05c52164694d",
    "etcd-one",
];

fn report(directory: &Path, flags: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.current_dir(directory).arg("report").args(flags).output().expect("it starts")
}

fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let text = format!("{HEADER}\n{EVENT}\n{{\"type\":\"event\",\"phase\":\"ste");
    fs::write(place.path().join("20261121-load-cp1.jsonl"), text).unwrap();
    place
}

#[test]
fn nothing_of_it_is_left_and_the_same_is_called_the_same() {
    let place = place();
    let flags = ["20261121-load-cp1.jsonl", "--redact", "all", "--redact-to", "shared.jsonl"];
    let output = report(place.path(), &flags);
    let page = String::from_utf8(output.stdout).unwrap();
    let shared = fs::read_to_string(place.path().join("shared.jsonl"))
        .unwrap_or_else(|_| panic!("{page}{}", String::from_utf8_lossy(&output.stderr)));
    for secret in SECRETS {
        assert!(!shared.contains(secret), "{secret}: {shared}");
        assert!(!page.contains(secret), "{secret}: {page}");
    }
    // What says nothing about anybody stays, numbers to the last digit.
    for kept in ["127.0.0.1:2379", "vm.dirty_ratio", "0.30000000000000004", "3.5.30", "/etcdbench/"]
    {
        assert!(shared.contains(kept), "{kept}: {shared}");
    }
    assert!(shared.contains("rack\":\"of host-1\""), "{shared}");
    let run = result::read(&place.path().join("shared.jsonl")).unwrap();
    let member = &run.header.environment.members[0];
    let text = run.events[0].detail["text"].as_str().unwrap();
    assert!(text.starts_with(&format!("{} ({}) at address-", member.name, member.id)), "{text}");
    assert_eq!(run.header.environment.host, "host-1");

    let again = report(place.path(), &flags);
    assert_eq!(again.status.code(), Some(2), "a result is never overwritten");
    let told = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(told.contains("is there already"), "{told}");
}

#[test]
fn only_what_was_asked_for_is_hidden() {
    let place = place();
    let flags = ["20261121-load-cp1.jsonl", "--redact", "hosts", "--redact-to", "hosts.jsonl"];
    report(place.path(), &flags);
    let shared = fs::read_to_string(place.path().join("hosts.jsonl")).unwrap();
    assert!(shared.contains("SuperDisk 9000") && shared.contains("10.20.30.41"), "{shared}");
    assert!(!shared.contains("cp1") && !shared.contains("etcd-one"), "{shared}");
    let alone = report(place.path(), &["20261121-load-cp1.jsonl", "--redact-to", "x.jsonl"]);
    assert_eq!(alone.status.code(), Some(2));
}

#[test]
fn what_was_measured_is_as_it_was() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/examples");
    let place = tempfile::tempdir().unwrap();
    for name in ["good-disk.jsonl", "slow-disk.jsonl"] {
        let original = results.join(name);
        let to = place.path().join(name);
        let flags =
            [original.to_str().unwrap(), "--redact", "all", "--redact-to", to.to_str().unwrap()];
        report(place.path(), &flags);
        let (before, after) = (result::read(&original).unwrap(), result::read(&to).unwrap());
        for (a, b) in before.phases.iter().zip(&after.phases) {
            for (a, b) in a.series.iter().zip(&b.series) {
                assert_eq!(a.total, b.total, "{name}: {}", a.series);
            }
        }
        assert_eq!(before.events.len(), after.events.len());
    }
}
