//! What reads there were. etcd counts them and the bytes it sent, and does not tell what was read: the mix below has the
//! same number of requests and the same bytes.

use super::Profile;
use super::class::{Class, Read, Source};
use crate::plan::Operation;

/// An answer without a key: header and frame.
const EMPTY_BYTES: f64 = 60.0;
/// What stands around a key and its value in an answer or an event.
const AROUND_BYTES: f64 = 80.0;
/// Keys of a page (client-go, tools/pager).
const PAGE: u32 = 500;

/// The classes that read.
pub(super) fn reads(profile: &Profile, written: &[Class]) -> Vec<Class> {
    let Some(traffic) = &profile.traffic else {
        return Vec::new();
    };
    let ranges = traffic.per_s("Range");
    if ranges <= 0.0 {
        return Vec::new();
    }
    let (gets, pages, probes) = mix(profile, written, ranges);
    let of = |name: &str, read: Read, rate: f64, from: Option<&Class>| Class {
        keys: from.map_or(1, |class| class.keys.max(1)),
        read: Some((read, from.map(|class| class.name.clone()))),
        connections: from.map_or(1, |class| class.connections),
        ..Class::of_reads(name, read, rate, Source::Bytes)
    };
    let mut classes = Vec::new();
    if gets > 0.0 {
        classes.push(of("gets", Read::Single, gets, still(written)));
    }
    if pages > 0.0 {
        classes.push(of("lists", Read::Page(PAGE), pages, largest(written)));
    }
    if probes > 0.0 {
        classes.push(of("revision-probes", Read::Revision, probes, None));
    }
    classes
}

/// Reads of one key, pages, and reads of none, a second: as many as there were, with the bytes that were sent.
fn mix(profile: &Profile, written: &[Class], ranges: f64) -> (f64, f64, f64) {
    let value = |class: Option<&Class>| {
        class.and_then(|class| class.sizes).map_or(0.0, |sizes| sizes.mean) + AROUND_BYTES
    };
    let (one, page) = (value(still(written)), f64::from(PAGE) * value(largest(written)));
    let mean = (for_ranges(profile, written) / ranges).max(EMPTY_BYTES);
    if mean <= one {
        let gets = ranges * (mean - EMPTY_BYTES) / (one - EMPTY_BYTES).max(1.0);
        return (gets, 0.0, ranges - gets);
    }
    let pages = (ranges * (mean - one) / (page - one).max(1.0)).min(ranges);
    (ranges - pages, pages, 0.0)
}

/// Bytes a second that went into answers to ranges: what was sent, without events and answers to other requests.
fn for_ranges(profile: &Profile, written: &[Class]) -> f64 {
    let Some(traffic) = &profile.traffic else {
        return 0.0;
    };
    let bytes: u64 = profile.prefixes.iter().map(|prefix| prefix.writes.bytes).sum();
    let own = profile.writes_per_s();
    let event = if own > 0.0 { profile.per_s(bytes) / own + AROUND_BYTES } else { 0.0 };
    let others = (traffic.events_per_s - own).max(0.0);
    let updates: u64 = profile.prefixes.iter().map(|prefix| prefix.writes.updates).sum();
    let all: u64 = profile.prefixes.iter().map(|prefix| prefix.writes.all()).sum();
    // Watches of an apiserver ask for the value before, too.
    let before = match written.iter().any(|class| class.guarded) {
        true => updates as f64 / all.max(1) as f64,
        false => 0.0,
    };
    let events = own * event + others * event * (1.0 + before);
    let answers: f64 = traffic.per_s.values().sum::<f64>() - traffic.per_s("Range");
    (traffic.sent_bytes_per_s - events - answers * EMPTY_BYTES).max(0.0)
}

/// Keys that neither come nor go, the most there are: a read finds them. Otherwise the most of any.
fn still(written: &[Class]) -> Option<&Class> {
    let moves = |class: &Class| {
        class.does.iter().any(|(what, _)| matches!(what, Operation::Create | Operation::Delete))
    };
    let most = |still: bool| {
        let some = written.iter().filter(|class| class.keys > 0 && moves(class) != still);
        some.max_by_key(|class| class.keys)
    };
    most(true).or_else(|| most(false))
}

/// The keys that are the most bytes.
fn largest(written: &[Class]) -> Option<&Class> {
    let bytes = |class: &Class| class.keys as f64 * class.sizes.map_or(0.0, |sizes| sizes.mean);
    written.iter().filter(|class| class.keys > 0).max_by(|a, b| bytes(a).total_cmp(&bytes(b)))
}
