//! What the members counted over all prefixes, as it bears on the classes.

use super::class::{Class, Read, Source};
use super::{Kind, Profile};
use crate::plan::Operation;

/// A share of transactions beyond this that changed nothing is something else than conflicts.
const MOST_CONFLICTS: f64 = 0.2;
const LEAST_CONFLICTS: f64 = 0.002;
/// Keys that are bound to one lease where too few are granted to count (kubernetes/apiserver, lease_manager.go).
const SHARED_KEYS: u64 = 1000;
/// Watches of one class; beyond they are a load of watches, and no cluster's.
const MOST_WATCHES: u64 = 10_000;
/// Connections of one class.
const MOST_CONNECTIONS: u64 = 1000;

/// Leases are granted as often as the members counted; a window of a minute sees too few of those that are shared for long
/// to tell by itself.
pub(super) fn share_leases(profile: &Profile, classes: &mut [Class]) {
    let Some(traffic) = &profile.traffic else { return };
    let mut granted = traffic.per_s("LeaseGrant");
    let puts = |class: &Class| -> f64 {
        let put = class.does.iter().filter(|(what, _)| *what != Operation::Delete);
        put.map(|(_, rate)| rate).sum()
    };
    let mut shared = 0.0;
    for class in classes.iter().filter(|class| class.lease.is_some()) {
        match class.lease {
            Some(lease) if lease.keys == 1 => granted -= puts(class),
            _ => shared += puts(class),
        }
    }
    for class in classes {
        let Some(lease) = class.lease.as_mut().filter(|lease| lease.keys > 1) else { continue };
        lease.keys = match granted > 0.001 && shared > 0.0 {
            true => ((shared / granted).round() as u64).clamp(1, 1_000_000),
            false => SHARED_KEYS,
        };
    }
}

/// Transactions beyond those whose changes the watch told: they found a key changed, and were made again.
pub(super) fn conflicts(profile: &Profile, classes: &[Class]) -> f64 {
    let Some(traffic) = &profile.traffic else {
        return 0.0;
    };
    let changing = |class: &Class| -> f64 {
        let of = class.does.iter().filter(|(what, _)| *what != Operation::Create);
        of.map(|(_, rate)| rate).sum()
    };
    let all: f64 = classes.iter().filter(|class| class.guarded).map(Class::rate).sum();
    let may: f64 = classes.iter().filter(|class| class.guarded).map(changing).sum();
    let more = traffic.per_s("Txn") - all;
    if may <= 0.0 || !(LEAST_CONFLICTS..=MOST_CONFLICTS).contains(&(more / may)) {
        return 0.0;
    }
    more / may
}

/// What is neither read nor written.
pub(super) fn others(profile: &Profile) -> Vec<Class> {
    let Some(traffic) = &profile.traffic else {
        return Vec::new();
    };
    let one = |name: &str, what: Operation, rate: f64, source: Source| Class {
        does: vec![(what, rate)],
        keys: 0,
        read: None,
        even: true,
        ..Class::of_reads(name, Read::Revision, rate, source)
    };
    let mut classes = Vec::new();
    let apiservers: u64 = profile
        .prefixes
        .iter()
        .filter(|prefix| prefix.kind == Kind::Masterleases)
        .map(|prefix| prefix.keys)
        .sum();
    let compacts = traffic.per_s("Compact");
    match apiservers {
        0 if compacts > 0.0 => {
            classes.push(one("compaction", Operation::Compact, compacts, Source::Metrics));
        }
        0 => {}
        // Each takes its turn every five minutes, which no minute is sure to see.
        _ => classes.push(Class {
            connections: apiservers,
            ..one("compaction", Operation::Compact, apiservers as f64 / 300.0, Source::Apiserver)
        }),
    }
    for (name, what, method) in [
        ("member-status", Operation::Status, "Status"),
        ("keep-alives", Operation::LeaseKeepalive, "LeaseKeepAlive"),
    ] {
        let rate = traffic.per_s(method);
        if rate > 0.0 {
            classes.push(one(name, what, rate, Source::Metrics));
        }
    }
    classes
}

/// Watches beyond those that changes go to stand beside the reads, on as many streams as there are.
pub(super) fn idle_watches(profile: &Profile, classes: &mut Vec<Class>) {
    let Some(traffic) = &profile.traffic else { return };
    let busy: u64 = classes.iter().map(|class| class.watches).sum();
    let idle = traffic.watches.saturating_sub(busy).min(MOST_WATCHES);
    if idle == 0 {
        return;
    }
    let idle_streams = traffic.streams.saturating_sub(busy).clamp(1, MOST_CONNECTIONS).min(idle);
    let probes = classes.iter().position(|class| class.name == "revision-probes");
    let index = probes.unwrap_or_else(|| {
        // A class does something; this is next to nothing.
        let rate = 0.1;
        classes.push(Class::of_reads("revision-probes", Read::Revision, rate, Source::Apiserver));
        classes.len() - 1
    });
    classes[index].watches = idle;
    classes[index].connections = idle_streams;
}

/// Twice what there is and what a quarter of an hour writes.
pub(super) fn quota(profile: &Profile) -> u64 {
    let written: u64 = profile.prefixes.iter().map(|prefix| prefix.writes.bytes).sum();
    let keys = profile.keys() as f64 * 200.0;
    let all = profile.value_bytes() + keys + profile.per_s(written) * 900.0;
    let gib = (all * 2.0 / f64::from(1 << 30)).ceil() as u64;
    gib.clamp(2, 32) << 30
}
