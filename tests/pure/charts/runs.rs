//! Runs that never happened, usual and extreme ones.

use std::collections::BTreeMap;

use etcdbench::record::{Distribution, Samples, bands};
use etcdbench::result::{
    Capacity, CapacityStep, Counters, Environment, Event, Header, LoadStep, MapColumn, MemberFacts,
    PhaseData, Point, RuleOutcome, Run, SeriesData, StallLine, Summary, summarise,
};
use serde_json::json;

pub const MS: u64 = 1_000_000;
pub const S: u64 = 1_000 * MS;

/// A name as nobody should give, but may.
pub const HOSTILE: &str =
    "<script>alert(\"&\")</script> größe ディスク \u{1b}[31m\u{202e} ШШШШШШШШ 👩‍💻 ]]>";

pub type Fixture = (Run, Summary);

/// A series with an interval per second, whose samples `values` tells.
pub fn series(
    name: &str,
    member: Option<u32>,
    start_ns: u64,
    seconds: u64,
    values: impl Fn(u64) -> Vec<u64>,
) -> SeriesData {
    let mut data = SeriesData { series: name.to_owned(), member, ..SeriesData::default() };
    // Seconds repeat themselves, and a histogram takes its time.
    let mut known: BTreeMap<Vec<u64>, Distribution> = BTreeMap::new();
    for second in 0..seconds {
        let one = known.entry(values(second)).or_insert_with_key(|values| {
            let mut samples = Samples::new();
            values.iter().for_each(|ns| samples.record(*ns));
            Distribution::from_samples(&samples)
        });
        let quantile = |q| one.quantile(q).unwrap_or(0);
        data.timeline.push(Point {
            start_ns: start_ns + second * S,
            length_ns: S,
            count: one.count(),
            failed: 0,
            p50_ns: quantile(0.5),
            p99_ns: quantile(0.99),
            max_ns: one.max_ns(),
        });
        if one.count() > 0 && second % seconds.div_ceil(240) == 0 {
            data.map.push(MapColumn {
                start_ns: start_ns + second * S,
                length_ns: S,
                bands: bands(one),
            });
        }
        data.total.merge(one);
        let batch = (second * 20 / seconds) as usize;
        data.batches.resize_with(data.batches.len().max(batch + 1), Distribution::default);
        data.batches[batch].merge(one);
    }
    data
}

/// Log-logistic samples around a centre, always the same; every six seconds the same again.
pub fn usual(centre_ns: u64, count: u64) -> impl Fn(u64) -> Vec<u64> {
    move |second| {
        let second = second % 6;
        let draw = |i: u64| {
            let u = (((second * count + i) as f64 + 0.5) * 0.618_033_988_749_895).fract();
            (centre_ns as f64 * (u / (1.0 - u)).powf(0.35)) as u64
        };
        (0..count).map(draw).collect()
    }
}

pub fn phase(name: &str, start_ns: u64, seconds: u64, series: Vec<SeriesData>) -> PhaseData {
    PhaseData { name: name.to_owned(), start_ns, length_ns: seconds * S, series }
}

fn rule(series: &str, limit_ms: u64) -> RuleOutcome {
    RuleOutcome {
        rule: format!("{series}.p99 < {limit_ms}ms"),
        label: format!("{series} p99"),
        limit: format!("< {limit_ms} ms"),
        limit_value: Some((limit_ms * MS) as f64),
        source: "etcd FAQ".to_owned(),
        ..RuleOutcome::default()
    }
}

pub fn run(kind: &str, name: &str, phases: Vec<PhaseData>) -> Fixture {
    let run = Run {
        header: Header {
            kind: kind.to_owned(),
            name: name.to_owned(),
            started_at: "2026-11-21T20:15:00Z".to_owned(),
            run_id: name.to_owned(),
            plan: json!({ "workload": { "val_size": 1024 } }),
            environment: Environment { host: "cp1".to_owned(), ..Environment::default() },
            ..Header::default()
        },
        phases,
        ..Run::default()
    };
    let summary = Summary {
        complete: true,
        phases: summarise(&run),
        rules: vec![rule("wal.fsync", 10), rule("backend.commit", 25)],
        ..Summary::default()
    };
    (run, summary)
}

fn step(wanted: f64, kept: bool) -> CapacityStep {
    CapacityStep {
        wanted_per_s: wanted,
        reached_per_s: wanted * 0.99,
        wal_fsync_p99_ns: (wanted * 2_000.0) as u64,
        backend_commit_p99_ns: (wanted * 3_000.0) as u64,
        put_commit_p99_ns: (wanted * 4_000.0) as u64,
        kept,
        ..CapacityStep::default()
    }
}

fn event(at_ns: u64, kind: &str) -> Event {
    Event { phase: "etcd".to_owned(), at_ns, kind: kind.to_owned(), ..Event::default() }
}

fn stall(start_ns: u64, duration_ns: u64) -> StallLine {
    StallLine {
        phase: "etcd".to_owned(),
        series: "wal.sync".to_owned(),
        start_ns,
        duration_ns,
        ..StallLine::default()
    }
}

/// A disk as they usually are.
pub fn disk() -> Fixture {
    let wal = |seconds, start| series("wal.fsync", None, start, seconds, usual(MS / 10, 400));
    let etcd = vec![
        wal(35, 13 * S),
        series("wal.fsync.fresh", None, 13 * S, 35, usual(MS / 5, 40)),
        series("wal.fsync.same", None, 13 * S, 35, usual(MS / 12, 360)),
        series("backend.commit", None, 13 * S, 35, usual(MS, 10)),
        series("put.commit", None, 13 * S, 35, usual(MS / 4, 500)),
    ];
    let phases = vec![phase("wal", 5 * S, 8, vec![wal(8, 5 * S)]), phase("etcd", 13 * S, 35, etcd)];
    let (mut run, mut summary) = run("disk", "/var/lib/etcd", phases);
    run.stalls = vec![stall(20 * S, 188 * MS), stall(40 * S, 400 * MS)];
    run.events = vec![event(13 * S, "db.grow"), event(30 * S, "wal.cut"), event(30 * S, "db.grow")];
    summary.capacity = Some(Capacity {
        puts_per_s: Some(8_000.0),
        curve: [500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0]
            .map(|rate| step(rate, true))
            .into_iter()
            .chain([step(16_000.0, false)])
            .collect(),
        ..Capacity::default()
    });
    (run, summary)
}

/// Counters of a member for a second.
fn counters(source: &str, member: u32, second: u64, values: &[(&str, f64)]) -> Counters {
    Counters {
        phase: "steady".to_owned(),
        start_ns: 5 * S + second * S,
        length_ns: if source == "etcd" { S } else { 0 },
        source: source.to_owned(),
        member: Some(member),
        values: values.iter().map(|(name, v)| ((*name).to_owned(), *v)).collect(),
    }
}

/// A load on three members.
pub fn load() -> Fixture {
    let both = |name: &str, factor: u64| {
        vec![
            series(&format!("{name}.response"), None, 5 * S, 60, usual(factor * MS, 200)),
            series(&format!("{name}.service"), None, 5 * S, 60, usual(factor * MS * 9 / 10, 200)),
        ]
    };
    let mut all = both("put", 2);
    all.extend(both("range", 1));
    for member in 0..3 {
        let one = usual(MS * (2 + u64::from(member)), 66);
        all.push(series("put.response", Some(member), 5 * S, 60, one));
    }
    let (mut run, mut summary) =
        run("load", "10.0.0.1:2379", vec![phase("steady", 5 * S, 60, all)]);
    for member in 0..3 {
        let facts = MemberFacts {
            name: format!("m{}", member + 1),
            leader: member == 0,
            ..MemberFacts::default()
        };
        run.header.environment.members.push(facts);
        for second in 0..60 {
            let slow = f64::from(u8::from(second % 20 == 7));
            run.counters.push(counters(
                "etcd",
                member,
                second,
                &[
                    ("wal_fsync.count", 100.0),
                    ("wal_fsync.sum_s", 0.1),
                    ("wal_fsync.le.0.001", 60.0),
                    ("wal_fsync.le.0.002", 100.0 - 5.0 * slow),
                    ("wal_fsync.le.0.128", 100.0),
                    ("backend_commit.count", 10.0),
                    ("backend_commit.le.0.004", 10.0),
                    ("apply.count", 100.0),
                    ("apply.le.0.0001", 100.0),
                    ("cpu_s", 0.4 + f64::from(member) * 0.1),
                ],
            ));
            let bytes = 20e6 + second as f64 * 1e6;
            run.counters.push(counters(
                "etcd.state",
                member,
                second,
                &[("db_bytes", bytes), ("quota_bytes", 2_147_483_648.0)],
            ));
        }
    }
    run.events = vec![Event {
        phase: "steady".to_owned(),
        at_ns: 35 * S,
        kind: "leader".to_owned(),
        ..Event::default()
    }];
    summary.rules.push(rule("put.response", 100));
    (run, summary)
}

/// A load of several rates.
pub fn rates() -> Fixture {
    let mut phases = Vec::new();
    let mut steps = Vec::new();
    for index in 0..8_u64 {
        let name = format!("rate.{}", index + 1);
        let (start, rate) = (index * 10 * S, 500 * (index + 1));
        let one = usual(MS * (index + 1), rate.min(1_000));
        let all = vec![series("put.response", None, start, 10, one)];
        phases.push(phase(&name, start, 10, all));
        steps.push(LoadStep {
            phase: name,
            wanted_per_s: rate as f64,
            reached_per_s: rate as f64 * 0.995,
            kept: index < 6,
            ..LoadStep::default()
        });
    }
    let (run, mut summary) = run("load", "10.0.0.1:2379", phases);
    summary.steps = steps;
    summary.capacity = Some(Capacity { puts_per_s: Some(3_000.0), ..Capacity::default() });
    summary.rules.push(rule("put.response", 100));
    (run, summary)
}

/// A disk whose only interesting series is this.
fn only(name: &str, seconds: u64, values: impl Fn(u64) -> Vec<u64>) -> Fixture {
    let data = series("wal.fsync", None, 0, seconds, values);
    run("disk", name, vec![phase("etcd", 0, seconds, vec![data])])
}

fn members() -> Fixture {
    let of = |member: Option<u32>| {
        let centre = MS / 10 * (1 + u64::from(member.unwrap_or(0)));
        series("wal.fsync", member, 0, 20, usual(centre, 60))
    };
    let all = std::iter::once(None).chain((0..40).map(Some)).map(of);
    run("disk", "members", vec![phase("etcd", 0, 20, all.collect())])
}

fn hostile() -> Fixture {
    let (mut run, mut summary) = load();
    run.header.name = HOSTILE.repeat(4);
    run.header.environment.host = HOSTILE.to_owned();
    run.header.started_at = HOSTILE.to_owned();
    for member in &mut run.header.environment.members {
        member.name = HOSTILE.repeat(3);
    }
    for second in 0..60 {
        run.events.push(Event {
            phase: "steady".to_owned(),
            at_ns: (5 + second) * S,
            kind: format!("{HOSTILE}{second}"),
            ..Event::default()
        });
    }
    for rule in &mut summary.rules {
        rule.limit = HOSTILE.to_owned();
        rule.source = HOSTILE.repeat(3);
    }
    let phase = &mut run.phases[0];
    let mut odd = phase.series[0].clone();
    odd.series = format!("{HOSTILE}.response");
    phase.series.push(odd);
    (run, summary)
}

fn no_numbers() -> Fixture {
    let (mut run, mut summary) = load();
    for (index, line) in run.counters.iter_mut().enumerate() {
        let odd = [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300][index % 5];
        line.values.values_mut().for_each(|value| *value = odd);
    }
    let odd = [f64::NAN, f64::INFINITY, 0.0, -5.0, 1e300, 1.0];
    summary.capacity = Some(Capacity {
        puts_per_s: Some(f64::NAN),
        curve: odd.map(|rate| step(rate, false)).to_vec(),
        ..Capacity::default()
    });
    for rule in &mut summary.rules {
        rule.limit_value = Some(f64::NAN);
    }
    (run, summary)
}

fn edges_of_time() -> Fixture {
    let (mut run, summary) = disk();
    for phase in &mut run.phases {
        phase.start_ns = u64::MAX - 3;
        phase.length_ns = u64::MAX;
    }
    run.stalls.push(stall(u64::MAX, u64::MAX));
    run.events.push(event(u64::MAX, "late"));
    (run, summary)
}

fn without_length() -> Fixture {
    let (mut run, summary) = disk();
    run.phases.iter_mut().for_each(|phase| phase.length_ns = 0);
    (run, summary)
}

fn many_stalls() -> Fixture {
    let (mut run, summary) = disk();
    run.stalls = (0..1_000_000).map(|i| stall(13 * S + i * 35_000, S + i)).collect();
    run.events = (0..100_000).map(|i| event(13 * S + i * 350_000, "wal.cut")).collect();
    (run, summary)
}

/// Everything, by name. The last four have nothing to show.
pub fn all() -> BTreeMap<&'static str, Fixture> {
    let outlier = |second: u64| {
        let mut values = vec![3_000; 500];
        values.extend((second == 17).then_some(10 * S));
        values
    };
    BTreeMap::from([
        ("disk", disk()),
        ("load", load()),
        ("rates", rates()),
        ("members", members()),
        ("hostile names", hostile()),
        ("no numbers", no_numbers()),
        ("the end of time", edges_of_time()),
        ("phases without length", without_length()),
        ("a million stalls", many_stalls()),
        ("an hour", only("hour", 3_600, usual(MS, 20))),
        ("all equal", only("equal", 30, |_| vec![MS; 300])),
        ("one outlier", only("outlier", 30, outlier)),
        ("one sample", only("one", 1, |_| vec![MS])),
        ("a second", only("second", 1, usual(MS, 5_000))),
        ("the longest", only("longest", 3, |_| vec![u64::MAX, 1, 0])),
        ("nothing: no sample", only("none", 10, |_| vec![])),
        ("nothing: no phase", run("disk", "nothing", vec![])),
        ("nothing: no series", run("load", "nothing", vec![phase("steady", 0, 9, vec![])])),
        ("nothing: no kind", (Run::default(), Summary::default())),
    ])
}
