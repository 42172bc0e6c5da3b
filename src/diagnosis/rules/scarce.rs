//! Logs that tell too little for "nothing held it back".

use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Evidence, Harm, Missing};
use crate::diagnosis::observed::Member;

/// Of less time than this nothing follows.
const BRIEF_NS: u64 = 10_000_000_000;

/// That nothing is known, where logs are all there is and each of them was written at the level of errors, was picked from, or is
/// of hardly any time.
pub(super) fn logs(members: &[Member]) -> Option<Diagnosis> {
    let alone = members.iter().all(|member| member.live.is_none());
    let (index, _) = members.iter().enumerate().find(|(_, member)| member.lines > 0)?;
    if !alone || !members.iter().all(tells_little) {
        return None;
    }
    let one = Diagnosis::new(Cause::NothingMeasured, index, Certainty::NotSure, Harm::Waits);
    let why = members.iter().filter(|member| member.lines > 0).map(why).max_by_key(|(ns, _)| *ns);
    Some(one.because(why.map(|(_, why)| why)).lacking([Missing::WholeLog, Missing::MetricsTwice]))
}

fn tells_little(member: &Member) -> bool {
    member.errors == member.lines || is_brief(member)
}

fn is_brief(member: &Member) -> bool {
    member.span.is_some_and(|span| span.length_ns() < BRIEF_NS)
}

/// Why a log tells little, and of how much time it is.
fn why(member: &Member) -> (u64, Evidence) {
    let ns = member.span.map_or(0, |span| span.length_ns());
    match member.errors == member.lines {
        true => (ns, Evidence::OnlyErrors { lines: member.lines }),
        false => (ns, Evidence::Brief { ns }),
    }
}
