//! Which writes were acknowledged, to be held against what the store says at the end.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Unknown outcomes that are remembered one by one; of further ones only the number.
const REMEMBERED: usize = 100_000;

/// Per key the last acknowledged change; its memory does not grow with the run.
#[derive(Debug)]
pub struct AckLog {
    /// Revision of the last acknowledged change × 2, and 1 more if it removed the key.
    last: Vec<AtomicU64>,
    unknown: Mutex<Unknown>,
}

/// Writes whose outcome nobody knows.
#[derive(Debug, Default)]
struct Unknown {
    /// By operation: its keys, and whether it would remove them.
    operations: HashMap<u64, (Vec<u64>, bool)>,
    more: u64,
}

/// As many writes are told by name.
const FEW: usize = 10;

/// What became of a run's writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Verified {
    /// Keys with an acknowledged change.
    pub acked_keys: u64,
    /// Keys of those that were looked for, also where the last acknowledged change removed them.
    pub checked: u64,
    /// Keys whose last acknowledged change is not there.
    pub lost: u64,
    /// Keys that hold what nobody wrote.
    pub phantom: u64,
    /// Writes of unknown outcome that are there.
    pub unknown_applied: u64,
    /// Those that are not, or were overwritten since.
    pub unknown_not_applied: u64,
    /// A few of the lost and phantom ones in words.
    pub examples: Vec<String>,
}

/// A key as it was read back.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// Its number.
    pub key: u64,
    /// Revision of its last change.
    pub revision: i64,
    /// The operation that its value says wrote it; `None` when it bears no stamp of this run for this key.
    pub index: Option<u64>,
}

impl AckLog {
    /// For keys numbered below this.
    pub fn new(keys: u64) -> Self {
        AckLog { last: (0..keys).map(|_| AtomicU64::new(0)).collect(), unknown: Mutex::default() }
    }

    /// A change of a key was acknowledged at this revision.
    pub fn acknowledged(&self, key: u64, revision: i64, removed: bool) {
        if let Some(last) = self.last.get(key as usize) {
            last.fetch_max((revision as u64) << 1 | u64::from(removed), Ordering::Relaxed);
        }
    }

    /// Nobody knows whether a change of these keys was applied.
    pub fn unknown(&self, index: u64, keys: &[u64], removes: bool) {
        let mut unknown = match self.unknown.lock() {
            Ok(unknown) => unknown,
            Err(poisoned) => poisoned.into_inner(),
        };
        if unknown.operations.len() < REMEMBERED {
            unknown.operations.insert(index, (keys.to_vec(), removes));
        } else {
            unknown.more += 1;
        }
    }

    /// Holds what was read back, all keys of the run at one revision, against what was acknowledged. `stamped` says
    /// whether values bear stamps, `name` what the key of a number is called.
    pub fn verify(&self, found: &[Found], stamped: bool, name: impl Fn(u64) -> String) -> Verified {
        let unknown = match self.unknown.lock() {
            Ok(unknown) => unknown,
            Err(poisoned) => poisoned.into_inner(),
        };
        let mut verified = Verified::default();
        let mut there: HashMap<u64, Found> =
            found.iter().map(|found| (found.key, *found)).collect();
        let maybe_removed: std::collections::HashSet<u64> = unknown
            .operations
            .values()
            .filter(|(_, removes)| *removes)
            .flat_map(|(keys, _)| keys.iter().copied())
            .collect();
        for (key, last) in self.last.iter().enumerate() {
            let last = last.load(Ordering::Relaxed);
            let (key, revision, removed) = (key as u64, (last >> 1) as i64, last & 1 == 1);
            if revision == 0 {
                continue;
            }
            verified.acked_keys += 1;
            verified.checked += 1;
            match there.remove(&key) {
                Some(found) => {
                    verified.judge(&name(key), &found, (revision, removed), stamped, &unknown)
                }
                None if removed || maybe_removed.contains(&key) || unknown.more > 0 => {}
                None => verified
                    .lose(format!("{}: acknowledged at revision {revision}, not there", name(key))),
            }
        }
        // Never acknowledged, but there: of unknown outcome, or written by nobody.
        for found in there.values() {
            verified.judge(&name(found.key), found, (0, false), stamped, &unknown);
        }
        verified.unknown_not_applied =
            unknown.operations.len() as u64 + unknown.more - verified.unknown_applied;
        verified
    }
}

impl std::ops::AddAssign for Verified {
    fn add_assign(&mut self, other: Verified) {
        self.acked_keys += other.acked_keys;
        self.checked += other.checked;
        self.lost += other.lost;
        self.phantom += other.phantom;
        self.unknown_applied += other.unknown_applied;
        self.unknown_not_applied += other.unknown_not_applied;
        let room = FEW.saturating_sub(self.examples.len());
        self.examples.extend(other.examples.into_iter().take(room));
    }
}

impl Verified {
    fn judge(
        &mut self,
        key: &str,
        found: &Found,
        (acked, removed): (i64, bool),
        stamped: bool,
        unknown: &Unknown,
    ) {
        let of_unknown = found.index.is_some_and(|index| unknown.operations.contains_key(&index));
        self.unknown_applied += u64::from(of_unknown);
        if found.revision < acked || (found.revision == acked && removed) {
            let what = if removed { "removed" } else { "acknowledged" };
            self.lose(format!(
                "{key}: {what} at revision {acked}, but found at {}",
                found.revision
            ));
        } else if stamped && found.index.is_none() {
            self.invent(format!(
                "{key}: its value at revision {} was not written by this run",
                found.revision
            ));
        } else if found.revision > acked && !of_unknown && unknown.more == 0 && stamped {
            self.invent(format!(
                "{key}: changed at revision {} without a known write",
                found.revision
            ));
        }
    }

    fn lose(&mut self, example: String) {
        self.lost += 1;
        self.example(example);
    }

    fn invent(&mut self, example: String) {
        self.phantom += 1;
        self.example(example);
    }

    fn example(&mut self, example: String) {
        if self.examples.len() < FEW {
            self.examples.push(example);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(key: u64, revision: i64, index: u64) -> Found {
        Found { key, revision, index: Some(index) }
    }

    #[test]
    fn what_was_acknowledged_and_is_there_is_fine() {
        let ack_log = AckLog::new(4);
        ack_log.acknowledged(0, 10, false);
        ack_log.acknowledged(0, 7, false);
        ack_log.acknowledged(1, 11, true);
        let verified = ack_log.verify(&[found(0, 10, 1)], true, |key| key.to_string());
        assert_eq!((verified.acked_keys, verified.checked), (2, 2));
        assert_eq!((verified.lost, verified.phantom), (0, 0), "{verified:?}");
    }

    #[test]
    fn a_lost_write_an_old_value_and_a_key_that_came_back_are_found() {
        let ack_log = AckLog::new(4);
        ack_log.acknowledged(0, 10, false);
        ack_log.acknowledged(1, 11, false);
        ack_log.acknowledged(2, 12, true);
        let verified =
            ack_log.verify(&[found(1, 9, 1), found(2, 12, 2)], true, |key| key.to_string());
        assert_eq!(verified.lost, 3, "{verified:?}");
        assert_eq!(verified.examples.len(), 3);
    }

    #[test]
    fn a_write_of_unknown_outcome_may_or_may_not_be_there() {
        let ack_log = AckLog::new(4);
        ack_log.acknowledged(0, 10, false);
        ack_log.unknown(5, &[0], false);
        ack_log.unknown(6, &[1], false);
        ack_log.acknowledged(2, 11, false);
        ack_log.unknown(7, &[2], true);
        let verified = ack_log.verify(&[found(0, 12, 5)], true, |key| key.to_string());
        assert_eq!((verified.lost, verified.phantom), (0, 0), "{verified:?}");
        assert_eq!((verified.unknown_applied, verified.unknown_not_applied), (1, 2));
    }

    #[test]
    fn what_nobody_wrote_is_found() {
        let ack_log = AckLog::new(4);
        ack_log.acknowledged(0, 10, false);
        let foreign = Found { key: 0, revision: 11, index: None };
        assert_eq!(ack_log.verify(&[foreign], true, |key| key.to_string()).phantom, 1);
        assert_eq!(ack_log.verify(&[found(0, 11, 3)], true, |key| key.to_string()).phantom, 1);
    }
}
