//! What is worth knowing of a cluster that runs, beside what holds it back.

use schemars::JsonSchema;
use serde::Serialize;

use super::known_bugs::{KnownBug, known_bugs};
use super::observed::{Checked, Live, Member, NoWrites, Observed, Presence, Promise, Stall};
use crate::exit::Verdict;
use crate::plan::Dependent;

/// More of the database than this is free, and so much at least: worth a defragmentation (etcd's alert
/// `etcdDatabaseHighFragmentationRatio`).
const FREE_SHARE: f64 = 0.5;
const FREE_BYTES: u64 = 100 << 20;
/// A member that was started later is still catching up, and its histograms are short.
const JUST_STARTED_S: u64 = 600;
/// etcd's FAQ: the 99th percentile of the WAL's syncs below 10 ms. Fewer syncs have no such percentile.
const RULE_NS: u64 = 10_000_000;
const FOR_P99: u64 = 100;
/// Certificates that end sooner are warned of.
const CERTIFICATE_DAYS: i64 = 30;
/// Syncs that take so many times what `disk` measured on average, and so much longer at least, are slower than it promised.
/// Chosen, not fitted: a mean also depends on how many puts share a sync and on what else the machine does.
const PROMISE_FACTOR: u64 = 2;
const PROMISE_ROOM_NS: u64 = 1_000_000;
/// Fewer syncs have no mean worth comparing.
const FOR_MEAN: u64 = 30;
/// This program was late so often that its figures are partly its own.
const OWN_LATE: f64 = 0.1;

/// Something worth knowing.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "notice")]
pub enum Notice {
    /// A version with a known fault.
    KnownBug {
        /// The version.
        version: String,
        /// The fault.
        bug: KnownBug,
    },
    /// Members of different versions.
    VersionsDiffer {
        /// Which.
        versions: Vec<String>,
    },
    /// Much of the database is free, and comes back by a defragmentation alone.
    Fragmented {
        /// The member.
        member: usize,
        /// The database.
        bytes: u64,
        /// What of it is in use.
        in_use_bytes: u64,
    },
    /// Syncs of the WAL beyond what etcd asks for, as far as the histogram's bounds prove it.
    SyncsBeyondRule {
        /// The member.
        member: usize,
        /// The 99th percentile is above this.
        p99_above_ns: u64,
        /// Of how many.
        count: u64,
    },
    /// Its WAL syncs take longer than `disk` measured.
    SlowerThanPromised {
        /// The member.
        member: usize,
        /// The mean of its syncs.
        mean_ns: u64,
        /// The mean that was measured.
        promised_ns: u64,
    },
    /// Its WAL syncs take what `disk` measured.
    AsPromised {
        /// The members.
        members: Vec<usize>,
        /// The longest mean of theirs.
        mean_ns: u64,
        /// The mean that was measured.
        promised_ns: u64,
    },
    /// A certificate that ends soon, or has ended.
    CertificateEnds {
        /// The member.
        member: usize,
        /// Days until then.
        days: i64,
    },
    /// It was started a short while ago.
    JustStarted {
        /// The members.
        members: Vec<usize>,
        /// How long ago, the last of them.
        uptime_s: u64,
    },
    /// Its metrics could not be read.
    NoMetrics {
        /// The members.
        members: Vec<usize>,
    },
    /// Its metrics were read once: what is so is known, and not what grows.
    OneReading {
        /// The members.
        members: Vec<usize>,
    },
    /// The cluster lists it, and none of the files is about it.
    NothingOf {
        /// The member.
        member: usize,
    },
    /// The cluster lists it, and it was not asked.
    NotAsked {
        /// The member.
        member: usize,
    },
    /// It only learns.
    Learner {
        /// The member.
        member: usize,
    },
    /// The failure of one member is one too many.
    NoTolerance {
        /// How many vote.
        voters: usize,
    },
    /// This program's own machine was busy.
    OwnLateness {
        /// The share of moments at which it was late.
        share: f64,
    },
    /// Something that depends on the cluster gave up, or would have: its longest stall was longer than that waits.
    GaveUp {
        /// The last of them that did.
        dependent: Dependent,
        /// After how long it gives up.
        limit_ns: u64,
        /// The stall.
        stall: Stall,
    },
    /// Nothing was written.
    NoWrites {
        /// Why.
        why: NoWrites,
    },
}

impl Notice {
    /// Whether something should be done about it.
    pub fn wants_attention(&self) -> bool {
        matches!(
            self,
            Notice::KnownBug { .. }
                | Notice::Fragmented { .. }
                | Notice::CertificateEnds { .. }
                | Notice::GaveUp { .. }
                | Notice::SlowerThanPromised { .. }
        )
    }
}

/// Everything worth knowing; `now_s` is the time in seconds since 1970.
pub fn notices(observed: &Observed, now_s: i64) -> Vec<Notice> {
    let mut found = versions(&observed.members);
    let from_files = observed.check.as_ref().is_some_and(|check| check.files > 0);
    for (index, member) in observed.members.iter().enumerate() {
        found.extend(of_member(index, member, from_files, now_s));
    }
    found.extend(of_several(&observed.members));
    let voters = || {
        let lives = observed.members.iter().filter_map(|member| member.live.as_deref());
        lives.filter(|live| !live.learner).count()
    };
    // Files may be those of one member of several.
    if voters() < 3 && !from_files {
        found.push(Notice::NoTolerance { voters: voters() });
    }
    if let Some(check) = &observed.check {
        if check.own_late_share >= OWN_LATE {
            found.push(Notice::OwnLateness { share: check.own_late_share });
        }
        found.extend(gave_up(check));
        found.extend(
            check.promise.iter().flat_map(|promise| held_against(&observed.members, promise)),
        );
        found.extend(check.no_writes.map(|why| Notice::NoWrites { why }));
    }
    found
}

/// How the syncs of each member compare with what was measured before.
fn held_against(members: &[Member], promise: &Promise) -> Vec<Notice> {
    let promised_ns = promise.mean_ns;
    let limit_ns = (promised_ns.saturating_mul(PROMISE_FACTOR)).max(promised_ns + PROMISE_ROOM_NS);
    let live = members.iter().enumerate().filter_map(|(index, member)| {
        let fsync = member.live.as_deref()?.fsync.as_ref()?;
        (fsync.count >= FOR_MEAN).then_some((index, fsync.mean_ns))
    });
    let (slower, held): (Vec<_>, Vec<_>) = live.partition(|(_, mean_ns)| *mean_ns > limit_ns);
    let slower = slower.into_iter().map(|(member, mean_ns)| Notice::SlowerThanPromised {
        member,
        mean_ns,
        promised_ns,
    });
    let mut all: Vec<Notice> = slower.collect();
    if let Some(mean_ns) = held.iter().map(|(_, mean_ns)| *mean_ns).max() {
        let members = held.into_iter().map(|(member, _)| member).collect();
        all.push(Notice::AsPromised { members, mean_ns, promised_ns });
    }
    all
}

fn gave_up(check: &Checked) -> Option<Notice> {
    let stall = check.longest_stall?;
    let limits = check.timeouts?.limits();
    let last = limits.into_iter().rev().find(|(_, limit_ns)| stall.ns >= *limit_ns);
    last.map(|(dependent, limit_ns)| Notice::GaveUp { dependent, limit_ns, stall })
}

/// The verdict of a check: that of its causes, and a warning where something should be done beside.
pub fn with_notices(verdict: Verdict, notices: &[Notice]) -> Verdict {
    match notices.iter().any(Notice::wants_attention) {
        true => verdict.max(Verdict::Warn),
        false => verdict,
    }
}

fn versions(members: &[Member]) -> Vec<Notice> {
    let mut versions: Vec<&str> = members.iter().filter_map(|m| m.version.as_deref()).collect();
    versions.sort_unstable();
    versions.dedup();
    let bugs = versions.iter().flat_map(|version| {
        known_bugs(version, members.len())
            .into_iter()
            .map(|bug| Notice::KnownBug { version: (*version).to_owned(), bug: *bug })
    });
    let mut found: Vec<Notice> = bugs.collect();
    if versions.len() > 1 {
        let versions = versions.into_iter().map(str::to_owned).collect();
        found.push(Notice::VersionsDiffer { versions });
    }
    found
}

/// What may be true of all of them alike.
fn of_several(members: &[Member]) -> Vec<Notice> {
    let which = |fits: &dyn Fn(&Live) -> bool| -> Vec<usize> {
        let all = members.iter().enumerate();
        all.filter(|(_, member)| member.live.as_deref().is_some_and(fits)).map(|(i, _)| i).collect()
    };
    let started = which(&|live| live.uptime_s.is_some_and(|s| s < JUST_STARTED_S));
    let uptimes = members.iter().filter_map(|member| member.live.as_deref()?.uptime_s);
    let mut found = Vec::new();
    if let Some(uptime_s) = uptimes.min().filter(|_| !started.is_empty()) {
        found.push(Notice::JustStarted { members: started, uptime_s });
    }
    let once = which(&|live| live.texts == 1);
    if !once.is_empty() {
        found.push(Notice::OneReading { members: once });
    }
    let silent = which(&|live| {
        live.presence == Presence::Answers && !live.metrics && !live.restarted && live.texts == 0
    });
    if !silent.is_empty() {
        found.push(Notice::NoMetrics { members: silent });
    }
    found
}

fn of_member(member: usize, of: &Member, from_files: bool, now_s: i64) -> Vec<Notice> {
    let mut found = Vec::new();
    let Some(live) = of.live.as_deref() else { return found };
    match live.presence {
        Presence::NotAsked if from_files && of.lines > 0 => return found,
        Presence::NotAsked if from_files => return vec![Notice::NothingOf { member }],
        Presence::NotAsked => return vec![Notice::NotAsked { member }],
        _ => {}
    }
    if let Some((bytes, Some(in_use_bytes))) = of.database_bytes {
        let free = bytes.saturating_sub(in_use_bytes);
        if free >= FREE_BYTES && free as f64 > FREE_SHARE * bytes as f64 {
            found.push(Notice::Fragmented { member, bytes, in_use_bytes });
        }
    }
    let syncs = live.fsync.as_ref().filter(|fsync| fsync.count >= FOR_P99);
    if let Some(fsync) = syncs.filter(|fsync| fsync.p99_above_ns >= RULE_NS) {
        let (p99_above_ns, count) = (fsync.p99_above_ns, fsync.count);
        found.push(Notice::SyncsBeyondRule { member, p99_above_ns, count });
    }
    if let Some(ends_s) = live.certificate_ends_s {
        let days = (ends_s - now_s).div_euclid(86_400);
        if days < CERTIFICATE_DAYS {
            found.push(Notice::CertificateEnds { member, days });
        }
    }
    if live.learner {
        found.push(Notice::Learner { member });
    }
    found
}
