//! Synthetic loads for tests: latencies drawn with seeded noise, and members that count as etcd does.

mod plan;

use serde_json::{Value, json};

use crate::plan::{LoadPace, LoadPlan};
use crate::report::conclude;
use crate::result::{Counters, Event, MemberFacts, PhaseData, Run, SeriesData, StallLine, Summary};
use crate::verdict::testing::series_of;
pub(crate) use crate::verdict::testing::{MS, Noise, S, US};
use plan::{open, plan, step};

/// A member, as its metrics show it: medians of log-normal latencies.
#[derive(Clone)]
pub(crate) struct Member {
    pub name: &'static str,
    pub leader: bool,
    pub fsync_ns: u64,
    pub commit_ns: u64,
    pub apply_ns: u64,
    pub cores: f64,
    pub db_bytes: u64,
    pub in_use_bytes: u64,
    /// Of five answers from memory a second so many are 60 ms late.
    pub late_pings: u64,
    /// Part of the time for which the kernel throttled it; not known where nobody looked.
    pub throttled: Option<f64>,
}

/// Answers from memory a second.
const PINGS: u64 = 5;

impl Member {
    /// With a good disk.
    pub(crate) fn healthy(name: &'static str) -> Member {
        Member {
            name,
            leader: false,
            fsync_ns: 700 * US,
            commit_ns: 3 * MS,
            apply_ns: 90 * US,
            cores: 0.4,
            db_bytes: 60 << 20,
            in_use_bytes: 45 << 20,
            late_pings: 0,
            throttled: None,
        }
    }

    pub(crate) fn leading(self) -> Member {
        Member { leader: true, ..self }
    }
}

/// How a phase went. Latencies by seconds since its beginning.
pub(crate) struct Load<'a> {
    pub phase: &'a str,
    pub seconds: u64,
    /// Operations due per second.
    pub wanted: u64,
    /// Operations answered per second.
    pub reached: u64,
    pub service: &'a dyn Fn(&mut Noise, u64) -> u64,
    pub lag: &'a dyn Fn(&mut Noise, u64) -> u64,
    pub in_flight_max: u64,
    /// CPU seconds per second and thread.
    pub thread_use: f64,
}

/// A fast etcd.
pub(crate) fn fast(noise: &mut Noise, _: u64) -> u64 {
    noise.lognormal(1_500 * US, 0.35)
}

/// A punctual client.
pub(crate) fn prompt(noise: &mut Noise, _: u64) -> u64 {
    noise.lognormal(40 * US, 0.5)
}

impl Default for Load<'_> {
    fn default() -> Self {
        Load {
            phase: "steady",
            seconds: 30,
            wanted: 500,
            reached: 500,
            service: &fast,
            lag: &prompt,
            in_flight_max: 12,
            thread_use: 0.12,
        }
    }
}

/// A run under construction.
pub(crate) struct Builder {
    run: Run,
    noise: Noise,
    now_ns: u64,
    plan: LoadPlan,
    members: Vec<Member>,
}

impl Builder {
    /// An empty run of puts at 500/s against one member.
    pub(crate) fn new(seed: u64) -> Builder {
        let mut run = Run::default();
        run.header.kind = "load".to_owned();
        run.header.name = "put".to_owned();
        run.header.environment.cpus = Some(8);
        Builder {
            run,
            noise: Noise::new(seed),
            now_ns: 5 * S,
            plan: plan(),
            members: vec![Member::healthy("m1").leading()],
        }
    }

    /// Half a minute of it without a fault.
    pub(crate) fn healthy(seed: u64) -> Builder {
        Builder::new(seed).load(&Load::default())
    }

    /// Three members, the first leads.
    pub(crate) fn three(seed: u64) -> Builder {
        Builder::new(seed).members(vec![
            Member::healthy("m1").leading(),
            Member::healthy("m2"),
            Member::healthy("m3"),
        ])
    }

    pub(crate) fn members(mut self, members: Vec<Member>) -> Builder {
        self.members = members;
        self
    }

    pub(crate) fn plan(mut self, change: impl FnOnce(&mut LoadPlan)) -> Builder {
        change(&mut self.plan);
        self
    }

    pub(crate) fn run(mut self, change: impl FnOnce(&mut Run)) -> Builder {
        change(&mut self.run);
        self
    }

    pub(crate) fn closed(self, clients: u32) -> Builder {
        self.plan(|plan| plan.pace = LoadPace::Closed { clients })
    }

    /// Rates one after the other, all alike but for the last that breaks.
    pub(crate) fn steps(mut self, loads: &[Load]) -> Builder {
        let steps = loads.iter().map(|load| step(load.wanted as f64, load.seconds));
        self.plan.pace = open(steps.collect());
        for load in loads {
            self = self.load(load);
        }
        self
    }

    /// A phase with everything that a run tells of it.
    pub(crate) fn load(mut self, load: &Load) -> Builder {
        let (start, length_ns) = (self.now_ns, load.seconds * S);
        let in_order = |i: u64| start + i * S / load.reached;
        let count = load.seconds * load.reached;
        let drawn: Vec<(u64, u64, u64)> = (0..count)
            .map(|i| {
                let at = in_order(i);
                let lag = (load.lag)(&mut self.noise, at - start);
                (at, lag, (load.service)(&mut self.noise, at - start))
            })
            .collect();
        let samples = |pick: fn(&(u64, u64, u64)) -> u64| -> Vec<(u64, u64)> {
            drawn.iter().map(|sample| (sample.0, pick(sample))).collect()
        };
        let mut named = vec![("put.service", samples(|s| s.2))];
        if matches!(self.plan.pace, LoadPace::Open { .. }) {
            named.push(("put.response", samples(|s| s.1 + s.2)));
            named.push(("put.lag", samples(|s| s.1)));
        }
        let (waited, waits) = named[named.len().min(2) - 1].clone();
        let stalls = waits.iter().filter(|wait| wait.1 >= self.plan.heartbeat_ns);
        self.run.stalls.extend(stalls.map(|&(start_ns, duration_ns)| StallLine {
            phase: load.phase.to_owned(),
            series: waited.to_owned(),
            start_ns,
            at: "2026-11-21T20:15:27.104Z".to_owned(),
            duration_ns,
            ..StallLine::default()
        }));
        let mut series: Vec<SeriesData> = Vec::new();
        for (name, samples) in &named {
            series.push(series_of(name, None, start, load.seconds, samples));
        }
        self.by_member(&mut series, &named[0].1, start, load.seconds);
        self.run.phases.push(PhaseData {
            name: load.phase.to_owned(),
            start_ns: start,
            length_ns,
            series,
        });
        for second in 0..load.seconds {
            self.second(load, start + second * S);
        }
        self.now_ns += length_ns;
        let unsent = load.seconds * (load.wanted - load.reached);
        if unsent > 0 {
            let service = &mut self.run.phases.last_mut().unwrap().series[0];
            service.errors.insert("not-sent".to_owned(), unsent);
        }
        self.ended(load)
    }

    /// Each connection talks to one member.
    fn by_member(
        &self,
        series: &mut Vec<SeriesData>,
        samples: &[(u64, u64)],
        start: u64,
        seconds: u64,
    ) {
        let number = self.members.len();
        if number < 2 {
            return;
        }
        for member in 0..number {
            let of_member: Vec<(u64, u64)> =
                samples.iter().skip(member).step_by(number).copied().collect();
            series.push(series_of("put.service", Some(member as u32), start, seconds, &of_member));
        }
    }

    /// What the engine tells at the end of a phase.
    fn ended(self, load: &Load) -> Builder {
        let (due, answered) = (load.wanted * load.seconds, load.reached * load.seconds);
        let in_closed = matches!(self.plan.pace, LoadPace::Closed { .. });
        let mut detail = json!({
            "due": due, "sent": answered, "answered": answered, "failed": 0, "unsent": due - answered,
            "length_ns": load.seconds * S, "in_flight_max": load.in_flight_max,
            "connections": self.plan.connections,
        });
        if !in_closed {
            detail["wanted_per_s"] = json!(load.wanted as f64);
        }
        let gap = json!({ "start_ns": self.now_ns - 2 * S, "length_ns": 9 * MS });
        self.event(load.phase, "load.phase", detail).event(load.phase, "ack.gap", gap)
    }

    /// Counters of one second.
    fn second(&mut self, load: &Load, start_ns: u64) {
        let used = load.thread_use * f64::from(self.plan.threads);
        self.counters(
            load.phase,
            "client",
            None,
            start_ns,
            &[("threads", f64::from(self.plan.threads)), ("cpu_s", used)],
        );
        self.counters(
            load.phase,
            "cpu",
            None,
            start_ns,
            &[("total_s", 8.0), ("busy_s", 1.6), ("steal_s", 0.0)],
        );
        for (index, member) in self.members.clone().into_iter().enumerate() {
            let index = Some(index as u32);
            let mut values = vec![
                ("heartbeat_send_failures".to_owned(), 0.0),
                ("leader_changes".to_owned(), 0.0),
                ("slow_apply".to_owned(), 0.0),
                ("proposals_failed".to_owned(), 0.0),
                ("cpu_s".to_owned(), member.cores),
            ];
            values.extend(self.histogram("wal_fsync", 0.001, 14, 200, member.fsync_ns));
            values.extend(self.histogram("backend_commit", 0.001, 14, 10, member.commit_ns));
            values.extend(self.histogram("apply", 0.0001, 20, load.reached, member.apply_ns));
            values.extend(pings(member.late_pings));
            values.extend(member.throttled.into_iter().flat_map(own_cpu));
            if self.members.len() > 1 {
                values.extend(self.histogram("peer_rtt", 0.0001, 16, 1, 400 * US));
            }
            let values: Vec<(&str, f64)> =
                values.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            self.counters(load.phase, "etcd", index, start_ns, &values);
            let shown = [
                ("db_bytes", member.db_bytes as f64),
                ("db_in_use_bytes", member.in_use_bytes as f64),
                ("quota_bytes", 2147483648.0),
                ("proposals_pending", 2.0),
                ("resident_bytes", 180e6),
                ("is_leader", f64::from(u8::from(member.leader))),
                ("has_leader", 1.0),
                ("slow_watchers", 0.0),
                ("pending_events", 0.0),
            ];
            self.counters(load.phase, "etcd.state", index, start_ns, &shown);
        }
    }

    /// One of etcd's histograms, as its growth over a second.
    fn histogram(
        &mut self,
        name: &str,
        first_s: f64,
        bounds: i32,
        count: u64,
        median_ns: u64,
    ) -> Vec<(String, f64)> {
        let drawn: Vec<u64> = (0..count).map(|_| self.noise.lognormal(median_ns, 0.35)).collect();
        let mut values = vec![
            (format!("{name}.count"), count as f64),
            (format!("{name}.sum_s"), drawn.iter().sum::<u64>() as f64 / 1e9),
        ];
        values.extend((0..bounds).map(|n| {
            let bound_s = first_s * f64::from(2_i32.pow(n as u32));
            let below = drawn.iter().filter(|ns| **ns as f64 / 1e9 <= bound_s).count();
            (format!("{name}.le.{bound_s}"), below as f64)
        }));
        values
    }

    pub(crate) fn counters(
        &mut self,
        phase: &str,
        source: &str,
        member: Option<u32>,
        start_ns: u64,
        values: &[(&str, f64)],
    ) {
        self.run.counters.push(Counters {
            phase: phase.to_owned(),
            start_ns,
            length_ns: if source == "etcd.state" { 0 } else { S },
            source: source.to_owned(),
            member,
            values: values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        });
    }

    /// Sets a figure of a member in some seconds of all that were counted.
    pub(crate) fn set(
        mut self,
        source: &str,
        member: u32,
        name: &str,
        seconds: std::ops::Range<usize>,
        value: f64,
    ) -> Builder {
        let of_member =
            self.run.counters.iter_mut().filter(|c| c.source == source && c.member == Some(member));
        for (_, counters) in of_member.enumerate().filter(|(second, _)| seconds.contains(second)) {
            counters.values.insert(name.to_owned(), value);
        }
        self
    }

    pub(crate) fn event(self, phase: &str, kind: &str, detail: Value) -> Builder {
        self.event_of(phase, kind, None, detail)
    }

    pub(crate) fn event_of(
        mut self,
        phase: &str,
        kind: &str,
        member: Option<u32>,
        detail: Value,
    ) -> Builder {
        self.run.events.push(Event {
            phase: phase.to_owned(),
            at_ns: self.now_ns,
            at: "2026-11-21T20:15:31.250000Z".to_owned(),
            kind: kind.to_owned(),
            member,
            detail,
        });
        self
    }

    /// Operations of the last phase that failed.
    pub(crate) fn failed(self, classes: &[(&str, u64)]) -> Builder {
        let count: u64 = classes.iter().map(|(_, count)| count).sum();
        self.run(|run| {
            let phase = run.phases.last_mut().unwrap();
            let service = phase
                .series
                .iter_mut()
                .find(|s| s.series == "put.service" && s.member.is_none())
                .unwrap();
            service.errors =
                classes.iter().map(|(class, count)| ((*class).to_owned(), *count)).collect();
            let told =
                run.events.iter_mut().rev().find(|event| event.kind == "load.phase").unwrap();
            let answered = told.detail["answered"].as_u64().unwrap() - count;
            told.detail["failed"] = json!(count);
            told.detail["answered"] = json!(answered);
        })
    }

    pub(crate) fn build(mut self) -> Run {
        self.run.header.plan = serde_json::to_value(&self.plan).unwrap();
        self.run.header.environment.members = self
            .members
            .iter()
            .enumerate()
            .map(|(index, member)| MemberFacts {
                id: format!("{index:x}"),
                name: member.name.to_owned(),
                endpoint: format!("http://10.0.0.{}:2379", index + 1),
                version: "3.5.16".to_owned(),
                leader: member.leader,
                quota_bytes: Some(2 << 30),
                ..MemberFacts::default()
            })
            .collect();
        self.run
    }

    /// What the run amounts to when it went through to its end.
    pub(crate) fn conclude(self) -> Summary {
        conclude(&self.build(), true, false, String::new())
    }
}

/// A second of answers from memory.
fn pings(late: u64) -> Vec<(String, f64)> {
    let in_time = (PINGS - late) as f64;
    let below = [("0.0005", 0.0), ("0.001", in_time), ("0.012", in_time), ("0.075", PINGS as f64)];
    let mut values = vec![
        ("ping.count".to_owned(), PINGS as f64),
        ("ping.sum_s".to_owned(), 0.0008 * in_time + 0.0608 * late as f64),
        ("ping.own_late".to_owned(), 0.0),
    ];
    values.extend(below.map(|(bound, below)| (format!("ping.le.{bound}"), below)));
    values
}

/// A second of what the kernel tells.
fn own_cpu(throttled: f64) -> [(String, f64); 3] {
    [
        ("own_cpu.ran_s".to_owned(), 0.4),
        ("own_cpu.waited_s".to_owned(), 0.01),
        ("own_cpu.throttled_s".to_owned(), throttled),
    ]
}
