//! Syncs held up on purpose are found: every one, as long as it was, when it was.

mod support;

use std::process::Command;

use etcdbench::result::StallLine;
use jiff::Timestamp;
use support::needs::{Need, needs};
use support::probe;
use support::quiet::quiet;
use support::strace::{self, Call};

/// etcd's heartbeat interval: a sync this long is a stall.
const HEARTBEAT_NS: u64 = 100_000_000;
/// How far a stall's start and length may be from what strace saw.
const TOLERANCE_NS: u64 = 5_000_000;

#[test]
fn injected_stalls_are_found() {
    needs!(Need::Trace);
    let _quiet = quiet();
    let scratch = probe::scratch();
    let (trace, result) = (
        scratch.path().join("trace"),
        scratch.path().join("result.jsonl"),
    );
    let mut command = Command::new("strace");
    command
        .args(strace::arguments("fdatasync", &trace))
        // Counted per thread: the WAL's and the backend's are both held up now and then.
        .args(["-e", "inject=fdatasync:delay_enter=250ms:when=50+100"])
        .arg(probe::program());
    let more = "--quiet --phases etcd=10s --rate 200 --key-size 8 --val-size 256";
    let run = probe::finish(probe::disk(command, scratch.path(), &result, more), &result).read();

    let calls = strace::read(&trace);
    assert!(
        calls.iter().filter(|call| call.delayed).count() >= 5,
        "strace held up syncs"
    );
    let of = |name: &str| -> Vec<&StallLine> {
        run.stalls
            .iter()
            .filter(|stall| stall.series == name)
            .collect()
    };
    let wal: Vec<&Call> = slow(&calls)
        .filter(|call| call.file().ends_with(".wal"))
        .collect();
    agree(&wal, &of("wal.sync"));

    let backend = slow(&calls)
        .filter(|call| call.path.ends_with("/snap/db"))
        .count();
    let commits = of("backend.commit").len();
    assert!(
        backend > 0 && commits <= backend,
        "{commits} commits, {backend} syncs of theirs"
    );
    assert!(
        2 * commits >= backend,
        "{commits} commits, {backend} syncs of theirs"
    );
}

fn slow(calls: &[Call]) -> impl Iterator<Item = &Call> {
    // One that is right at the limit could be told or not.
    calls
        .iter()
        .filter(|call| call.duration_ns >= HEARTBEAT_NS + TOLERANCE_NS)
}

/// A stall is told of the write and its sync together, and the write takes no time beside it. One stall for each call, in order, and nothing else.
fn agree(calls: &[&Call], stalls: &[&StallLine]) {
    let mut stalls = stalls.to_vec();
    stalls.sort_by_key(|stall| stall.start_ns);
    assert_eq!(
        stalls.len(),
        calls.len(),
        "stalls {stalls:#?}\ncalls {calls:#?}"
    );
    for (call, stall) in calls.iter().zip(stalls) {
        let off = stall.duration_ns.abs_diff(call.duration_ns);
        assert!(
            off < TOLERANCE_NS,
            "length off by {off} ns: {call:?} {stall:?}"
        );
        let at: Timestamp = stall.at.parse().expect("a time of day");
        let at_ns = u64::try_from(at.as_nanosecond()).expect("after 1970");
        let off = at_ns.abs_diff(call.start_ns);
        assert!(
            off < TOLERANCE_NS,
            "time of day off by {off} ns: {call:?} {stall:?}"
        );
    }
}
