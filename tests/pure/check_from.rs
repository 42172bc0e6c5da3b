//! `check --from`: a cluster from what was saved of it, by files as people save them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use assert_cmd::Command;
use predicates::str::contains;
use serde_json::Value;

/// Upper bounds of etcd's histograms of the disk, in milliseconds.
const BOUNDS_MS: [u32; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// What a member of a cluster did between two texts.
struct Of {
    /// Its number.
    id: u64,
    /// Syncs by the bound below which they were, one count for each.
    syncs: [u32; 9],
    /// The mean round trip to each other member, in seconds.
    round_trip_s: f64,
    /// Its database, in bytes.
    bytes: f64,
}

impl Of {
    fn fast(id: u64) -> Of {
        Of { id, syncs: [200, 150, 40, 8, 2, 0, 0, 0, 0], round_trip_s: 0.001, bytes: 5e8 }
    }

    /// Two texts of `/metrics`, as etcd 3.5 has them, as far as they matter here.
    fn texts(&self) -> [String; 2] {
        [0.0, 1.0].map(|grown| {
            let mut text = format!(
                "# TYPE etcd_server_id gauge\netcd_server_id{{server_id=\"{:x}\"}} 1\n\
                 etcd_server_version{{server_version=\"3.5.30\"}} 1\n\
                 etcd_server_is_leader {}\netcd_server_has_leader 1\n\
                 etcd_server_quota_backend_bytes 2.147483648e+09\n\
                 etcd_mvcc_db_total_size_in_bytes {}\n\
                 etcd_server_proposals_committed_total {}\netcd_server_proposals_applied_total {}\n\
                 etcd_server_heartbeat_send_failures_total 0\netcd_server_leader_changes_seen_total 1\n\
                 process_start_time_seconds 1.7e+09\nprocess_cpu_seconds_total {}\n",
                self.id,
                i32::from(self.id == 1),
                self.bytes,
                9_000.0 + 400.0 * grown,
                9_000.0 + 400.0 * grown,
                70.0 + 4.0 * grown,
            );
            for peer in (1..=3).filter(|peer| *peer != self.id) {
                // Without a length none was taken down meanwhile.
                let taken = if self.round_trip_s > 0.0 { 2.0 * grown } else { 0.0 };
                let (count, sum) = (100.0 + taken, 0.1 + taken * self.round_trip_s);
                let _ = writeln!(
                    text,
                    "etcd_network_peer_round_trip_time_seconds_sum{{To=\"{peer:x}\"}} {sum}\n\
                     etcd_network_peer_round_trip_time_seconds_count{{To=\"{peer:x}\"}} {count}"
                );
            }
            for name in ["etcd_disk_wal_fsync", "etcd_disk_backend_commit"] {
                let (mut below, mut sum_s) = (1_000.0, 2.0);
                for (bound_ms, count) in BOUNDS_MS.into_iter().zip(self.syncs) {
                    below += f64::from(count) * grown;
                    sum_s += f64::from(count) * grown * f64::from(bound_ms) * 0.75e-3;
                    let bound_s = f64::from(bound_ms) / 1e3;
                    let _ = writeln!(
                        text,
                        "{name}_duration_seconds_bucket{{le=\"{bound_s}\"}} {below}"
                    );
                }
                let _ = writeln!(
                    text,
                    "{name}_duration_seconds_bucket{{le=\"+Inf\"}} {below}\n\
                     {name}_duration_seconds_sum {sum_s}\n{name}_duration_seconds_count {below}"
                );
            }
            text
        })
    }
}

/// Saves two texts of each member.
fn save(directory: &Path, members: &[Of]) {
    for one in members {
        for (when, text) in ["before", "after"].iter().zip(one.texts()) {
            let path = directory.join(format!("m{}-{when}.txt", one.id));
            fs::write(&path, text).unwrap();
            let ago = if *when == "before" { Duration::from_secs(60) } else { Duration::ZERO };
            let file = fs::File::options().append(true).open(path).unwrap();
            file.set_modified(SystemTime::now() - ago).unwrap();
        }
    }
}

fn check(directory: &Path) -> (Value, Option<i32>) {
    let mut command = Command::cargo_bin("etcdbench").unwrap();
    let output = command.args(["check", "--format", "json", "--from"]).arg(directory);
    let output = output.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let report = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let validator = jsonschema::validator_for(&etcdbench::report::check_json_schema()).unwrap();
    let errors: Vec<String> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    (report, output.status.code())
}

/// Causes as cause, member and certainty.
fn causes(report: &Value) -> Vec<String> {
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let all = report["causes"].as_array().unwrap().iter();
    all.map(|one| ["cause", "name", "certainty"].map(|key| text(one, key)).join(" ")).collect()
}

#[test]
fn a_disk_most_of_whose_syncs_are_slow_is_named_with_its_member() {
    let directory = tempfile::tempdir().unwrap();
    let slow = Of { syncs: [0, 0, 5, 10, 15, 40, 130, 160, 40], ..Of::fast(1) };
    save(directory.path(), &[slow, Of::fast(2), Of::fast(3)]);
    let (report, code) = check(directory.path());
    assert_eq!(causes(&report), ["disk m1 likely"]);
    assert_eq!((report["word"].as_str(), code), (Some("DISK"), Some(0)));
}

#[test]
fn a_few_long_syncs_may_be_the_cpu_and_are_no_disk_for_sure() {
    let directory = tempfile::tempdir().unwrap();
    let starved = Of { syncs: [150, 100, 40, 10, 0, 0, 0, 95, 5], ..Of::fast(1) };
    save(directory.path(), &[starved, Of::fast(2), Of::fast(3)]);
    let (report, _) = check(directory.path());
    assert_eq!(causes(&report), ["disk m1 not_sure"]);
    assert_eq!(report["word"], "NOT SURE");
    assert!(report.to_string().contains("most_syncs_fast"), "{report:#}");
}

#[test]
fn a_slow_path_is_told_by_the_members_themselves() {
    let directory = tempfile::tempdir().unwrap();
    let members = [1, 2, 3].map(|id| Of { round_trip_s: 0.08, ..Of::fast(id) });
    save(directory.path(), &members);
    let (report, _) = check(directory.path());
    assert_eq!(causes(&report), ["slow_paths m1 likely"]);
}

#[test]
fn a_healthy_cluster_is_ok_and_levels_alone_are_not_sure() {
    let directory = tempfile::tempdir().unwrap();
    save(directory.path(), &[1, 2, 3].map(Of::fast));
    let (report, code) = check(directory.path());
    assert_eq!((report["word"].as_str(), code), (Some("OK"), Some(0)), "{report:#}");
    let page = |directory: &Path| {
        let mut command = Command::cargo_bin("etcdbench").unwrap();
        let output = command.args(["check", "--from"]).arg(directory).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let flat = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = "round trips between the members were not taken down";
    let text = flat(page(directory.path()));
    assert!(text.contains("rates over 60 s") && !text.contains(words), "{text}");
    save(directory.path(), &[1, 2, 3].map(|id| Of { round_trip_s: 0.0, ..Of::fast(id) }));
    let text = flat(page(directory.path()));
    assert!(text.contains(words), "{text}");
    for id in 1..=3 {
        fs::remove_file(directory.path().join(format!("m{id}-before.txt"))).unwrap();
    }
    let (report, code) = check(directory.path());
    assert_eq!((report["word"].as_str(), code), (Some("NOT SURE"), Some(4)));
    // What levels tell is told all the same.
    let full = Of { bytes: 2.1e9, ..Of::fast(1) };
    save(directory.path(), &[full]);
    let (report, code) = check(directory.path());
    assert_eq!(causes(&report), ["quota_near m1 clear"]);
    assert_eq!(code, Some(3));
}

#[test]
fn a_log_of_the_same_member_is_told_beside_its_metrics() {
    let directory = tempfile::tempdir().unwrap();
    let slow = Of { syncs: [0, 0, 5, 10, 15, 40, 130, 160, 40], ..Of::fast(1) };
    save(directory.path(), &[slow, Of::fast(2), Of::fast(3)]);
    let took = |s: u32| {
        format!(
            "{{\"level\":\"warn\",\"ts\":\"2026-01-01T00:0{s}:00.000Z\",\"caller\":\"wal/wal.go:805\",\
             \"msg\":\"slow fdatasync\",\"took\":\"{s}.5s\",\"expected-duration\":\"1s\"}}\n"
        )
    };
    let log: String = (1..=4).map(took).collect();
    fs::write(directory.path().join("m1.log"), log).unwrap();
    let (report, _) = check(directory.path());
    let disks: Vec<String> =
        causes(&report).into_iter().filter(|c| c.starts_with("disk m1")).collect();
    assert_eq!(disks.len(), 1, "one cause with the evidence of both: {:?}", causes(&report));
    let told = report["causes"][0].to_string();
    assert!(told.contains("slow_syncs") && told.contains("most_syncs_slow"), "{told}");
    let mut page = Command::cargo_bin("etcdbench").unwrap();
    let page = page.args(["check", "--no-color", "--from"]).arg(directory.path()).assert();
    page.stdout(contains("What happened when")).stdout(contains("from 7 files"));
}

#[test]
fn what_is_nothing_of_etcds_is_answered_with_what_would_be() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("hosts"), "127.0.0.1 localhost\n").unwrap();
    let check = |more: &[&str]| {
        let mut command = Command::cargo_bin("etcdbench").unwrap();
        command.args(["check", "--from"]).arg(directory.path()).args(more).assert()
    };
    check(&[])
        .code(1)
        .stderr(contains("nothing of etcd's in 1 file"))
        .stderr(contains("/metrics twice"));
    check(&["--duration", "5s"]).code(2).stderr(contains("cannot be used with"));
}

#[test]
fn syncs_are_held_against_what_a_disk_result_promised() {
    let directory = tempfile::tempdir().unwrap();
    let slow = Of { syncs: [0, 0, 5, 10, 15, 40, 130, 160, 40], ..Of::fast(1) };
    save(directory.path(), &[slow, Of::fast(2), Of::fast(3)]);
    let measured = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/examples/slow-disk.jsonl");
    let promised = |result: &Path| {
        Command::cargo_bin("etcdbench")
            .unwrap()
            .args(["check", "--format", "json", "--disk"])
            .arg(result)
            .arg("--from")
            .arg(directory.path())
            .output()
            .unwrap()
    };
    let output = promised(&measured);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let notices = report["notices"].as_array().unwrap();
    let of = |kind: &str| notices.iter().find(|one| one["notice"] == kind).cloned();
    let slower = of("slower_than_promised").expect("m1's disk is slower");
    assert_eq!(slower["member"], 0, "{slower:#}");
    let held = of("as_promised").expect("the others' are not");
    assert_eq!(held["members"], serde_json::json!([1, 2]), "{held:#}");
    assert_eq!(report["check"]["promise"]["host"].as_str().map(str::is_empty), Some(false));
    // What is no result of a disk promises nothing.
    let text = fs::read_to_string(&measured).unwrap();
    let load = directory.path().join("load.jsonl");
    fs::write(&load, text.replacen("\"kind\":\"disk\"", "\"kind\":\"load\"", 1)).unwrap();
    let output = promised(&load);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("--disk") && said.contains("etcdbench disk DIRECTORY --result"),
        "{said}"
    );
}
