//! The figures of a load.

use std::collections::{BTreeMap, VecDeque};

use super::live::{Counted, Figures};
use super::notices;
use super::servers::Servers;
use crate::plan::{LoadPlan, RateStep};
use crate::record::{Distribution, Emission, IntervalSamples, Resolution};
use crate::units::{format_count, format_millis, significant};

const S_NS: u64 = 1_000_000_000;
/// Seconds whose counts are kept: the last whole one is shown, the one that is filling waits.
const KEPT: usize = 3;
/// Operations that get a line of their own.
const MOST_LINES: usize = 4;
/// Error classes that are named.
const MOST_CLASSES: usize = 3;

/// What a load does, in the phase that is going on.
pub(super) struct LoadFigures {
    steps: Vec<RateStep>,
    /// The part of a series' name that says what its samples are: `response` in an open loop, else `service`.
    shown: &'static str,
    preload: u64,
    total: Option<u64>,
    servers: Servers,
    phase: Phase,
}

#[derive(Default)]
struct Phase {
    name: String,
    start_ns: u64,
    /// Of each operation how long it takes; watch events among them.
    latencies: BTreeMap<&'static str, Distribution>,
    lag: Distribution,
    answered: u64,
    errors: BTreeMap<String, u64>,
    /// Answers by the second since the phase's start.
    seconds: VecDeque<(u64, f64)>,
    in_flight: Option<u64>,
}

impl LoadFigures {
    pub(super) fn new(plan: &LoadPlan) -> Self {
        LoadFigures {
            steps: plan.steps().to_vec(),
            shown: if plan.is_open() { "response" } else { "service" },
            preload: plan.preload,
            total: plan.total,
            servers: Servers::default(),
            phase: Phase::default(),
        }
    }

    /// The rate that is wanted now.
    fn wanted(&self, now_ns: u64) -> Option<f64> {
        let step = match self.phase.name.strip_prefix("rate.") {
            Some(number) => self.steps.get(number.parse::<usize>().ok()?.checked_sub(1)?)?,
            None => self.steps.first()?,
        };
        match self.phase.name.as_str() {
            "warmup" => Some(step.from_per_s),
            name if name == "steady" || name.starts_with("rate.") => self.at(step, now_ns),
            // What goes before and comes after has no rate.
            _ => None,
        }
    }

    /// Where the rate is on its way from the beginning of a step to its end.
    fn at(&self, step: &RateStep, now_ns: u64) -> Option<f64> {
        let elapsed_ns = now_ns.saturating_sub(self.phase.start_ns);
        let share = elapsed_ns as f64 / step.duration_ns.max(1) as f64;
        let rise = step.to_per_s - step.from_per_s;
        Some(step.from_per_s + rise * share.min(1.0))
    }

    /// Those that have no line of their own: how many, and the one that takes longest.
    fn more(&self) -> Option<String> {
        let hidden = || self.phase.latencies.iter().skip(MOST_LINES);
        let (worst, latency) = hidden().max_by_key(|(_, latency)| latency.quantile(0.99))?;
        Some(format!("{} more, worst: {}", hidden().count(), quantiles(worst, latency)?))
    }

    fn tail(&self) -> Vec<String> {
        let mut items = Vec::new();
        if let Some(lag) = self.phase.lag.quantile(0.99) {
            items.push(format!("lag p99 {} ms", format_millis(lag)));
        }
        if self.phase.answered > 0 || !self.phase.errors.is_empty() {
            items.push(self.phase.errors());
        }
        items.extend(self.servers.database());
        items
    }
}

impl Figures for LoadFigures {
    fn begin(&mut self, phase: &str, at_ns: u64) {
        self.servers.begin();
        self.phase = Phase { name: phase.to_owned(), start_ns: at_ns, ..Phase::default() };
    }

    fn observe(&mut self, emission: &Emission) -> bool {
        let answered = self.phase.answered;
        match emission {
            // The last intervals of a phase may come after the next has begun.
            Emission::Interval(interval) if *interval.phase == *self.phase.name => {
                self.phase.add(interval, self.shown);
            }
            Emission::Counters { source, member, values, .. } => match (source.as_str(), member) {
                ("etcd", member) => self.servers.grew(member.unwrap_or(0), values),
                ("etcd.state", member) => self.servers.is(member.unwrap_or(0), values),
                ("preload", _) => {
                    let keys = values.get("keys").copied().unwrap_or(0.0);
                    self.phase.answered += keys as u64;
                }
                ("client", _) => {
                    let in_flight = values.get("in_flight").map(|n| *n as u64);
                    self.phase.in_flight = in_flight.or(self.phase.in_flight);
                }
                _ => {}
            },
            Emission::Interval(_)
            | Emission::Stall(_)
            | Emission::Event { .. }
            | Emission::Written(_)
            | Emission::PhaseStart { .. } => {}
        }
        self.phase.answered > answered
    }

    fn intent(&self) -> Option<String> {
        let now = self.wanted(self.phase.start_ns)?;
        let then = self.wanted(u64::MAX)?;
        Some(if now == then {
            format!("{}/s", significant(now))
        } else {
            format!("{}/s to {}/s", significant(now), significant(then))
        })
    }

    fn counted(&self) -> Option<Counted> {
        let (of, what) = match self.phase.name.as_str() {
            "preload" => (self.preload, "keys"),
            "steady" => (self.total?, "operations"),
            _ => return None,
        };
        Some(Counted { done: self.phase.answered.min(of), of, what })
    }

    fn beside(&self, now_ns: u64) -> Vec<String> {
        let mut items = Vec::new();
        if let Some(wanted) = self.wanted(now_ns) {
            items.push(format!("wanted {}/s", significant(wanted)));
        }
        if let Some(reached) = self.phase.reached() {
            items.push(format!("reached {}/s", significant(reached)));
        }
        if let Some(in_flight) = self.phase.in_flight {
            items.push(format!("in flight {}", format_count(in_flight)));
        }
        items
    }

    fn below(&self) -> Vec<Vec<String>> {
        let latencies = self.phase.latencies.iter().take(MOST_LINES);
        let lines =
            latencies.filter_map(|(series, latency)| Some(vec![quantiles(series, latency)?]));
        let mut lines: Vec<Vec<String>> = lines.collect();
        lines.extend(self.more().map(|more| vec![more]));
        lines.push(self.tail());
        lines.push(self.servers.line());
        lines.retain(|line| !line.is_empty());
        lines
    }

    fn moving(&self) -> bool {
        self.phase.answered > 0
    }

    fn notice(&self, event: &Emission) -> Option<String> {
        match event {
            Emission::Event { kind, detail, .. } => notices::of_load(kind, detail),
            _ => None,
        }
    }

    fn member(&self, index: u32) -> String {
        format!("m{}", index + 1)
    }
}

impl Phase {
    fn add(&mut self, interval: &IntervalSamples, shown: &str) {
        let Some((operation, what)) = interval.series.rsplit_once('.') else {
            return;
        };
        let samples = &interval.samples;
        if what == "lag" {
            self.lag.merge(&Distribution::from_samples(samples));
        }
        if what == "service" {
            for (class, count) in samples.errors() {
                *self.errors.entry(class.clone()).or_default() += count;
            }
            self.answered += samples.count();
            self.count(interval);
        }
        if what == shown || operation == "watch" {
            self.latencies
                .entry(interval.series)
                .or_default()
                .merge(&Distribution::from_samples(samples));
        }
    }

    /// Adds the answers to the second they came in. Threads tell their intervals one after the other, so the newest
    /// second is not whole yet.
    fn count(&mut self, interval: &IntervalSamples) {
        let since_ns = interval.start_ns.saturating_sub(self.start_ns);
        let second = (since_ns + S_NS / 2) / S_NS;
        let per_s =
            interval.samples.count() as f64 * S_NS as f64 / interval.length_ns.max(1) as f64;
        match self.seconds.iter_mut().find(|(known, _)| *known == second) {
            Some((_, count)) => *count += per_s,
            None => self.seconds.push_back((second, per_s)),
        }
        if self.seconds.len() > KEPT {
            self.seconds.pop_front();
        }
    }

    /// Answers per second in the last second that is whole.
    fn reached(&self) -> Option<f64> {
        let newest = self.seconds.len().checked_sub(1)?;
        let (_, per_s) = self.seconds.get(newest.saturating_sub(1))?;
        Some(*per_s)
    }

    fn errors(&self) -> String {
        let failed: u64 = self.errors.values().sum();
        if failed == 0 {
            return "errors 0".to_owned();
        }
        let mut classes: Vec<_> = self.errors.iter().collect();
        classes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let named = classes
            .iter()
            .take(MOST_CLASSES)
            .map(|(class, count)| format!("{class} {}", format_count(**count)));
        let more = if classes.len() > MOST_CLASSES { ", …" } else { "" };
        format!("errors {}: {}{more}", format_count(failed), named.collect::<Vec<_>>().join(", "))
    }
}

/// The quantiles that so many samples tell something about.
pub(super) fn quantiles(series: &str, latency: &Distribution) -> Option<String> {
    let mut text = format!("{series} p50 {}", format_millis(latency.quantile(0.5)?));
    for (q, name) in [(0.99, "p99"), (0.999, "p99.9")] {
        // What a page would not tell of so many samples is not told here.
        if Resolution::of(q, latency.count(), false) != Resolution::TooFew {
            text += &format!("  {name} {}", format_millis(latency.quantile(q)?));
        }
    }
    text += &format!("  max {} ms", format_millis(latency.max_ns()));
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::clock::Clock;
    use crate::plan::load::testing::plan as typed;
    use crate::progress::Shown;
    use crate::progress::live::Live;
    use crate::record::{Samples, Stall};

    const MS: u64 = 1_000_000;

    fn plan(flags: &str) -> LoadPlan {
        typed(&format!("etcdbench load {flags}"))
    }

    fn begin(live: &mut Live, phase: &str, at_ns: u64, planned_ns: u64) {
        let start = Emission::PhaseStart { phase: Arc::from(phase), at_ns, planned_ns };
        live.observe(&start, &Clock::start());
    }

    fn tell(live: &mut Live, phase: &str, series: &'static str, second: u64, samples: Samples) {
        let interval = Emission::Interval(IntervalSamples {
            phase: Arc::from(phase),
            series,
            member: Some(0),
            start_ns: second * S_NS,
            length_ns: S_NS,
            samples: Box::new(samples),
        });
        live.observe(&interval, &Clock::start());
    }

    fn times(count: u64, ns: u64) -> Samples {
        let mut samples = Samples::new();
        (0..count).for_each(|_| samples.record(ns));
        samples
    }

    fn counters(live: &mut Live, source: &str, member: u32, values: &[(&str, f64)]) {
        let counters = Emission::Counters {
            phase: Arc::from("steady"),
            start_ns: 0,
            length_ns: S_NS,
            source: source.to_owned(),
            member: Some(member),
            values: values.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect(),
        };
        live.observe(&counters, &Clock::start());
    }

    #[test]
    fn an_open_loop_shows_response_and_lag_and_what_the_servers_say() {
        let mut live = plan("put --rate 2000 --warmup 0s").live();
        begin(&mut live, "steady", 3 * S_NS, 30 * S_NS);
        for second in [3, 4] {
            // Two threads, each with half of the load.
            for _ in 0..2 {
                tell(&mut live, "steady", "put.response", second, times(1000, 2 * MS));
                tell(&mut live, "steady", "put.service", second, times(1000, MS));
                tell(&mut live, "steady", "put.lag", second, times(1000, 90_000));
            }
        }
        tell(&mut live, "steady", "put.service", 5, times(10, MS));
        counters(&mut live, "etcd", 0, &[("wal_fsync.count", 9.0), ("wal_fsync.le.0.002", 9.0)]);
        let state = [("db_bytes", 222_298_112.0), ("quota_bytes", 2_147_483_648.0)];
        counters(&mut live, "etcd.state", 0, &state);
        counters(&mut live, "client", 0, &[("in_flight", 3.0)]);
        let text = live.bar(9 * S_NS, 140);
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0].ends_with(
                "6 s of 30 s   24 s left in all   wanted 2,000/s   reached 2,000/s   in flight 3"
            ),
            "{text}"
        );
        assert!(lines[1].starts_with("put.response p50 2  p99 2  max 2 ms"), "{text}");
        assert_eq!(lines[2], "lag p99 0.09 ms   errors 0   db 212 MiB of 2 GiB");
        assert_eq!(lines[3], "server p99 fsync ≤2 ms");
    }

    #[test]
    fn those_without_a_line_are_counted_and_the_worst_of_them_is_shown() {
        let mut live = plan("put --rate 2000 --warmup 0s").live();
        begin(&mut live, "steady", 0, 30 * S_NS);
        let all =
            ["a.response", "b.response", "c.response", "d.response", "e.response", "f.response"];
        for (series, ms) in all.into_iter().zip([1, 2, 3, 4, 50, 6]) {
            tell(&mut live, "steady", series, 0, times(2000, ms * MS));
        }
        let text = live.bar(S_NS, 140);
        assert!(text.contains("\n2 more, worst: e.response p50 50"), "{text}");
        assert!(text.contains("d.response p50 4") && !text.contains("f.response"), "{text}");
        // However narrow the window is, the time that is left is there.
        assert!(live.bar(S_NS, 80).contains("29 s left in all"), "{}", live.bar(S_NS, 80));
    }

    #[test]
    fn a_closed_loop_shows_service_and_wants_no_rate() {
        let mut live = plan("--mix put=1,range=1 --clients 10 --preload 0").live();
        begin(&mut live, "steady", 0, 30 * S_NS);
        let mut failing = times(5, 3 * MS);
        (0..3).for_each(|_| failing.error("no-leader"));
        failing.error("client-deadline");
        tell(&mut live, "steady", "put.service", 0, failing);
        tell(&mut live, "steady", "range.service", 0, times(5, MS));
        let text = live.bar(S_NS, 140);
        assert!(text.contains("reached 10/s") && !text.contains("wanted"), "{text}");
        assert!(text.contains("put.service p50 3  max 3 ms\nrange.service p50 1"), "{text}");
        assert!(text.contains("errors 4: no-leader 3, client-deadline 1"), "{text}");
    }

    #[test]
    fn each_step_says_its_rate_and_shows_its_own_figures() {
        let mut live = plan("put --rate 500..1500:+500/10s,1500..2500/10s").live();
        begin(&mut live, "rate.2", 10 * S_NS, 10 * S_NS);
        assert_eq!(live.begins().as_deref(), Some("rate.2: 10 s, 1,000/s"));
        tell(&mut live, "rate.1", "put.response", 9, times(3, 70 * MS));
        tell(&mut live, "rate.2", "put.response", 10, times(3, MS));
        let text = live.bar(12 * S_NS, 140);
        assert!(text.contains("wanted 1,000/s") && text.contains("max 1 ms"), "{text}");
        begin(&mut live, "rate.4", 30 * S_NS, 10 * S_NS);
        assert_eq!(live.begins().as_deref(), Some("rate.4: 10 s, 1,500/s to 2,500/s"));
        assert!(live.bar(35 * S_NS, 140).contains("wanted 2,000/s"));
    }

    #[test]
    fn what_ends_with_a_number_is_counted() {
        let mut live = plan("put --clients 4 --total 100 --preload 50").live();
        begin(&mut live, "preload", 0, 0);
        counters(&mut live, "preload", 0, &[("keys", 10.0)]);
        counters(&mut live, "preload", 0, &[("keys", 15.0)]);
        let text = live.bar(S_NS, 140);
        assert!(text.contains("25 of 50 keys"), "{text}");
        assert_eq!(text.matches('█').count(), 12);
        begin(&mut live, "steady", S_NS, 0);
        tell(&mut live, "steady", "put.service", 1, times(75, MS));
        let text = live.bar(2 * S_NS, 140);
        assert!(text.contains("75 of 100 operations"), "{text}");
    }

    #[test]
    fn a_thousand_lost_connections_are_one_line() {
        let clock = Clock::start();
        let mut live = plan("put").live();
        begin(&mut live, "steady", 0, 30 * S_NS);
        let event = |kind, detail| Emission::Event {
            phase: Arc::from("steady"),
            at_ns: 0,
            kind,
            member: Some(0),
            detail,
        };
        for _ in 0..1000 {
            let lost = json!({"endpoint": "http://a:1", "class": "transport", "message": "reset"});
            live.observe(&event("connection.lost", lost), &clock);
        }
        live.observe(&event("leader", json!({"from": "m1", "to": null})), &clock);
        live.observe(&event("load.phase", json!({})), &clock);
        live.observe(
            &Emission::Stall(Stall {
                phase: Arc::from("steady"),
                series: "put.response",
                member: Some(1),
                start_ns: 0,
                duration_ns: 150 * MS,
            }),
            &clock,
        );
        let told: Vec<String> = live
            .messages(S_NS)
            .iter()
            .map(|line| line.split_once("UTC  ").unwrap().1.to_owned())
            .collect();
        assert_eq!(
            told,
            [
                "connection to http://a:1 lost: reset, and 999 more",
                "the leader changed: m1 → none",
                "stall: put.response of m2 took 150 ms"
            ]
        );
    }
}
