//! What fires on which disk, and what keeps quiet on a healthy one.

use serde_json::json;

use crate::result::{BATCHES, COSTS, DurabilityOutcome, Finding, Severity, Summary};

use super::super::testing::{Builder, MS, Noise, S, US};

fn fast(noise: &mut Noise, _: u64) -> u64 {
    noise.lognormal(150 * US, 0.4)
}

fn commit(noise: &mut Noise, _: u64) -> u64 {
    noise.lognormal(2 * MS, 0.4)
}

fn found(summary: &Summary, code: &str) -> Option<Finding> {
    summary.findings.iter().find(|finding| finding.code == code).cloned()
}

fn codes(summary: &Summary) -> Vec<&str> {
    summary.findings.iter().map(|finding| finding.code.name()).collect()
}

/// A cloud disk on a bad day: a level that wanders from second to second, and a heavy tail.
fn restless(level: &[f64]) -> impl Fn(&mut Noise, u64) -> u64 {
    move |noise, at| {
        let level = level[(at / S) as usize % level.len()];
        let base = noise.lognormal((1_200.0 * level) as u64 * US, 0.4);
        if noise.chance(0.002) { base * 8 } else { base }
    }
}

fn wandering(seed: u64, seconds: usize) -> Vec<f64> {
    let mut noise = Noise::new(seed ^ 0xabcd);
    let mut level: f64 = 0.0;
    (0..seconds)
        .map(|_| {
            level = 0.8 * level + (noise.lognormal(1_000_000, 0.08) as f64 / 1e6).ln();
            level.exp()
        })
        .collect()
}

#[test]
fn noise_tells_almost_nothing_and_never_fails() {
    let mut told = Vec::new();
    for seed in 0..40 {
        let level = wandering(seed, 60);
        let summary = Builder::new(seed)
            .idle(3)
            .wal(8, 200, restless(&level))
            .etcd(35, 200, restless(&level), commit)
            .conclude();
        let fails = summary.rules.iter().filter(|rule| rule.verdict == crate::exit::Verdict::Fail);
        assert_eq!(fails.count(), 0, "seed {seed}: {}", summary.headline);
        told.extend(summary.findings.into_iter().map(|finding| finding.code.to_string()));
    }
    assert!(told.len() <= 1, "{told:?}");
}

#[test]
fn the_journal_tax_is_told_when_it_is_sure_and_sizeable() {
    let tax = |fresh_us: u64, same_us: u64, rate: u64| {
        let summary = Builder::new(1)
            .wal(8, 200, fast)
            .series("wal.fsync.fresh", None, rate, move |n, _| n.lognormal(fresh_us * US, 0.3))
            .series("wal.fsync.same", None, rate, move |n, _| n.lognormal(same_us * US, 0.3))
            .conclude();
        found(&summary, "journal_tax")
    };
    let light = tax(153, 91, 100).unwrap();
    assert_eq!(light.severity, Severity::Info);
    assert!(
        light.message.starts_with("A sync into a fresh 4 KiB block takes 0.1"),
        "{}",
        light.message
    );
    assert_eq!(tax(9_000, 3_000, 100).unwrap().severity, Severity::Warning);
    assert!(tax(98, 95, 100).is_none(), "not sizeable");
    assert!(tax(25, 12, 100).is_none(), "13 µs matter to nobody");
    assert!(tax(153, 91, 1).is_none(), "eight samples are not sure");
}

#[test]
fn idle_writers_are_told_by_what_they_write_or_flush() {
    let idle = |bytes: f64, flushes: f64, seconds| {
        let summary = Builder::new(1)
            .idle_with(seconds, &[("writes", 9.0), ("written_bytes", bytes), ("flushes", flushes)])
            .wal(8, 200, fast)
            .conclude();
        found(&summary, "idle_writers")
    };
    assert!(idle(100_000.0, 1.0, 5).is_none());
    let busy = idle(14_680_064.0, 3.0, 5).unwrap();
    assert_eq!(busy.severity, Severity::Warning);
    assert!(
        busy.message.starts_with("Others wrote 14 MiB/s here with 3 flushes/s"),
        "{}",
        busy.message
    );
    assert_eq!(idle(100_000.0, 20.0, 5).unwrap().severity, Severity::Info);
    assert!(idle(14e6, 3.0, 1).is_none(), "one second says nothing");
}

#[test]
fn the_backend_in_the_wals_way() {
    let contention = |beside_ms: u64| {
        let beside = move |noise: &mut Noise, at: u64| {
            if noise.chance(0.03) { beside_ms * MS } else { fast(noise, at) }
        };
        let summary = Builder::new(1).wal(15, 200, fast).etcd(30, 200, beside, commit).conclude();
        found(&summary, "backend_contention")
    };
    assert_eq!(contention(4).unwrap().severity, Severity::Info);
    let decisive = contention(15).unwrap();
    assert_eq!(decisive.severity, Severity::Warning);
    assert!(decisive.advice.unwrap().contains("--wal-dir"));
    assert!(contention(0).is_none());
}

#[test]
fn what_an_etcd_would_feel_of_these_cpus() {
    // 200 syncs a second of about 0.16 ms for 30 s, at 500 puts/s.
    let told = |most_per_s: f64, waited_ns: u64| {
        let costs = json!({ "etcd": "3.5.30", "cpus": 2, "most_per_s": most_per_s, "disk_alone": most_per_s < 500.0 });
        let batches =
            json!({ "writes": 6_000, "single": 5_000, "puts": 15_000, "waited_ns": waited_ns });
        Builder::new(1)
            .event("setup", COSTS, costs)
            .etcd(30, 200, fast, commit)
            .event("etcd", BATCHES, batches)
            .conclude()
    };
    let codes_of = |summary: &Summary| codes(summary).join(" ");
    // 10 µs a sync are not worth a word.
    let quiet = told(12_000.0, 6_000 * 10_000);
    assert!(!codes_of(&quiet).contains("cpus_"), "{}", codes_of(&quiet));
    let slow = found(&told(12_000.0, 6_000 * MS), "cpus_slow_syncs").unwrap();
    assert_eq!(slow.severity, Severity::Info);
    assert!(slow.message.contains("a mean WAL fsync of about 1.16 ms"), "{}", slow.message);
    let beyond = found(&told(400.0, 0), "cpus_carry_less").unwrap();
    assert!(
        beyond.message.contains("etcd 3.5.30 and its clients carry about 400 puts/s on 2 CPUs"),
        "{}",
        beyond.message
    );
}

#[test]
fn the_odd_member_is_named() {
    let odd = |odd_ms: u64| {
        let mut builder = Builder::new(1).plan(|plan| plan.members = 5).etcd(30, 200, fast, commit);
        for member in 0..5 {
            let median = if member == 3 { odd_ms * MS } else { MS };
            builder =
                builder.series("wal.fsync", Some(member), 40, move |n, _| n.lognormal(median, 0.3));
        }
        found(&builder.conclude(), "odd_member")
    };
    assert!(odd(6).unwrap().message.starts_with("Member 3 fares worse"));
    assert!(odd(1).is_none());
    assert!(odd(2).is_none(), "twice is not odd");
}

#[test]
fn quick_runs_say_what_they_cannot_see() {
    let summary = Builder::new(1).wal(2, 400, fast).etcd(7, 400, fast, commit).conclude();
    let quick = found(&summary, "quick_run").unwrap();
    assert!(quick.message.contains("stalls rarer than 0.08"), "{}", quick.message);
    assert!(found(&Builder::healthy(1).conclude(), "quick_run").is_none());
}

#[test]
fn advice_never_names_a_flag_in_use() {
    // A soak that finds spent credits does not advise a soak.
    let spent = |noise: &mut Noise, at: u64| {
        if at < 200 * S { noise.lognormal(700 * US, 0.2) } else { noise.lognormal(9800 * US, 0.02) }
    };
    let summary = Builder::new(1).etcd(400, 10, spent, commit).conclude();
    let step = found(&summary, "slower_after").unwrap();
    assert!(!step.advice.unwrap().contains("--soak"));
}

#[test]
fn durability_comes_first() {
    let summary = Builder::healthy(1)
        .disk(|disk| disk.filesystem = Some("tmpfs".to_owned()))
        .durability(DurabilityOutcome::Disproved)
        .capacity_step(1000.0, true)
        .conclude();
    assert_eq!(codes(&summary), ["not_durable", "carries"]);
    assert_eq!(summary.findings[0].severity, Severity::Critical);
    let network = Builder::healthy(1).durability(DurabilityOutcome::NotEstablished).conclude();
    assert_eq!(codes(&network), ["durability_not_established"]);
}
