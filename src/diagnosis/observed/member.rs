//! What one member tells of itself.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Defragmentation, Filling, Live, MemberId, Moments, Peer, Span, Step, StepTime, StorageFault,
    Waits,
};

/// etcd logs a sync of the WAL from this on (server/storage/wal, `warnSyncDuration`).
pub const LOGGED_SYNC_NS: u64 = 1_000_000_000;
/// etcd's default `--heartbeat-interval` and `--election-timeout`.
const HEARTBEAT_NS: u64 = 100_000_000;
const ELECTION_NS: u64 = 1_000_000_000;
/// A heartbeat that went out late right after a sync which filled this share of the gap was late because of it.
const FILLED: f64 = 2.0 / 3.0;
/// The raft loop sends right after it has synced; a line may be printed this much later.
const RIGHT_AFTER_NS: i64 = 250_000_000;
/// A gap has to be this much longer than the shortest logged sync before the absence of one tells anything: the loop
/// does more than one thing in a gap.
const SURELY_LOGGED: f64 = 1.25;

/// Clocks are compared every 4 s and told every 30 s (server/etcdserver/api/rafthttp, `statusMonitoringInterval`).
const CLOCK_SEEN_NS: i64 = 60_000_000_000;
/// Lengths within this factor are the same.
const ALIKE: f64 = 1.5;
/// Fewer traces of a kind happen anywhere.
const SEVERAL_TRACES: u64 = 3;

/// Heartbeats that went out late, by what the same log has beside them.
#[derive(Debug, Default)]
pub struct Heartbeats {
    /// All of them; the figure is what exceeds two intervals, as etcd has it.
    pub late: Waits,
    /// Lines of those right after a sync that filled the gap.
    pub by_sync: Moments,
    /// Those whose gap was so long that a sync filling it would have been logged, and none was: not the WAL's sync.
    pub unexplained: Moments,
    /// Those of a gap so short that a sync filling it is not logged.
    pub short: Moments,
    /// The same where the log has no times.
    pub untimed_unexplained: u64,
}

/// A change of the leader as a member saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Leadership {
    /// When.
    pub at_ns: Option<i64>,
    /// Who led from then on; nobody while there was none.
    pub leader: Option<MemberId>,
    /// Who led until then, if that was told.
    pub before: Option<MemberId>,
    /// The term.
    pub term: u64,
    /// Whether it was asked for: a transfer, or a member that was shut down.
    pub planned: bool,
}

/// A run of the process: from its start to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Run {
    /// When it was started; absent where the log begins later or has no times.
    pub started_ns: Option<i64>,
    /// When it was told to shut down.
    pub stopped_ns: Option<i64>,
    /// Whether it was told to.
    pub stopped: bool,
}

/// Everything that is known of a member.
#[derive(Debug, Default)]
pub struct Member {
    /// What it is called: by itself, by its host or pod, or by its file.
    pub name: String,
    /// Its id, if it was told.
    pub id: Option<MemberId>,
    /// Ids of others whose lines stand in the same log, untold apart.
    pub others: Vec<MemberId>,
    /// Its version.
    pub version: Option<String>,
    /// Its heartbeat interval, from its start or from a late heartbeat.
    pub heartbeat_ns: Option<u64>,
    /// Its election timeout, from its start.
    pub election_ns: Option<u64>,
    /// Its quota.
    pub quota_bytes: Option<u64>,
    /// Lines that are etcd's.
    pub lines: u64,
    /// Of these, errors and worse.
    pub errors: u64,
    /// Lines that look like etcd's and are damaged.
    pub damaged: u64,
    /// The first and last time in it.
    pub span: Option<Span>,
    /// Whether its times tell their zone.
    pub zoned: bool,
    /// Syncs of the WAL that took a second or more.
    pub slow_syncs: Waits,
    /// Heartbeats that went out late.
    pub heartbeats: Heartbeats,
    /// Applies of writes that took 100 ms or more.
    pub slow_writes: Waits,
    /// Reads that took 100 ms or more.
    pub slow_reads: Waits,
    /// Those of them with a large answer.
    pub large_reads: Waits,
    /// The largest answer of a slow read.
    pub largest_answer_bytes: u64,
    /// Whole requests that took 300 ms or more.
    pub slow_requests: Waits,
    /// Slow operations by the step that took longest.
    pub steps: BTreeMap<Step, StepTime>,
    /// Reads that waited for the leader to confirm them.
    pub read_index_slow: u64,
    /// When that was.
    pub read_index: Moments,
    /// Its peers; those that were not named together.
    pub peers: BTreeMap<Option<MemberId>, Peer>,
    /// Compactions.
    pub compactions: Waits,
    /// Defragmentations.
    pub defragmentations: Vec<Defragmentation>,
    /// The database as it was told last, and what of it was in use.
    pub database_bytes: Option<(u64, Option<u64>)>,
    /// How it grew since an earlier look, where there was one.
    pub filling: Option<Filling>,
    /// Snapshots that took long to send.
    pub slow_snapshots: u64,
    /// Whether the quota was found reached.
    pub no_space: bool,
    /// When first.
    pub no_space_at_ns: Option<i64>,
    /// Whether the alarm was taken back.
    pub alarm_off: bool,
    /// Requests that were refused for want of space.
    pub refused: u64,
    /// Faults of the storage, how often and when first.
    pub faults: BTreeMap<StorageFault, (u64, Option<i64>)>,
    /// Elections that it began.
    pub candidacies: u64,
    /// Votes that it refused because it still had a leader.
    pub votes_refused: u64,
    /// Changes of the leader.
    pub leaders: Vec<Leadership>,
    /// How often it gave up leading because no quorum answered.
    pub stepped_down: u64,
    /// How often it was started, and whether it was told to stop before.
    pub runs: Vec<Run>,
    /// What was seen of it while it runs.
    pub live: Option<Box<Live>>,
    /// The sync that was told last: when it ended, and how long it took.
    last_sync: Option<(Option<i64>, u64)>,
}

impl Member {
    /// A sync of the WAL that was slow.
    pub fn slow_sync(&mut self, at_ns: Option<i64>, took_ns: u64) {
        self.slow_syncs.add(at_ns, took_ns);
        // Of two in the same gap the longer one explains more.
        let longer = self.last_sync.is_none_or(|(last, length)| {
            length <= took_ns || at_ns.zip(last).is_none_or(|(at, last)| at - last > RIGHT_AFTER_NS)
        });
        if longer {
            self.last_sync = Some((at_ns, took_ns));
        }
    }

    /// A heartbeat that went out late by what exceeds two intervals.
    pub fn late_heartbeat(&mut self, at_ns: Option<i64>, over_ns: u64, interval_ns: Option<u64>) {
        self.heartbeat_ns = interval_ns.or(self.heartbeat_ns);
        let gap_ns = over_ns.saturating_add(2 * self.heartbeat_interval_ns().min(u64::MAX / 4));
        let filled =
            self.last_sync.is_some_and(|(ended, took_ns)| fills(at_ns, gap_ns, ended, took_ns));
        let heartbeats = &mut self.heartbeats;
        heartbeats.late.add_within(at_ns, over_ns, gap_ns);
        let would_be_logged = gap_ns as f64 >= SURELY_LOGGED * LOGGED_SYNC_NS as f64;
        let Some(at) = at_ns else {
            heartbeats.untimed_unexplained += u64::from(!filled && would_be_logged);
            return;
        };
        let kind = match (filled, would_be_logged) {
            (true, _) => &mut heartbeats.by_sync,
            (false, true) => &mut heartbeats.unexplained,
            (false, false) => &mut heartbeats.short,
        };
        kind.add(Span::ending(at, gap_ns), over_ns);
    }

    /// The heartbeat interval, etcd's default where it was not told.
    pub fn heartbeat_interval_ns(&self) -> u64 {
        self.heartbeat_ns.unwrap_or(HEARTBEAT_NS)
    }

    /// The election timeout. Where it was not told, etcd's default, or what its rule makes of a longer interval.
    pub fn election_timeout_ns(&self) -> u64 {
        self.election_ns.unwrap_or(ELECTION_NS.max(self.heartbeat_interval_ns().saturating_mul(10)))
    }

    /// Changes of the leader that nobody asked for, in which this member lost the lead.
    pub fn lost_lead(&self) -> impl Iterator<Item = &Leadership> {
        let me = self.id;
        self.losses().filter(move |change| change.before.is_some() && change.before == me)
    }

    /// Losses of the leader, whoever it was, that nobody asked for.
    pub fn losses(&self) -> impl Iterator<Item = &Leadership> {
        self.leaders.iter().filter(|change| !change.planned && change.leader.is_none())
    }

    /// Losses at the end of a term that was asked for.
    pub fn transfers(&self) -> usize {
        self.leaders.iter().filter(|change| change.planned && change.leader.is_none()).count()
    }

    /// Starts without a word of a shutdown before.
    pub fn crashes(&self) -> usize {
        self.runs.windows(2).filter(|pair| !pair[0].stopped).count()
    }

    /// Times in which it stood still as a whole: what took long is as long as the clocks of its peers ran ahead.
    pub fn stood_still(&self) -> Moments {
        let named = || self.peers.iter().filter(|(id, _)| id.is_some()).map(|(_, peer)| peer);
        let apart = named().filter_map(|peer| peer.apart_ns).min();
        let all_apart = named().count() > 0 && named().all(|peer| peer.apart_ns.is_some());
        let mut still = Moments::default();
        let Some(apart_ns) = apart.filter(|_| all_apart) else {
            return still;
        };
        for one in self.slow_syncs.moments.iter().chain(self.heartbeats.unexplained.iter()) {
            let seen_after = |peer: &Peer| {
                let after =
                    Span { to_ns: one.span.to_ns.saturating_add(CLOCK_SEEN_NS), ..one.span };
                peer.apart.any_near(&after, 0)
            };
            let ratio = one.span.length_ns() as f64 / apart_ns as f64;
            if (1.0 / ALIKE..=ALIKE).contains(&ratio) && named().any(seen_after) {
                still.add(one.span, one.longest_ns);
            }
        }
        still
    }

    /// Whether most traces spent their time in memory alone, where no disk and no network is waited for.
    pub fn is_slow_in_memory(&self) -> bool {
        let all: u64 = self.steps.values().map(|time| time.count).sum();
        let in_memory: u64 = [Step::Index, Step::Checks, Step::Response, Step::Auth]
            .iter()
            .filter_map(|step| self.steps.get(step))
            .map(|time| time.count)
            .sum();
        in_memory >= SEVERAL_TRACES && 2 * in_memory >= all
    }

    /// Hours that the log covers, at least a moment.
    pub fn hours(&self) -> f64 {
        self.span.map_or(0.0, |span| span.length_ns() as f64 / 3.6e12)
    }
}

/// Whether a sync filled the gap before a heartbeat that was sent at a time.
fn fills(at_ns: Option<i64>, gap_ns: u64, ended_ns: Option<i64>, took_ns: u64) -> bool {
    let long_enough = |filled_ns: u64| filled_ns as f64 >= FILLED * gap_ns as f64;
    let Some((at, ended)) = at_ns.zip(ended_ns) else {
        // Without times the order of the lines has to do.
        return long_enough(took_ns);
    };
    let gap = Span::ending(at, gap_ns);
    let sync = Span::ending(ended, took_ns);
    let right_after =
        at.saturating_sub(ended) <= RIGHT_AFTER_NS && ended.saturating_sub(at) <= RIGHT_AFTER_NS;
    right_after && long_enough(sync.shared_ns(&gap))
}
