//! A look at a cluster that runs: what its members answer, what their metrics grow by, and how long small requests take.
//!
//! Observations alone: what they mean is for [`crate::diagnosis`].

mod dates;
mod earlier;
mod growth;
mod offline;
mod promise;
mod readings;
mod round;
mod target;
mod told;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;

use crate::cluster::{Cluster, Known, guard};
use crate::diagnosis::{self, Checked, Live, Member, MemberId, NoWrites, Observed, Presence};
use crate::error::{Error, Result};
use crate::etcd::{Credentials, Endpoint};
use crate::plan::{CheckPlan, Connect, FRESH_PREFIX};
use crate::session;
use crate::wire::Dialer;

use readings::Before;
use round::{Asked, Rounds};
use target::Target;

pub use earlier::Earlier;
pub use offline::read as from_files;
pub use promise::read as promise;
pub use told::Told;

/// Beyond the check's own length, keys stay for so long at most where it is killed.
const KEYS_STAY_S: i64 = 120;
/// A database beyond this share of its quota gets nothing written to it.
const FULL: f64 = guard::STOP_ABOVE;

/// Looks at a cluster for as long as the plan says, or until it is told to stop.
///
/// # Errors
/// When no member answers, or keys could not be removed; with the way out.
pub fn run(
    plan: &CheckPlan,
    credentials: Option<&Credentials>,
    stop: &AtomicBool,
    tell: &dyn Fn(Told<'_>),
) -> Result<Observed> {
    let connect = &plan.connect;
    let dialer = Dialer::new(&connect.security, connect.dial_timeout_ns)?;
    let mut cluster = Cluster::connect(&connect.endpoints, &dialer, credentials)?;
    let unknown = cluster.reach_all();
    let prefix = plan
        .prefix
        .clone()
        .unwrap_or_else(|| format!("{FRESH_PREFIX}{:08x}/", session::random() as u32));
    let mut no_writes = plan.writes_per_s.and_then(|_| no_writes(&cluster));
    let mut lease = 0;
    if plan.writes_per_s.is_some() && no_writes.is_none() {
        refuse_used(&mut cluster, &prefix)?;
        // Of a cluster without a quorum this alone is refused, and everything else still worth a look.
        match cluster.grant((plan.duration_ns / 1_000_000_000) as i64 + KEYS_STAY_S) {
            Ok(granted) => lease = granted,
            Err(_) => no_writes = Some(NoWrites::NoLeader),
        }
    }
    let writes = plan.writes_per_s.filter(|_| no_writes.is_none());
    let answering = cluster.members().iter().filter(|member| member.status.is_some()).count();
    tell(Told::Begins {
        members: answering,
        duration_ns: plan.duration_ns,
        writes: writes.map(|_| (prefix.as_str(), plan.most_writes())),
    });
    let asked = Asked {
        reads: plan.writes_per_s.is_some(),
        writes: writes.is_some(),
        rate: plan.writes_per_s,
        lease,
        limit: Duration::from_nanos(connect.command_timeout_ns),
        duration: Duration::from_nanos(plan.duration_ns),
    };
    let mut targets = targets(&cluster, &prefix);
    let looked = cluster.drive(look(&mut targets, &asked, stop, tell));
    let removed = match lease {
        0 => Ok(()),
        lease => cluster.revoke_leases(prefix.as_bytes(), &[lease]).map(|_| ()),
    };
    cluster.refresh();
    let mut observed = observed(&cluster, targets, &looked, connect.dial_timeout_ns);
    for (id, name, why) in unknown {
        observed.members.push(unseen(id, name, looked.rounds.window_ns));
        looked_note(&mut observed, why);
    }
    let longest = diagnosis::longest_stall(&observed.members, connect.command_timeout_ns);
    if let Some(check) = &mut observed.check {
        check.longest_stall = longest;
        check.timeouts = Some(plan.timeouts);
        check.prefix = writes.map(|_| prefix.clone());
        check.active = plan.writes_per_s.is_some();
        check.no_writes = no_writes;
        check.interrupted = stop.load(Ordering::Relaxed);
        check.notes.extend(cluster.notes().iter().cloned());
        if let Err(error) = removed {
            check.notes.push(format!(
                "{error}; the keys below {prefix} are bound to a lease and go by themselves within {KEYS_STAY_S} s"
            ));
        }
    }
    Ok(observed)
}

/// How full the databases are, asked once.
#[derive(Debug, Default)]
pub struct Fullness {
    /// The members, with their databases, quotas and alarms.
    pub observed: Observed,
    /// The newest revision that was told: what may be compacted to.
    pub revision: i64,
    /// Where the members answer, the leader last: the order of a defragmentation.
    pub endpoints: Vec<String>,
}

/// Asks all members how full they are.
///
/// # Errors
/// When no member answers.
pub fn fullness(connect: &Connect, credentials: Option<&Credentials>) -> Result<Fullness> {
    let dialer = Dialer::new(&connect.security, connect.dial_timeout_ns)?;
    let mut cluster = Cluster::connect(&connect.endpoints, &dialer, credentials)?;
    let mut notes: Vec<String> = cluster.reach_all().into_iter().map(|(_, _, why)| why).collect();
    notes.extend(cluster.notes().iter().cloned());
    let leads = |member: &&crate::cluster::Member| {
        member.status.as_ref().is_some_and(crate::cluster::MemberStatus::leads)
    };
    let (leader, others): (Vec<_>, Vec<_>) = cluster.members().iter().partition(leads);
    let answering = others.into_iter().chain(leader).filter(|member| member.status.is_some());
    let statuses = cluster.members().iter().filter_map(|member| member.status.as_ref());
    Ok(Fullness {
        endpoints: answering.map(|member| member.endpoint.to_string()).collect(),
        revision: statuses.map(|status| status.revision).max().unwrap_or_default(),
        observed: Observed {
            members: cluster.members().iter().map(|member| facts(&cluster, member)).collect(),
            check: Some(Checked { notes, at_s: Some(now_s()), ..Checked::default() }),
            ..Observed::default()
        },
    })
}

/// Seconds since 1970.
fn now_s() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn looked_note(observed: &mut Observed, why: String) {
    if let Some(check) = &mut observed.check {
        check.notes.push(why);
    }
}

/// Why nothing may be written, if nothing may.
fn no_writes(cluster: &Cluster) -> Option<NoWrites> {
    let statuses = || cluster.members().iter().filter_map(|member| member.status.as_ref());
    let alarms = || statuses().flat_map(|status| &status.alarms);
    if alarms().any(crate::cluster::Alarm::is_no_space) {
        return Some(NoWrites::NoSpace);
    }
    if !cluster.knows_its_size() {
        return Some(NoWrites::SizeUnknown);
    }
    let near = |limit: u64| cluster.db_bytes() as f64 > FULL * limit as f64;
    if cluster.quota().limit().is_some_and(near) {
        return Some(NoWrites::QuotaNear);
    }
    let told = statuses().any(|status| status.known != Known::Barely);
    let led = statuses().any(|status| status.leader.is_some());
    (told && !led).then_some(NoWrites::NoLeader)
}

/// Refuses a prefix below which there are keys.
fn refuse_used(cluster: &mut Cluster, prefix: &str) -> Result<()> {
    guard::refuse_deletion(prefix.as_bytes())?;
    // Where reading is not allowed, a guarded write meets no key of others either.
    if prefix.starts_with(FRESH_PREFIX) || cluster.holds(prefix.as_bytes())? != Some(true) {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "--prefix {prefix}: there are keys below it; choose a fresh prefix (the default is one)"
    )))
}

fn targets(cluster: &Cluster, prefix: &str) -> Vec<Target> {
    let answers = cluster.members().iter().enumerate().filter(|(_, m)| m.status.is_some());
    answers.map(|(index, member)| Target::new(index, member, prefix)).collect()
}

/// What came of looking.
struct Looked {
    rounds: Rounds,
    readings: Vec<growth::Growth>,
}

async fn look(
    targets: &mut [Target],
    asked: &Asked,
    stop: &AtomicBool,
    tell: &dyn Fn(Told<'_>),
) -> Looked {
    let before = Before::take(targets, asked.limit).await;
    let rounds = Rounds::run(targets, asked, stop, tell).await;
    let readings = before.and_after(targets, asked.limit).await;
    Looked { rounds, readings }
}

/// Everything that was seen, member by member.
fn observed(cluster: &Cluster, targets: Vec<Target>, looked: &Looked, dial_ns: u64) -> Observed {
    let mut check = Checked {
        at_s: Some(now_s()),
        window_ns: looked.rounds.window_ns,
        own_late_share: looked.rounds.own_late_share,
        ..Checked::default()
    };
    let mut seen: Vec<Option<(Target, &growth::Growth)>> =
        cluster.members().iter().map(|_| None).collect();
    for (target, growth) in targets.into_iter().zip(&looked.readings) {
        let index = target.index;
        seen[index] = Some((target, growth));
    }
    let mut members = Vec::new();
    for (member, seen) in cluster.members().iter().zip(seen) {
        let mut one = facts(cluster, member);
        let mut live = live_of(member);
        live.window_ns = looked.rounds.window_ns;
        live.own_late_share = looked.rounds.own_late_share;
        live.own_longest_late_ns = looked.rounds.own_longest_late_ns;
        if let Some((target, growth)) = seen {
            growth.put_into(&mut live);
            live.uptime_s = growth.uptime_s(Some(now_s() as f64));
            check.writes += target.write.sent();
            check.reads += target.alone.sent() + target.confirmed.sent();
            check.notes.extend(target.notes.clone());
            target.put_into(&mut live);
        }
        if member.status.is_none() {
            let limit = Duration::from_nanos(dial_ns);
            live.presence = cluster.drive(presence(&member.endpoint, limit));
        }
        one.live = Some(Box::new(live));
        members.push(one);
    }
    Observed { members, check: Some(check), ..Observed::default() }
}

fn facts(cluster: &Cluster, member: &crate::cluster::Member) -> Member {
    let facts = &member.facts;
    let id = u64::from_str_radix(&facts.id, 16).ok().filter(|id| *id != 0);
    let statuses = cluster.members().iter().filter_map(|one| one.status.as_ref());
    let mut alarms = statuses.flat_map(|status| &status.alarms);
    let known = member.status.as_ref().filter(|status| status.known != Known::Barely);
    let sizes =
        known.map(|status| (status.db_bytes, Some(status.db_in_use_bytes).filter(|n| *n > 0)));
    let mut one = Member::default();
    one.name.clone_from(&facts.name);
    one.id = id.map(MemberId);
    one.version = Some(facts.version.clone()).filter(|version| !version.is_empty());
    one.quota_bytes = facts.quota_bytes;
    one.database_bytes = sizes.filter(|(bytes, _)| *bytes > 0);
    one.no_space = alarms.any(|alarm| alarm.is_no_space() && Some(alarm.member) == id);
    one
}

fn live_of(member: &crate::cluster::Member) -> Live {
    let mut live = Live {
        endpoint: member.endpoint.to_string(),
        learner: member.facts.learner,
        ..Live::default()
    };
    if let Some(status) = &member.status {
        live.leader = status.leads();
        // Without the role root a follower does not tell whom it follows.
        live.has_leader = status.leader.is_some() || status.known != Known::Told;
        live.term = status.term;
        let corrupt = |alarm: &crate::cluster::Alarm| {
            alarm.kind.eq_ignore_ascii_case("corrupt") && alarm.member == status.id
        };
        live.corrupt = status.alarms.iter().any(corrupt);
    }
    live
}

fn unseen(id: u64, name: String, window_ns: u64) -> Member {
    let live = Live { presence: Presence::NotAsked, window_ns, ..Live::default() };
    let mut one = Member::default();
    one.name = if name.is_empty() { format!("{id:x}") } else { name };
    one.id = Some(MemberId(id));
    one.live = Some(Box::new(live));
    one
}

/// How a member that does not answer does not answer. The kernel takes connections for a process that stands still.
async fn presence(endpoint: &Endpoint, limit: Duration) -> Presence {
    let connect = TcpStream::connect((endpoint.host(), endpoint.port()));
    match tokio::time::timeout(limit, connect).await {
        Ok(Ok(_)) => Presence::Silent,
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            Presence::Refused
        }
        _ => Presence::Unreachable,
    }
}
