//! Which phases a disk qualification has, and how long they last.

use super::PlannedPhase;
use crate::error::{Error, Result, usage};
use crate::spec::{DiskSpec, PhaseArg};
use crate::suggest;
use crate::units::exact_duration;

/// A phase and its length in seconds: by default, and with `--quick`.
struct Default {
    name: &'static str,
    full_s: u64,
    quick_s: u64,
}

/// In the order they run. Full adds up to about a minute, quick to about 15 s. The phase that gathers more backend
/// commits ends as soon as there are enough of them, which on most disks is long before its time.
const DEFAULTS: [Default; 6] = [
    Default { name: "idle", full_s: 3, quick_s: 1 },
    Default { name: "durability", full_s: 2, quick_s: 1 },
    Default { name: "wal", full_s: 8, quick_s: 2 },
    Default { name: ETCD, full_s: 35, quick_s: 7 },
    Default { name: "commits", full_s: 3, quick_s: 3 },
    Default { name: "capacity", full_s: 14, quick_s: 3 },
];

/// The phase that `--soak` makes longer.
const ETCD: &str = "etcd";

const NS_PER_S: u64 = 1_000_000_000;

/// Below this a phase ends before it has said anything.
const SHORTEST_NS: u64 = 100_000_000;

/// By how much a quick and a full run go on at most while rules are open: decided after 40 s, or after two minutes.
const EXTEND_QUICK_S: u64 = 23;
const EXTEND_FULL_S: u64 = 60;

/// How long the phases are when nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    Full,
    Quick,
}

impl Pace {
    fn length_ns(self, default: &Default) -> u64 {
        NS_PER_S
            * match self {
                Pace::Full => default.full_s,
                Pace::Quick => default.quick_s,
            }
    }

    /// All phases at this pace.
    pub(super) fn phases(self) -> Vec<PlannedPhase> {
        DEFAULTS
            .iter()
            .map(|default| PlannedPhase {
                name: default.name.to_owned(),
                duration_ns: self.length_ns(default),
            })
            .collect()
    }
}

/// By how much the planned load may go on when nothing is said: where its length was set, that is its length.
pub(super) fn extend_ns(phases: &[PlannedPhase]) -> u64 {
    let etcd = DEFAULTS.iter().find(|default| default.name == ETCD);
    let planned = phases.iter().find(|phase| phase.name == ETCD);
    let (Some(etcd), Some(planned)) = (etcd, planned) else {
        return 0;
    };
    NS_PER_S
        * match planned.duration_ns {
            ns if ns == Pace::Quick.length_ns(etcd) => EXTEND_QUICK_S,
            ns if ns == Pace::Full.length_ns(etcd) => EXTEND_FULL_S,
            _ => 0,
        }
}

/// The phases that `--phases`, `--quick` and `--soak` ask for.
pub(super) fn resolve(args: &DiskSpec) -> Result<Vec<PlannedPhase>> {
    if args.quick && args.soak.is_some() {
        return Err(usage(
            &["--quick", "--soak"],
            "--quick and --soak contradict each other; drop one of them",
        ));
    }
    let pace = if args.quick { Pace::Quick } else { Pace::Full };
    let mut phases =
        if args.phases.is_empty() { pace.phases() } else { chosen(&args.phases, pace)? };
    if let Some(soak_ns) = args.soak {
        soak(&mut phases, soak_ns, &args.phases)?;
    }
    match phases.iter().find(|phase| phase.duration_ns < SHORTEST_NS) {
        Some(phase) if phase.name == ETCD && args.soak.is_some() => Err(usage(
            &["--soak"],
            format!("--soak must be at least {}", exact_duration(SHORTEST_NS)),
        )),
        Some(phase) => Err(usage(
            &["--phases"],
            format!(
                "--phases: '{}' must last at least {}",
                phase.name,
                exact_duration(SHORTEST_NS)
            ),
        )),
        None => Ok(phases),
    }
}

/// The chosen phases, in the order in which phases run.
fn chosen(asked: &[PhaseArg], pace: Pace) -> Result<Vec<PlannedPhase>> {
    for (index, item) in asked.iter().enumerate() {
        if !DEFAULTS.iter().any(|default| default.name == item.name) {
            return Err(unknown(&item.name));
        }
        if asked[..index].iter().any(|earlier| earlier.name == item.name) {
            return Err(usage(&["--phases"], format!("--phases names '{}' twice", item.name)));
        }
    }
    let planned = DEFAULTS.iter().filter_map(|default| {
        let item = asked.iter().find(|item| item.name == default.name)?;
        Some(PlannedPhase {
            name: item.name.clone(),
            duration_ns: item.duration_ns.unwrap_or_else(|| pace.length_ns(default)),
        })
    });
    Ok(planned.collect())
}

fn soak(phases: &mut [PlannedPhase], soak_ns: u64, asked: &[PhaseArg]) -> Result<()> {
    if asked.iter().any(|item| item.name == ETCD && item.duration_ns.is_some()) {
        return Err(usage(
            &["--soak", "--phases"],
            "--soak and --phases etcd=… both set the length of the etcd phase; drop one of them",
        ));
    }
    let etcd = phases.iter_mut().find(|phase| phase.name == ETCD);
    let etcd = etcd.ok_or_else(|| {
        usage(
            &["--soak", "--phases"],
            "--soak makes the etcd phase longer, but --phases leaves it out; add etcd to --phases",
        )
    })?;
    etcd.duration_ns = soak_ns;
    Ok(())
}

fn unknown(name: &str) -> Error {
    let names = DEFAULTS.map(|default| default.name);
    usage(&["--phases"], format!("--phases: {}", suggest::unknown("phase", name, &names)))
}
