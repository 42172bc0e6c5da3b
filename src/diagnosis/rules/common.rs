//! What several rules ask and tell.

use crate::diagnosis::cause::Evidence;
use crate::diagnosis::observed::{Member, MemberId, Moments, Span};

/// Events this near to one another may have to do with one another.
pub(super) const BESIDE_NS: i64 = 2_000_000_000;

pub(super) fn moments(spans: impl IntoIterator<Item = Span>) -> Moments {
    let mut all = Moments::default();
    spans.into_iter().for_each(|span| all.add(span, span.length_ns()));
    all
}

/// Whether two lengths are the same but for a factor that does not matter here.
pub(super) fn alike(a_ns: u64, b_ns: u64) -> bool {
    let (a, b) = (a_ns as f64, b_ns as f64);
    a > 0.0 && b > 0.0 && a / b <= 1.5 && b / a <= 1.5
}

/// Late heartbeats of a member as evidence.
pub(super) fn late_heartbeats(member: &Member) -> Option<Evidence> {
    let late = &member.heartbeats.late;
    (late.count > 0).then(|| Evidence::LateHeartbeats {
        count: late.count,
        at_least: late.sampled,
        longest_ns: late.longest_ns,
        interval_ns: member.heartbeat_interval_ns(),
        beside_sync: late.moments.events_near(&member.slow_syncs.moments, BESIDE_NS),
    })
}

pub(super) fn no_slow_sync(member: &Member) -> Option<Evidence> {
    (member.slow_syncs.count == 0).then_some(Evidence::NoSlowSync)
}

/// The member of an id, where it was observed.
pub(super) fn place(members: &[Member], id: Option<MemberId>) -> Option<usize> {
    members.iter().position(|member| id.is_some() && member.id == id)
}
