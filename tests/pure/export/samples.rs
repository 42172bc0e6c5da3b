//! Results that never happened, one of each kind, with everything in them that could break a format.

use std::collections::BTreeMap;

use etcdbench::compare::{
    Comparison, Contrast, Effect, Level, Metric, MetricVerdict, Outcome, RunFacts, Side, Value,
};
use etcdbench::exit::Verdict;
use etcdbench::record::{Distribution, Samples};
use etcdbench::result::{
    Environment, Header, Interval, MemberFacts, PhaseData, QuantileSummary, RuleName, RuleOutcome,
    Run, SeriesData, Summary, summarise,
};
use etcdbench::rule::comparison::Stat;
use etcdbench::tool::Tool;
use etcdbench::trend::{
    Direction, ExitCause, HistoryTrend, Latest, LatestVerdict, NightPoint, RunOutcome, SeriesTrend,
    Trend, TrendExit, TrendSettings, TrendVerdict, Unit,
};

/// Signs that break XML, labels, file names and logs that do not mind them.
pub const ODD: &str = "a \"quoted\", <odd> \\ na\nme\u{1b}[31m & co/ü";

const MS: u64 = 1_000_000;
const S: u64 = 1_000_000_000;

fn samples(centre_ns: u64, count: u64) -> Samples {
    let mut samples = Samples::new();
    for i in 0..count {
        // A low-discrepancy walk over (0, 1), through the quantile function of a log-logistic distribution.
        let u = ((i as f64 + 0.5) * 0.618_033_988_749_895).fract();
        samples.record((centre_ns as f64 * (u / (1.0 - u)).powf(0.35)) as u64);
    }
    samples
}

fn series(name: &str, member: Option<u32>, centre_ns: u64, count: u64) -> SeriesData {
    let total = Distribution::from_samples(&samples(centre_ns, count));
    SeriesData {
        series: name.to_owned(),
        member,
        batches: vec![total.clone()],
        total,
        ..SeriesData::default()
    }
}

fn interval(series: &str, member: Option<u32>, second: u64) -> Interval {
    let samples = samples(MS * (2 + second), 400);
    Interval {
        phase: "steady".to_owned(),
        series: series.to_owned(),
        member,
        start_ns: second * S + 3 * MS,
        length_ns: S,
        count: samples.count(),
        max_ns: samples.max_ns(),
        histogram: samples.encode(),
        ..Interval::default()
    }
}

/// A load with three members, of which two share a name; errors; a series with too few samples for p99.
pub fn load() -> (Run, Summary, Vec<Interval>) {
    let member = |name: &str| MemberFacts {
        name: name.to_owned(),
        version: "3.5.21".to_owned(),
        ..MemberFacts::default()
    };
    let mut service = series("put.service", None, 3 * MS, 20_000);
    service.errors = BTreeMap::from([("server-timeout".to_owned(), 7)]);
    let steady = PhaseData {
        name: "steady".to_owned(),
        start_ns: S,
        length_ns: 10 * S,
        series: vec![
            series("put.response", None, 4 * MS, 20_000),
            service,
            series("put.lag", None, MS / 10, 20_000),
            series("range.service", None, MS, 60),
            series("put.service", Some(0), 2 * MS, 10_000),
            series("put.service", Some(1), 4 * MS, 10_000),
        ],
    };
    let warmup = PhaseData {
        name: "warmup".to_owned(),
        length_ns: S,
        series: vec![series("put.service", None, 50 * MS, 2_000)],
        ..PhaseData::default()
    };
    let run = Run {
        header: Header {
            tool: tool(),
            run_id: "20261121T201500Z-7".to_owned(),
            kind: "load".to_owned(),
            name: ODD.to_owned(),
            labels: BTreeMap::from([("commit.id".to_owned(), ODD.to_owned())]),
            started_at: "2026-11-21T20:15:00.25Z".to_owned(),
            environment: Environment {
                host: "client-1".to_owned(),
                members: vec![member("etcd, 1"), member("twin"), member("twin")],
                ..Environment::default()
            },
            ..Header::default()
        },
        phases: vec![warmup, steady],
        ..Run::default()
    };
    let summary = Summary {
        ended_at: "2026-11-21T20:15:11.5Z".to_owned(),
        complete: true,
        phases: summarise(&run),
        rules: vec![
            rule("put.service.p99 < 100ms", Verdict::Pass, Some(6.5)),
            rule("errors < 0.1%", Verdict::Warn, None),
            rule("range.service.p99 < 1s", Verdict::Inconclusive, None),
        ],
        verdict: Verdict::Inconclusive,
        headline: "INCONCLUSIVE  too few samples stand behind range.service p99".to_owned(),
        answer: "INCONCLUSIVE".into(),
        because: "too few samples stand behind range.service p99".to_owned(),
        ..Summary::default()
    };
    // Not in the order of time, as several members tell them.
    let intervals = vec![
        interval("put.service", Some(0), 2),
        interval("put.service", Some(1), 1),
        interval("put.service", Some(2), 1),
        interval("put response, odd", None, 3),
    ];
    (run, summary, intervals)
}

fn tool() -> Tool {
    Tool { name: "etcdbench".to_owned(), version: "0.1.0".to_owned(), git: None }
}

fn rule(rule: &str, verdict: Verdict, margin: Option<f64>) -> RuleOutcome {
    RuleOutcome {
        rule: rule.into(),
        label: rule.to_owned(),
        measured: "15 ms".to_owned(),
        limit: "< 100 ms".to_owned(),
        margin,
        samples: Some(20_000),
        source: "--rule".to_owned(),
        verdict,
        note: (verdict == Verdict::Inconclusive).then(|| "needs about 40 s more".to_owned()),
        ..RuleOutcome::default()
    }
}

fn metric(series: &str, stat: Stat, verdict: MetricVerdict, primary: bool) -> Metric {
    let value = |value| Value { value: Some(value), samples: 1_000, ..Value::default() };
    let (a, b, effect) = if stat.is_share() { (0.0, 0.002, 0.002) } else { (2e6, 3e6, 1.5) };
    Metric {
        phase: "etcd".to_owned(),
        series: series.to_owned(),
        stat,
        primary,
        a: value(a),
        b: value(b),
        effect: Some(Effect {
            value: effect,
            low: Some(effect * 0.9),
            high: None,
            p: 0.001,
            p_adjusted: 0.004,
        }),
        verdict,
        reason: (verdict == MetricVerdict::NotResolvable)
            .then(|| "3 of 10 effective samples".to_owned()),
        ..Metric::default()
    }
}

/// A comparison with a metric of every verdict.
pub fn comparison(indicative: bool, exit_code: u8) -> Comparison {
    let side = |letter: &str, name: &str| Side {
        letter: letter.to_owned(),
        name: name.to_owned(),
        runs: vec![RunFacts {
            started_at: "2026-11-21T20:15:00Z".to_owned(),
            ..RunFacts::default()
        }],
    };
    let mut metrics = vec![
        metric("wal.fsync", Stat::P50, MetricVerdict::Unchanged, true),
        metric("wal.fsync", Stat::P99, MetricVerdict::Regressed, true),
        metric("wal.fsync", Stat::P999, MetricVerdict::NotResolvable, true),
        metric("wal.fsync", Stat::Stalls, MetricVerdict::Inconclusive, true),
        metric("put.commit", Stat::P50, MetricVerdict::Improved, true),
        metric("put.commit", Stat::Rate, MetricVerdict::Invalid, true),
        metric("wal.write", Stat::P99, MetricVerdict::Regressed, false),
    ];
    metrics.iter_mut().for_each(|m| m.indicative = indicative);
    let mut contrast = Contrast {
        a: "A".to_owned(),
        b: "B".to_owned(),
        outcome: Outcome::Regressed,
        metrics,
        ..Contrast::default()
    };
    contrast.design.level = Level::Runs;
    contrast.design.runs_a = 6;
    contrast.design.runs_b = 6;
    contrast.design.seconds = 60.0;
    Comparison {
        tool: tool(),
        outcome: Outcome::Regressed,
        sides: vec![side("A", "cp1"), side("B", ODD)],
        contrasts: vec![contrast],
        exit_code,
        ..Comparison::default()
    }
}

/// Sides that cannot be compared.
pub fn incomparable() -> Comparison {
    Comparison {
        outcome: Outcome::NotComparable,
        obstacles: vec!["plan.workload.val_size: 256 in A, 1024 in B".to_owned()],
        contrasts: vec![],
        ..comparison(false, 4)
    }
}

/// A trend with a series of every verdict that differs.
pub fn trend() -> Trend {
    let night = |day: u32| NightPoint {
        at: format!("2026-11-{day:02}T02:00:00Z"),
        run_id: format!("night-{day}"),
        source: format!("results/{day}.jsonl"),
        ..NightPoint::default()
    };
    let all = [
        ("etcd/wal.fsync.p50", LatestVerdict::Steady, false, Unit::Nanoseconds),
        ("etcd/wal.fsync.p99", LatestVerdict::Regressed, false, Unit::Nanoseconds),
        ("etcd/wal.fsync.p99.9", LatestVerdict::Regressed, true, Unit::Nanoseconds),
        ("etcd/put.commit.p99", LatestVerdict::Suspected, false, Unit::Nanoseconds),
        ("etcd/put.commit.rate", LatestVerdict::Better, false, Unit::PerSecond),
        ("etcd/put.commit.errors", LatestVerdict::NoValue, false, Unit::Share),
    ];
    Trend {
        schema: "etcdbench.trend/v1".to_owned(),
        verdict: TrendVerdict::Regressed,
        headline: "REGRESSED  etcd/wal.fsync.p99".to_owned(),
        because: "etcd/wal.fsync.p99".to_owned(),
        settings: TrendSettings {
            confirm_nights: 2,
            recent_days: 7,
            look_back: 90,
            night_alpha: 0.01,
            confirm_alpha: 0.001,
            change_p: 0.001,
        },
        histories: vec![HistoryTrend {
            scenario: "disk nightly".to_owned(),
            machine: "cp1".to_owned(),
            distinct_by: vec![],
            ended: false,
            nights: vec![night(20), night(21)],
            series: all.map(trend_series).to_vec(),
            ..HistoryTrend::default()
        }],
        runs: vec![night_run()],
        exit: TrendExit {
            code: 3,
            causes: vec![ExitCause::RuleBroken, ExitCause::RegressionConfirmed],
        },
        left_out: vec![],
        commands: Vec::new(),
        notes: vec![],
    }
}

/// A run of the newest night that broke a rule.
fn night_run() -> RunOutcome {
    let rule = RuleOutcome {
        rule: RuleName::SlowApplies.into(),
        label: "slow applies".to_owned(),
        measured: "1".to_owned(),
        limit: "none".to_owned(),
        source: "etcd's own warning".to_owned(),
        verdict: Verdict::Fail,
        ..RuleOutcome::default()
    };
    RunOutcome {
        scenario: "disk nightly".to_owned(),
        machine: "cp1".to_owned(),
        run_id: "night-21".to_owned(),
        verdict: Verdict::Fail,
        answer: "FAILED".to_owned(),
        because: "slow applies: 1, wanted none".to_owned(),
        rules: vec![rule],
        ..RunOutcome::default()
    }
}

fn trend_series(of: (&str, LatestVerdict, bool, Unit)) -> SeriesTrend {
    let (name, verdict, informational, unit) = of;
    let known = verdict != LatestVerdict::NoValue;
    SeriesTrend {
        series: name.to_owned(),
        unit,
        direction: Direction::LowerIsBetter,
        informational,
        values: vec![Some(2e6), known.then_some(3e6)],
        counted: 30,
        noise: Some(0.04),
        correlation: None,
        logarithmic: true,
        weekdays: None,
        drift: None,
        changes: vec![],
        tonight: Latest {
            verdict,
            value: known.then_some(3e6),
            usual: known.then_some(2e6),
            low: known.then_some(1.8e6),
            high: known.then_some(2.2e6),
            ratio: known.then_some(1.5),
            nights: 29,
            bad_nights: 2,
            needed_nights: 2,
            since: Some("2026-11-20T02:00:00Z".to_owned()),
            reason: (!known).then(|| "too few samples".to_owned()),
        },
    }
}

/// A quantile of a series in a summary, if it resolves.
pub fn quantile<'a>(
    summary: &'a Summary,
    phase: &str,
    series: &str,
    q: f64,
) -> Option<&'a QuantileSummary> {
    let phase = summary.phases.iter().find(|found| found.phase == phase)?;
    let all = || phase.series.iter().filter(|found| found.member.is_none());
    let series = all().find(|found| found.series == series)?;
    let found = series.quantiles.iter().find(|found| found.q == q)?;
    found.resolvable.then_some(found)
}
