//! How many bytes a plan can make the device write, from above and from below: whole pages, and what the file system's
//! journal adds. Reserved but unwritten WAL space is not written.

use super::neighbour::PHASES_BESIDE;
use super::{DiskPlan, Load, Workload};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// No search for capacity tries more puts per second; etcd's own benchmark reports some 50,000 at most
/// (etcd.io, op-guide/performance).
const MOST_PUTS_PER_S: f64 = 64_000.0;
/// Backend commits per second, of all members, while more of them are gathered: each is two syncs.
const MOST_COMMITS_PER_S: f64 = 200.0;
/// Syncs per second that a single synchronous writer does not exceed on a device that really syncs: 50 µs each.
const MOST_SYNCS_PER_S: f64 = 20_000.0;
/// Beyond this many puts per second of a member they share syncs, and so pages and blocks of the journal.
const SYNCS_AT_MOST_ALONE: f64 = 2_000.0;
/// What the durability phase writes at most: a few thousand small writes with and without sync.
const DURABILITY_BYTES: u64 = 64 * MIB;
/// What is only searched for may write this much.
const CEILING: u64 = 16 * GIB;
/// The default is never less than this: rounding and start-up costs must not end a tiny run.
const FLOOR: u64 = 256 * MIB;
/// WAL framing of a put beyond key and value, and the hard-state record beside it (server/storage/wal/encoder.go).
const WAL_OVERHEAD: u64 = 64 + 40;
/// What the journal writes when reserved blocks come into use (`disk::wal`).
const JOURNAL: u64 = 4 * PAGE;
/// A database page.
const PAGE: u64 = 4096;
/// Pages a backend commit writes whatever is in it: tail leaf, up to three branches, root, meta (bbolt tx.go).
const PAGES_PER_COMMIT: u64 = 6;

/// What the plan may write when nothing else is said: enough for its worst case on a fast disk. What was asked for is
/// covered however much it is; what is only searched for is held to [`CEILING`].
pub(super) fn default_max_bytes(plan: &DiskPlan) -> u64 {
    let built = databases(plan);
    let asked = etcd_phase(plan)
        .saturating_add(wal_phase(plan))
        .saturating_add(built)
        .saturating_add(built / 4)
        .saturating_add(neighbours(plan));
    let searched = commits_phase(plan)
        .saturating_add(capacity_phase(plan))
        .saturating_add(durability_phase(plan));
    let bytes = asked.saturating_add(asked / 20).saturating_add(searched.min(CEILING)).max(FLOOR);
    let step = if bytes < GIB { 64 * MIB } else { 256 * MIB };
    bytes.checked_next_multiple_of(step).unwrap_or(bytes)
}

/// What the plan writes if the disk keeps up, and nothing that depends on how fast the disk is.
pub(super) fn least(plan: &DiskPlan) -> u64 {
    let load = match plan.workload.load {
        Load::Open { rate, .. } => {
            let puts = rate * f64::from(plan.members) * seconds(plan, "etcd");
            puts * (wal_bytes(&plan.workload) + page_bytes(&plan.workload)) as f64
        }
        Load::Closed { .. } => 0.0,
    };
    databases(plan).saturating_add(load as u64).saturating_add(neighbours(plan))
}

// Below, `as u64` saturates, which is what an upper bound wants.

fn durability_phase(plan: &DiskPlan) -> u64 {
    if seconds(plan, "durability") > 0.0 { DURABILITY_BYTES } else { 0 }
}

fn wal_phase(plan: &DiskPlan) -> u64 {
    let puts = seconds(plan, "wal") * steady_puts_per_s(plan);
    (puts * wal_bytes_alone(&plan.workload) as f64) as u64
}

/// Commits as large as those of the planned load, more often.
fn commits_phase(plan: &DiskPlan) -> u64 {
    let interval_s = plan.workload.batch_interval_ns as f64 / 1e9;
    let puts_per_commit = steady_puts_per_s(plan) / f64::from(plan.members) * interval_s;
    let puts_per_s = MOST_COMMITS_PER_S * puts_per_commit.min(plan.workload.batch_limit as f64);
    (seconds(plan, "commits") * bytes_per_s(plan, puts_per_s)) as u64
}

fn etcd_phase(plan: &DiskPlan) -> u64 {
    let length_s = seconds(plan, "etcd") + plan.extend_ns as f64 / 1e9;
    (length_s * bytes_per_s(plan, steady_puts_per_s(plan))) as u64
}

fn capacity_phase(plan: &DiskPlan) -> u64 {
    let puts_per_s = steady_puts_per_s(plan).max(MOST_PUTS_PER_S);
    (seconds(plan, "capacity") * bytes_per_s(plan, puts_per_s)) as u64
}

/// What neighbours write at the rates asked for; they are at work whenever the probe is under load.
fn neighbours(plan: &DiskPlan) -> u64 {
    let beside_s = PHASES_BESIDE.iter().map(|name| seconds(plan, name)).sum();
    let each = plan.neighbours.iter();
    each.map(|neighbour| neighbour.bytes_in(beside_s)).sum()
}

/// The databases that are built before the load, one per member.
fn databases(plan: &DiskPlan) -> u64 {
    let loads = ["wal", "etcd", "capacity"].iter().any(|name| seconds(plan, name) > 0.0);
    if loads { u64::from(plan.members).saturating_mul(plan.db_size_bytes) } else { 0 }
}

/// Puts per second of all members under the planned load, at most.
fn steady_puts_per_s(plan: &DiskPlan) -> f64 {
    let members = f64::from(plan.members);
    match plan.workload.load {
        Load::Open { rate, .. } => rate * members,
        Load::Closed { clients } => {
            (f64::from(clients) * members * MOST_SYNCS_PER_S).min(MOST_PUTS_PER_S)
        }
    }
}

/// WAL and backend together at this many puts per second; a commit needs at least one put.
fn bytes_per_s(plan: &DiskPlan, puts_per_s: f64) -> f64 {
    let workload = &plan.workload;
    let syncs_per_s = puts_per_s.min(f64::from(plan.members) * SYNCS_AT_MOST_ALONE);
    let alone = (wal_bytes_alone(workload) - wal_bytes(workload)) as f64;
    let put = (wal_bytes(workload) + page_bytes(workload)) as f64
        + alone * syncs_per_s / puts_per_s.max(1.0);
    let by_time = f64::from(plan.members) * 1e9 / workload.batch_interval_ns as f64;
    let by_count = puts_per_s / workload.batch_limit as f64;
    let commits_per_s = (by_time + by_count).min(puts_per_s);
    puts_per_s * put + commits_per_s * (PAGES_PER_COMMIT * PAGE) as f64
}

/// A put and its hard state in the WAL.
fn wal_bytes(workload: &Workload) -> u64 {
    u64::from(workload.key_size) + u64::from(workload.val_size) + WAL_OVERHEAD
}

/// The same at the device, were the put synced alone: it touches one page more than it fills, and for each block that
/// comes into use the journal writes, too.
fn wal_bytes_alone(workload: &Workload) -> u64 {
    let bytes = wal_bytes(workload);
    let fresh_blocks = (bytes as f64 / PAGE as f64).min(1.0);
    bytes + PAGE + (fresh_blocks * JOURNAL as f64) as u64
}

/// A put's share of the database pages: at least two keys share a page or run of pages, so at most half is unused.
fn page_bytes(workload: &Workload) -> u64 {
    let element = u64::from(workload.key_size) + u64::from(workload.val_size) + 64;
    element + element.min(PAGE / 2)
}

/// Planned length of a phase in seconds; 0 when it is left out.
fn seconds(plan: &DiskPlan, phase: &str) -> f64 {
    let found = plan.phases.iter().find(|planned| planned.name == phase);
    found.map_or(0.0, |planned| planned.duration_ns as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn plan(flags: &[&str]) -> DiskPlan {
        let words = [&["etcdbench", "disk", "/srv"], flags].concat();
        let Command::Disk(args) = Cli::try_parse_from(words).unwrap().command else {
            panic!("not the disk subcommand");
        };
        DiskPlan::resolve(&args.spec).unwrap()
    }

    #[test]
    fn the_default_covers_what_the_plan_surely_writes() {
        for flags in [
            &[][..],
            &["--quick"],
            &["--soak", "30m"],
            &["--soak", "7d"],
            &["--soak", "7d", "--rate", "1"],
            &["--members", "256", "--rate", "1000"],
            &["--db-size", "8GiB", "--quota", "8GiB", "--members", "10"],
            &["--val-size", "1MiB", "--rate", "100", "--soak", "1h"],
            &["--clients", "1000", "--soak", "1h"],
        ] {
            let plan = plan(flags);
            let (least, most) = (least(&plan), plan.max_bytes);
            assert!(most as f64 > least as f64 * 1.05, "{flags:?}: {most} for {least}");
        }
    }

    #[test]
    fn an_ordinary_run_stays_small_and_none_grows_beyond_what_was_asked_for() {
        assert!(plan(&["--quick", "--extend", "0s"]).max_bytes <= GIB);
        assert!(plan(&["--extend", "0s"]).max_bytes <= 4 * GIB);
        let longer = plan(&[]).max_bytes;
        assert!(longer <= 5 * GIB, "{longer}");
        let large = plan(&["--val-size", "1MiB", "--rate", "10", "--extend", "0s"]).max_bytes;
        assert!(large <= CEILING + 2 * GIB, "{large}");
    }

    #[test]
    fn a_day_of_commits_at_a_trickle_of_puts_is_counted() {
        let plan = plan(&["--soak", "24h", "--rate", "20", "--phases", "etcd"]);
        let commits = 24 * 3600 * 10 * PAGES_PER_COMMIT * PAGE;
        assert!(plan.max_bytes > commits, "{}", plan.max_bytes);
    }
}
