//! Bundles as people save them, made up file by file.

use std::fs;
use std::path::Path;

use crate::diagnosis::{Member, Observed, Presence};

use super::member_of;

const MS: f64 = 1e-3;

/// A text of a member's metrics after so many syncs and commits of these lengths.
pub(super) fn metrics(id: u64, leader: bool, syncs: u32, mean_s: f64) -> String {
    let n = f64::from(syncs);
    let mut text = format!(
        "# HELP etcd_server_id Server or member ID in hexadecimal format.\n\
         etcd_server_id{{server_id=\"{id:x}\"}} 1\n\
         etcd_server_version{{server_version=\"3.5.30\"}} 1\n\
         etcd_server_is_leader {}\netcd_server_has_leader 1\n\
         etcd_server_proposals_committed_total {syncs}\n\
         etcd_server_proposals_applied_total {syncs}\n\
         etcd_server_heartbeat_send_failures_total 0\n\
         etcd_server_quota_backend_bytes 2147483648\n\
         etcd_mvcc_db_total_size_in_bytes 5.24288e+07\n\
         process_start_time_seconds 1.7e+09\nprocess_cpu_seconds_total {}\n",
        i32::from(leader),
        n / 1_000.0,
    );
    for name in ["etcd_disk_wal_fsync", "etcd_disk_backend_commit"] {
        let quick = if mean_s < 0.064 { syncs } else { 0 };
        text += &format!(
            "{name}_duration_seconds_bucket{{le=\"0.064\"}} {quick}\n\
             {name}_duration_seconds_bucket{{le=\"0.128\"}} {syncs}\n\
             {name}_duration_seconds_bucket{{le=\"+Inf\"}} {syncs}\n\
             {name}_duration_seconds_sum {}\n{name}_duration_seconds_count {syncs}\n",
            n * mean_s,
        );
    }
    text
}

fn write(directory: &Path, files: &[(&str, String)]) {
    for (name, text) in files {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn read(files: &[(&str, String)]) -> Observed {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), files);
    super::read(&[directory.path().to_owned()]).unwrap()
}

fn named<'a>(observed: &'a Observed, name: &str) -> &'a Member {
    let found = observed.members.iter().find(|member| member.name == name);
    found.unwrap_or_else(|| panic!("{:?}", observed.members.iter().map(|m| &m.name)))
}

/// Three members, the first of which leads, with syncs of these lengths.
fn three(mean_ms: [f64; 3]) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for (index, ms) in mean_ms.into_iter().enumerate() {
        for (when, syncs) in [("before", 1_000), ("after", 1_400)] {
            let id = 0xa0 + index as u64;
            let text = metrics(id, index == 0, syncs, ms * MS);
            files.push((format!("m{index}-{when}.txt"), text));
        }
    }
    files
}

fn borrowed(files: &[(String, String)]) -> Vec<(&str, String)> {
    files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect()
}

#[test]
fn two_texts_of_each_member_tell_what_grew_whatever_their_order() {
    let mut files = three([40.0, 1.0, 1.0]);
    files.reverse();
    let observed = read(&borrowed(&files));
    assert_eq!(observed.members.len(), 3);
    let live = named(&observed, "m0").live.as_deref().unwrap();
    let fsync = live.fsync.clone().unwrap();
    assert_eq!((fsync.count, fsync.mean_ns / 100_000), (400, 400));
    assert!(live.metrics && live.leader && live.texts == 2);
    assert_eq!(named(&observed, "m1").quota_bytes, Some(2 << 30));
    // Files that were copied have no time between them, and nothing is told by the second.
    assert_eq!((live.window_ns, live.cpu_cores), (0, None));
}

#[test]
fn one_text_tells_levels_alone() {
    let observed = read(&[("etcd.metrics", metrics(7, true, 100, MS))]);
    let live = observed.members[0].live.as_deref().unwrap();
    assert!(!live.metrics && live.fsync.is_none() && live.leader && live.texts == 1);
    assert_eq!(observed.members[0].database_bytes, Some((50 << 20, None)));
}

#[test]
fn answers_of_etcdctl_name_the_members_and_tell_what_they_are_in() {
    let list = r#"{"header":{"cluster_id":1,"member_id":160},"members":[
        {"ID":160,"name":"cp1","peerURLs":["http://10.0.0.1:2380"],"clientURLs":["http://10.0.0.1:2379"]},
        {"ID":161,"name":"cp2","peerURLs":["http://10.0.0.2:2380"],"clientURLs":["http://10.0.0.2:2379"]},
        {"ID":162,"name":"cp3","peerURLs":["http://10.0.0.3:2380"],"clientURLs":["http://10.0.0.3:2379"]}]}"#;
    let status = r#"[{"Endpoint":"http://10.0.0.1:2379","Status":{"header":{"member_id":160,"raft_term":9},
        "version":"3.6.1","dbSize":1000000,"dbSizeInUse":400000,"dbSizeQuota":2000000,"leader":160,"raftIndex":9000,
        "raftTerm":9,"raftAppliedIndex":2500,"errors":["memberID:161 alarm:NOSPACE "]}}]"#;
    let health = r#"[{"endpoint":"http://10.0.0.2:2379","health":false,"took":"5s","error":"Active Alarm(s): NOSPACE"},
        {"endpoint":"http://10.0.0.3:2379","health":false,"took":"1ms","error":"dial tcp 10.0.0.3:2379: connect: connection refused"}]"#;
    let observed = read(&[
        ("a/member_list.json", list.to_owned()),
        ("a/endpoint_status.json", status.to_owned()),
        ("b/health.json", health.to_owned()),
        ("m.txt", metrics(161, false, 5, MS)),
        ("version.json", r#"{"etcdserver":"3.6.1","etcdcluster":"3.6.0"}"#.to_owned()),
        ("pods.yaml", "kind: Pod\n".to_owned()),
    ]);
    assert_eq!(observed.members.len(), 3);
    let (one, two, three) =
        (named(&observed, "cp1"), named(&observed, "cp2"), named(&observed, "cp3"));
    let live = one.live.as_deref().unwrap();
    assert!(live.leader && live.has_leader && live.term == 9);
    assert_eq!((live.apply_backlog, one.quota_bytes), (Some(6_500), Some(2_000_000)));
    assert_eq!(one.version.as_deref(), Some("3.6.1"));
    assert!(!one.no_space && two.no_space);
    assert_eq!(two.live.as_deref().unwrap().presence, Presence::Answers);
    assert_eq!(two.live.as_deref().unwrap().texts, 1, "found by its id");
    assert_eq!(three.live.as_deref().unwrap().presence, Presence::Refused);
}

#[test]
fn the_gateway_tells_numbers_as_text_and_alarms_by_their_names() {
    let observed = read(&[
        (
            "status",
            r#"{"header":{"cluster_id":"1","member_id":"10276657743932975437","raft_term":"3"},"version":"3.5.9",
               "dbSize":"25000","leader":"10276657743932975437","raftIndex":"10","raftTerm":"3"}"#
                .to_owned(),
        ),
        (
            "alarms",
            r#"{"header":{"cluster_id":1},"alarms":[{"memberID":10276657743932975437,"alarm":2}]}"#.to_owned(),
        ),
    ]);
    assert_eq!(observed.members.len(), 1);
    let one = &observed.members[0];
    assert_eq!(one.name, "8e9e05c52164694d");
    let live = one.live.as_deref().unwrap();
    assert!(live.corrupt && live.leader);
    assert_eq!(one.database_bytes, Some((25_000, None)));
}

#[test]
fn series_of_prometheus_are_the_ends_of_a_window() {
    let series = |name: &str, more: &str, points: &str| {
        format!(
            r#"{{"metric":{{"__name__":"{name}","instance":"10.0.0.1:2381","job":"etcd"{more}}},"values":[{points}]}}"#
        )
    };
    let of = |all: &[String]| {
        format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{}]}}}}"#,
            all.join(",")
        )
    };
    let sums = [
        series("etcd_disk_wal_fsync_duration_seconds_sum", "", r#"[100,"5"],[130,"6"],[160,"9"]"#),
        series(
            "etcd_disk_wal_fsync_duration_seconds_count",
            "",
            r#"[100,"50"],[130,"90"],[160,"150"]"#,
        ),
    ];
    let bucket = [series(
        "etcd_disk_wal_fsync_duration_seconds_bucket",
        r#","le":"0.128""#,
        r#"[100,"50"],[160,"147"]"#,
    )];
    let list =
        r#"{"header":{},"members":[{"ID":1,"name":"cp1","clientURLs":["https://10.0.0.1:2379"]}]}"#;
    let observed =
        read(&[("a.json", of(&sums)), ("b.json", of(&bucket)), ("list", list.to_owned())]);
    let live = named(&observed, "cp1").live.as_deref().unwrap();
    assert_eq!(live.window_ns, 60_000_000_000);
    let fsync = live.fsync.clone().unwrap();
    assert_eq!((fsync.count, fsync.mean_ns, fsync.stalls), (100, 40_000_000, 3));
    // A start between the ends: what was counted before it is another run's.
    let restarted = [
        series("etcd_disk_wal_fsync_duration_seconds_sum", "", r#"[100,"5"],[130,"1"],[160,"3"]"#),
        series(
            "etcd_disk_wal_fsync_duration_seconds_count",
            "",
            r#"[100,"50"],[130,"10"],[160,"60"]"#,
        ),
    ];
    let observed = read(&[("a.json", of(&restarted))]);
    let live = observed.members[0].live.as_deref().unwrap();
    let fsync = live.fsync.clone().unwrap();
    assert_eq!((live.window_ns, fsync.count, fsync.mean_ns), (30_000_000_000, 50, 40_000_000));
}

#[test]
fn what_was_computed_by_prometheus_is_told_and_not_taken() {
    let rate = r#"{"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"instance":"10.0.0.1:2381"},"values":[[1,"0.5"]]}]}}"#;
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[("rate.json", rate.to_owned())]);
    let told = super::read(&[directory.path().to_owned()]).unwrap_err().to_string();
    assert!(told.contains("rate.json") && told.contains("without rate()"), "{told}");
}

#[test]
fn logs_and_metrics_of_a_member_are_put_together() {
    let line = r#"{"level":"warn","ts":"2026-01-01T00:00:00.000Z","caller":"wal/wal.go:805","msg":"slow fdatasync","took":"1.6s","expected-duration":"1s"}"#;
    let named_line = r#"{"level":"info","ts":"2026-01-01T00:00:00.000Z","caller":"raft/raft.go:1","msg":"x","local-member-id":"a0"}"#;
    let mut files = three([40.0, 1.0, 1.0]);
    files.push(("logs/m0/etcd.log".to_owned(), format!("{named_line}\n{line}\n")));
    files.push(("logs/m1.log".to_owned(), line.replace("1.6s", "1.1s")));
    let observed = read(&borrowed(&files));
    assert_eq!(observed.members.len(), 3);
    for (name, longest_ns) in [("m0", 1_600_000_000), ("m1", 1_100_000_000)] {
        let one = named(&observed, name);
        assert_eq!(one.slow_syncs.longest_ns, longest_ns, "{name}");
        assert!(one.live.as_deref().is_some_and(|live| live.metrics), "{name}");
    }
}

#[test]
fn metrics_of_an_apiserver_archives_and_nothing_at_all_are_told() {
    let apiserver = "# HELP etcd_request_duration_seconds x\netcd_request_duration_seconds_count{type=\"pods\"} 5\n";
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[("apiserver.txt", apiserver.to_owned())]);
    let named = vec![directory.path().to_owned()];
    let told = super::read(&named).unwrap_err().to_string();
    assert!(told.contains("of no etcd member"), "{told}");
    fs::write(directory.path().join("all.zip"), b"PK\x03\x04abc").unwrap();
    fs::write(directory.path().join("m1.txt"), metrics(1, true, 5, MS)).unwrap();
    let notes = super::read(&named).unwrap().check.unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("zip archive: unpack it")), "{notes:?}");
    let told = super::read(&[directory.path().join("none")]).unwrap_err().to_string();
    assert!(told.contains("none"), "{told}");
}

#[test]
fn members_are_called_by_their_files_without_the_marks_of_time() {
    for (path, wanted) in [
        ("m1-1.txt", "m1"),
        ("m1-before.txt", "m1"),
        ("metrics-m1-2.txt", "m1"),
        ("etcd-cp1_after.prom", "etcd-cp1"),
        ("etcd-0.txt", "etcd-0"),
        ("etcd-0-1700000000.txt", "etcd-0"),
        ("10.0.0.1-before.txt", "10.0.0.1"),
        ("cp1.example.com.t0.txt", "cp1.example.com"),
        ("m1/metrics.txt", "m1"),
        ("before.txt", ""),
    ] {
        assert_eq!(member_of(Path::new(path)), wanted, "{path}");
    }
}
