//! A plan as the command line that asks for it.

use super::budget::default_max_bytes;
use super::phases::{self, Pace};
use super::resolve::{self, default_load};
use super::{Arrival, DiskPlan, EngineKind, Load, PlannedPhase};
use crate::units::{exact_bytes, exact_duration};

impl DiskPlan {
    /// The command that asks for this plan again: only what differs from the defaults, quoted for a shell.
    pub fn command(&self) -> String {
        let mut words = vec!["etcdbench".to_owned(), "disk".to_owned()];
        words.push(self.directory.display().to_string());
        words.extend(self.phase_flags());
        if self.extend_ns != phases::extend_ns(&self.phases) {
            words.extend(flag("--extend", exact_duration(self.extend_ns)));
        }
        words.extend(self.load_flags());
        words.extend(self.etcd_flags());
        words.extend(self.verdict_flags());
        let quoted = words.iter().map(|word| quote(word));
        quoted.collect::<Vec<_>>().join(" ")
    }

    /// Whether this is a long run already, so that nobody needs to be told to make one.
    pub fn is_soak(&self) -> bool {
        const LONG_NS: u64 = 600_000_000_000;
        self.phases.iter().any(|phase| phase.duration_ns >= LONG_NS)
    }

    fn phase_flags(&self) -> Vec<String> {
        if same(&self.phases, &Pace::Full.phases()) {
            return Vec::new();
        }
        if same(&self.phases, &Pace::Quick.phases()) {
            return vec!["--quick".to_owned()];
        }
        if let Some(soak_ns) = self.soak_ns() {
            return flag("--soak", exact_duration(soak_ns));
        }
        let items = self
            .phases
            .iter()
            .map(|phase| format!("{}={}", phase.name, exact_duration(phase.duration_ns)));
        flag("--phases", items.collect::<Vec<_>>().join(","))
    }

    /// The etcd phase's length, if that is all that differs from the full run.
    fn soak_ns(&self) -> Option<u64> {
        let etcd = self.phases.iter().find(|phase| phase.name == "etcd")?;
        let mut full = Pace::Full.phases();
        full.iter_mut().find(|phase| phase.name == "etcd")?.duration_ns = etcd.duration_ns;
        same(&self.phases, &full).then_some(etcd.duration_ns)
    }

    fn load_flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        let work = &self.workload;
        match work.load {
            load if load == default_load() => {}
            Load::Open { rate, arrival } => {
                if rate != resolve::RATE {
                    flags.extend(flag("--rate", rate));
                }
                if arrival == Arrival::Constant {
                    flags.extend(flag("--arrival", "constant"));
                }
            }
            Load::Closed { clients } => flags.extend(flag("--clients", clients)),
        }
        if work.key_size != resolve::KEY_SIZE {
            flags.extend(flag("--key-size", work.key_size));
        }
        if work.val_size != resolve::VAL_SIZE {
            flags.extend(flag("--val-size", work.val_size));
        }
        if self.db_size_bytes != 0 {
            flags.extend(flag("--db-size", exact_bytes(self.db_size_bytes)));
        }
        if self.members != 1 {
            flags.extend(flag("--members", self.members));
        }
        if self.seed != resolve::SEED {
            flags.extend(flag("--seed", self.seed));
        }
        if self.engine == EngineKind::Uring {
            flags.extend(flag("--engine", "uring"));
        }
        for neighbour in &self.neighbours {
            flags.extend(flag("--neighbour", neighbour));
        }
        flags
    }

    fn etcd_flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        let work = &self.workload;
        for (name, value, default) in [
            ("--heartbeat-interval", self.heartbeat_ns, resolve::HEARTBEAT_NS),
            ("--election-timeout", self.election_ns, resolve::ELECTION_NS),
            ("--backend-batch-interval", work.batch_interval_ns, resolve::BATCH_INTERVAL_NS),
        ] {
            if value != default {
                flags.extend(flag(name, exact_duration(value)));
            }
        }
        if self.quota_bytes != resolve::QUOTA {
            flags.extend(flag("--quota", exact_bytes(self.quota_bytes)));
        }
        if work.batch_limit != resolve::BATCH_LIMIT {
            flags.extend(flag("--backend-batch-limit", work.batch_limit));
        }
        flags
    }

    fn verdict_flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        if self.profile != resolve::PROFILE {
            flags.extend(flag("--profile", &self.profile));
        }
        for rule in &self.rules {
            flags.extend(flag("--rule", rule.to_string()));
        }
        if self.max_bytes != default_max_bytes(self) {
            flags.extend(flag("--max-bytes", exact_bytes(self.max_bytes)));
        }
        if self.beside_live {
            flags.push("--beside-live".to_owned());
        }
        flags
    }
}

pub(super) fn flag(name: &str, value: impl std::fmt::Display) -> Vec<String> {
    vec![name.to_owned(), value.to_string()]
}

fn same(a: &[PlannedPhase], b: &[PlannedPhase]) -> bool {
    let key = |phase: &PlannedPhase| (phase.name.clone(), phase.duration_ns);
    a.iter().map(key).eq(b.iter().map(key))
}

/// Quotes for POSIX shells. A NUL, which no argument can hold, is left to the page's own cleaning.
pub(super) fn quote(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| format!("'{word}'"), |quoted| quoted.into_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn plan(words: Vec<String>) -> DiskPlan {
        let parsed =
            Cli::try_parse_from(&words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
        let Command::Disk(args) = parsed.command else {
            panic!("not the disk subcommand");
        };
        DiskPlan::resolve(&args.spec).unwrap()
    }

    fn typed(line: &str) -> DiskPlan {
        plan(shlex::split(line).unwrap())
    }

    #[test]
    fn defaults_are_left_out() {
        assert_eq!(typed("etcdbench disk /srv").command(), "etcdbench disk /srv");
        let spelled = "etcdbench disk /srv --rate 500 --arrival poisson --key-size 64 --quota 2GiB --profile etcd";
        assert_eq!(typed(spelled).command(), "etcdbench disk /srv");
    }

    #[test]
    fn the_command_asks_for_the_same_plan() {
        for line in [
            "etcdbench disk /srv --quick",
            "etcdbench disk /srv --soak 30m",
            "etcdbench disk /srv --quick --extend 0ns",
            "etcdbench disk /srv --soak 30m --extend 2m",
            "etcdbench disk /srv --soak 90s --rate 12.5 --arrival constant",
            "etcdbench disk '/srv/my etcd' --phases wal=10s,etcd=1500ms --clients 100 --seed 7",
            "etcdbench disk /srv --heartbeat-interval 300 --election-timeout 3s --quota 8GiB --db-size 3GiB",
            "etcdbench disk /srv --members 30 --rate 50 --engine uring --key-size 8 --val-size 256 --beside-live",
            "etcdbench disk /srv --backend-batch-interval 50ms --backend-batch-limit 500 --max-bytes 5GB",
            "etcdbench disk /srv --profile k3s --rule 'wal.fsync.p99.9 < 20ms' --rule 'put.commit.p99 < 50ms'",
            "etcdbench disk /srv --neighbour bulk --neighbour 'sync=250@/mnt/my other disk' --neighbour none",
            "etcdbench disk /srv --neighbour unpack=10 --neighbour read=1.5MiB",
            "etcdbench disk \"/srv/it's \\$HOME\" --quick --phases idle,wal",
        ] {
            let asked = typed(line);
            let again = typed(&asked.command());
            let text = |plan: &DiskPlan| serde_json::to_string(plan).unwrap();
            assert_eq!(text(&again), text(&asked), "{line} became {}", asked.command());
        }
    }
}
