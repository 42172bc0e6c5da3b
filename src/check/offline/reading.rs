//! What one or several texts of a member's `/metrics` tell: of one what is so, of two what grew.

use std::cmp::Ordering;

use crate::check::growth::{Growth, value};
use crate::cluster::Quota;
use crate::cluster::metrics::Reading;
use crate::diagnosis::{Live, Member};

/// Go's runtime collects garbage every two minutes at least (`forcegcperiod`), so that the last collection dates a text.
const COLLECTED_WITHIN_S: f64 = 125.0;
const LAST_COLLECTION: &str = "go_memstats_last_gc_time_seconds";
/// Files written within less were not written one after the other with a look between them.
const SHORTEST_WINDOW_S: f64 = 1.0;

/// A text of `/metrics` and when it was taken.
#[derive(Debug, Clone)]
pub(super) struct Text {
    /// The text.
    pub text: String,
    /// When, in seconds since 1970, as far as that is known.
    pub at_s: Option<f64>,
    /// Whether that is the time of the text itself, and not of its file.
    pub exact: bool,
}

/// Puts what texts tell into what is known of a member.
pub(super) fn put_into(mut texts: Vec<Text>, one: &mut Member, live: &mut Live) {
    texts.sort_by(earlier);
    let Some(last) = texts.last() else { return };
    let first = texts.first().filter(|_| texts.len() > 1);
    live.texts = texts.len() as u64;
    let window_s = first.and_then(|first| window_s(first, last));
    live.window_ns = window_s.map_or(0, |s| (s * 1e9) as u64);
    state(&Reading::of(&last.text), one, live);
    let growth = Growth::between(first.map(|first| first.text.as_str()), Some(&last.text));
    growth.put_into(live);
    live.uptime_s = growth.uptime_s(last.at_s.filter(|_| last.exact));
    // More CPUs than there are tell that the window is not the one between the texts.
    let most = live.max_procs.map_or(f64::INFINITY, |procs| procs as f64 * 1.2);
    live.cpu_cores = live.cpu_cores.filter(|cores| *cores <= most);
}

/// Counters only grow, so that they tell which text of a run is the later one; runs are told apart by when they were
/// started.
fn order(one: &Text) -> [f64; 4] {
    let of = |name| value(&one.text, name).unwrap_or_default();
    [
        one.at_s.filter(|_| one.exact).unwrap_or_default(),
        of("process_start_time_seconds"),
        of("etcd_server_proposals_committed_total"),
        of("process_cpu_seconds_total"),
    ]
}

fn earlier(a: &Text, b: &Text) -> Ordering {
    let pairs = order(a).into_iter().zip(order(b));
    pairs.fold(Ordering::Equal, |so_far, (a, b)| so_far.then(a.total_cmp(&b)))
}

/// How long there was between two texts, as far as their own times, or those of their files, tell.
fn window_s(first: &Text, last: &Text) -> Option<f64> {
    let between = last.at_s? - first.at_s?;
    if first.exact && last.exact {
        return (between > 0.0).then_some(between);
    }
    let collected = |text: &Text| value(&text.text, LAST_COLLECTION).filter(|s| *s > 0.0);
    let fits = match (collected(first), collected(last)) {
        (Some(a), Some(b)) => (between - (b - a)).abs() <= COLLECTED_WITHIN_S,
        _ => true,
    };
    // Copies of files carry the time at which they were copied.
    (between >= SHORTEST_WINDOW_S && fits).then_some(between)
}

fn state(reading: &Reading, one: &mut Member, live: &mut Live) {
    let of = |name: &str| reading.state.get(name).copied();
    let is = |name: &str| of(name).map(|value| value > 0.0);
    live.leader = is("is_leader").unwrap_or(live.leader);
    live.has_leader = is("has_leader").unwrap_or(live.has_leader);
    live.learner |= is("is_learner").unwrap_or_default();
    if !reading.version.is_empty() {
        one.version = Some(reading.version.clone());
    }
    if let Quota::Bytes(bytes) = reading.quota {
        one.quota_bytes = Some(bytes);
    }
    if let Some(bytes) = of("db_bytes").filter(|bytes| *bytes > 0.0) {
        let in_use = of("db_in_use_bytes").filter(|bytes| *bytes > 0.0);
        one.database_bytes = Some((bytes as u64, in_use.map(|bytes| bytes as u64)));
    }
}
