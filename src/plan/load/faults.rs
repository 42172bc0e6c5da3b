//! What is done to a throwaway etcd while the load goes on, and what keeps it off any other.

use super::fault_plan::{Faults, Loss, times};
use super::{LoadPlan, Target};
use crate::error::{Result, usage};
use crate::plan::resolve::MS_NS;
use crate::spec::LoadSpec;
use crate::units::{counted, exact_duration};

/// Starting a process takes its time; sooner than this is no different from at once.
const SOONEST_RESTART_NS: u64 = 100 * MS_NS;
/// Of fewer members none may be lost.
const MIN_MEMBERS: u32 = 3;

/// The faults that were asked for, of a plan that is complete but for them.
pub(super) fn resolve(args: &LoadSpec, plan: &LoadPlan) -> Result<Faults> {
    let mut faults = Faults { recover_quota: recovers(args, plan)?, ..Faults::default() };
    (faults.kill_leader_ns, faults.restart_after_ns) = losses(args, plan, Loss::Kill)?;
    (faults.pause_leader_ns, faults.pause_for_ns) = losses(args, plan, Loss::Pause)?;
    let asked = [
        ("--kill-leader", !faults.kill_leader_ns.is_empty()),
        ("--pause-leader", !faults.pause_leader_ns.is_empty()),
        ("--recover-quota", faults.recover_quota),
    ];
    let mut asked = asked.into_iter().filter(|(_, asked)| *asked).map(|(flag, _)| flag);
    match (asked.next(), asked.next()) {
        (Some(one), Some(other)) => Err(usage(
            &[one, other],
            format!(
                "{one} and {other}: one fault at a time, for neither could be told from the other in the figures; drop \
                 one of them"
            ),
        )),
        _ => Ok(faults),
    }
}

/// When the leader is lost in this way, and for how long.
fn losses(args: &LoadSpec, plan: &LoadPlan, how: Loss) -> Result<(Vec<u64>, u64)> {
    let (at, away) = match how {
        Loss::Kill => (&args.kill_leader, args.restart_after),
        Loss::Pause => (&args.pause_leader, args.pause_for),
    };
    let (flag, length_flag) = (how.flag(), how.length_flag());
    if at.is_empty() {
        return match away {
            None => Ok((Vec::new(), 0)),
            Some(_) => Err(usage(
                &[length_flag, flag],
                format!(
                    "{length_flag} is about a leader that was {}; add {flag}, or drop it",
                    lost(how)
                ),
            )),
        };
    }
    match plan.target {
        Target::Endpoints(_) => Err(usage(
            &[flag, "--local"],
            format!(
                "{flag} is for the throwaway etcd that --local starts, never for one that others use; add --local=3 or \
                 drop {flag}"
            ),
        )),
        Target::Local { members, .. } if members < MIN_MEMBERS => Err(usage(
            &[flag, "--local"],
            format!(
                "{flag}: of {} none may be lost, for nobody leads without a majority; start more with --local=3",
                counted(members.into(), "member")
            ),
        )),
        Target::Local { .. } => {
            let mut at = at.clone();
            at.sort_unstable();
            let away_ns = away.unwrap_or(how.default_ns());
            leave_room(how, &at, away_ns, plan)?;
            Ok((at, away_ns))
        }
    }
}

fn lost(how: Loss) -> &'static str {
    match how {
        Loss::Kill => "killed",
        Loss::Pause => "stopped",
    }
}

/// Whether each member that is lost can come back before the next one is, and before the end.
fn leave_room(how: Loss, at: &[u64], away_ns: u64, plan: &LoadPlan) -> Result<()> {
    let (flag, length_flag, lost) = (how.flag(), how.length_flag(), lost(how));
    let away = exact_duration(away_ns);
    if away_ns < SOONEST_RESTART_NS {
        return Err(usage(
            &[length_flag],
            format!(
                "{length_flag} {away} is too soon; it must be at least {}",
                exact_duration(SOONEST_RESTART_NS)
            ),
        ));
    }
    let back_ns = |at_ns: u64| at_ns.saturating_add(away_ns);
    if let Some(pair) = at.windows(2).find(|pair| pair[1] <= back_ns(pair[0])) {
        return Err(usage(
            &[flag, length_flag],
            format!(
                "{flag} {}: the leader {lost} at {} is away until {} ({length_flag} {away}), and no second one may be \
                 lost meanwhile; leave more time between them",
                times(at),
                exact_duration(pair[0]),
                exact_duration(back_ns(pair[0])),
            ),
        ));
    }
    let last_ns = at.last().copied().unwrap_or(0);
    match plan.measured_ns() {
        Some(length_ns) if back_ns(last_ns) >= length_ns => Err(usage(
            &[flag, length_flag, "--duration"],
            format!(
                "{flag} {}: the member comes back after {} ({length_flag} {away}), and the load ends after {}; let it \
                 happen earlier, or lengthen --duration",
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
    use super::super::fault_plan::{PAUSE_FOR_NS, RESTART_AFTER_NS};
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
        let line = "put --local=3 --local-dir /x --pause-leader 5s,15s --pause-for 800ms";
        let paused = plan(&format!("etcdbench load {line}"));
        assert_eq!(paused.faults.pause_leader_ns, [5 * S, 15 * S]);
        assert_eq!(paused.faults.pause_for_ns, 800 * MS_NS);
        assert_eq!(plan(&paused.command()), paused);
        let usual = plan("etcdbench load put --local=3 --local-dir /x --pause-leader 5s");
        assert_eq!(usual.faults.pause_for_ns, PAUSE_FOR_NS);
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
            ("put --pause-leader 5s", &["--pause-leader", "add --local=3"]),
            ("put --local=3 --pause-for 5s", &["--pause-for", "was stopped", "add --pause-leader"]),
            ("put --local=3 --pause-leader 5s,6s", &["stopped at 5s", "away until 7s"]),
            (
                "put --local=3 --kill-leader 5s --pause-leader 15s",
                &["--kill-leader and --pause-leader", "drop one"],
            ),
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
