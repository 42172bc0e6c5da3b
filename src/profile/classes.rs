//! What was seen, as the classes of a load.

use std::collections::BTreeSet;

use super::class::{Class, ELSEWHERE, Lease, REST, Scenario, Source};
use super::overall::{conflicts, idle_watches, others, quota, share_leases};
use super::reads::reads;
use super::{Prefix, Profile, Sizes};
use crate::plan::Operation;

/// Classes of prefixes that are written; the rest is one class. A load may have a hundred.
const MOST_CLASSES: usize = 60;
/// What a value holds at least: the stamp by which a watch knows when it was due.
const LEAST_VALUE: u64 = 64;
/// A larger one does not fit into a request with its key (etcd's `--max-request-bytes`).
const MOST_VALUE: u64 = 1_500_000;
/// For so long the keys of a prefix last at least where more go than come.
const LASTS_S: f64 = 1500.0;

/// The load that stands for what was seen.
pub fn scenario(profile: &Profile) -> Scenario {
    let mut names = BTreeSet::new();
    let guarded = guarded(profile);
    let fan_out = fan_out(profile);
    let (written, rest) = split(profile);
    let mut out = Scenario { fan_out, ..Scenario::default() };
    let named = written.iter().map(|prefix| (prefix, class_name(&prefix.name)));
    for (prefix, name) in named.chain(rest.iter().map(|prefix| (prefix, REST.to_owned()))) {
        let name = unique(name, &mut names);
        let mut class = of_prefix(profile, prefix, guarded, name);
        class.watches = if class.does.is_empty() { 0 } else { fan_out };
        class.connections = class.watches.max(1);
        out.expiries_per_s += expiries(profile, prefix);
        out.classes.push(class);
    }
    share_leases(profile, &mut out.classes);
    out.conflicts = conflicts(profile, &out.classes);
    let reading = reads(profile, &out.classes);
    out.classes.extend(reading);
    out.classes.extend(others(profile));
    idle_watches(profile, &mut out.classes);
    out.classes.retain(|class| !class.does.is_empty() || class.keys > 0);
    out.quota_bytes = quota(profile);
    out
}

/// Those that are written, most often first, and everything else as one.
fn split(profile: &Profile) -> (Vec<Prefix>, Vec<Prefix>) {
    let mut all: Vec<&Prefix> = profile.prefixes.iter().collect();
    all.sort_by_key(|prefix| std::cmp::Reverse((prefix.writes.all(), prefix.keys)));
    let busy = all.iter().take_while(|prefix| prefix.writes.all() > 0).count().min(MOST_CLASSES);
    let written = all[..busy].iter().map(|prefix| (*prefix).clone()).collect();
    let mut rest = Prefix { name: String::new(), ..Prefix::default() };
    for prefix in &all[busy..] {
        rest.sizes = rest.sizes.with(rest.keys, prefix.sizes, prefix.keys);
        rest.keys += prefix.keys;
        rest.writes.creates += prefix.writes.creates;
        rest.writes.updates += prefix.writes.updates;
        rest.writes.deletes += prefix.writes.deletes;
    }
    let is_there = rest.keys > 0 || rest.writes.all() > 0;
    (written, if is_there { vec![rest] } else { Vec::new() })
}

/// Keys of a prefix go by themselves where their lease ends.
fn expires(prefix: &Prefix) -> bool {
    prefix.leased > 0.5 || prefix.writes.leased * 2 > prefix.writes.creates + prefix.writes.updates
}

fn expiries(profile: &Profile, prefix: &Prefix) -> f64 {
    if expires(prefix) { profile.per_s(prefix.writes.deletes) } else { 0.0 }
}

/// Whether changes are made by transactions rather than by puts.
fn guarded(profile: &Profile) -> bool {
    let Some(traffic) = &profile.traffic else {
        return true;
    };
    traffic.per_s("Txn") >= traffic.per_s("Put") + traffic.per_s("DeleteRange")
}

/// How many watches, but for ours, each change goes to.
fn fan_out(profile: &Profile) -> u64 {
    let own = profile.writes_per_s();
    let Some(traffic) = profile.traffic.as_ref().filter(|_| own > 0.0) else {
        return 0;
    };
    let others = (traffic.events_per_s / own - 1.0).round().max(0.0);
    (others as u64).min(traffic.watches)
}

fn of_prefix(profile: &Profile, prefix: &Prefix, guarded: bool, name: String) -> Class {
    let writes = &prefix.writes;
    let deletes = if expires(prefix) { 0 } else { writes.deletes };
    let (creates, updates) = (profile.per_s(writes.creates), profile.per_s(writes.updates));
    // More go than come: as long as there are any.
    let deletes = profile.per_s(deletes).min(creates + prefix.keys as f64 / LASTS_S);
    let does = match guarded {
        true => vec![
            (Operation::Create, creates),
            (Operation::Txn, updates),
            (Operation::Delete, deletes),
        ],
        false => vec![(Operation::Put, creates + updates), (Operation::Delete, deletes)],
    };
    let sizes = if writes.sizes.samples > 0 { writes.sizes } else { prefix.sizes };
    let larger = |size: u64| size.clamp(LEAST_VALUE, MOST_VALUE);
    Class {
        name,
        stands_for: Some(prefix.name.clone()).filter(|name| !name.is_empty()),
        does: does.into_iter().filter(|(_, rate)| *rate > 0.0).collect(),
        source: Source::Watch,
        guarded,
        even: writes.even,
        keys: prefix.keys,
        sizes: Some(Sizes {
            p50: larger(sizes.p50),
            p99: larger(sizes.p99),
            max: larger(sizes.max),
            ..sizes
        }),
        lease: (writes.leased > 0 || prefix.leased > 0.5).then(|| Lease {
            ttl_s: prefix.ttl_s.unwrap_or(3600).max(1),
            keys: writes.leased.div_ceil(writes.leases.max(1)).max(1),
        }),
        watches: 0,
        connections: 1,
        read: None,
    }
}

/// A prefix as the name of a class.
fn class_name(prefix: &str) -> String {
    let path = super::layout::root_of(prefix.as_bytes())
        .map_or(prefix, |root| prefix.get(root.len()..).unwrap_or_default());
    let mut name = String::new();
    for c in path.chars().take(80) {
        match c {
            'a'..='z' | '0'..='9' => name.push(c),
            'A'..='Z' => name.push(c.to_ascii_lowercase()),
            _ if !name.ends_with('-') && !name.is_empty() => name.push('-'),
            _ => {}
        }
    }
    let name = name.trim_matches('-').to_owned();
    let taken = Operation::ALL.iter().any(|operation| operation.name() == name);
    match name.as_str() {
        "" if prefix.is_empty() => ELSEWHERE.to_owned(),
        "" => "keys".to_owned(),
        "watch" => "keys-watch".to_owned(),
        _ if taken => format!("keys-{name}"),
        _ => name,
    }
}

/// A name that no class has yet; those that are given beside the prefixes are taken.
fn unique(name: String, names: &mut BTreeSet<String>) -> String {
    const OURS: [&str; 6] =
        ["gets", "lists", "revision-probes", "keep-alives", "compaction", "member-status"];
    let mut tried = name.clone();
    let mut number = 2;
    while OURS.contains(&tried.as_str()) || !names.insert(tried.clone()) {
        tried = format!("{name}-{number}");
        number += 1;
    }
    tried
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Kind, Traffic, Writes};

    fn prefix(name: &str, keys: u64, writes: Writes) -> Prefix {
        let sizes = Sizes { p50: 500, p99: 900, max: 1000, mean: 520.0, samples: 10 };
        Prefix {
            name: name.to_owned(),
            kind: Kind::of(name.as_bytes()),
            keys,
            sizes,
            writes,
            ..Prefix::default()
        }
    }

    fn seen(prefixes: Vec<Prefix>, per_s: &[(&str, f64)]) -> Profile {
        let per_s = per_s.iter().map(|(method, rate)| ((*method).to_owned(), *rate)).collect();
        let traffic = Traffic { per_s, window_s: 10.0, ..Traffic::default() };
        Profile { window_s: 10.0, prefixes, traffic: Some(traffic), ..Profile::default() }
    }

    #[test]
    fn each_prefix_that_is_written_is_a_class_and_the_rest_is_one() {
        let pods = Writes { creates: 10, updates: 60, deletes: 10, ..Writes::default() };
        let profile = seen(
            vec![
                prefix("/registry/pods/", 100, pods),
                prefix("/registry/secrets/", 30, Writes::default()),
                prefix("/registry/configmaps/", 20, Writes::default()),
            ],
            &[("Txn", 8.14)],
        );
        let load = scenario(&profile);
        let names: Vec<&str> = load.classes.iter().map(|class| class.name.as_str()).collect();
        assert_eq!(names, ["pods", "rest"]);
        assert_eq!(
            load.classes[0].does,
            [(Operation::Create, 1.0), (Operation::Txn, 6.0), (Operation::Delete, 1.0)]
        );
        assert_eq!(load.classes[1].keys, 50);
        assert!((load.conflicts - 0.02).abs() < 1e-9, "{}", load.conflicts);
    }

    #[test]
    fn keys_that_go_with_their_lease_are_not_deleted() {
        let events =
            Writes { creates: 50, deletes: 40, leased: 50, leases: 2, ..Writes::default() };
        let profile = seen(
            vec![prefix("/registry/events/", 100, events)],
            &[("Txn", 5.0), ("LeaseGrant", 0.05)],
        );
        let load = scenario(&profile);
        assert_eq!(load.classes[0].does, [(Operation::Create, 5.0)]);
        assert_eq!(load.classes[0].lease, Some(Lease { ttl_s: 3600, keys: 100 }));
        assert_eq!(load.expiries_per_s, 4.0);
    }

    #[test]
    fn where_puts_prevail_there_are_no_transactions() {
        let writes = Writes { creates: 5, updates: 15, deletes: 50, ..Writes::default() };
        let profile = seen(vec![prefix("/app/a/b/", 3000, writes)], &[("Put", 2.0)]);
        let load = scenario(&profile);
        // More go than come: no more than there are.
        assert_eq!(load.classes[0].does, [(Operation::Put, 2.0), (Operation::Delete, 2.5)]);
        assert!(!load.classes[0].guarded);
    }

    #[test]
    fn names_of_classes_are_their_own() {
        let mut names = BTreeSet::new();
        let mut name = |prefix: &str| unique(class_name(prefix), &mut names);
        assert_eq!(name("/registry/leases/kube-node-lease/"), "leases-kube-node-lease");
        assert_eq!(name("/A//B_c/"), "a-b-c");
        assert_eq!(name("/a/b/c/"), "a-b-c-2");
        assert_eq!(name("/watch/"), "keys-watch");
        assert_eq!(name("/put/"), "keys-put");
        assert_eq!(name("/gets/"), "gets-2");
        assert_eq!(name("~0001/\\xff"), "0001-xff");
        assert_eq!(name("/"), "keys");
    }
}
