//! Looks at a cluster as gently as it can: which keys there are, what is written to them, what clients ask for. It writes
//! nothing, and keeps no value.

mod keys;
mod traffic;
mod writes;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cluster::{Cluster, Member, Prober};
use crate::error::{Error, Result};
use crate::etcd::Credentials;
use crate::plan::{Connect, KeysPlan, ProfilePlan};
use crate::profile::{Gap, Hashes, Kind, Layout, Prefix, Profile};
use crate::wire::Dialer;

use keys::{Budget, Found, Keys};
use traffic::Counters;
use writes::Tally;

/// How it goes on.
#[derive(Debug, Clone, Copy)]
pub enum Told<'a> {
    /// Keys are looked at, at this member.
    Keys {
        /// Its name.
        member: &'a str,
        /// Requests at most.
        requests: u64,
    },
    /// Writes are watched.
    Writes {
        /// For how long.
        duration_ns: u64,
        /// So many prefixes were found.
        prefixes: u64,
        /// And so many keys.
        keys: u64,
        /// By so many requests.
        requests: u64,
    },
}

/// Keys that begin alike, and how large some of their values are; nothing is watched.
///
/// # Errors
/// When no member answers, or the user may not read.
pub fn keys(
    connect: &Connect,
    wanted: &KeysPlan,
    credentials: Option<&Credentials>,
    stop: &AtomicBool,
    tell: &dyn Fn(Told<'_>),
) -> Result<(Vec<Prefix>, Vec<Gap>)> {
    let (mut cluster, _) = reach(connect, credentials)?;
    let found = look(&mut cluster, connect, wanted, stop, tell)?;
    let interrupted = stop.load(Ordering::Relaxed).then_some(Gap::Interrupted);
    let too_much = found.cut_short.then_some(Gap::TooMuch);
    let gaps = interrupted.or(too_much).into_iter().collect();
    let mut nothing = Tally::new(found.groups.keys());
    Ok((prefixes(found, &mut nothing, &Hashes::new(false)), gaps))
}

/// All members, and what they said on the way.
fn reach(connect: &Connect, credentials: Option<&Credentials>) -> Result<(Cluster, Vec<Gap>)> {
    let dialer = Dialer::new(&connect.security, connect.dial_timeout_ns)?;
    let mut cluster = Cluster::connect(&connect.endpoints, &dialer, credentials)?;
    let mut gaps: Vec<Gap> =
        cluster.reach_all().into_iter().map(|(_, _, why)| Gap::Note(why)).collect();
    gaps.extend(cluster.notes().iter().cloned().map(Gap::Note));
    Ok((cluster, gaps))
}

/// Which keys one member has.
fn look(
    cluster: &mut Cluster,
    connect: &Connect,
    wanted: &KeysPlan,
    stop: &AtomicBool,
    tell: &dyn Fn(Told<'_>),
) -> Result<Found> {
    let asked = asked(cluster)?;
    tell(Told::Keys { member: &asked.facts.name, requests: wanted.requests });
    let mut prober = asked.prober();
    let budget = Budget::new(wanted.requests, stop);
    let layout = Layout { depth: wanted.depth as usize };
    let patience = Duration::from_nanos(connect.command_timeout_ns);
    let mut keys = Keys::new(&mut prober, budget, layout, patience);
    cluster.drive(keys.look(wanted.prefix.as_bytes())).map_err(refused)
}

/// Looks at a cluster.
///
/// # Errors
/// When no member answers, or the user may not read.
pub fn run(
    plan: &ProfilePlan,
    credentials: Option<&Credentials>,
    stop: &AtomicBool,
    tell: &dyn Fn(Told<'_>),
) -> Result<Profile> {
    let connect = &plan.connect;
    let (mut cluster, mut gaps) = reach(connect, credentials)?;
    let found = look(&mut cluster, connect, &plan.keys, stop, tell)?;
    let mut watcher = asked(&cluster)?.prober();
    let patience = Duration::from_nanos(connect.command_timeout_ns);
    if stop.load(Ordering::Relaxed) {
        return Err(Error::Refused(
            "interrupted before writes were watched; nothing is kept".to_owned(),
        ));
    }
    if found.cut_short {
        gaps.push(Gap::TooMuch);
    }
    tell(Told::Writes {
        duration_ns: plan.duration_ns,
        prefixes: found.groups.len() as u64,
        keys: found.groups.values().map(|group| group.keys).sum(),
        requests: found.requests,
    });
    let mut tally = Tally::new(found.groups.keys());
    let mut members: Vec<(String, Prober)> =
        answering(&cluster).map(|member| (member.facts.name.clone(), member.prober())).collect();
    let window = Duration::from_nanos(plan.duration_ns);
    let watched = async {
        let before = traffic::read(&mut members, patience).await;
        let ended = tally.watch(&mut watcher, plan.keys.prefix.as_bytes(), window, stop).await?;
        let after = traffic::read(&mut members, patience).await;
        Ok((before, after, ended))
    };
    let (before, after, ended) = cluster.drive(watched).map_err(refused)?;
    gaps.extend(ended);
    let traffic = Counters::growth(&before, &after, &members, &mut gaps);
    let requests = found.requests + 1 + 2 * members.len() as u64;
    let mut versions: Vec<String> =
        answering(&cluster).map(|member| member.facts.version.clone()).collect();
    versions.sort_unstable();
    versions.dedup();
    Ok(Profile {
        versions,
        members: cluster.members().len() as u64,
        members_read: after.iter().filter(|page| page.is_ok()).count() as u64,
        window_s: tally.window_s(),
        prefixes: prefixes(found, &mut tally, &Hashes::new(plan.hash_names)),
        traffic,
        requests,
        gaps,
    })
}

/// Whoever is asked for keys: one that does not lead, where there is one.
fn asked(cluster: &Cluster) -> Result<&Member> {
    let fit = || answering(cluster).filter(|member| !member.facts.learner);
    let leads = |member: &&Member| member.status.as_ref().is_some_and(|status| status.leads());
    let found = fit().find(|member| !leads(member)).or_else(|| fit().next());
    found.ok_or_else(|| Error::Unanswered("no member answers that could be looked at".to_owned()))
}

fn answering(cluster: &Cluster) -> impl Iterator<Item = &Member> {
    cluster.members().iter().filter(|member| member.status.is_some())
}

fn refused(error: crate::cluster::Unanswered) -> Error {
    if error.denied {
        return Error::Refused(format!(
            "{}; with --prefix it is enough to be allowed to read what begins so",
            error.message
        ));
    }
    Error::Refused(error.message)
}

/// What was found and what was written, prefix by prefix in their order.
fn prefixes(found: Found, tally: &mut Tally, hashes: &Hashes) -> Vec<Prefix> {
    let mut prefixes = Vec::new();
    for (prefix, group) in found.groups {
        let kind = Kind::of(&prefix);
        prefixes.push(Prefix {
            name: hashes.shown(&prefix),
            kind: if group.bare && kind != Kind::Other { Kind::Objects } else { kind },
            keys: group.keys,
            leased: group.leased_share(),
            ttl_s: group.ttl_s,
            sizes: group.sizes(),
            writes: tally.take(&prefix),
        });
    }
    // Keys that came below none of the prefixes that were there.
    let elsewhere = tally.take_elsewhere();
    if elsewhere.all() > 0 {
        prefixes.push(Prefix { name: String::new(), writes: elsewhere, ..Prefix::default() });
    }
    prefixes
}
