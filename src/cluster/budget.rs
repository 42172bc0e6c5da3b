//! How much a load may still write before a database would come too near to its quota: by arithmetic, not by looking.
//!
//! A size that a member tells is that of its last backend commit. What was written since, and what is on its way, is
//! not in it; at the rates of a load that can be more than the whole quota. So every write is paid for before it is
//! sent, with the most that the database can grow by it, and what was paid is given free again only when a size is
//! known that has it in it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::guard::STOP_ABOVE;
use super::{MemberStatus, Quota};
use crate::units::{format_bytes, format_share};

/// Growth that is compared with what was paid for it, at least: less is blurred by whole pages.
const LEAST_COMPARED_BYTES: u64 = 2 << 20;
/// What is paid is raised to this many times what the growth has shown.
const MARGIN: f64 = 1.1;
/// With less than this share of the room left the members are asked more often.
const TIGHT: f64 = 0.75;

/// What all writers of a load pay from.
#[derive(Debug)]
pub struct Budget {
    /// The database must never be larger; none where there is no quota.
    limit_bytes: Option<u64>,
    quota_bytes: u64,
    most_removal_bytes: u64,
    lifted: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Paid so far, what was given back not among it.
    paid: u64,
    /// Of it, for writes that were answered.
    answered: u64,
    /// The highest revision of an answered write.
    revision: i64,
    /// What removing the keys that were written adds at the end.
    removal_bytes: u64,
    members: Vec<MemberSize>,
    /// How much more the database grew than was paid for, where it did; else 1.
    factor: f64,
    exhausted: Option<Exhausted>,
}

/// What a database may grow by beyond what is paid for each write.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reserve {
    /// Pages that are copied at each commit, and what is not worth counting.
    pub slack_bytes: u64,
    /// What removing all keys of the load adds, at most.
    pub most_removal_bytes: u64,
}

/// What is known of one member's database.
#[derive(Debug, Clone, Copy, Default)]
struct MemberSize {
    /// Whether it answered when it was last asked.
    answers: bool,
    db_bytes: u64,
    in_use_bytes: u64,
    /// Of [`State::answered`], what it had applied when it last answered.
    applied: u64,
    /// Of [`State::answered`], what is in its size.
    included: u64,
    /// Size and included from which on growth is compared.
    compared: (u64, u64),
}

/// What was answered by the time a member was asked for its size.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    answered: u64,
    revision: i64,
}

/// A write more might bring a database too near to its quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted {
    /// The largest database, as it was last told.
    pub db_bytes: u64,
    /// What it may have grown by since, the write that was not sent among it.
    pub unconfirmed_bytes: u64,
    /// The smallest quota.
    pub quota_bytes: u64,
}

/// A write that was paid for. Dropped without a word, what was paid stays paid: the write may yet be applied.
#[derive(Debug)]
#[must_use]
pub struct Paid<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    /// That of members which say this of themselves, with the smallest of their quotas.
    pub fn new<'a>(
        members: impl Iterator<Item = Option<&'a MemberStatus>>,
        quota: Quota,
        reserve: Reserve,
    ) -> Self {
        let members = members.map(|status| {
            let known = |of: fn(&MemberStatus) -> u64| status.map_or(0, of);
            let db_bytes = known(|status| status.db_bytes);
            MemberSize {
                answers: status.is_some(),
                db_bytes,
                in_use_bytes: known(|status| status.db_in_use_bytes),
                compared: (db_bytes, 0),
                ..MemberSize::default()
            }
        });
        let state = State { members: members.collect(), factor: 1.0, ..State::default() };
        let limit = quota.limit();
        Budget {
            limit_bytes: limit.map(|bytes| {
                ((bytes as f64 * STOP_ABOVE) as u64).saturating_sub(reserve.slack_bytes)
            }),
            quota_bytes: limit.unwrap_or(0),
            most_removal_bytes: reserve.most_removal_bytes,
            lifted: AtomicBool::new(false),
            state: Mutex::new(state),
        }
    }

    /// One that never ends.
    pub fn unlimited() -> Self {
        Budget::new(std::iter::empty(), Quota::Disabled, Reserve::default())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For as long as the database is to be filled on purpose, there is no limit.
    pub fn lift(&self, lifted: bool) {
        self.lifted.store(lifted, Ordering::Relaxed);
    }

    /// Pays for a write that adds at most so many bytes, and that at most so many more bytes remove again at the end.
    ///
    /// # Errors
    /// When the database might become too large by it; it must not be sent.
    pub fn pay(&self, bytes: u64, removal_bytes: u64) -> Result<Paid<'_>, Exhausted> {
        let Some(limit_bytes) = self.limit_bytes.filter(|_| bytes > 0) else {
            return Ok(Paid { budget: self, bytes: 0 });
        };
        let mut state = self.state();
        let unconfirmed = state.unconfirmed(bytes);
        let db_bytes = state.db_bytes();
        let removal = (state.removal_bytes + removal_bytes).min(self.most_removal_bytes);
        let most = db_bytes.saturating_add(unconfirmed).saturating_add(removal);
        if most > limit_bytes && !self.lifted.load(Ordering::Relaxed) {
            let exhausted = Exhausted {
                db_bytes,
                unconfirmed_bytes: unconfirmed,
                quota_bytes: self.quota_bytes,
            };
            state.exhausted.get_or_insert(exhausted);
            return Err(exhausted);
        }
        state.paid += bytes;
        state.removal_bytes = removal;
        Ok(Paid { budget: self, bytes })
    }

    /// Why a write was not sent, if that has happened.
    pub fn exhausted(&self) -> Option<Exhausted> {
        self.state().exhausted
    }

    /// Whether so little is left that the members should be asked more often than else.
    pub fn is_tight(&self) -> bool {
        let Some(limit_bytes) = self.limit_bytes else {
            return false;
        };
        let state = self.state();
        let room = limit_bytes.saturating_sub(state.db_bytes()) as f64;
        state.unconfirmed(0) as f64 > room * (1.0 - TIGHT)
    }

    /// To be called just before a member is asked for its status.
    pub fn asks(&self) -> Asked {
        let state = self.state();
        Asked { answered: state.answered, revision: state.revision }
    }

    /// What the member with this index has answered, if it has.
    pub fn hears(&self, index: usize, asked: Asked, status: Option<&MemberStatus>) {
        let mut state = self.state();
        let factor = state.factor;
        let Some(member) = state.members.get_mut(index) else {
            return;
        };
        member.answers = status.is_some();
        let Some(status) = status else {
            return;
        };
        let grown = member.hears(asked, status);
        // While what is paid suffices, nothing becomes dearer.
        state.factor = match grown {
            Some(grown) if grown > 1.0 => factor.max(grown * MARGIN),
            _ => factor,
        };
    }
}

impl State {
    /// The largest database of those that answer; of all where none does.
    fn db_bytes(&self) -> u64 {
        let answering = self.members.iter().filter(|member| member.answers);
        let largest = answering.map(|member| member.db_bytes).max();
        largest.or(self.members.iter().map(|member| member.db_bytes).max()).unwrap_or(0)
    }

    /// What the database may have grown by beyond its known size, if so much more is written. A member that does not
    /// answer is not waited for: it catches up with what the others have.
    fn unconfirmed(&self, more: u64) -> u64 {
        let answering = self.members.iter().filter(|member| member.answers);
        let included = answering.map(|member| member.included).min();
        let included =
            included.or(self.members.iter().map(|member| member.included).min()).unwrap_or(0);
        ((self.paid.saturating_sub(included) + more) as f64 * self.factor).ceil() as u64
    }
}

impl MemberSize {
    /// Takes in an answer; how many times what was paid for the database has grown, where that can be told.
    ///
    /// A size is written down by the member when a backend commit ends. If it differs from the one before, a commit has
    /// ended between the two answers, and all that was applied by the first of them is in the second: it was in the
    /// transaction that was committed, or in one before.
    fn hears(&mut self, asked: Asked, status: &MemberStatus) -> Option<f64> {
        let sizes = (status.db_bytes, status.db_in_use_bytes);
        let committed = sizes != (self.db_bytes, self.in_use_bytes);
        (self.db_bytes, self.in_use_bytes) = sizes;
        if committed {
            self.included = self.applied;
        }
        if status.revision >= asked.revision {
            self.applied = asked.answered;
        }
        let (from_bytes, from_included) = self.compared;
        if self.db_bytes < from_bytes {
            self.compared = (self.db_bytes, self.included);
            return None;
        }
        // Included are at least so many, in truth up to all that is applied: the larger is compared.
        let paid = self.applied.saturating_sub(from_included);
        if paid < LEAST_COMPARED_BYTES {
            return None;
        }
        let grown = (self.db_bytes - from_bytes) as f64 / paid as f64;
        Some(grown)
    }
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the database has grown to {}, what was sent since may add {}, and no more than {} of its quota of {} may \
             be filled",
            format_bytes(self.db_bytes),
            format_bytes(self.unconfirmed_bytes),
            format_share(STOP_ABOVE),
            format_bytes(self.quota_bytes),
        )
    }
}

impl Paid<'_> {
    /// The write was answered, by the store at this revision.
    pub fn answered(self, revision: i64) {
        if self.bytes > 0 {
            let mut state = self.budget.state();
            state.answered += self.bytes;
            state.revision = state.revision.max(revision);
        }
    }

    /// The write was certainly not applied.
    pub fn not_applied(self) {
        if self.bytes > 0 {
            let mut state = self.budget.state();
            state.paid = state.paid.saturating_sub(self.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const QUOTA: u64 = 100 << 20;
    const LIMIT: u64 = 90 << 20;

    fn status(db_bytes: u64, revision: i64) -> MemberStatus {
        MemberStatus {
            id: 1,
            cluster_id: 1,
            version: "3.5.17".to_owned(),
            db_bytes,
            db_in_use_bytes: db_bytes,
            quota_bytes: None,
            leader: Some(1),
            term: 2,
            learner: false,
            revision,
            alarms: Vec::new(),
            known: crate::cluster::Known::Told,
        }
    }

    fn budget(db_bytes: u64, members: usize) -> Budget {
        let status = status(db_bytes, 1);
        let members = (0..members).map(|_| Some(&status));
        Budget::new(members, Quota::Bytes(QUOTA), Reserve::default())
    }

    fn is_full(budget: &Budget, bytes: u64) -> bool {
        match budget.pay(bytes, 0) {
            Ok(paid) => {
                paid.not_applied();
                false
            }
            Err(_) => true,
        }
    }

    #[test]
    fn what_is_on_its_way_counts_as_what_was_answered_does() {
        let budget = budget(50 << 20, 1);
        let on_its_way = budget.pay(20 << 20, 0).unwrap();
        budget.pay(20 << 20, 0).unwrap().answered(2);
        assert!(is_full(&budget, 1));
        on_its_way.not_applied();
        assert!(!is_full(&budget, 20 << 20));
        drop(budget.pay(20 << 20, 0).unwrap());
        assert!(is_full(&budget, 1), "what may yet be applied is not given free");
        let told = budget.exhausted().unwrap();
        assert_eq!((told.db_bytes, told.quota_bytes), (50 << 20, QUOTA));
        assert_eq!(told.unconfirmed_bytes, (40 << 20) + 1);
    }

    #[test]
    fn a_size_gives_free_only_what_is_certainly_in_it() {
        let budget = budget(10 << 20, 1);
        budget.pay(40 << 20, 0).unwrap().answered(2);
        // Answered, but the commit it is in may not have ended: the size is the old one.
        budget.hears(0, budget.asks(), Some(&status(10 << 20, 2)));
        assert!(is_full(&budget, (40 << 20) + 1));
        // A commit has ended since, with all that was applied when it was asked before.
        let asked = budget.asks();
        budget.pay(20 << 20, 0).unwrap().answered(3);
        budget.hears(0, asked, Some(&status(50 << 20, 3)));
        assert!(!is_full(&budget, 20 << 20));
        assert!(is_full(&budget, (20 << 20) + 1), "the second is in no size yet");
    }

    #[test]
    fn a_member_that_lags_behind_gives_nothing_free() {
        let budget = budget(10 << 20, 2);
        budget.pay(40 << 20, 0).unwrap().answered(7);
        for (first, second) in [(10, 11), (50, 12), (50, 13)] {
            budget.hears(0, budget.asks(), Some(&status(first << 20, 7)));
            budget.hears(1, budget.asks(), Some(&status(second << 20, 6)));
        }
        // 50 MiB told, and the 40 that the second has not applied.
        assert!(is_full(&budget, 1));
        budget.hears(1, budget.asks(), None);
        assert!(!is_full(&budget, 40 << 20), "one that is down is not waited for");
    }

    #[test]
    fn growth_beyond_what_was_paid_makes_the_rest_dearer() {
        let budget = budget(0, 1);
        budget.pay(10 << 20, 0).unwrap().answered(2);
        budget.hears(0, budget.asks(), Some(&status(1, 2)));
        budget.hears(0, budget.asks(), Some(&status(20 << 20, 2)));
        // 70 MiB are left, and what is paid is taken for 2.2 times as much.
        assert!(!is_full(&budget, 31 << 20));
        assert!(is_full(&budget, 32 << 20));
    }

    #[test]
    fn removing_the_keys_is_paid_for_with_the_first_write_of_each() {
        let reserve = Reserve { slack_bytes: 1 << 20, most_removal_bytes: 2 << 20 };
        let status = status(0, 1);
        let budget = Budget::new([Some(&status)].into_iter(), Quota::Bytes(QUOTA), reserve);
        budget.pay(80 << 20, 1 << 20).unwrap().answered(2);
        assert!(is_full(&budget, (8 << 20) + 1));
        assert!(!is_full(&budget, 8 << 20));
        budget.pay(1 << 20, 50 << 20).unwrap().answered(3);
        assert!(!is_full(&budget, 6 << 20), "all keys together are removed once");
    }

    #[test]
    fn without_a_quota_or_when_it_is_to_be_reached_there_is_no_end() {
        let unlimited = Budget::unlimited();
        assert!(!is_full(&unlimited, u64::MAX));
        let lifted = budget(QUOTA, 1);
        assert!(is_full(&lifted, 1));
        lifted.lift(true);
        assert!(!is_full(&lifted, 1));
    }

    /// A member as etcd has it: writes are applied to a transaction, and its end shows in the size.
    #[derive(Default)]
    struct Model {
        sent: Vec<u64>,
        applied: Vec<u64>,
        open: u64,
        committed: u64,
        revision: i64,
        last_asked: Option<(Asked, MemberStatus)>,
    }

    proptest! {
        #[test]
        fn whatever_the_order_the_database_stays_below_the_limit(
            steps in prop::collection::vec((0_u8..5, 1_u64..4 << 20), 50..600)
        ) {
            let budget = budget(0, 1);
            let mut model = Model::default();
            let mut under_way: Vec<(u64, Paid<'_>)> = Vec::new();
            for (step, bytes) in steps {
                match step {
                    0 => if let Ok(paid) = budget.pay(bytes, 0) {
                        model.sent.push(bytes);
                        under_way.push((bytes, paid));
                    },
                    // Applied in any order, and answered later.
                    1 => if !model.sent.is_empty() {
                        let at = bytes as usize % model.sent.len();
                        let applied = model.sent.swap_remove(at);
                        model.open += applied;
                        model.revision += 1;
                        model.applied.push(applied);
                    },
                    2 => if let Some(applied) = model.applied.pop() {
                        let at = under_way.iter().position(|(bytes, _)| *bytes == applied);
                        let (_, paid) = under_way.swap_remove(at.unwrap());
                        paid.answered(model.revision);
                    },
                    3 => model.committed += std::mem::take(&mut model.open),
                    _ => {
                        // The answer to the question before comes late.
                        if let Some((asked, status)) = model.last_asked.take() {
                            budget.hears(0, asked, Some(&status));
                        }
                        let asked = budget.asks();
                        model.last_asked = Some((asked, status(model.committed, model.revision)));
                    }
                }
                let all = model.committed + model.open + model.sent.iter().sum::<u64>();
                prop_assert!(all <= LIMIT, "{all}");
            }
        }
    }
}
