//! The longest stall that requests of our own met.

use super::observed::{Live, Member, Stall};

/// The longest read or write of all members; nothing where none was sent. A request that was not answered
/// within `limit_ns` took at least that long.
pub fn longest_stall(members: &[Member], limit_ns: u64) -> Option<Stall> {
    let of = |live: &Live| {
        let probes = [&live.write, &live.linearizable, &live.serializable];
        let answered = probes.iter().filter(|probe| probe.answered > 0).map(|probe| probe.max_ns);
        let longest = answered.max();
        // A member that is down refuses at once: that is no stall of the cluster.
        let silent = probes.iter().any(|probe| probe.failed > 0) && longest.is_some();
        match (longest, silent) {
            (Some(ns), true) if ns < limit_ns => Some(Stall { ns: limit_ns, at_least: true }),
            (Some(ns), _) => Some(Stall { ns, at_least: false }),
            (None, _) => None,
        }
    };
    let all = members.iter().filter_map(|member| of(member.live.as_deref()?));
    all.max_by_key(|stall| (stall.ns, stall.at_least))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Probe;

    const S: u64 = 1_000_000_000;

    #[test]
    fn the_longest_answer_counts_and_what_was_given_up_took_at_least_the_limit() {
        let member = |write: Probe| {
            let mut one = Member::default();
            one.live = Some(Box::new(Live { write, ..Live::default() }));
            one
        };
        let quick = Probe::of(vec![S / 100, S / 10], 0);
        let slow = Probe::of(vec![S / 100, 3 * S], 0);
        assert_eq!(longest_stall(&[member(Probe::default())], 5 * S), None);
        let both = longest_stall(&[member(quick.clone()), member(slow)], 5 * S).unwrap();
        assert_eq!((both.ns, both.at_least), (3 * S, false));
        let silent = Probe::of(vec![S / 100], 2);
        let given_up = longest_stall(&[member(quick), member(silent)], 5 * S).unwrap();
        assert_eq!((given_up.ns, given_up.at_least), (5 * S, true));
        // A member that never answered is missing, and is told as that.
        assert_eq!(longest_stall(&[member(Probe::of(vec![], 3))], 5 * S), None);
    }
}
