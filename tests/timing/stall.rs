//! Syncs held up on purpose are found: every one, as long as it was, when it was.

use std::process::Command;

use crate::support::needs::{Need, needs};
use crate::support::probe;
use crate::support::quiet::quiet;
use crate::support::strace::{self, Call};
use etcdbench::result::StallLine;
use jiff::Timestamp;

/// etcd's heartbeat interval: a sync this long is a stall.
const HEARTBEAT_NS: u64 = 100_000_000;
/// How far a stall's start and length may be from what strace saw.
const TOLERANCE_NS: u64 = 5_000_000;

#[test]
fn injected_stalls_are_found() {
    needs!(Need::Trace);
    let _quiet = quiet();
    let scratch = probe::scratch();
    let (trace, result) = (scratch.path().join("trace"), scratch.path().join("result.jsonl"));
    let mut command = Command::new("strace");
    command
        .args(strace::arguments("fdatasync", &trace))
        // Counted per thread: the WAL's and the backend's are both held up now and then.
        .args(["-e", "inject=fdatasync:delay_enter=250ms:when=50+100"])
        .arg(probe::program());
    let more = "--quiet --phases etcd=10s --rate 200 --key-size 8 --val-size 256";
    let run = probe::finish(probe::disk(command, scratch.path(), &result, more), &result).read();

    let calls = strace::read(&trace);
    assert!(calls.iter().filter(|call| call.delayed).count() >= 5, "strace held up syncs");
    let of = |name: &str| -> Vec<&StallLine> {
        run.stalls.iter().filter(|stall| stall.series == name).collect()
    };
    let wal: Vec<&Call> = slow(&calls).filter(|call| call.file().ends_with(".wal")).collect();
    agree(&wal, &of("wal.sync"));

    let backend = slow(&calls).filter(|call| call.path.ends_with("/snap/db")).count();
    let commits = of("backend.commit").len();
    assert!(backend > 0 && commits <= backend, "{commits} commits, {backend} syncs of theirs");
    assert!(2 * commits >= backend, "{commits} commits, {backend} syncs of theirs");
}

fn slow(calls: &[Call]) -> impl Iterator<Item = &Call> {
    // One that is right at the limit could be told or not.
    calls.iter().filter(|call| call.duration_ns >= HEARTBEAT_NS + TOLERANCE_NS)
}

/// A stall is told of the write and its sync together, and the write takes no time beside it. It begins before strace
/// sees the call, and ends after it, when the probe has a processor again: each call lies within a stall of its own, in
/// order, and most of them fill it.
fn agree(calls: &[&Call], stalls: &[&StallLine]) {
    let mut stalls: Vec<(u64, u64)> = stalls.iter().map(|stall| from_to(stall)).collect();
    stalls.sort_unstable();
    let mut left = stalls.iter();
    let mut off: Vec<u64> = Vec::new();
    for call in calls {
        let (from, to) = (call.start_ns, call.start_ns + call.duration_ns);
        let around =
            |&&(begin, end): &&(u64, u64)| begin < from + TOLERANCE_NS && end + TOLERANCE_NS > to;
        let Some((begin, end)) = left.find(around) else {
            panic!("no stall of {call:?} in {stalls:#?}\ncalls {calls:#?}");
        };
        off.push(begin.abs_diff(from).max(end.abs_diff(to)));
    }
    off.sort_unstable();
    let median = off[off.len() / 2];
    assert!(median < TOLERANCE_NS, "off by {off:?}: stalls {stalls:#?}\ncalls {calls:#?}");
    // One that is no stall to strace is one to the probe if it waits for a processor.
    let more = stalls.len() - calls.len();
    assert!(more <= calls.len() / 4, "{more} more stalls {stalls:#?}\ncalls {calls:#?}");
}

/// By the time of day, in nanoseconds.
fn from_to(stall: &StallLine) -> (u64, u64) {
    let at: Timestamp = stall.at.parse().expect("a time of day");
    let at_ns = u64::try_from(at.as_nanosecond()).expect("after 1970");
    (at_ns, at_ns + stall.duration_ns)
}
