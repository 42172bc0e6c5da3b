//! What one member says of another, and losses of the leader, over all members.

use std::collections::BTreeMap;

use super::common::{moments, no_slow_sync, place};
use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Evidence, Harm, Missing};
use crate::diagnosis::observed::{Leadership, Member, MemberId, Moments, Span};

/// What one member sees of another's fault, and what follows from it, comes this much later at most: streams time out
/// after 5 s (rafthttp, `DefaultConnReadTimeout`).
const SEEN_NS: i64 = 6_000_000_000;
/// A process that was killed is started again within this.
const RESTART_NS: i64 = 120_000_000_000;

/// A process that was just started is not reached by all for so long.
const STARTING_NS: i64 = 15_000_000_000;

/// Takes out what is only another member's view of a cause that its own log tells, and joins what several say of one.
pub(super) fn consolidate(members: &[Member], found: &mut Vec<Diagnosis>) {
    let views: Vec<bool> = found.iter().map(|one| !is_told_there(members, found, one)).collect();
    let mut keep = views.into_iter();
    found.retain(|_| keep.next().unwrap_or(true));
    let mut joined: Vec<Diagnosis> = Vec::new();
    for one in found.drain(..) {
        let Some(first) = joined.iter_mut().find(|first| is_same(members, first, &one)) else {
            joined.push(one);
            continue;
        };
        let mutual = first.peer != one.peer && first.peer.is_some();
        first.when.extend(&one.when);
        first.lasted_ns = first.when.total_ns();
        first.harm = first.harm.max(one.harm);
        first.certainty = first.certainty.max(one.certainty);
        if mutual {
            // Both are up and complain of one another: it is what lies between them.
            first.evidence.push(Evidence::Mutual);
            first.certainty = Certainty::Clear;
            first.missing.retain(|missing| *missing != Missing::PeerLog);
        } else {
            first.evidence.push(Evidence::SeenBy { member: one.member });
        }
    }
    *found = joined;
}

/// What a member says of a peer.
fn is_view(one: &Diagnosis) -> bool {
    one.peer.is_some() && matches!(one.cause, Cause::PeerNetwork | Cause::PeerDown | Cause::Paused)
}

/// Whether the peer's own log tells why it was away.
fn is_told_there(members: &[Member], found: &[Diagnosis], view: &Diagnosis) -> bool {
    let Some(there) = place(members, view.peer).filter(|_| is_view(view)) else {
        return false;
    };
    let own = |one: &&Diagnosis| one.member == there && !is_view(one) && one.harm > Harm::Risk;
    let near = |when: &Moments, within| when.events_near(&view.when, within) > 0;
    let told = found.iter().filter(own).any(|one| near(&one.when, SEEN_NS));
    let runs =
        members[there].runs.iter().flat_map(|run| [run.started_ns, run.stopped_ns]).flatten();
    // It was away until it had been started, and a little longer.
    let restarting = runs.map(|at| Span {
        from_ns: at.saturating_sub(RESTART_NS),
        to_ns: at.saturating_add(STARTING_NS),
    });
    told || near(&moments(restarting), 0)
}

/// Whether two views are of one thing: two members of the same peer, or two of one another.
fn is_same(members: &[Member], first: &Diagnosis, one: &Diagnosis) -> bool {
    // The alarm is the cluster's, whoever raised it.
    if first.cause == Cause::Quota && one.cause == Cause::Quota {
        return true;
    }
    let same_cause = first.cause == one.cause && is_view(first) && is_view(one);
    let id = |index: usize| members.get(index).and_then(|member| member.id);
    let mutual = one.cause == Cause::PeerNetwork
        && first.peer == id(one.member)
        && one.peer == id(first.member)
        && first.member != one.member;
    same_cause && (first.peer == one.peer || mutual)
}

/// The end of a leader's term, as one of the members or several saw it.
struct Loss {
    member: usize,
    change: Leadership,
    to: Option<MemberId>,
}

/// Puts every loss of the leader to the cause beside it; tells those that have none.
pub(super) fn explain_losses(members: &[Member], found: &mut Vec<Diagnosis>) {
    let mut open: Vec<Loss> = Vec::new();
    for loss in losses(members) {
        if was_stopped(members, &loss) {
            continue;
        }
        let cause = found.iter_mut().filter(|one| explains(members, one, &loss));
        match cause.max_by_key(|one| (one.certainty, one.lasted_ns)) {
            Some(one) => {
                one.harm = Harm::Outage;
                note(&mut one.evidence, &loss);
            }
            None => open.push(loss),
        }
    }
    let Some(last) = open.last() else {
        return;
    };
    let mut evidence = Vec::new();
    open.iter().for_each(|loss| note(&mut evidence, loss));
    for member in members.iter().filter(|member| member.candidacies > 0) {
        evidence.push(Evidence::Candidates { who: member.id, times: member.candidacies });
    }
    evidence.extend(no_slow_sync(&members[last.member]));
    let when = moments(open.iter().filter_map(|loss| loss.change.at_ns).map(Span::at));
    let leader_told = place(members, last.change.before).is_some();
    let missing = if leader_told {
        vec![Missing::Cpu, Missing::Network, Missing::Machine]
    } else {
        vec![Missing::LeaderLog]
    };
    let one = Diagnosis::new(Cause::LeaderLost, last.member, Certainty::NotSure, Harm::Outage);
    found.push(one.when(when).because(evidence).lacking(missing));
}

/// Every loss once, in the order of terms.
fn losses(members: &[Member]) -> Vec<Loss> {
    let mut all: BTreeMap<u64, Loss> = BTreeMap::new();
    for (index, member) in members.iter().enumerate() {
        for change in member.losses() {
            let to = next_leader(members, change);
            let loss =
                all.entry(change.term).or_insert(Loss { member: index, change: *change, to });
            let earlier =
                change.at_ns.zip(loss.change.at_ns).is_some_and(|(this, first)| this < first);
            let is_leaders = change.before.is_some() && change.before == member.id;
            if earlier || is_leaders {
                *loss = Loss { member: index, change: *change, to };
            }
        }
    }
    // A transfer that any member saw was planned for all of them.
    let planned = |term: u64| {
        let changes = members.iter().flat_map(|member| &member.leaders);
        changes.into_iter().any(|change| change.planned && change.term == term)
    };
    let mut all: Vec<Loss> = all.into_values().filter(|loss| !planned(loss.change.term)).collect();
    // Members tell one loss in the old term or in the new one, by when they heard of the latter.
    all.dedup_by(|next, last| {
        let (new, old) = (&next.change, &mut last.change);
        let close = match new.at_ns.zip(old.at_ns) {
            Some((new, old)) => new.abs_diff(old) <= 2 * SEEN_NS.unsigned_abs(),
            None => false,
        };
        let same = close && new.before == old.before && old.term.checked_add(1) == Some(new.term);
        if same {
            (old.term, last.to) = (new.term, next.to);
        }
        same
    });
    all
}

/// Who led next, of what any member saw after the loss.
fn next_leader(members: &[Member], loss: &Leadership) -> Option<MemberId> {
    let changes = members.iter().flat_map(|member| &member.leaders);
    let after = changes.filter(|change| {
        let later = change.at_ns.zip(loss.at_ns).is_none_or(|(at, lost)| at >= lost);
        later && change.term >= loss.term && change.leader.is_some()
    });
    after.min_by_key(|change| (change.term, change.at_ns)).and_then(|change| change.leader)
}

/// Whether the leader had been told to shut down.
fn was_stopped(members: &[Member], loss: &Loss) -> bool {
    let Some(leader) = place(members, loss.change.before) else {
        return false;
    };
    let stopped = members[leader].runs.iter().filter_map(|run| run.stopped_ns);
    let stopped = moments(stopped.map(Span::at));
    loss.change.at_ns.is_some_and(|at| stopped.any_near(&Span::at(at), SEEN_NS))
}

fn explains(members: &[Member], one: &Diagnosis, loss: &Loss) -> bool {
    let may = matches!(
        one.cause,
        Cause::Disk
            | Cause::Cpu
            | Cause::LoopBlocked
            | Cause::Paused
            | Cause::OwnNetwork
            | Cause::PeerNetwork
            | Cause::PeerDown
            | Cause::Certificates
            | Cause::Restarted
            | Cause::Defragmentation
    );
    let member = &members[one.member];
    let before = loss.change.before;
    let about_leader = before.is_none()
        || one.peer.is_some() && one.peer == before
        || one.peer.is_none()
            && (member.id == before || member.id.is_none() && one.member == loss.member);
    let cut_off = one.cause == Cause::OwnNetwork && one.member == loss.member;
    let slack = match one.cause {
        Cause::Restarted => RESTART_NS,
        _ => SEEN_NS.saturating_add(member.election_timeout_ns().min(1 << 40) as i64),
    };
    let near = match loss.change.at_ns {
        Some(at) if !one.when.is_empty() => one.when.any_near(&Span::at(at), slack),
        _ => one.member == loss.member,
    };
    may && near && (about_leader || cut_off)
}

/// Counts a loss in what is told of losses.
fn note(evidence: &mut Vec<Evidence>, loss: &Loss) {
    let change = &loss.change;
    for one in evidence.iter_mut() {
        if let Evidence::LeaderLost { times, term, before, to } = one {
            *times += 1;
            (*term, *before, *to) = (change.term, change.before, loss.to);
            return;
        }
    }
    evidence.push(Evidence::LeaderLost {
        times: 1,
        term: change.term,
        before: change.before,
        to: loss.to,
    });
}
