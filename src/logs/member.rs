//! One member's log, gathered message by message.

use crate::diagnosis::{Defragmentation, Leadership, Member, MemberId, Run, Span, StorageFault};

use super::message::{Database, Message, Start};
use super::stamp::Stamp;

/// An answer this large makes a read slow by itself.
const LARGE_ANSWER: u64 = 1 << 20;
/// A transfer that was asked for, or a shutdown, shows as an election within this.
const PLANNED_NS: i64 = 5_000_000_000;
/// So much is kept of what a log of ordinary length has a few of.
const MOST_CHANGES: usize = 5_000;
const MOST_RUNS: usize = 1_000;
const MOST_PEERS: usize = 32;
const MOST_OTHERS: usize = 8;

/// Gathers what the log of one member tells.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// What it tells.
    pub member: Member,
    planned_ns: Option<i64>,
    defragmenting_since_ns: Option<i64>,
    named: bool,
}

impl Gathered {
    /// A line of etcd's, whatever it says.
    pub fn line(&mut self, at: Option<Stamp>, error: bool) {
        self.member.lines += 1;
        self.member.errors += u64::from(error);
        let Some(at) = at else {
            return;
        };
        self.member.zoned |= at.zoned;
        let span = self.member.span.get_or_insert(Span::at(at.ns));
        span.from_ns = span.from_ns.min(at.ns);
        span.to_ns = span.to_ns.max(at.ns);
    }

    /// A fault of the storage.
    pub fn fault(&mut self, at: Option<i64>, fault: StorageFault) {
        let (count, first) = self.member.faults.entry(fault).or_insert((0, at));
        *count += 1;
        *first = first.or(at);
    }

    /// What a line says.
    pub fn message(&mut self, at: Option<i64>, local: Option<MemberId>, message: Message) {
        self.is(local);
        match message {
            Message::SlowSync { took_ns } => self.member.slow_sync(at, took_ns),
            Message::LateHeartbeat { over_ns, interval_ns } => {
                self.member.late_heartbeat(at, over_ns, interval_ns);
            }
            Message::Fault(fault) => self.fault(at, fault),
            Message::Is { who, name } => {
                self.is(who);
                self.name(name);
            }
            Message::Started(_) | Message::Setting(_) | Message::Stopped => self.run(at, message),
            Message::PeerTrouble { .. } | Message::PeerBack { .. } | Message::ClockApart { .. } => {
                self.peer(at, message);
            }
            Message::SlowApply { .. }
            | Message::FailedApply { .. }
            | Message::SlowRequest { .. }
            | Message::Trace { .. }
            | Message::ReadIndexSlow => self.request(at, message),
            Message::Elects { .. }
            | Message::LeaderLost { .. }
            | Message::LeaderElected { .. }
            | Message::LeaderChanged { .. }
            | Message::SteppedDown { .. }
            | Message::Transfer
            | Message::VoteRefused => self.election(at, message),
            _ => self.upkeep(at, message),
        }
    }

    /// Whose lines these are.
    fn is(&mut self, who: Option<MemberId>) {
        let member = &mut self.member;
        let Some(who) = who else {
            return;
        };
        if member.id.is_none() {
            member.id = Some(who);
        } else if member.id != Some(who)
            && !member.others.contains(&who)
            && member.others.len() < MOST_OTHERS
        {
            member.others.push(who);
        }
    }

    fn name(&mut self, name: Option<String>) {
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            self.member.name = name;
            self.named = true;
        }
    }

    fn run(&mut self, at: Option<i64>, message: Message) {
        let member = &mut self.member;
        match message {
            Message::Stopped => {
                self.planned_ns = at.or(self.planned_ns);
                if member.runs.is_empty() {
                    // Of the run that the log begins within nobody knows the start.
                    member.runs.push(Run::default());
                }
                if let Some(run) = member.runs.last_mut() {
                    *run = Run { stopped_ns: at, stopped: true, ..*run };
                }
            }
            Message::Started(start) => {
                if member.runs.is_empty()
                    && member.lines > 1
                    && self.member.leaders.len() + self.member.peers.len() > 0
                {
                    self.member.runs.push(Run::default());
                }
                if self.member.runs.len() < MOST_RUNS {
                    self.member.runs.push(Run { started_ns: at, ..Run::default() });
                }
                self.settings(start);
            }
            Message::Setting(start) => self.settings(start),
            _ => {}
        }
    }

    fn settings(&mut self, start: Start) {
        let member = &mut self.member;
        member.version = start.version.or(member.version.take());
        member.heartbeat_ns = start.heartbeat_ns.or(member.heartbeat_ns);
        member.election_ns = start.election_ns.or(member.election_ns);
        member.quota_bytes = start.quota_bytes.filter(|bytes| *bytes > 0).or(member.quota_bytes);
        self.name(start.name);
    }

    fn request(&mut self, at: Option<i64>, message: Message) {
        let member = &mut self.member;
        match message {
            Message::SlowApply { took_ns, read: true, answer_bytes } => {
                member.slow_reads.add(at, took_ns);
                if answer_bytes >= LARGE_ANSWER {
                    member.large_reads.add(at, took_ns);
                }
                member.largest_answer_bytes = member.largest_answer_bytes.max(answer_bytes);
            }
            Message::SlowApply { took_ns, .. } => member.slow_writes.add(at, took_ns),
            Message::FailedApply { no_space: true } => {
                member.refused += 1;
                self.no_space(at);
            }
            Message::SlowRequest { took_ns } => member.slow_requests.add(at, took_ns),
            Message::Trace { step, in_step_ns } => {
                let time = member.steps.entry(step).or_default();
                time.count += 1;
                time.total_ns = time.total_ns.saturating_add(in_step_ns);
            }
            Message::ReadIndexSlow => {
                member.read_index_slow += 1;
                if let Some(at) = at {
                    member.read_index.add(Span::at(at), 0);
                }
            }
            _ => {}
        }
    }

    fn no_space(&mut self, at: Option<i64>) {
        let member = &mut self.member;
        member.no_space = true;
        member.no_space_at_ns = member.no_space_at_ns.or(at);
        member.alarm_off = false;
    }

    fn upkeep(&mut self, at: Option<i64>, message: Message) {
        match message {
            Message::NoSpace { quota_bytes } => {
                self.no_space(at);
                self.member.quota_bytes = quota_bytes.or(self.member.quota_bytes);
            }
            Message::AlarmOff => self.member.alarm_off = true,
            Message::Quota { bytes } => {
                self.member.quota_bytes = Some(bytes).filter(|bytes| *bytes > 0)
            }
            Message::Compaction { took_ns, database } => {
                self.member.compactions.add(at, took_ns);
                self.database(database);
            }
            Message::Defragmentation { took_ns, before_bytes, database } => {
                let span = at.map(|at| Span::ending(at, took_ns));
                if self.member.defragmentations.len() < MOST_RUNS {
                    let after_bytes = database.bytes;
                    self.member.defragmentations.push(Defragmentation {
                        span,
                        took_ns,
                        before_bytes,
                        after_bytes,
                    });
                }
                self.database(database);
            }
            Message::DefragmentationBegins => self.defragmenting_since_ns = at,
            Message::DefragmentationEnds => {
                let since = self.defragmenting_since_ns.take();
                if let Some(took_ns) =
                    at.zip(since).and_then(|(at, since)| u64::try_from(at - since).ok())
                {
                    let database = Database::default();
                    self.upkeep(
                        at,
                        Message::Defragmentation { took_ns, before_bytes: None, database },
                    );
                }
            }
            Message::SlowSnapshot => self.member.slow_snapshots += 1,
            _ => {}
        }
    }

    fn database(&mut self, told: Database) {
        if let Some(bytes) = told.bytes {
            self.member.database_bytes = Some((bytes, told.in_use_bytes));
        }
    }

    fn peer(&mut self, at: Option<i64>, message: Message) {
        let (Message::PeerTrouble { peer: id, .. }
        | Message::PeerBack { peer: id }
        | Message::ClockApart { peer: id, .. }) = &message
        else {
            return;
        };
        let peers = &mut self.member.peers;
        let id = if peers.contains_key(id) || peers.len() < MOST_PEERS { *id } else { None };
        let peer = peers.entry(id).or_default();
        match message {
            Message::PeerTrouble { trouble, .. } => {
                peer.sign(at, trouble.sign, trouble.failure);
                peer.rtt_ns = peer.rtt_ns.max(trouble.rtt_ns);
                peer.address = trouble.address.or(peer.address.take());
            }
            Message::PeerBack { .. } => peer.is_back(at),
            Message::ClockApart { by_ns, rtt_ns, .. } => {
                peer.apart_ns = peer.apart_ns.max(Some(by_ns));
                peer.quick_rtt_ns = [peer.quick_rtt_ns, rtt_ns].into_iter().flatten().min();
                if let Some(at) = at {
                    peer.apart.add(Span::at(at), by_ns);
                }
            }
            _ => {}
        }
    }

    fn election(&mut self, at: Option<i64>, message: Message) {
        match message {
            Message::Elects { who } => {
                self.is(Some(who));
                self.member.candidacies += 1;
            }
            Message::SteppedDown { who } => {
                self.is(who);
                self.member.stepped_down += 1;
            }
            Message::Transfer => self.planned_ns = at.or(self.planned_ns),
            Message::VoteRefused => self.member.votes_refused += 1,
            Message::LeaderLost { who, leader, term } => {
                self.leader(at, who, None, Some(leader), term)
            }
            Message::LeaderElected { who, leader, term } => {
                self.leader(at, who, Some(leader), None, term)
            }
            Message::LeaderChanged { who, from, to, term } => {
                self.leader(at, who, None, Some(from), term);
                self.leader(at, who, Some(to), None, term);
            }
            _ => {}
        }
    }

    fn leader(
        &mut self,
        at_ns: Option<i64>,
        who: MemberId,
        leader: Option<MemberId>,
        before: Option<MemberId>,
        term: u64,
    ) {
        self.is(Some(who));
        let planned = match at_ns.zip(self.planned_ns) {
            Some((at, planned)) => at.abs_diff(planned) <= PLANNED_NS as u64,
            None => false,
        };
        // In 3.4 and older the lines of an election may come twice, from raft and from etcd.
        let change = Leadership { at_ns, leader, before, term, planned };
        let same = |old: &&Leadership| (old.leader, old.before, old.term) == (leader, before, term);
        let again = self.member.leaders.iter().rev().take(4).find(same).is_some();
        if !again && self.member.leaders.len() < MOST_CHANGES {
            self.member.leaders.push(change);
        }
    }

    /// What it tells, of a member that is called so if it does not tell its own name.
    pub fn finish(self, name: &str) -> Member {
        let mut member = self.member;
        if !self.named {
            name.clone_into(&mut member.name);
        }
        member
    }
}
