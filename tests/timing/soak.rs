//! A minute of a soak: memory stays flat, and half an hour's result would stay small.

use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::support::probe;
use crate::support::quiet::quiet;

const MEMORY_LIMIT_KIB: u64 = 64 << 10;
const RESULT_LIMIT_BYTES: u64 = 20_000_000;

#[test]
#[ignore = "long: ./scripts/test --all"]
fn memory_is_flat_and_the_result_small() {
    let _quiet = quiet();
    let scratch = probe::scratch();
    let result = scratch.path().join("result.jsonl");
    let more = "--quiet --phases etcd=60s";
    let command = Command::new(probe::program());
    let mut child = probe::disk(command, scratch.path(), &result, more)
        .spawn()
        .expect("etcdbench can be started");
    let mut sizes = Vec::new();
    while child.try_wait().expect("it is our child").is_none() {
        sizes.extend(resident_kib(child.id()).zip(fs::metadata(&result).ok().map(|m| m.len())));
        sleep(Duration::from_secs(1));
    }
    let at = |part: usize| sizes[sizes.len() * part / 8];
    assert!(sizes.len() > 50, "it ran for {} s", sizes.len());
    let most = sizes.iter().map(|&(memory, _)| memory).max().unwrap_or(0);
    assert!(most < MEMORY_LIMIT_KIB, "{most} KiB");
    let grown = at(7).0.saturating_sub(at(3).0);
    assert!(grown < 2048, "grew by {grown} KiB in half a minute: {sizes:?}");
    let per_half_minute = at(7).1 - at(3).1;
    let half_an_hour = at(3).1 + per_half_minute * 60;
    assert!(half_an_hour < RESULT_LIMIT_BYTES, "30 min would leave {half_an_hour} bytes");
}

fn resident_kib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
