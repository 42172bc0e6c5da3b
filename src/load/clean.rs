//! Keys that earlier loads left behind: found, offered to be removed, and removed.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::after::foreign_told;
use super::keys::KeySpace;
use super::operation::COMPACTOR;
use super::parts;
use super::values::stamped;
use crate::cluster::{Cluster, KeyValue, Leftover, MARK_FRESH_S, Ours, Whose, nonce_of};
use crate::error::{Error, Result};
use crate::etcd::Credentials;
use crate::plan::{CleanPlan, CleanWhat, KeyDistribution, LoadPlan, MAX_SHARDS};
use crate::units::format_count;
use crate::wire::Dialer;

/// Where nobody writes for so long, no load goes on.
const QUIET: Duration = Duration::from_secs(2);
/// A load that goes on has prolonged its mark by then.
const LIFE_SHOWN: Duration = Duration::from_secs(8);
/// How often it is looked at.
const PAUSE: Duration = Duration::from_millis(500);
/// Classes of one load on all its machines, whose values count on from the number of the first.
const MOST_CLASSES: u32 = parts::CLASSES * MAX_SHARDS;
/// Pauses are no longer than this, however long a batch took.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often it is told how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(2);
/// Prefixes that are named where leftovers are offered.
const NAMED: usize = 3;

/// What came of it; in words for people.
#[derive(Debug, Default)]
pub struct Cleaned {
    /// A signal ended it.
    pub interrupted: bool,
    dry_run: bool,
    prefixes: u64,
    keys: u64,
    leases: u64,
}

impl fmt::Display for Cleaned {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = |n: u64, one: &str, many: &str| {
            format!("{} {}", format_count(n), if n == 1 { one } else { many })
        };
        let keys = counted(self.keys, "key", "keys");
        let leases = counted(self.leases, "lease", "leases");
        match (self.dry_run, self.interrupted, self.prefixes) {
            (_, false, 0) => write!(to, "nothing is left of earlier loads"),
            (true, _, _) => write!(to, "{keys} would be removed; nothing was touched"),
            (false, true, _) => {
                write!(to, "interrupted: {keys} and {leases} removed, the rest is still there")
            }
            (false, false, _) => write!(to, "{keys} and {leases} removed"),
        }
    }
}

/// Removes what a plan names. `tell` is told what will be removed, how far it is and what is left alone.
///
/// # Errors
/// When no member answers, the user may not do it, or a load below the prefix that was named goes on.
pub fn run(
    plan: &CleanPlan,
    credentials: Option<&Credentials>,
    signalled: &Arc<AtomicBool>,
    tell: &dyn Fn(&str),
) -> Result<Cleaned> {
    let connect = &plan.connect;
    let dialer = Dialer::new(&connect.security, connect.dial_timeout_ns)?;
    let mut cluster = Cluster::connect(&connect.endpoints, &dialer, credentials)?;
    cluster.end_with(signalled);
    let mut cleaner = Cleaner {
        plan,
        cluster,
        signalled,
        tell,
        cleaned: Cleaned { dry_run: plan.dry_run, ..Cleaned::default() },
    };
    match cleaner.all() {
        Err(error) if !signalled.load(Ordering::Relaxed) => return Err(error),
        // What was waited for when it came is not told.
        Err(_) => cleaner.cleaned.interrupted = true,
        Ok(()) => {}
    }
    Ok(cleaner.cleaned)
}

struct Cleaner<'a> {
    plan: &'a CleanPlan,
    cluster: Cluster,
    signalled: &'a AtomicBool,
    tell: &'a dyn Fn(&str),
    cleaned: Cleaned,
}

impl Cleaner<'_> {
    fn all(&mut self) -> Result<()> {
        match &self.plan.what {
            CleanWhat::All => {
                let (left, rest) = self.cluster.leftovers()?;
                for leftover in left {
                    self.below(&leftover.prefix, &by_shape(&leftover.prefix), false)?;
                }
                if rest > 0 {
                    (self.tell)(&format!(
                        "{} keys more are below /etcdbench/: clean again",
                        format_count(rest)
                    ));
                }
                Ok(())
            }
            CleanWhat::Below(prefix) => self.below(prefix, &by_shape(prefix), true),
            CleanWhat::Load { plan, prefix } => self.below(prefix, &by_plan(plan, prefix), true),
        }
    }

    /// Removes what is ours below a prefix. Where a load goes on there, it is an error if the prefix was `named`.
    fn below(&mut self, prefix: &str, ours: &Ours<'_>, named: bool) -> Result<()> {
        if self.signalled.load(Ordering::Relaxed) {
            self.cleaned.interrupted = true;
            return Ok(());
        }
        let found = self.cluster.count_ours(prefix.as_bytes(), ours)?;
        let foreign: Vec<&str> = found.foreign_keys.iter().map(String::as_str).collect();
        if found.foreign > 0 {
            (self.tell)(&foreign_told(prefix, found.foreign, &foreign));
        }
        if found.deleted == 0 {
            return Ok(());
        }
        if let Some(why) = self.goes_on(prefix)? {
            if named {
                return Err(Error::Refused(format!("{prefix} is left alone: {why}")));
            }
            (self.tell)(&format!("{prefix} is left alone: {why}"));
            return Ok(());
        }
        let will = if self.plan.dry_run { "would remove" } else { "removes" };
        (self.tell)(&format!("{will} {} keys below {prefix}", format_count(found.deleted)));
        self.cleaned.prefixes += 1;
        if self.plan.dry_run {
            self.cleaned.keys += found.deleted;
            return Ok(());
        }
        self.remove(prefix, ours, found.deleted)
    }

    fn remove(&mut self, prefix: &str, ours: &Ours<'_>, all: u64) -> Result<()> {
        let (mut begun, mut told) = (Instant::now(), Instant::now());
        let (signalled, tell) = (self.signalled, self.tell);
        let removed = self.cluster.remove(prefix.as_bytes(), ours, |so_far| {
            if told.elapsed() > TOLD_EVERY {
                told = Instant::now();
                tell(&format!("{} of {} keys", format_count(so_far), format_count(all)));
            }
            // Others are served at least half of the time.
            sleep(begun.elapsed().min(LONGEST_PAUSE));
            begun = Instant::now();
            !signalled.load(Ordering::Relaxed)
        })?;
        self.cleaned.keys += removed.deleted;
        self.cleaned.interrupted |= removed.stopped;
        if !removed.stopped {
            // One that others have bound keys to is theirs by now.
            let leases = self.cluster.unbound(removed.leases)?;
            self.cleaned.leases += self.cluster.revoke_leases(prefix.as_bytes(), &leases)?;
            self.cluster.unmark_dead(prefix)?;
        }
        Ok(())
    }

    /// Why the keys below a prefix are no leftovers.
    fn goes_on(&mut self, prefix: &str) -> Result<Option<String>> {
        let waits = Instant::now();
        loop {
            // That of a load that was killed a moment ago looks the same for some seconds.
            if self.cluster.mark_left_s(prefix)? < MARK_FRESH_S {
                break;
            }
            if waits.elapsed() > LIFE_SHOWN {
                return Ok(Some("the load whose keys these are goes on".to_owned()));
            }
            sleep(PAUSE);
        }
        let written = self.cluster.is_written(prefix.as_bytes(), QUIET)?;
        Ok(written.then(|| "somebody writes there at this moment".to_owned()))
    }
}

/// What earlier loads have left, and how to be rid of it; nothing where there is nothing.
///
/// # Errors
/// When no member answers.
pub fn offer(cluster: &mut Cluster) -> Result<Option<String>> {
    let (left, _) = cluster.leftovers()?;
    if left.is_empty() {
        return Ok(None);
    }
    let mut living = 0;
    for leftover in left.iter().take(NAMED) {
        living += usize::from(cluster.mark_left_s(&leftover.prefix)? > 0);
    }
    let keys: u64 = left.iter().map(|leftover| leftover.keys).sum();
    let named: Vec<&str> = left.iter().map(|l: &Leftover| l.prefix.as_str()).take(NAMED).collect();
    let more = match left.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let whose = match living {
        0 => "left by earlier loads",
        _ => "left by earlier loads, or of one that goes on beside this one",
    };
    let keys = match keys {
        1 => "1 key is".to_owned(),
        n => format!("{} keys are", format_count(n)),
    };
    Ok(Some(format!(
        "{keys} {whose}, below {}{more}: 'etcdbench load clean' removes what is of no load that goes on",
        named.join(", ")
    )))
}

/// Refuses a prefix below which keys of an earlier load lie, with the way to be rid of them.
///
/// # Errors
/// When there are any.
pub fn offer_for(cluster: &mut Cluster, prefix: &str) -> Result<()> {
    let Some((first, count)) = cluster.first_from(prefix.as_bytes(), prefix.as_bytes())? else {
        return Ok(());
    };
    match stamped(first.value()) {
        None => Ok(()),
        Some(_) => Err(Error::Refused(format!(
            "--prefix {prefix}: {} keys lie below it, left by an earlier load as it seems; remove them with \
             'etcdbench load clean {prefix}', or choose another prefix",
            format_count(count)
        ))),
    }
}

/// Whose keys are below a prefix of which nothing else is known. Below a fresh one the name tells, but where classes
/// have a part of their own in it; elsewhere only the stamp in a value does.
fn by_shape(prefix: &str) -> Box<Ours<'_>> {
    let nonce = nonce_of(prefix);
    Box::new(move |pair: &KeyValue, read: bool| {
        let Some(rest) = pair.key().strip_prefix(prefix.as_bytes()) else {
            return Whose::Others;
        };
        if nonce.is_some() && rest == COMPACTOR {
            return Whose::Ours;
        }
        let digits = rest.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let number = std::str::from_utf8(&rest[rest.len() - digits..]).ok();
        let Some(number) = number.and_then(|digits| digits.parse::<u64>().ok()) else {
            return Whose::Others;
        };
        if nonce.is_some() && digits == rest.len() {
            return Whose::Ours;
        }
        match (read, stamped(pair.value())) {
            (false, _) => Whose::NotKnown,
            (true, Some((run, key)))
                if key == number && nonce.is_none_or(|nonce| of_class(run, nonce)) =>
            {
                Whose::Ours
            }
            (true, _) => Whose::Others,
        }
    })
}

fn of_class(run: u32, nonce: u32) -> bool {
    run.wrapping_sub(nonce) < MOST_CLASSES
}

/// Whose keys are below the prefix of a load: those are its that it could have written. Where keys of others were there
/// before, their values have to tell.
fn by_plan<'a>(plan: &LoadPlan, prefix: &str) -> Box<Ours<'a>> {
    let spaces: Vec<KeySpace> = plan
        .parts()
        .into_iter()
        .map(|(class, part)| {
            let below = part.keys.prefix.clone().filter(|_| class.is_some()).unwrap_or_default();
            let prefix = format!("{prefix}{below}");
            KeySpace::new(&prefix, part.keys.size, part.keys.space, KeyDistribution::Sequential, 0)
        })
        .collect();
    let shared = plan.allow_foreign;
    Box::new(move |pair: &KeyValue, read: bool| {
        let key = pair.key();
        let number = spaces.iter().find_map(|space| space.number(key));
        let compactor =
            spaces.iter().any(|space| key.strip_prefix(space.prefix()) == Some(COMPACTOR));
        match (number, shared, read) {
            (None, _, _) if compactor && !shared => Whose::Ours,
            (None, _, _) => Whose::Others,
            (Some(_), false, _) => Whose::Ours,
            (Some(_), true, false) => Whose::NotKnown,
            (Some(number), true, true) => match stamped(pair.value()) {
                Some((_, key)) if key == number => Whose::Ours,
                _ => Whose::Others,
            },
        }
    })
}
