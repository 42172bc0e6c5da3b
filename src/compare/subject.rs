//! What is compared: the series that all runs have, and which of them decide.

use crate::result::{IMPORT, PhaseData, Run, SeriesData};

use crate::rule::comparison::Stat;

/// Phases that prepare, search or clean up; what they measure is no property of a steady load.
pub(crate) const NOT_COMPARED: [&str; 8] =
    ["idle", "durability", "commits", "capacity", "warmup", "preload", "verify", "cleanup"];

/// What decides about a disk: the two syncs etcd's own limits are about, and what a put waits for.
pub(crate) const DISK_PRIMARY: [&str; 3] = ["wal.fsync", "backend.commit", "put.commit"];

/// One metric that is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ComparedMetric {
    pub phase: String,
    pub series: String,
    pub stat: Stat,
    pub primary: bool,
}

/// Every metric that all of these runs have; series that decide first.
pub(super) fn subjects(runs: &[&Run]) -> Vec<ComparedMetric> {
    let ours = runs.iter().find(|run| !run.is_foreign());
    let Some(first) = ours.or(runs.first()) else {
        return Vec::new();
    };
    let mut phases: Vec<&PhaseData> = first
        .phases
        .iter()
        .filter(|phase| is_compared(phase))
        .filter(|phase| {
            runs.iter().all(|run| phase_of(run, &phase.name).is_some_and(|p| !p.series.is_empty()))
        })
        .collect();
    if are_mixed(runs) {
        phases = nearest_to_foreign(phases, runs);
    }
    let leading = phases.iter().find(|phase| phase.name == "etcd");
    let leading = leading.or(phases.first()).map(|phase| phase.name.as_str());
    let mut all = Vec::new();
    for phase in &phases {
        for series in common_series(phase, runs) {
            all.extend(of_series(first, phase, series, Some(phase.name.as_str()) == leading));
        }
    }
    if runs.iter().all(|run| capacity(run).is_some()) {
        all.push(ComparedMetric {
            phase: "capacity".to_owned(),
            series: String::new(),
            stat: Stat::Capacity,
            primary: false,
        });
    }
    // Series that decide come first, each with all that is known of it.
    let deciding: Vec<(String, String)> = all
        .iter()
        .filter(|subject| subject.primary)
        .map(|subject| (subject.phase.clone(), subject.series.clone()))
        .collect();
    all.sort_by_key(|subject| {
        let place = (subject.phase.clone(), subject.series.clone());
        !deciding.contains(&place)
    });
    all
}

/// Series that decide and that some of the runs have and others do not: `etcd/backend.commit`. Beside foreign runs what
/// is in common is all there can be.
pub(super) fn missing(runs: &[&Run]) -> Vec<String> {
    if runs.iter().any(|run| run.is_foreign()) {
        return Vec::new();
    }
    let leading = runs.iter().any(|run| run.phase("etcd").is_some_and(|p| !p.series.is_empty()));
    let decides = |run: &Run, phase: &PhaseData| match run.header.kind.as_str() {
        "disk" if leading => phase.name == "etcd",
        "disk" => run.phases.iter().find(|p| is_compared(p)).is_some_and(|p| p.name == phase.name),
        _ => true,
    };
    let everywhere = |phase: &str, series: &str| {
        runs.iter().all(|run| run.phase(phase).is_some_and(|p| p.series(series).is_some()))
    };
    let mut missing = Vec::new();
    for run in runs {
        for phase in run.phases.iter().filter(|p| is_compared(p) && decides(run, p)) {
            let series = phase.series.iter().filter(|s| s.member.is_none());
            for series in series.filter(|s| !s.series.ends_with(".lag")) {
                let latency = Role::of(&run.header.kind, phase, &series.series).latency;
                if latency && !everywhere(&phase.name, &series.series) {
                    missing.push(format!("{}/{}", phase.name, series.series));
                }
            }
        }
    }
    missing.sort();
    missing.dedup();
    missing
}

/// Whether some of the runs are of other programs and some are ours.
pub(super) fn are_mixed(runs: &[&Run]) -> bool {
    let foreign = runs.iter().filter(|run| run.is_foreign()).count();
    foreign > 0 && foreign < runs.len()
}

/// The phase of this name; of a foreign run the only one it has, whatever it is called.
pub(super) fn phase_of<'a>(run: &'a Run, name: &str) -> Option<&'a PhaseData> {
    let only = || run.phases.first().filter(|_| run.is_foreign());
    run.phase(name).or_else(only)
}

/// Of our phases the one that does most nearly what a foreign program does: the write-ahead log alone for fio, the
/// first one with a series in common for others.
fn nearest_to_foreign<'a>(phases: Vec<&'a PhaseData>, runs: &[&Run]) -> Vec<&'a PhaseData> {
    let common = |phase: &&&PhaseData| !common_series(phase, runs).is_empty();
    let alone = phases.iter().find(|phase| phase.name == "wal");
    let nearest = alone.filter(common).or_else(|| phases.iter().find(common));
    nearest.copied().into_iter().collect()
}

/// Whether latencies of this phase are compared.
pub(super) fn is_compared(phase: &PhaseData) -> bool {
    !NOT_COMPARED.contains(&phase.name.as_str())
}

fn common_series<'a>(phase: &'a PhaseData, runs: &[&Run]) -> Vec<&'a SeriesData> {
    let everywhere = |name: &str| {
        runs.iter().all(|run| phase_of(run, &phase.name).is_some_and(|p| p.series(name).is_some()))
    };
    phase
        .series
        .iter()
        .filter(|series| series.member.is_none() && everywhere(&series.series))
        // How late the generator was is its own health, not that of what it drove; that failures come sooner is no gain.
        .filter(|series| ![".lag", ".failed"].iter().any(|end| series.series.ends_with(end)))
        .collect()
}

fn of_series(
    run: &Run,
    phase: &PhaseData,
    series: &SeriesData,
    leading: bool,
) -> Vec<ComparedMetric> {
    let name = series.series.as_str();
    let role = Role::of(&run.header.kind, phase, name);
    Stat::ALL
        .into_iter()
        .filter_map(|stat| {
            let decides = match stat {
                Stat::P50 | Stat::P99 => role.latency,
                Stat::Rate | Stat::Errors if role.throughput => true,
                Stat::Stalls if role.latency => false,
                Stat::P90 | Stat::P999 => false,
                _ => return None,
            };
            Some(ComparedMetric {
                phase: phase.name.clone(),
                series: name.to_owned(),
                stat,
                // Steps of a rate are all part of the load.
                primary: decides && (leading || run.header.kind != "disk"),
            })
        })
        .collect()
}

/// What a series stands for.
struct Role {
    /// Its latency decides.
    latency: bool,
    /// Its samples are operations, so that their rate and their errors mean something.
    throughput: bool,
}

impl Role {
    fn of(kind: &str, phase: &PhaseData, series: &str) -> Role {
        match kind {
            "disk" => {
                Role { latency: DISK_PRIMARY.contains(&series), throughput: series == "put.commit" }
            }
            "load" => Role {
                latency: match series.strip_suffix(".service") {
                    // What a client waits for from when its request was due, where that is known.
                    Some(operation) => phase.series(&format!("{operation}.response")).is_none(),
                    None => true,
                },
                throughput: series.ends_with(".service"),
            },
            // The writes are not what a disk is imported for, and as many as the syncs.
            IMPORT => {
                Role { latency: series != "wal.write", throughput: series.ends_with(".service") }
            }
            _ => Role { latency: true, throughput: true },
        }
    }
}

/// The highest rate that kept every rule, if a search found one.
pub(super) fn capacity(run: &Run) -> Option<f64> {
    run.summary.as_ref()?.capacity.as_ref()?.puts_per_s
}

/// From how long on a sample is a stall: the heartbeat interval the run was measured for.
pub(super) fn stall_ns(run: &Run) -> u64 {
    /// etcd's default.
    const HEARTBEAT_NS: u64 = 100_000_000;
    let told = run.header.plan.get("heartbeat_ns");
    told.and_then(serde_json::Value::as_u64).unwrap_or(HEARTBEAT_NS)
}
