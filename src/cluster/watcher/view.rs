//! The cluster as its members tell it together: who leads, which alarms are raised, who is down.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::cluster::{Alarm, Cluster, MemberStatus};

use super::Live;

/// Something that has changed: an event's kind, the member it belongs to, its numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub kind: &'static str,
    pub member: Option<u32>,
    pub detail: Value,
}

/// What every member said last.
pub struct ClusterView {
    members: Vec<Seen>,
    names: BTreeMap<u64, String>,
    leader: Option<u64>,
    alarms: BTreeSet<Alarm>,
    live: Arc<Live>,
}

struct Seen {
    name: String,
    up: bool,
    status: Option<MemberStatus>,
}

impl ClusterView {
    pub fn new(cluster: &Cluster, live: Arc<Live>) -> Self {
        let seen = |member: &crate::cluster::Member| Seen {
            name: member.facts.name.clone(),
            up: true,
            status: member.status.clone(),
        };
        let members: Vec<Seen> = cluster.members().iter().map(seen).collect();
        let alarms = members.iter().filter_map(|m| m.status.as_ref());
        ClusterView {
            leader: leader(&members),
            // What was raised before is no news.
            alarms: alarms.flat_map(|status| status.alarms.clone()).collect(),
            members,
            names: cluster.names(),
            live,
        }
    }

    /// Takes note of what a member answered, or why it did not, and gives what has changed by that.
    pub fn hear(&mut self, index: usize, answer: Result<MemberStatus, String>) -> Vec<Change> {
        let mut changes = Vec::new();
        let member = &mut self.members[index];
        let went = match (&answer, member.up) {
            (Ok(_), false) => Some(("member.up", "answers again")),
            (Err(why), true) => Some(("member.down", why.as_str())),
            _ => None,
        };
        changes.extend(went.map(|(kind, message)| Change {
            kind,
            member: Some(index as u32),
            detail: json!({ "name": member.name, "message": message }),
        }));
        member.up = answer.is_ok();
        member.status = answer.ok();
        changes.extend(self.new_alarms(index));
        changes.extend(self.new_leader());
        let statuses = self.members.iter().filter_map(|m| m.status.as_ref());
        if let Some(largest) = statuses.map(|status| status.db_bytes).max() {
            self.live.set_db_bytes(largest);
        }
        changes
    }

    fn new_alarms(&mut self, index: usize) -> Vec<Change> {
        let status = self.members[index].status.as_ref();
        let raised = status.map(|s| s.alarms.clone()).unwrap_or_default();
        let new = raised.into_iter().filter(|a| self.alarms.insert(a.clone()));
        let names = &self.names;
        let told = |alarm: Alarm| Change {
            kind: "alarm",
            member: None,
            detail: json!({ "member": name(names, alarm.member), "alarm": alarm.kind }),
        };
        new.map(told).collect()
    }

    fn new_leader(&mut self) -> Option<Change> {
        let now = leader(&self.members);
        let leads = |seen: &Seen| seen.status.as_ref().is_some_and(|s| Some(s.id) == now);
        self.live.set_leader(self.members.iter().position(leads));
        // While there is none, the one before is remembered: a change is told when the next one leads.
        let now = now?;
        let before = self.leader.replace(now);
        (before != Some(now)).then(|| Change {
            kind: "leader",
            member: None,
            detail: json!({
                "from": before.map(|id| name(&self.names, id)),
                "to": name(&self.names, now),
            }),
        })
    }
}

/// Whom the members follow: what those in the newest term say, for a member that was cut off may be behind.
fn leader(members: &[Seen]) -> Option<u64> {
    let statuses = members.iter().filter_map(|member| member.status.as_ref());
    let knows = statuses.filter(|status| status.leader.is_some());
    knows.max_by_key(|status| status.term)?.leader
}

fn name(names: &BTreeMap<u64, String>, id: u64) -> String {
    let known = names.get(&id).filter(|name| !name.is_empty());
    known.cloned().unwrap_or_else(|| format!("{id:x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Known, Quota};

    fn status(id: u64, leader: u64, term: u64) -> MemberStatus {
        MemberStatus {
            id,
            cluster_id: 1,
            version: "3.5.17".to_owned(),
            db_bytes: id * 100,
            db_in_use_bytes: 0,
            quota_bytes: None,
            leader: Some(leader).filter(|id| *id != 0),
            term,
            learner: false,
            revision: 1,
            alarms: Vec::new(),
            known: Known::Told,
        }
    }

    /// Three members with the ids 1 to 3, which follow the first in term 5.
    fn view() -> ClusterView {
        let seen =
            |id: u64| Seen { name: format!("m{id}"), up: true, status: Some(status(id, 1, 5)) };
        ClusterView {
            members: (1..=3).map(seen).collect(),
            names: (1..=3).map(|id| (id, format!("m{id}"))).collect(),
            leader: Some(1),
            alarms: BTreeSet::new(),
            live: Arc::new(Live::new(0, Some(0), Quota::Unknown)),
        }
    }

    fn kinds(changes: &[Change]) -> Vec<&'static str> {
        changes.iter().map(|change| change.kind).collect()
    }

    #[test]
    fn a_change_of_the_leader_is_told_once_by_its_names() {
        let mut view = view();
        assert_eq!(kinds(&view.hear(0, Err("gone".to_owned()))), ["member.down"]);
        assert_eq!(view.hear(1, Ok(status(2, 0, 5))), []);
        assert_eq!(view.hear(2, Ok(status(3, 0, 5))), []);
        assert_eq!(view.live.leader(), None);
        let changes = view.hear(1, Ok(status(2, 3, 6)));
        assert_eq!(kinds(&changes), ["leader"]);
        assert_eq!(changes[0].detail, json!({ "from": "m1", "to": "m3" }));
        assert_eq!(view.live.leader(), Some(2));
        assert_eq!(view.hear(2, Ok(status(3, 3, 6))), []);
    }

    #[test]
    fn a_member_that_was_cut_off_does_not_decide_who_leads() {
        let mut view = view();
        view.hear(1, Ok(status(2, 2, 7)));
        assert_eq!(view.hear(0, Ok(status(1, 1, 5))), []);
        assert_eq!(view.live.leader(), Some(1));
    }

    #[test]
    fn the_same_leader_after_a_pause_is_no_change() {
        let mut view = view();
        for (index, id) in [(0, 1), (1, 2), (2, 3)] {
            assert_eq!(view.hear(index, Ok(status(id, 0, 5))), []);
        }
        assert_eq!(view.hear(0, Ok(status(1, 1, 6))), []);
    }

    #[test]
    fn alarms_and_comings_and_goings_are_told_once() {
        let mut view = view();
        let full = || {
            let alarm = Alarm { member: 3, kind: "NOSPACE".to_owned() };
            MemberStatus { alarms: vec![alarm], ..status(2, 1, 5) }
        };
        let changes = view.hear(1, Ok(full()));
        assert_eq!(changes[0].detail, json!({ "member": "m3", "alarm": "NOSPACE" }));
        assert_eq!(view.hear(1, Ok(full())), []);
        assert_eq!(kinds(&view.hear(2, Err("why".to_owned()))), ["member.down"]);
        assert_eq!(view.hear(2, Err("why".to_owned())), []);
        assert_eq!(view.live.db_bytes(), 200, "of those that answer");
        assert_eq!(kinds(&view.hear(2, Ok(status(3, 1, 5)))), ["member.up"]);
        assert_eq!(view.live.db_bytes(), 300);
    }
}
