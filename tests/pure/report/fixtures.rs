//! Runs that never happened, for pages that must look right.

use std::collections::BTreeMap;

use clap::Parser;
use etcdbench::cli::{Cli, Command};
use etcdbench::exit::Verdict;
use etcdbench::plan::DiskPlan;
use etcdbench::record::{Distribution, Samples};
use etcdbench::result::{
    BlockDevice, Capacity, CapacityStep, DiskFacts, Environment, Finding, Header, LadderStep,
    PhaseData, PhaseSummary, Point, QuantileSummary, RuleOutcome, Run, SeriesData, SeriesSummary,
    Severity, StallLine, Summary,
};
use etcdbench::tool::Tool;

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;

fn plan(flags: &[&str]) -> DiskPlan {
    let words = [&["etcdbench", "disk", "/var/lib/etcd"], flags].concat();
    let Command::Disk(args) = Cli::try_parse_from(words).unwrap().command else {
        panic!("not the disk subcommand");
    };
    DiskPlan::resolve(&args.spec).unwrap()
}

fn header(plan: &DiskPlan) -> Header {
    Header {
        prefix: None,
        schema: "1.0".to_owned(),
        tool: Tool { name: "etcdbench".to_owned(), version: "0.1.0".to_owned(), git: None },
        run_id: "01JD5".to_owned(),
        kind: "disk".to_owned(),
        name: "/var/lib/etcd".to_owned(),
        labels: BTreeMap::new(),
        started_at: "2026-11-21T20:15:00Z".to_owned(),
        plan: serde_json::to_value(plan).unwrap(),
        environment: Environment {
            host: "cp1".to_owned(),
            kernel: Some("6.8.0-45-generic".to_owned()),
            disk: Some(DiskFacts {
                directory: "/var/lib/etcd".to_owned(),
                filesystem: Some("ext4".to_owned()),
                devices: vec![
                    BlockDevice {
                        name: "nvme0n1p2".to_owned(),
                        kind: "partition".to_owned(),
                        size_bytes: Some(1 << 39),
                        ..BlockDevice::default()
                    },
                    BlockDevice {
                        name: "nvme0n1".to_owned(),
                        kind: "disk".to_owned(),
                        model: Some("SAMSUNG MZQL2960".to_owned()),
                        size_bytes: Some(960_197_124_096),
                        write_cache: Some("write through".to_owned()),
                        ..BlockDevice::default()
                    },
                ],
                ..DiskFacts::default()
            }),
            ..Environment::default()
        },
        shard: None,
        merged: None,
    }
}

/// Samples around a centre with a long tail, always the same.
fn distribution(centre_ns: u64, count: u64) -> Distribution {
    let mut samples = Samples::new();
    for i in 0..count {
        // A low-discrepancy walk over (0, 1), through the quantile function of a log-logistic distribution.
        let u = ((i as f64 + 0.5) * 0.618_033_988_749_895).fract();
        let value = centre_ns as f64 * (u / (1.0 - u)).powf(0.35);
        samples.record(value as u64);
    }
    Distribution::from_samples(&samples)
}

fn series(
    name: &str,
    member: Option<u32>,
    centre_ns: u64,
    count: u64,
    start_s: u64,
    seconds: u64,
) -> SeriesData {
    let total = distribution(centre_ns, count);
    let timeline = (0..seconds)
        .map(|second| Point {
            start_ns: (start_s + second) * S + 2 * MS,
            length_ns: S,
            count: count / seconds,
            failed: 0,
            p50_ns: centre_ns,
            p99_ns: centre_ns * if second % 11 == 7 { 30 } else { 5 + second % 2 },
            max_ns: centre_ns * 40,
        })
        .collect();
    SeriesData { series: name.to_owned(), member, total, timeline, ..SeriesData::default() }
}

fn figures(data: &SeriesData, seconds: u64) -> SeriesSummary {
    let n = data.total.count() as f64;
    let quantiles = [0.5, 0.9, 0.99, 0.999, 0.9999].map(|q| {
        let value_ns = data.total.quantile(q).unwrap_or(0);
        let tail_samples = n * (1.0 - q);
        QuantileSummary {
            q,
            value_ns,
            low_ns: Some(value_ns - value_ns / 20),
            high_ns: (tail_samples >= 10.0).then_some(value_ns + value_ns / 20),
            tail_samples,
            resolvable: tail_samples >= 10.0,
            ..QuantileSummary::default()
        }
    });
    SeriesSummary {
        series: data.series.clone(),
        member: data.member,
        count: data.total.count(),
        rate_per_s: n / seconds as f64,
        mean_ns: data.total.mean_ns().unwrap_or(0.0),
        min_ns: data.total.min_ns(),
        max_ns: data.total.max_ns(),
        quantiles: quantiles.to_vec(),
        ..SeriesSummary::default()
    }
}

fn phase(name: &str, start_s: u64, seconds: u64, series: Vec<SeriesData>) -> PhaseData {
    PhaseData { name: name.to_owned(), start_ns: start_s * S, length_ns: seconds * S, series }
}

fn summarised(phases: &[PhaseData]) -> Vec<PhaseSummary> {
    let summary = |phase: &PhaseData| PhaseSummary {
        phase: phase.name.clone(),
        start_ns: phase.start_ns,
        length_ns: phase.length_ns,
        series: phase.series.iter().map(|series| figures(series, phase.length_ns / S)).collect(),
    };
    phases.iter().map(summary).collect()
}

#[allow(clippy::too_many_arguments)] // a table row, column by column
pub fn rule(
    verdict: Verdict,
    rule: &str,
    label: &str,
    measured: &str,
    limit: &str,
    margin: Option<f64>,
    samples: Option<u64>,
    source: &str,
) -> RuleOutcome {
    RuleOutcome {
        rule: rule.into(),
        label: label.to_owned(),
        measured: measured.to_owned(),
        limit: limit.to_owned(),
        margin,
        samples,
        source: source.to_owned(),
        verdict,
        ..RuleOutcome::default()
    }
}

fn ladder(counts: [u64; 4]) -> Vec<LadderStep> {
    let steps = [
        (100, "late heartbeat"),
        (200, "etcd warns"),
        (1000, "election"),
        (2000, "apiserver not ready"),
    ];
    let step = |((ms, effect), count): ((u64, &str), u64)| LadderStep {
        at_least_ns: ms * MS,
        effect: effect.to_owned(),
        source: "etcd".to_owned(),
        count,
        samples: 33_410,
        share_below: 0.00009,
    };
    steps.into_iter().zip(counts).map(step).collect()
}

fn finding(severity: Severity, message: &str, advice: Option<&str>) -> Finding {
    Finding {
        code: "test".into(),
        severity,
        message: message.to_owned(),
        advice: advice.map(str::to_owned),
        numbers: BTreeMap::new(),
    }
}

/// A run and its summary.
pub type Fixture = (Run, Summary);

fn assemble(plan: &DiskPlan, phases: Vec<PhaseData>, rules: Vec<RuleOutcome>) -> Fixture {
    let summary = Summary {
        ended_at: "2026-11-21T20:16:02Z".to_owned(),
        complete: true,
        phases: summarised(&phases),
        rules,
        ladder: ladder([0; 4]),
        ..Summary::default()
    };
    let run = Run { header: header(plan), phases, ..Run::default() };
    (run, summary)
}

fn etcd_phase(centre_ns: u64, count: u64, seconds: u64) -> Vec<SeriesData> {
    vec![
        series("wal.fsync", None, centre_ns, count, 13, seconds),
        series("backend.commit", None, centre_ns * 6, seconds * 10, 13, seconds),
        series("put.commit", None, centre_ns * 2, count, 13, seconds),
    ]
}

/// A good NVMe.
pub fn pass() -> Fixture {
    let phases = vec![
        phase("idle", 0, 3, vec![]),
        phase("durability", 3, 2, vec![]),
        phase("wal", 5, 8, vec![series("wal.fsync", None, MS / 20, 18_000, 5, 8)]),
        phase("etcd", 13, 35, etcd_phase(MS / 10, 15_000, 35)),
        phase("capacity", 48, 14, vec![]),
    ];
    let rules = vec![
        rule(
            Verdict::Pass,
            "wal.fsync.p99 < 10ms",
            "wal.fsync p99",
            "0.31 ms",
            "< 10 ms",
            Some(32.0),
            Some(14_983),
            "etcd FAQ",
        ),
        rule(
            Verdict::Pass,
            "backend.commit.p99 < 25ms",
            "backend.commit p99",
            "2.1 ms",
            "< 25 ms",
            Some(12.0),
            Some(298),
            "etcd FAQ",
        ),
        rule(
            Verdict::Pass,
            "stalls.200ms",
            "stalls ≥ 200 ms",
            "0",
            "≤ 0.01 %",
            None,
            Some(33_410),
            "etcd#7044 (< 0.009 % at 95 %)",
        ),
        rule(
            Verdict::Pass,
            "stalls.1s",
            "stalls ≥ 1 s",
            "0",
            "none",
            None,
            Some(33_410),
            "election timeout",
        ),
        rule(
            Verdict::Pass,
            "space",
            "space for a 2 GiB quota",
            "412 GiB",
            "≥ 5.6 GiB",
            Some(73.6),
            None,
            "quota + WAL + snapshots + defragmentation",
        ),
        rule(
            Verdict::Pass,
            "durability",
            "durability",
            "not disproved",
            "a sync that reaches the disk",
            None,
            None,
            "1.00 flushes per sync, 4.1 KiB reached the device per sync",
        ),
    ];
    let (run, mut summary) = assemble(&plan(&[]), phases, rules);
    summary.verdict = Verdict::Pass;
    summary.answered(
        "QUALIFIED".into(),
        "for etcd with a 100 ms heartbeat and a 1 s election timeout",
    );
    summary.capacity = Some(Capacity {
        puts_per_s: Some(11_380.0),
        at_least: false,
        limited_by: Some("wal.fsync.p99".into()),
        curve: vec![],
    });
    let mut carries = finding(
        Severity::Info,
        "11,380 puts/s are about 68 times the steady writes of a 1,000-node Kubernetes, or the node leases of about \
         110,000 nodes.",
        None,
    );
    carries.code = "carries".into();
    summary.findings = vec![
        carries,
        finding(
            Severity::Info,
            "A sync into a fresh 4 KiB block takes 0.16 ms, within a block 0.05 ms: the ext4 journal shares this disk.",
            None,
        ),
        finding(
            Severity::Warning,
            "Others wrote 14 MB/s here while idle (containerd?).",
            Some("A file system of its own would keep their journal out of etcd's way."),
        ),
    ];
    (run, summary)
}

/// A volume throttled to a few hundred writes per second.
pub fn slow() -> Fixture {
    let phases = vec![phase("etcd", 13, 35, etcd_phase(19 * MS, 7_204, 35))];
    let rules = vec![
        rule(
            Verdict::Fail,
            "wal.fsync.p99 < 10ms",
            "wal.fsync p99",
            "95.9 ms",
            "< 10 ms",
            Some(0.104),
            Some(7_204),
            "etcd FAQ",
        ),
        rule(
            Verdict::Fail,
            "backend.commit.p99 < 25ms",
            "backend.commit p99",
            "571 ms",
            "< 25 ms",
            Some(0.044),
            Some(298),
            "etcd FAQ",
        ),
        rule(
            Verdict::Warn,
            "stalls.200ms",
            "stalls ≥ 200 ms",
            "0.008 %",
            "≤ 0.01 %",
            Some(1.25),
            Some(33_410),
            "etcd#7044",
        ),
    ];
    let (mut run, mut summary) = assemble(&plan(&[]), phases, rules);
    run.stalls = vec![StallLine {
        phase: "etcd".to_owned(),
        series: "wal.sync".to_owned(),
        member: None,
        start_ns: 21 * S,
        at: "2026-11-21T20:15:21.417Z".to_owned(),
        duration_ns: 188 * MS,
    }];
    summary.ladder = ladder([61, 1, 0, 0]);
    summary.verdict = Verdict::Fail;
    summary.answered(
        "NOT QUALIFIED".into(),
        "wal.fsync p99 is 95.9 ms, nine times the limit; etcd would warn and may lose its leader",
    );
    summary.capacity = Some(Capacity {
        puts_per_s: None,
        at_least: false,
        limited_by: Some("wal.fsync.p99 < 10ms".into()),
        curve: vec![CapacityStep {
            wanted_per_s: 50.0,
            broke: Some("wal.fsync.p99 < 10ms".into()),
            ..CapacityStep::default()
        }],
    });
    summary.findings = vec![finding(
        Severity::Critical,
        "Fast (0.16 ms) until 40 writes are spent, then 100 ms waits: this volume is held to about 400 writes/s.",
        Some(
            "With this disk etcd needs at least --heartbeat-interval=300 --election-timeout=3000; better: a local SSD.",
        ),
    )];
    (run, summary)
}

/// Fast because it does not sync.
pub fn not_durable() -> Fixture {
    let phases = vec![phase("etcd", 13, 35, etcd_phase(MS / 500, 15_000, 35))];
    let rules = vec![
        rule(
            Verdict::Pass,
            "wal.fsync.p99 < 10ms",
            "wal.fsync p99",
            "0.01 ms",
            "< 10 ms",
            Some(1000.0),
            Some(15_000),
            "etcd FAQ",
        ),
        rule(
            Verdict::Fail,
            "durability",
            "durability",
            "disproved",
            "",
            None,
            None,
            "tmpfs keeps nothing over a restart",
        ),
    ];
    let (mut run, mut summary) = assemble(&plan(&[]), phases, rules);
    run.header.environment.disk = Some(DiskFacts {
        directory: "/dev/shm/a\x1b[2Jb".to_owned(),
        filesystem: Some("tmpfs".to_owned()),
        mount_source: Some("tmpfs".to_owned()),
        ..DiskFacts::default()
    });
    summary.verdict = Verdict::Fail;
    summary.answered(
        "NOT QUALIFIED".into(),
        "synced data is not on stable storage: a power cut would lose committed writes",
    );
    summary.capacity =
        Some(Capacity { puts_per_s: Some(48_700.0), at_least: true, ..Capacity::default() });
    (run, summary)
}

/// Too short to tell.
pub fn inconclusive() -> Fixture {
    let plan = plan(&["--phases", "etcd=1s"]);
    let phases = vec![phase("etcd", 0, 1, etcd_phase(MS / 10, 400, 1))];
    let mut p99 = rule(
        Verdict::Inconclusive,
        "wal.fsync.p99 < 10ms",
        "wal.fsync p99",
        "–",
        "< 10 ms",
        None,
        Some(400),
        "etcd FAQ",
    );
    p99.note = Some("4 of 10 tail samples; needs about 2 s more".to_owned());
    let (run, mut summary) = assemble(&plan, phases, vec![p99]);
    summary.verdict = Verdict::Inconclusive;
    summary.answered("INCONCLUSIVE".into(), "too few samples stand behind wal.fsync p99");
    (run, summary)
}

/// Ctrl-C in the etcd phase.
pub fn interrupted() -> Fixture {
    let (mut run, mut summary) = pass();
    run.phases.truncate(4);
    run.phases[3].length_ns = 12 * S;
    summary.complete = false;
    summary.interrupted = true;
    summary.capacity = None;
    summary.findings.clear();
    summary.verdict = Verdict::Inconclusive;
    summary.answered(
        "INCONCLUSIVE".into(),
        "nothing speaks against this disk yet, but the run was cut short",
    );
    (run, summary)
}

/// Three etcds on one disk.
pub fn members() -> Fixture {
    let plan = plan(&["--members", "3", "--rule", "wal.fsync.p99.9 < 20ms"]);
    let mut all = etcd_phase(MS, 45_000, 35);
    for member in 0..3 {
        all.push(series(
            "wal.fsync",
            Some(member),
            MS + u64::from(member) * MS / 2,
            15_000,
            13,
            35,
        ));
    }
    let phases = vec![phase("etcd", 13, 35, all)];
    let rules = vec![rule(
        Verdict::Pass,
        "wal.fsync.p99.9 < 20ms",
        "wal.fsync p99.9",
        "11.2 ms",
        "< 20 ms",
        Some(1.79),
        Some(45_000),
        "--rule",
    )];
    let (run, mut summary) = assemble(&plan, phases, rules);
    summary.verdict = Verdict::Pass;
    summary.answered(
        "QUALIFIED".into(),
        "for 3 etcds with a 100 ms heartbeat and a 1 s election timeout",
    );
    summary.capacity = Some(Capacity {
        puts_per_s: Some(312.0),
        limited_by: Some("wal.fsync.p99.9 < 20ms".into()),
        ..Capacity::default()
    });
    (run, summary)
}
