//! `check`: its page, its schema, its errors.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use etcdbench::cli::LogsFormat;
use etcdbench::diagnosis::{
    self, Checked, Live, Member, MemberId, Observed, Presence, Probe, Timing,
};
use etcdbench::report::{self, Style};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

const MS: u64 = 1_000_000;

fn live(leader: bool, fsync_ms: u64) -> Live {
    let probe = |ms: u64| Probe::of(vec![ms * MS; 60], 0);
    Live {
        endpoint: "http://10.0.0.1:2379".to_owned(),
        window_ns: 60_000 * MS,
        leader,
        has_leader: true,
        term: 7,
        metrics: true,
        uptime_s: Some(90_000),
        apply_backlog: Some(0),
        fsync: Some(Timing {
            count: 400,
            mean_ns: fsync_ms * MS,
            p99_above_ns: 128 * MS,
            p99_at_most_ns: Some(256 * MS),
            stalls: 9,
            ..Timing::default()
        }),
        ping: probe(1),
        serializable: probe(1),
        linearizable: probe(2),
        write: probe(fsync_ms + 4),
        ..Live::default()
    }
}

/// Three members, whose leader has a slow disk, and one of which is down.
fn sick() -> Observed {
    let mut members = Vec::new();
    for (index, fsync_ms) in [120, 2, 3].into_iter().enumerate() {
        let mut one = Member::default();
        one.name = format!("m{index}");
        one.id = Some(MemberId(0xab00 + index as u64));
        one.version = Some("3.5.4".to_owned());
        one.database_bytes = Some((900 << 20, Some(100 << 20)));
        one.quota_bytes = Some(8 << 30);
        let mut live = live(index == 0, fsync_ms);
        if index == 2 {
            live =
                Live { presence: Presence::Refused, window_ns: live.window_ns, ..Live::default() };
        }
        one.live = Some(Box::new(live));
        members.push(one);
    }
    let check = Checked {
        window_ns: 60_000 * MS,
        active: true,
        prefix: Some("/etcdbench/00000001/".to_owned()),
        writes: 120,
        reads: 240,
        ..Checked::default()
    };
    Observed { members, check: Some(check), ..Observed::default() }
}

fn shown(format: LogsFormat) -> String {
    let observed = sick();
    let found = diagnosis::diagnose(&observed.members);
    let notices = diagnosis::notices(&observed, 0);
    report::checked(
        &observed,
        &found,
        &notices,
        format,
        &Style { width: 100, color: false, height: None },
    )
}

#[test]
fn the_page_names_cause_member_evidence_and_way_out() {
    let text = shown(LogsFormat::Text);
    for words in [
        "MEMBER DOWN and DISK",
        "the disk of m0 (ab00) is slow",
        "a WAL sync took 120 ms on average",
        "not its CPU: 60 answers from memory",
        "m2 (ab02) is down",
        "etcdctl move-leader",
        "a write at the leader took 123 ms, of which disks and paths predict 120 ms",
        "etcd#14733",
        "etcdctl defrag",
    ] {
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(words), "no {words} in\n{text}");
    }
    assert!(!text.contains("etcd#14370"), "a fault of single members alone:\n{text}");
    assert!(shown(LogsFormat::Markdown).contains("MEMBER DOWN and DISK"));
    assert!(shown(LogsFormat::Html).starts_with("<!"));
}

fn published() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check.schema.json")
}

/// `UPDATE_SCHEMA=1 cargo test --test pure check` writes it anew.
#[test]
fn the_published_schema_is_that_of_the_types_and_json_fits_it() {
    let schema = report::check_json_schema();
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(published(), &text).unwrap();
    }
    assert!(
        fs::read_to_string(published()).unwrap_or_default() == text,
        "docs/check.schema.json is out of date: UPDATE_SCHEMA=1 cargo test --test pure check"
    );
    let document: Value = serde_json::from_str(&shown(LogsFormat::Json)).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(document["schema"], "etcdbench.check/v1");
    assert_eq!(
        (&document["verdict"], &document["word"]),
        (&"fail".into(), &"MEMBER DOWN and DISK".into())
    );
    assert_eq!(document["members"][2]["presence"], "refused");
}

fn check(args: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("etcdbench").unwrap();
    command.env("NO_COLOR", "1").env("COLUMNS", "100").arg("check").args(args).assert()
}

#[test]
fn errors_name_the_flag_or_the_member_and_the_way_out() {
    check(&["--duration", "1s"]).code(2).stderr(contains("--duration 1s is outside 2s"));
    check(&["--rate", "1000"]).code(2).stderr(contains("etcdbench load put"));
    check(&["--rate", "5", "--passive"]).code(2);
    check(&["--prefix", "abc"]).code(2).stderr(contains("ends in /"));
    check(&["--prefix", "/registry/", "--endpoints", "127.0.0.1:1"]).code(1);
    check(&["--endpoints", "127.0.0.1:1"]).code(1).stderr(contains("127.0.0.1:1"));
}

#[test]
fn an_earlier_look_that_is_none_is_refused_with_the_way_out() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("before.json");
    let schema = "etcdbench.check/v1";
    for (text, why) in [
        ("not json".to_owned(), "this is no JSON"),
        ("{\"schema\": \"x\"}".to_owned(), "no answer of 'etcdbench check'"),
        (format!("{{\"schema\": \"{schema}\"}}"), "when it was made (check.at_s)"),
        (
            format!(
                "{{\"schema\": \"{schema}\", \"check\": {{\"at_s\": 5}}, \"members\": [{{}}]}}"
            ),
            "tells of no database",
        ),
    ] {
        fs::write(&file, text).unwrap();
        Command::cargo_bin("etcdbench")
            .unwrap()
            .args(["check", "quota", "--since"])
            .arg(&file)
            .assert()
            .code(1)
            .stderr(contains(why).and(contains("check quota --format json -o before.json")));
    }
}
