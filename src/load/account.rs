//! What each phase of a load amounted to, told as events once it is over.

use std::sync::Arc;

use serde_json::json;

use super::drive::Drive;
use super::recorder::Tally;
use super::schedule::Span;
use super::watching::{Reckoning, Watching};
use super::worker::WorkerTotals;
use super::workload::{Workload, spans};
use crate::plan::{LoadPace, Watch};

impl Drive<'_> {
    /// Tells of every phase that was begun.
    pub(super) fn account(&self, workloads: &[Arc<Workload>], totals: &[WorkerTotals]) {
        let Some(context) = workloads.first().map(|workload| &workload.context) else {
            return;
        };
        let start_ns = context.start_ns();
        let now_ns = self.clock.now_ns();
        for (index, span) in spans(&self.plan).iter().enumerate() {
            let begins_ns = start_ns + span.start_ns;
            if begins_ns >= now_ns {
                break;
            }
            let ends_ns = start_ns.saturating_add(span.end_ns()).min(now_ns);
            let whole = sum(totals.iter(), index);
            self.phase(span, &whole, ends_ns - begins_ns);
            for (number, workload) in workloads.iter().enumerate() {
                let of_part = totals.iter().filter(|totals| totals.workload == number);
                self.class(workload, index, &sum(of_part, index), ends_ns - begins_ns);
            }
            for (member, gap) in context.gaps.longest(index, ends_ns) {
                let detail = json!({ "start_ns": gap.start_ns, "length_ns": gap.length_ns });
                self.event(&span.phase, "ack.gap", member, detail);
            }
        }
        self.leases(workloads);
        self.watches(workloads);
    }

    /// Leases that writes shared.
    fn leases(&self, workloads: &[Arc<Workload>]) {
        let sharing = workloads.iter().map(|workload| &workload.work);
        let sharing = sharing.filter(|work| work.plan.writes.shared_leases.is_some());
        let told = sharing.map(|work| work.leases.shared());
        let sum = told.reduce(|(count, keys), (more, more_keys)| (count + more, keys + more_keys));
        let last = workloads.first().and_then(|workload| workload.context.spans.last());
        if let (Some((count, keys)), Some(last)) = (sum, last) {
            let detail = json!({ "count": count, "keys": keys });
            self.event(&last.phase, "lease.grants", None, detail);
        }
    }

    fn phase(&self, span: &Span, tally: &Tally, length_ns: u64) {
        let mut detail = amounts(span, tally, length_ns);
        detail["connections"] = self.plan.connections.into();
        self.event(&span.phase, "load.phase", None, detail);
        if tally.attempts > 0 {
            let detail = json!({ "count": tally.conflicts, "attempts": tally.attempts });
            self.event(&span.phase, "txn.conflicts", None, detail);
        }
    }

    /// One of several classes.
    fn class(&self, workload: &Workload, index: usize, tally: &Tally, length_ns: u64) {
        let (Some(class), Some(span)) = (&workload.class, workload.context.spans.get(index)) else {
            return;
        };
        let plan = &workload.work.plan;
        let mut detail = amounts(span, tally, length_ns);
        detail["class"] = class.as_str().into();
        detail["connections"] = plan.connections.into();
        if let LoadPace::Open { max_in_flight, .. } = plan.pace {
            detail["max_in_flight"] = max_in_flight.into();
        }
        detail["conflicts"] = tally.conflicts.into();
        detail["attempts"] = tally.attempts.into();
        self.event(&span.phase, "load.class", None, detail);
    }

    /// What all watches together should have seen, and saw.
    fn watches(&self, workloads: &[Arc<Workload>]) {
        let watching: Vec<&Watching> =
            workloads.iter().filter_map(|workload| workload.watching.as_deref()).collect();
        let last = workloads.first().and_then(|workload| workload.context.spans.last());
        let (Some(last), false) = (last, watching.is_empty()) else {
            return;
        };
        // Each class by itself: what one missed, another cannot make up for.
        let of_class = |watching: &&Watching| watching.reckon(self.plan.timeout_ns);
        let all: Vec<Reckoning> = watching.iter().map(of_class).collect();
        let sum = |number: fn(&Reckoning) -> u64| all.iter().map(number).sum::<u64>();
        let plans = || watching.iter().map(|watching| watching.plan);
        let watches = |watch: Watch| u64::from(watch.streams) * u64::from(watch.watches_per_stream);
        let detail = json!({
            "expected": sum(|one| one.expected),
            "received": sum(|one| one.received),
            "missing": sum(|one| one.missing),
            "lost": sum(|one| one.lost),
            "beside": sum(|one| one.beside),
            "unjudged": sum(|one| one.unjudged),
            "duplicates": sum(|one| one.duplicates),
            "deletions": sum(|one| one.deletions),
            "streams": plans().map(|plan| plan.streams).sum::<u32>(),
            "watches": plans().map(watches).sum::<u64>(),
        });
        self.event(&last.phase, "watch.total", None, detail);
    }
}

fn sum<'a>(totals: impl Iterator<Item = &'a WorkerTotals>, span: usize) -> Tally {
    let mut sum = Tally::default();
    totals.filter_map(|totals| totals.tallies.get(span)).for_each(|workload| sum += *workload);
    sum
}

fn amounts(span: &Span, tally: &Tally, length_ns: u64) -> serde_json::Value {
    let rate = (span.from_per_s + span.to_per_s) / 2.0;
    // A burst beside a rate is over at once; alone it is all that is wanted.
    let per_s =
        if rate > 0.0 { rate } else { f64::from(span.burst) / (span.length_ns as f64 / 1e9) };
    json!({
        "due": tally.sent + tally.unsent,
        "sent": tally.sent,
        "answered": tally.answered,
        "failed": tally.failed,
        "unsent": tally.unsent,
        "wanted_per_s": (per_s > 0.0).then_some(per_s),
        "length_ns": length_ns,
        "in_flight_max": tally.most_in_flight,
        "reads": tally.reads,
        "empty_reads": tally.empty_reads,
        "deletions": tally.deletions,
        "empty_deletions": tally.empty_deletions,
    })
}
