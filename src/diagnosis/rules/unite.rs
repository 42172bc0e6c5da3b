//! What the log and the metrics of the same member tell, put together.

use crate::diagnosis::cause::{Cause, Certainty, Diagnosis};

/// Makes one cause, with the evidence of both, of what a log and metrics tell alike; and what a log alone does not
/// explain belongs to the cause that the metrics of the same member show.
pub(super) fn unite(found: &mut Vec<Diagnosis>) {
    let all = std::mem::take(found);
    for one in all {
        let same = |old: &&mut Diagnosis| {
            (old.cause, old.member, old.peer) == (one.cause, one.member, one.peer)
                && old.is_live() != one.is_live()
        };
        match found.iter_mut().find(same) {
            Some(old) => join(old, one),
            None => found.push(one),
        }
    }
    let (open, mut rest): (Vec<Diagnosis>, Vec<Diagnosis>) =
        std::mem::take(found).into_iter().partition(is_open);
    for one in open {
        let explains = |other: &&mut Diagnosis| {
            other.member == one.member
                && other.is_live()
                && other.certainty > Certainty::NotSure
                && matches!(other.cause, Cause::Disk | Cause::Cpu)
        };
        match rest.iter_mut().find(explains) {
            Some(other) => {
                other.harm = other.harm.max(one.harm);
                other.evidence.extend(one.evidence);
                other.when.extend(&one.when);
            }
            None => rest.push(one),
        }
    }
    *found = rest;
}

/// What a log tells without a cause.
fn is_open(one: &Diagnosis) -> bool {
    let open = matches!(one.cause, Cause::SlowRequests | Cause::LoopBlocked);
    open && one.certainty == Certainty::NotSure && !one.is_live()
}

fn join(old: &mut Diagnosis, one: Diagnosis) {
    if one.certainty > old.certainty {
        old.certainty = one.certainty;
        old.missing = one.missing;
    }
    old.harm = old.harm.max(one.harm);
    old.lasted_ns = old.lasted_ns.max(one.lasted_ns);
    old.evidence.extend(one.evidence);
    old.when.extend(&one.when);
}
