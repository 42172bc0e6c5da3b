//! `etcdbench logs`: logs as they are found, and what held the cluster back.

mod cluster;
mod faults;
mod found;
mod hostile;
mod program;
mod wrapped;

use std::fs;
use std::path::PathBuf;

use etcdbench::diagnosis::{
    self, Answer, Cause, Certainty, Diagnosis, Evidence, Harm, Member, Observed,
};
use etcdbench::logs;

/// 2026-11-29T00:00:00Z: when the logs are read.
const NOW: i64 = 1_795_910_400_000_000_000;

/// What was read, and what was found in it.
struct Told {
    logs: Observed,
    found: Vec<Diagnosis>,
}

impl Told {
    fn of(sources: &[(&str, &str)]) -> Told {
        let sources: Vec<(&str, &[u8])> =
            sources.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        let logs = logs::read_from(&sources, NOW).unwrap();
        let found = diagnosis::diagnose(&logs.members);
        Told { logs, found }
    }

    fn answer(&self) -> Answer {
        diagnosis::answer(&self.found)
    }

    fn causes(&self) -> Vec<Cause> {
        self.found.iter().map(|one| one.cause).collect()
    }

    /// The cause that is told first.
    fn first(&self) -> &Diagnosis {
        self.found.first().expect("something was found")
    }

    fn member(&self) -> &Member {
        assert_eq!(self.logs.members.len(), 1);
        &self.logs.members[0]
    }

    /// Asserts that this one cause is the answer, and how sure and how grave it is.
    fn is(&self, cause: Cause, certainty: Certainty, harm: Harm) {
        let first = self.first();
        assert_eq!(
            (first.cause, first.certainty, first.harm),
            (cause, certainty, harm),
            "{:#?}",
            self.found
        );
        let answer = match certainty {
            Certainty::NotSure => Answer::NotSure,
            _ => Answer::Causes(vec![cause]),
        };
        assert_eq!(self.answer(), answer, "{:#?}", self.found);
    }
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pure/logs/fixtures").join(name)
}

fn told(name: &str) -> Told {
    let text = fs::read_to_string(fixture(name)).unwrap();
    Told::of(&[("m1", &text)])
}

fn one(text: &str) -> Told {
    Told::of(&[("m1", text)])
}

/// A line of etcd 3.5's at so many milliseconds of an hour.
fn line(ms: u64, level: &str, msg: &str, fields: &str) -> String {
    let (m, s, ms) = (ms / 60_000, ms / 1000 % 60, ms % 1000);
    let fields = if fields.is_empty() { String::new() } else { format!(",{fields}") };
    format!(
        "{{\"level\":\"{level}\",\"ts\":\"2026-11-01T10:{m:02}:{s:02}.{ms:03}Z\",\"caller\":\"x/x.go:1\",\"msg\":\"{msg}\"{fields}}}\n"
    )
}

fn sync(at_ms: u64, took_ms: u64) -> String {
    line(
        at_ms,
        "warn",
        "slow fdatasync",
        &format!("\"took\":\"{took_ms}ms\",\"expected-duration\":\"1s\""),
    )
}

fn heartbeat(at_ms: u64, over_ms: u64) -> String {
    let msg = "leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk";
    let fields = format!(
        "\"to\":\"4c1e0b7d9a52f613\",\"heartbeat-interval\":\"100ms\",\"expected-duration\":\"200ms\",\"exceeded-duration\":\"{over_ms}ms\""
    );
    line(at_ms, "warn", msg, &fields)
}

fn apply(at_ms: u64, took_ms: u64, prefix: &str, size: u64) -> String {
    let fields = format!(
        "\"took\":\"{took_ms}ms\",\"expected-duration\":\"100ms\",\"prefix\":\"{prefix}\",\"request\":\"key:\\\"/registry/a;b 'c'\\\" \",\"response\":\"range_response_count:1 size:{size}\""
    );
    line(at_ms, "warn", "apply request took too long", &fields)
}

fn trace(at_ms: u64, op: &str, step: &str, took_ms: u64) -> String {
    let fields = format!(
        "\"detail\":\"{{}}\",\"duration\":\"{took_ms}ms\",\"steps\":[\"trace[1] '{step}' {{key: 'a'; (duration: 9s)}} (duration: {took_ms}ms)\",\"trace[1] 'other'  (duration: 1ms)\"],\"step_count\":2"
    );
    line(at_ms, "info", &format!("trace[1] {op}"), &fields)
}

fn raft(at_ms: u64, text: &str) -> String {
    line(at_ms, "info", text, "\"logger\":\"raft\"")
}

fn peer(at_ms: u64, local: &str, remote: &str, error: &str) -> String {
    let fields = format!(
        "\"stream-reader-type\":\"stream Message\",\"local-member-id\":\"{local}\",\"remote-peer-id\":\"{remote}\",\"error\":\"{error}\""
    );
    line(at_ms, "warn", "lost TCP streaming connection with remote peer", &fields)
}

fn active(at_ms: u64, remote: &str) -> String {
    line(at_ms, "info", "peer became active", &format!("\"peer-id\":\"{remote}\""))
}

fn drift(at_ms: u64, remote: &str, by: &str) -> String {
    let fields = format!(
        "\"round-tripper-name\":\"ROUND_TRIPPER_SNAPSHOT\",\"remote-peer-id\":\"{remote}\",\"clock-drift\":\"{by}\",\"rtt\":\"1.4ms\""
    );
    line(at_ms, "warn", "prober found high clock drift", &fields)
}

fn started(at_ms: u64) -> String {
    let fields = "\"etcd-version\":\"3.5.21\",\"heartbeat-interval\":\"100ms\",\"election-timeout\":\"1s\",\"quota-backend-bytes\":2147483648";
    line(at_ms, "info", "starting an etcd server", fields)
}

fn has(one: &Diagnosis, wanted: impl Fn(&Evidence) -> bool) -> bool {
    one.evidence.iter().any(wanted)
}
