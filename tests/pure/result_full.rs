//! A result whose disk fills up in the middle of a line. The limit is the process' own (RLIMIT_FSIZE), which is why
//! this test runs in a process of its own: a write up to the limit is cut short, the next one fails, as on a full disk.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use etcdbench::clock::Clock;
use etcdbench::error::Error;
use etcdbench::record::{Recorder, RecorderSettings, Series};
use etcdbench::result::{self, Collector, Header, SCHEMA_VERSION, Silent, Writer};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Set for [`with_a_limit`], which limits its whole process.
const CHILD: &str = "ETCDBENCH_TEST_FILE_LIMIT";
const LIMIT: u64 = 10_000;
const SERIES: [Series; 1] = [Series { name: "wal.fsync", keep_stalls: true }];

#[test]
fn the_run_goes_on_and_what_was_written_reads() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "result_full::with_a_limit", "--ignored"])
        .env(CHILD, "")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && told.contains("1 passed"), "{told}");
}

#[test]
#[ignore = "the child of the test above"]
fn with_a_limit() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    // Without a handler the signal that comes with the error would end the process.
    let told = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(rustix::process::Signal::XFSZ.as_raw(), told).unwrap();
    let maximum = getrlimit(Resource::Fsize).maximum;
    let limit = Rlimit { current: Some(LIMIT), maximum };
    setrlimit(Resource::Fsize, limit).unwrap();

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.jsonl");
    let header = Header { schema: SCHEMA_VERSION.into(), ..Header::default() };
    let writer = Writer::create(&path, &header).unwrap();
    let (sink, pool, collector) =
        Collector::spawn(writer, Clock::start(), Box::new(Silent)).unwrap();
    let settings =
        RecorderSettings { phase: "wal".into(), interval_ns: 10, stall_ns: 1_000, sink, pool };
    let mut recorder = Recorder::new(settings, None, &SERIES, 0);
    for now_ns in (0..20_000).step_by(10) {
        recorder.record(0, now_ns, 10);
        recorder.tick(now_ns + 10);
    }
    recorder.finish(20_000);

    let error = collector.finish().unwrap_err();
    assert!(
        matches!(&error, Error::Io { action: "write", path: named, .. } if *named == path),
        "{error}"
    );
    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes.len() as u64 > LIMIT / 2 && bytes.len() as u64 <= LIMIT);
    assert!(bytes.ends_with(b"}\n"), "the line that did not fit is taken back whole");
    let run = result::read(&path).unwrap();
    assert!(run.summary.is_none());
    let kept = run.phase("wal").unwrap().series("wal.fsync").unwrap();
    let lines = bytes.iter().filter(|&&b| b == b'\n').count() as u64;
    assert_eq!(kept.total.count(), lines - 1, "every line but the header is a sample");
}
