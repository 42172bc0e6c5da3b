//! Synthetic disk qualifications for tests: a latency model per series, drawn with seeded noise.

use crate::plan::{
    Arrival, DiskPlan, EngineKind, Load, Neighbour, NeighbourKind, PlannedPhase, Workload,
};
use crate::result::{
    CapacityStep, Counters, DiskFacts, Durability, DurabilityOutcome, Event, PhaseData, Run,
    SeriesData, StallLine, Summary,
};

use crate::report::conclude;
use crate::verdict::testing::series_of;
pub(super) use crate::verdict::testing::{MS, Noise, S, US};

/// A run under construction.
pub(super) struct Builder {
    run: Run,
    noise: Noise,
    now_ns: u64,
    plan: DiskPlan,
}

impl Builder {
    /// An empty run of the default plan on a disk with room and a sync that is not disproved.
    pub(super) fn new(seed: u64) -> Builder {
        let mut run = Run::default();
        run.header.kind = "disk".to_owned();
        run.header.environment.disk = Some(DiskFacts {
            directory: "/var/lib/etcd".to_owned(),
            filesystem: Some("ext4".to_owned()),
            available_bytes: Some(100 << 30),
            available_inodes: Some(1_000_000),
            ..DiskFacts::default()
        });
        Builder { run, noise: Noise::new(seed), now_ns: 0, plan: plan() }
            .durability(DurabilityOutcome::NotDisproved)
    }

    /// A default-length run on a healthy disk: the WAL alone for 15 s, WAL and backend for 30 s.
    pub(super) fn healthy(seed: u64) -> Builder {
        let fast = |noise: &mut Noise, _| noise.lognormal(150 * US, 0.4);
        Builder::new(seed)
            .idle(5)
            .wal(15, 200, fast)
            .etcd(30, 200, fast, |noise, _| noise.lognormal(2 * MS, 0.4))
    }

    pub(super) fn plan(mut self, change: impl FnOnce(&mut DiskPlan)) -> Builder {
        change(&mut self.plan);
        self
    }

    pub(super) fn run(mut self, change: impl FnOnce(&mut Run)) -> Builder {
        change(&mut self.run);
        self
    }

    pub(super) fn disk(self, change: impl FnOnce(&mut DiskFacts)) -> Builder {
        self.run(|run| change(run.header.environment.disk.as_mut().unwrap()))
    }

    /// Somebody else at work.
    pub(super) fn neighbour(mut self, kind: NeighbourKind, per_second: u64) -> Builder {
        self.plan.neighbours.push(Neighbour { kind, per_second, directory: None });
        self
    }

    pub(super) fn durability(mut self, outcome: DurabilityOutcome) -> Builder {
        self.run.events.retain(|event| event.kind != "durability");
        let detail = Durability {
            outcome,
            flushes_per_sync: Some(1.0),
            device_bytes_per_sync: Some(4198.0),
            device_writes_per_sync: Some(2.0),
            syncs: 200,
            ..Durability::default()
        };
        self.event("durability", "durability", serde_json::to_value(detail).unwrap())
    }

    pub(super) fn capacity_step(self, wanted: f64, kept: bool) -> Builder {
        let detail = CapacityStep {
            wanted_per_s: wanted,
            reached_per_s: wanted,
            kept,
            broke: (!kept).then(|| "wal.fsync.p99 < 10ms".into()),
            ..CapacityStep::default()
        };
        self.event("capacity", "capacity.step", serde_json::to_value(detail).unwrap())
    }

    /// Something that happened by now.
    pub(super) fn event(mut self, phase: &str, kind: &str, detail: serde_json::Value) -> Builder {
        self.run.events.push(Event {
            phase: phase.to_owned(),
            at_ns: self.now_ns,
            kind: kind.to_owned(),
            detail,
            ..Event::default()
        });
        self
    }

    /// An idle phase on a quiet device.
    pub(super) fn idle(self, seconds: u64) -> Builder {
        self.idle_with(seconds, &[("writes", 1.0), ("written_bytes", 20_480.0), ("flushes", 0.1)])
    }

    /// An idle phase in which the device's counters grow so much each second.
    pub(super) fn idle_with(mut self, seconds: u64, per_second: &[(&str, f64)]) -> Builder {
        for second in 0..seconds {
            self.counters("idle", "device", self.now_ns + second * S, per_second);
        }
        self.phase("idle", seconds, Vec::new());
        self
    }

    /// Counters of one second.
    pub(super) fn counters(
        &mut self,
        phase: &str,
        source: &str,
        start_ns: u64,
        values: &[(&str, f64)],
    ) {
        self.run.counters.push(Counters {
            phase: phase.to_owned(),
            start_ns,
            length_ns: S,
            source: source.to_owned(),
            member: None,
            values: values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        });
    }

    /// Counters of every second of a phase that has been added.
    pub(super) fn counters_of(
        mut self,
        phase: &str,
        source: &str,
        values: &[(&str, f64)],
    ) -> Builder {
        let data = self.run.phase(phase).unwrap();
        let (start, seconds) = (data.start_ns, data.length_ns / S);
        for second in 0..seconds {
            self.counters(phase, source, start + second * S, values);
        }
        self
    }

    /// The WAL alone: syncs per second, and how long one that starts at a time takes.
    pub(super) fn wal(
        self,
        seconds: u64,
        rate: u64,
        sync: impl Fn(&mut Noise, u64) -> u64,
    ) -> Builder {
        self.load("wal", seconds, rate, sync, |_, _| 0, 0)
    }

    /// WAL and backend, ten commits a second.
    pub(super) fn etcd(
        self,
        seconds: u64,
        rate: u64,
        sync: impl Fn(&mut Noise, u64) -> u64,
        commit: impl Fn(&mut Noise, u64) -> u64,
    ) -> Builder {
        self.load("etcd", seconds, rate, sync, commit, 10)
    }

    pub(super) fn load(
        mut self,
        name: &str,
        seconds: u64,
        rate: u64,
        sync: impl Fn(&mut Noise, u64) -> u64,
        commit: impl Fn(&mut Noise, u64) -> u64,
        commits: u64,
    ) -> Builder {
        let syncs = self.draw(seconds, rate, &sync);
        let backend = self.draw(seconds, commits, &commit);
        for (series, samples) in [("wal.sync", &syncs), ("backend.commit", &backend)] {
            self.keep_stalls(name, series, samples);
        }
        let start = self.now_ns;
        let sync = series_of("wal.sync", None, start, seconds, &syncs);
        let fsync = SeriesData { series: "wal.fsync".to_owned(), ..sync.clone() };
        let mut series = vec![fsync, sync];
        if commits > 0 {
            series.push(series_of("backend.commit", None, start, seconds, &backend));
        }
        self.phase(name, seconds, series);
        self
    }

    /// One more series in the last phase.
    pub(super) fn series(
        mut self,
        name: &str,
        member: Option<u32>,
        rate: u64,
        take: impl Fn(&mut Noise, u64) -> u64,
    ) -> Builder {
        let phase = self.run.phases.last().unwrap();
        let (start, seconds) = (phase.start_ns, phase.length_ns / S);
        let now = std::mem::replace(&mut self.now_ns, start);
        let samples = self.draw(seconds, rate, &take);
        self.now_ns = now;
        let series = series_of(name, member, start, seconds, &samples);
        self.run.phases.last_mut().unwrap().series.push(series);
        self
    }

    fn draw(
        &mut self,
        seconds: u64,
        rate: u64,
        take: &impl Fn(&mut Noise, u64) -> u64,
    ) -> Vec<(u64, u64)> {
        (0..seconds * rate)
            .map(|i| {
                let at = i * S / rate;
                (self.now_ns + at, take(&mut self.noise, at))
            })
            .collect()
    }

    fn keep_stalls(&mut self, phase: &str, series: &str, samples: &[(u64, u64)]) {
        let stalls = samples.iter().filter(|sample| sample.1 >= self.plan.heartbeat_ns);
        self.run.stalls.extend(stalls.map(|&(start_ns, duration_ns)| StallLine {
            phase: phase.to_owned(),
            series: series.to_owned(),
            start_ns,
            duration_ns,
            ..StallLine::default()
        }));
    }

    fn phase(&mut self, name: &str, seconds: u64, series: Vec<SeriesData>) {
        self.run.phases.push(PhaseData {
            name: name.to_owned(),
            start_ns: self.now_ns,
            length_ns: seconds * S,
            series,
        });
        self.now_ns += seconds * S;
    }

    pub(super) fn build(mut self) -> Run {
        let measured = self.run.phases.iter();
        let measured = measured
            .map(|phase| PlannedPhase { name: phase.name.clone(), duration_ns: phase.length_ns });
        // Those that the plan was given are still to come.
        self.plan.phases = measured.chain(self.plan.phases).collect();
        self.run.header.plan = serde_json::to_value(&self.plan).unwrap();
        self.run
    }

    /// What the run amounts to when it went through to its end.
    pub(super) fn conclude(self) -> Summary {
        conclude(&self.build(), true, false, String::new())
    }
}

/// The default plan.
fn plan() -> DiskPlan {
    DiskPlan {
        directory: "/var/lib/etcd".into(),
        phases: Vec::new(),
        engine: EngineKind::Sync,
        extend_ns: 0,
        members: 1,
        workload: Workload {
            load: Load::Open { rate: 500.0, arrival: Arrival::Poisson },
            key_size: 64,
            val_size: 1024,
            batch_interval_ns: 100 * MS,
            batch_limit: 10_000,
        },
        db_size_bytes: 0,
        quota_bytes: 2 << 30,
        heartbeat_ns: 100 * MS,
        election_ns: S,
        max_bytes: u64::MAX,
        profile: "etcd".to_owned(),
        rules: Vec::new(),
        beside_live: false,
        neighbours: Vec::new(),
        seed: 1,
    }
}
