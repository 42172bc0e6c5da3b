//! The answer for tools and bug reports, as `docs/logs.schema.json` has it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Value, json};

use crate::diagnosis::{
    self, Answer, Defragmentation, Diagnosis, Failure, Happened, Leadership, Member, MemberId,
    Observed, PeerSign, Run, Span, Step, StepTime, StorageFault, Waits,
};
use crate::exit::Verdict;
use crate::record::Distribution;
use crate::report::diagnosed::{CauseReport, words};

/// Names the form; a new number means that readers of the old one are wrong.
const SCHEMA: &str = "etcdbench.logs/v1";
/// Events in the time line.
const MOST_EVENTS: usize = 10_000;

/// What the logs tell.
#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    /// `etcdbench.logs/v1`.
    schema: &'static str,
    /// What the exit code follows from.
    verdict: Verdict,
    /// What to say first.
    answer: Answer,
    /// The same as the page has it: `DISK`, `OK`, `NOT SURE`.
    word: String,
    /// Every cause, the gravest first.
    causes: Vec<CauseReport<'a>>,
    /// The members, in the order in which causes and events name them.
    members: Vec<Of<'a>>,
    /// What happened, by beginnings; of very much the gravest.
    timeline: Vec<Happened>,
    /// Events that are left out of it.
    timeline_left_out: usize,
    /// All lines that were read, also those of other programs.
    lines: u64,
    /// Bytes of text that were read.
    bytes: u64,
}

/// What one member logged.
#[derive(Serialize, JsonSchema)]
struct Of<'a> {
    name: &'a str,
    id: Option<MemberId>,
    /// Ids of others whose lines stand in the same log.
    others: &'a [MemberId],
    version: Option<&'a str>,
    heartbeat_ns: Option<u64>,
    election_ns: Option<u64>,
    quota_bytes: Option<u64>,
    /// The database as it was told last.
    database_bytes: Option<u64>,
    /// Lines that are etcd's.
    lines: u64,
    /// Lines of etcd's that are damaged.
    damaged: u64,
    /// The first and last time.
    span: Option<Span>,
    /// Whether its times tell their zone.
    zoned: bool,
    /// Syncs of the WAL of a second or more.
    slow_syncs: Lengths,
    /// Late heartbeats: what exceeds two intervals.
    late_heartbeats: Lengths,
    slow_writes: Lengths,
    slow_reads: Lengths,
    slow_requests: Lengths,
    compactions: Lengths,
    /// Slow operations by the step that took longest.
    steps: &'a BTreeMap<Step, StepTime>,
    read_index_slow: u64,
    peers: Vec<OfPeer<'a>>,
    /// Elections that it began.
    elections_begun: u64,
    votes_refused: u64,
    leaders: &'a [Leadership],
    runs: &'a [Run],
    defragmentations: &'a [Defragmentation],
    slow_snapshots: u64,
    no_space: bool,
    refused: u64,
    /// Faults of the storage, and how often.
    faults: BTreeMap<StorageFault, u64>,
}

/// Waits of one kind; `at_least` where etcd left some out of its log.
#[derive(Serialize, JsonSchema)]
struct Lengths {
    count: u64,
    at_least: bool,
    p50_ns: Option<u64>,
    p90_ns: Option<u64>,
    p99_ns: Option<u64>,
    max_ns: u64,
    total_ns: u64,
    /// Pairs of a length and how many were of it, to three digits.
    histogram: Vec<(u64, u64)>,
}

/// What it says of a peer.
#[derive(Serialize, JsonSchema)]
struct OfPeer<'a> {
    id: Option<MemberId>,
    address: Option<&'a str>,
    signs: &'a BTreeMap<PeerSign, u64>,
    failures: &'a BTreeMap<Failure, u64>,
    rtt_ns: Option<u64>,
    clock_apart_ns: Option<u64>,
    away: &'a [Span],
    back: bool,
}

impl Lengths {
    fn of(waits: &Waits) -> Lengths {
        let all = waits.lengths.as_ref().map(|samples| Distribution::from_samples(samples));
        let quantile = |q: f64| all.as_ref().and_then(|all| all.quantile(q));
        Lengths {
            count: waits.count,
            at_least: waits.sampled,
            p50_ns: quantile(0.5),
            p90_ns: quantile(0.9),
            p99_ns: quantile(0.99),
            max_ns: waits.longest_ns,
            total_ns: waits.total_ns,
            histogram: all.as_ref().map_or_else(Vec::new, |all| all.buckets().to_vec()),
        }
    }
}

fn of(member: &Member) -> Of<'_> {
    let peers = member.peers.iter().map(|(id, peer)| OfPeer {
        id: *id,
        address: peer.address.as_deref(),
        signs: &peer.signs,
        failures: &peer.failures,
        rtt_ns: peer.rtt_ns,
        clock_apart_ns: peer.apart_ns,
        away: &peer.away,
        back: peer.back,
    });
    Of {
        name: &member.name,
        id: member.id,
        others: &member.others,
        version: member.version.as_deref(),
        heartbeat_ns: member.heartbeat_ns,
        election_ns: member.election_ns,
        quota_bytes: member.quota_bytes,
        database_bytes: member.database_bytes.map(|(bytes, _)| bytes),
        lines: member.lines,
        damaged: member.damaged,
        span: member.span,
        zoned: member.zoned,
        slow_syncs: Lengths::of(&member.slow_syncs),
        late_heartbeats: Lengths::of(&member.heartbeats.late),
        slow_writes: Lengths::of(&member.slow_writes),
        slow_reads: Lengths::of(&member.slow_reads),
        slow_requests: Lengths::of(&member.slow_requests),
        compactions: Lengths::of(&member.compactions),
        steps: &member.steps,
        read_index_slow: member.read_index_slow,
        peers: peers.collect(),
        elections_begun: member.candidacies,
        votes_refused: member.votes_refused,
        leaders: &member.leaders,
        runs: &member.runs,
        defragmentations: &member.defragmentations,
        slow_snapshots: member.slow_snapshots,
        no_space: member.no_space,
        refused: member.refused,
        faults: member.faults.iter().map(|(fault, (count, _))| (*fault, *count)).collect(),
    }
}

/// Nothing but JSON.
pub(super) fn json(read: &Observed, found: &[Diagnosis]) -> String {
    let (timeline, timeline_left_out) = diagnosis::timeline(&read.members, MOST_EVENTS);
    let answer = diagnosis::answer(found);
    let document = Document {
        schema: SCHEMA,
        verdict: diagnosis::verdict(found),
        word: words::answer(&answer),
        answer,
        causes: found.iter().map(|one| CauseReport::of(&read.members, one)).collect(),
        members: read.members.iter().map(of).collect(),
        timeline,
        timeline_left_out,
        lines: read.lines,
        bytes: read.bytes,
    };
    crate::report::json::document(&document)
}

/// The schema of what `--format json` prints, as published in `docs/logs.schema.json`. Fields it does not name are
/// allowed: later minor versions add some.
pub fn json_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Document<'static>>().to_value();
    schema["title"] = json!("What etcd's logs tell, by etcdbench");
    schema
}
