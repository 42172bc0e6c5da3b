//! What is done to a throwaway etcd while the load goes on, and what keeps it off any other.

use super::fault_plan::{Faults, RESTART_AFTER_NS, times};

use super::{LoadPlan, Target};
use crate::error::{Result, usage};
use crate::plan::resolve::MS_NS;
use crate::spec::LoadSpec;
use crate::units::exact_duration;

/// Starting a process takes its time; sooner than this is no different from at once.
const SOONEST_RESTART_NS: u64 = 100 * MS_NS;
/// Of fewer members none may be lost.
const MIN_MEMBERS: u32 = 3;

/// The faults that were asked for, of a plan that is complete but for them.
pub(super) fn resolve(args: &LoadSpec, plan: &LoadPlan) -> Result<Faults> {
    let faults = Faults {
        kill_leader_ns: kills(args, plan)?,
        restart_after_ns: 0,
        recover_quota: recovers(args, plan)?,
    };
    if faults.kill_leader_ns.is_empty() {
        return Ok(faults);
    }
    if faults.recover_quota {
        return Err(usage(
            &["--kill-leader", "--recover-quota"],
            "--kill-leader and --recover-quota: one fault at a time, for neither could be told from the other in the \
             figures; drop one of them",
        ));
    }
    let restart_after_ns = args.restart_after.unwrap_or(RESTART_AFTER_NS);
    leave_room(&faults.kill_leader_ns, restart_after_ns, plan)?;
    Ok(Faults { restart_after_ns, ..faults })
}

fn kills(args: &LoadSpec, plan: &LoadPlan) -> Result<Vec<u64>> {
    if args.kill_leader.is_empty() {
        return match args.restart_after {
            None => Ok(Vec::new()),
            Some(_) => Err(usage(
                &["--restart-after", "--kill-leader"],
                "--restart-after is about a leader that was killed; add --kill-leader, or drop it",
            )),
        };
    }
    match plan.target {
        Target::Endpoints(_) => Err(usage(
            &["--kill-leader", "--local"],
            "--kill-leader is for the throwaway etcd that --local starts, never for one that others use; add --local=3 \
             or drop --kill-leader",
        )),
        Target::Local { members, .. } if members < MIN_MEMBERS => Err(usage(
            &["--kill-leader", "--local"],
            format!(
                "--kill-leader: of {members} member{} none may be lost, for nobody leads without a majority; start more \
             with --local=3",
                if members == 1 { "" } else { "s" }
            ),
        )),
        Target::Local { .. } => {
            let mut kills = args.kill_leader.clone();
            kills.sort_unstable();
            Ok(kills)
        }
    }
}

/// Whether each member that is killed can come back before the next one is, and before the end.
fn leave_room(kills: &[u64], restart_after_ns: u64, plan: &LoadPlan) -> Result<()> {
    let after = exact_duration(restart_after_ns);
    if restart_after_ns < SOONEST_RESTART_NS {
        return Err(usage(
            &["--restart-after"],
            format!(
                "--restart-after {after} is too soon; it must be at least {}",
                exact_duration(SOONEST_RESTART_NS)
            ),
        ));
    }
    let back_ns = |at_ns: u64| at_ns.saturating_add(restart_after_ns);
    if let Some(pair) = kills.windows(2).find(|pair| pair[1] <= back_ns(pair[0])) {
        return Err(usage(
            &["--kill-leader", "--restart-after"],
            format!(
                "--kill-leader {}: the leader killed at {} is away until {} (--restart-after {after}), and no second one \
             may be lost meanwhile; leave more time between them",
                times(kills),
                exact_duration(pair[0]),
                exact_duration(back_ns(pair[0])),
            ),
        ));
    }
    let last_ns = kills.last().copied().unwrap_or(0);
    match plan.measured_ns() {
        Some(length_ns) if back_ns(last_ns) >= length_ns => Err(usage(
            &["--kill-leader", "--restart-after", "--duration"],
            format!(
                "--kill-leader {}: the member comes back after {} (--restart-after {after}), and the load ends after {}; \
             kill it earlier, or lengthen --duration",
                exact_duration(last_ns),
                exact_duration(back_ns(last_ns)),
                exact_duration(length_ns),
            ),
        )),
        _ => Ok(()),
    }
}

fn recovers(args: &LoadSpec, plan: &LoadPlan) -> Result<bool> {
    if !args.recover_quota {
        return Ok(false);
    }
    if let Target::Endpoints(_) = plan.target {
        return Err(usage(
            &["--recover-quota", "--local"],
            "--recover-quota lets the database run full, then compacts and defragments it and disarms the alarm, all \
             of which meets everybody in this etcd; it is for the throwaway one that --local starts: add --local, or \
             drop --recover-quota",
        ));
    }
    if !plan.allow_quota {
        return Err(usage(
            &["--recover-quota", "--allow-quota"],
            "--recover-quota begins when the database has reached its quota, and the load would keep short of it; add \
             --allow-quota",
        ));
    }
    let writes = |part: &LoadPlan| part.operations.iter().any(|w| w.operation.writes());
    if !plan.parts().iter().any(|(_, part)| writes(part)) {
        return Err(usage(
            &["--recover-quota", "--mix"],
            "--recover-quota: this load writes nothing, so that no quota is ever reached; have put in the --mix, or \
             drop it",
        ));
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{plan, refusal};
    use super::*;

    const S: u64 = 1_000 * MS_NS;

    #[test]
    fn faults_are_planned_and_come_back_as_the_line_that_asks_for_them() {
        let line = "put --local=3 --local-dir /x --kill-leader 5s,15s";
        let killed = plan(&format!("etcdbench load {line}"));
        assert_eq!(killed.faults.kill_leader_ns, [5 * S, 15 * S]);
        assert_eq!(killed.faults.restart_after_ns, RESTART_AFTER_NS);
        assert_eq!(plan(&killed.command()), killed);
        let other = "put --local=3 --local-dir /x --kill-leader 15s --restart-after 500ms";
        let other_order = plan("etcdbench load put --local=3 --local-dir /x --kill-leader 15s,5s");
        assert_eq!(other_order.faults, killed.faults);
        let other = plan(&format!("etcdbench load {other}"));
        assert_eq!(other.faults.restart_after_ns, S / 2);
        assert_eq!(plan(&other.command()), other);
        let full = "put --local --local-dir /x --quota 64MiB --allow-quota --recover-quota";
        let full = plan(&format!("etcdbench load {full}"));
        assert!(full.faults.recover_quota);
        assert_eq!(plan(&full.command()), full);
    }

    #[test]
    fn a_plan_without_faults_says_nothing_of_them() {
        let plain = plan("etcdbench load put");
        assert!(plain.faults.is_none());
        let told = serde_json::to_value(&plain).unwrap();
        assert_eq!(told.get("faults"), None);
        let read: LoadPlan = serde_json::from_value(told).unwrap();
        assert_eq!(read, plain);
    }

    #[test]
    fn faults_that_cannot_be_are_refused_with_the_way_out() {
        let nonsense: &[(&str, &[&str])] = &[
            ("put --kill-leader 5s", &["--kill-leader", "add --local=3"]),
            ("put --local --kill-leader 5s", &["of 1 member none", "--local=3"]),
            ("put --local=2 --kill-leader 5s", &["of 2 members none"]),
            ("put --local=3 --restart-after 5s", &["--restart-after", "add --kill-leader"]),
            (
                "put --local=3 --kill-leader 5s --restart-after 1ms",
                &["--restart-after 1ms", "100ms"],
            ),
            ("put --local=3 --kill-leader 5s,9s", &["5s,9s", "away until 10s", "more time"]),
            ("put --local=3 --kill-leader 5s,5s", &["5s,5s", "more time"]),
            (
                "put --local=3 --kill-leader 26s",
                &["--kill-leader 26s", "after 31s", "ends after 30s", "--duration"],
            ),
            ("put --local=3 --kill-leader 5s --rate 100 --total 800", &["ends after 8s"]),
            ("put --recover-quota --allow-quota", &["--recover-quota", "everybody", "add --local"]),
            ("put --local --recover-quota", &["--recover-quota", "add --allow-quota"]),
            (
                "range --local --recover-quota --allow-quota",
                &["writes nothing", "put in the --mix"],
            ),
            (
                "put --local=3 --kill-leader 5s --recover-quota --allow-quota",
                &["--kill-leader and --recover-quota", "drop one"],
            ),
        ];
        for (flags, said) in nonsense {
            let message = refusal(&format!("etcdbench load {flags}"));
            for part in *said {
                assert!(message.contains(part), "{flags} should say '{part}': {message}");
            }
        }
    }
}
