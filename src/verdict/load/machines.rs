//! Rules on a load that several machines made: all of them were there to the end, and none was late by itself for long.

use crate::exit::Verdict;
use crate::result::{Merged, Reason, RuleName, Run};
use crate::rule::Op;
use crate::verdict::outcome::{Limit, Measured, Outcome, Quantity, Source};

/// Seconds in which a machine may be late by itself, as a share of all: they are not judged, and of a load of which more
/// is not judged nobody knows what it was.
const MOST_LATE: f64 = 0.05;

/// Both; none of a load that one machine made.
pub(super) fn rules(run: &Run) -> Vec<Outcome> {
    run.header.merged.as_ref().map_or_else(Vec::new, |merged| vec![all(merged), on_time(merged)])
}

fn all(merged: &Merged) -> Outcome {
    let there = u64::from(merged.of).saturating_sub(merged.missing.len() as u64);
    let (verdict, reasons) = match (merged.missing.is_empty(), merged.allow_missing) {
        (true, _) => (Verdict::Pass, Vec::new()),
        (false, allowed) => {
            let missing = merged.missing.clone();
            let reason = Reason::MachinesMissing { missing, offered: merged.offered };
            (if allowed { Verdict::Warn } else { Verdict::Inconclusive }, vec![reason])
        }
    };
    Outcome {
        rule: RuleName::AllMachines.into(),
        measured: Some(Measured::Count(there)),
        limit: Some(Limit::To(Op::AtLeast, Quantity::Count(merged.of.into()))),
        source: Source::Shards,
        verdict,
        reasons,
        ..Outcome::default()
    }
}

fn on_time(merged: &Merged) -> Outcome {
    let share = merged.late_seconds as f64 / merged.seconds.max(1) as f64;
    let late: Vec<_> = merged.shards.iter().filter(|shard| shard.late_seconds > 0).collect();
    let verdict = if share > MOST_LATE { Verdict::Inconclusive } else { Verdict::Pass };
    let reasons = late.iter().map(|shard| Reason::MachineLate {
        shard: shard.index,
        host: shard.host.clone(),
        seconds: shard.late_seconds,
    });
    Outcome {
        rule: RuleName::MachinesOnTime.into(),
        measured: Some(Measured::Share(share)),
        limit: Some(Limit::To(Op::AtMost, Quantity::Share(MOST_LATE))),
        samples: Some(merged.seconds),
        source: Source::LateSeconds,
        verdict,
        reasons: reasons.take(3).collect(),
        ..Outcome::default()
    }
}
