//! What is different where several machines make a load: what they have in common, what each has of its own, and whose
//! the keys are that are there already.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;

use super::keys::KeySpace;
use super::operation::COMPACTOR;
use super::start::Begin;
use crate::clock::Clock;
use crate::cluster::{Cluster, guard};
use crate::error::{Error, Result, usage};
use crate::etcd::Secret;
use crate::host;
use crate::plan::{KeyDistribution, LoadPlan, Shard, Start, meeting};
use crate::rendezvous::{Guest, Introduction};
use crate::result::ShardPart;
use crate::session;

/// What this machine knows of the others before the load.
pub struct Meeting {
    shard: Option<Shard>,
    hash: String,
    start: Option<Start>,
    common: u32,
    guest: Option<Guest>,
}

impl Meeting {
    /// Of a load that may be made by several machines.
    ///
    /// # Errors
    /// When they cannot be reached.
    pub fn of(
        plan: &LoadPlan,
        token: Option<Secret>,
        clock: Clock,
        signalled: &Arc<AtomicBool>,
    ) -> Result<Meeting> {
        let hash = plan.hash()?;
        let guest = guest(plan, &hash, token, (clock, signalled))?;
        let common = match (&plan.shard, &plan.start, &guest) {
            (Some(_), Some(Start::At(time)), _) => {
                crc32c::crc32c(format!("{hash} {time}").as_bytes())
            }
            (Some(_), _, Some(guest)) => guest.run(),
            _ => session::random() as u32,
        };
        Ok(Meeting { shard: plan.shard, hash, start: plan.start.clone(), common, guest })
    }

    /// The same number on all machines, and another one for each load: a fresh prefix has it.
    pub fn common(&self) -> u32 {
        self.common
    }

    /// What tells the values of this machine from those of the others.
    pub fn nonce(&self, shard: Option<Shard>) -> u32 {
        match shard {
            None => self.common,
            // Classes count on from it.
            Some(shard) => self.common.wrapping_add((shard.index - 1) * CLASSES),
        }
    }

    /// What a result says of it; nothing of a load that one machine makes when it likes.
    pub fn part(&self) -> Result<Option<ShardPart>> {
        if self.shard.is_none() && self.start.is_none() {
            return Ok(None);
        }
        let shard = self.shard.unwrap_or(Shard { index: 1, of: 1 });
        Ok(Some(ShardPart {
            index: shard.index,
            of: shard.of,
            plan_hash: self.hash.clone(),
            start: match &self.start {
                Some(Start::At(time)) => Some(time.clone()),
                _ => None,
            },
            clock: self.guest.as_ref().map(Guest::offset),
        }))
    }

    /// When the load begins.
    ///
    /// # Errors
    /// Where that is no time.
    pub fn begin(self) -> Result<Begin> {
        match &self.start {
            Some(Start::At(text)) => {
                let time = text.parse::<Timestamp>();
                time.map(Begin::At).map_err(|_| Error::Refused(format!("'{text}' is no time")))
            }
            _ => Ok(self.guest.map_or(Begin::Ready, |guest| Begin::Together(Box::new(guest)))),
        }
    }
}

/// Goes where the machines meet, where they do.
fn guest(
    plan: &LoadPlan,
    hash: &str,
    token: Option<Secret>,
    (clock, signalled): (Clock, &Arc<AtomicBool>),
) -> Result<Option<Guest>> {
    let Some(Start::Rendezvous { url, .. }) = &plan.start else {
        return Ok(None);
    };
    let address = meeting::address(url)
        .map_err(|why| usage(&["--rendezvous"], format!("--rendezvous {url}: {why}")))?;
    let shard = plan.shard.unwrap_or(Shard { index: 1, of: 1 });
    let who = Introduction {
        index: shard.index,
        of: shard.of,
        plan_hash: hash.to_owned(),
        host: host::environment().host,
    };
    let process = session::random();
    Guest::arrive((url, address), token, who, (clock, process), Arc::clone(signalled)).map(Some)
}

/// More classes than a load has.
pub const CLASSES: u32 = 128;

/// Refuses to do harm to others by a part of a load: what could not be looked at, and whether keys of others lie among its
/// own.
///
/// # Errors
/// As [`guard::refuse_foreign`].
pub fn guard(plan: &LoadPlan, cluster: &mut Cluster, prefix: &str) -> Result<(Vec<String>, bool)> {
    // Below a fresh prefix there are the other machines of the load, and nobody else.
    let fresh = plan.keys.prefix.is_none();
    let others = if fresh { 0 } else { others(plan, cluster, prefix)? };
    match plan.allow_foreign {
        true => Ok((Vec::new(), others > 0)),
        false => Ok((guard::refuse_others(cluster, prefix, others)?, false)),
    }
}

/// How many keys below a prefix are none of the load that several machines make: all that are no numbers of its keys,
/// and those that this machine is to write. What is there of the other machines they look at themselves.
///
/// # Errors
/// When no member answers.
fn others(plan: &LoadPlan, cluster: &mut Cluster, prefix: &str) -> Result<u64> {
    let all = cluster.range_count(prefix.as_bytes())?;
    if all == 0 {
        return Ok(0);
    }
    let of_load = plan.of_all();
    let (mut ours, mut own) = (0, 0);
    for (class, part) in of_load.parts() {
        let keys = keys_of(prefix, class, &part);
        ours += between(cluster, &keys, 0, part.keys.space)?;
        let compactor = [keys.prefix(), COMPACTOR].concat();
        ours += cluster.count_between(&compactor, &[&compactor[..], &[0]].concat())?;
    }
    for (class, part) in plan.parts() {
        let first = part.slice.as_ref().map_or(0, |slice| slice.first_key);
        own += between(cluster, &keys_of(prefix, class, &part), first, part.keys.space)?;
    }
    Ok(all.saturating_sub(ours) + own)
}

fn keys_of(prefix: &str, class: Option<&str>, part: &LoadPlan) -> KeySpace {
    let below = part.keys.prefix.clone().filter(|_| class.is_some()).unwrap_or_default();
    let (size, distribution) = (part.keys.size, KeyDistribution::Sequential);
    KeySpace::new(&format!("{prefix}{below}"), size, part.keys.space, distribution, 0)
}

/// How many keys there are of so many from a number on.
fn between(cluster: &mut Cluster, keys: &KeySpace, first: u64, count: u64) -> Result<u64> {
    let (mut from, mut last) = (Vec::new(), Vec::new());
    keys.write(first, &mut from);
    keys.write((first + count).saturating_sub(1), &mut last);
    last.push(0);
    cluster.count_between(&from, &last)
}
