//! How much a load writes, and how much the database grows by it.

use super::{LoadPlan, Operation, Stm, Weighted};

/// A database page (bbolt's default page size).
const PAGE: u64 = 4096;
/// Copies of the last leaf that may be held at a time: the one that is read, the one that is written, and those that
/// are free but not where room is needed.
const COPIES: u64 = 4;
/// Branches, buckets and the list of free pages.
const OTHER_PAGES: u64 = 32 * PAGE;
/// What a page says about itself (bbolt page.go).
const PAGE_HEADER: u64 = 16;
/// What etcd stores around key and value: the key's revision, the element's place in the page, the other fields of
/// `mvccpb.KeyValue`.
const AROUND: u64 = 17 + 16 + 32;

/// What is added for branch pages and the list of free pages, as a divisor: one part in so many.
const REST: u64 = 32;
/// Writes per second of which even random ones leave two seconds without any in no run that is ever made (e^-10).
const SEEN_WITHIN_2_S: f64 = 5.0;

/// By how much the database can grow at most by a request of so many bytes that writes so many versions of keys. A page
/// is filled to nine tenths and holds at least two elements; one that does not fit any more leaves up to its own size
/// free, and large ones end in the midst of a page (bbolt node.go, `splitIndex`).
pub fn most_growth_bytes(request_bytes: u64, versions: u64) -> u64 {
    if versions == 0 {
        return 0;
    }
    let element = request_bytes.div_ceil(versions) + AROUND;
    let full = (PAGE - PAGE_HEADER) * 9 / 10;
    let alone = element + PAGE / 2 + PAGE_HEADER;
    let among_others = full
        .checked_sub(element)
        .filter(|left| *left > 0)
        .map(|left| (element * PAGE).div_ceil(left));
    let each = among_others.map_or(alone, |bytes| bytes.min(alone));
    versions * (each + each / REST)
}

/// The same where every element of the database that is written meanwhile has the size of these.
pub fn most_growth_of_equals_bytes(request_bytes: u64, versions: u64) -> u64 {
    if versions == 0 {
        return 0;
    }
    let each = share_of_pages(request_bytes.div_ceil(versions) + AROUND);
    versions * (each + each / REST)
}

/// What an element takes among others of its size. etcd writes versions in order, and has bbolt fill pages to nine
/// tenths then (mvcc/backend, `SeqPut`); a node of the tree holds two keys at least, over as many pages as it takes
/// (bbolt node.go, `splitIndex`).
fn share_of_pages(element: u64) -> u64 {
    let together = ((PAGE - PAGE_HEADER) * 9 / 10 / element).max(2);
    (together * element + PAGE_HEADER).next_multiple_of(PAGE).div_ceil(together)
}

impl LoadPlan {
    /// What the database may grow by beyond the elements themselves: at each commit the last page of the tree is copied
    /// with what it holds, up to three elements, while readers may still hold the copies before.
    pub fn page_slack_bytes(&self) -> u64 {
        let element = u64::from(self.keys.size) + u64::from(self.values.max_size) + AROUND;
        COPIES * (3 * element + PAGE_HEADER).next_multiple_of(PAGE) + OTHER_PAGES
    }

    /// What removing every key of the load adds to the database.
    pub fn removal_bytes(&self) -> u64 {
        let keys = self.keys.space.max(self.preload);
        keys.saturating_mul(most_growth_bytes(u64::from(self.keys.size), 1))
    }

    /// Versions of keys that the load is planned to write, preload and warm-up among them and deletions, too; nothing
    /// where nobody knows beforehand (a closed loop).
    pub fn expected_writes(&self) -> Option<u64> {
        if !self.classes.is_empty() {
            let parts = self.parts();
            return parts.iter().map(|(_, part)| part.expected_writes()).sum();
        }
        let load = if self.writes_per_operation() > 0.0 {
            (self.expected_operations()? as f64 * self.writes_per_operation()).ceil() as u64
        } else {
            0
        };
        Some(self.preload.saturating_add(load))
    }

    /// By how much the database is planned to grow; nothing where [`LoadPlan::expected_writes`] says nothing. A
    /// version is never overwritten, so this stays until the history is compacted and the database defragmented.
    pub fn expected_growth_bytes(&self) -> Option<u64> {
        if !self.classes.is_empty() {
            let parts = self.parts();
            return parts.iter().map(|(_, part)| part.expected_growth_bytes()).sum();
        }
        Some(self.expected_writes()?.saturating_mul(self.bytes_per_write()))
    }

    /// By how much the database grows at least: as planned, or by the keys written beforehand where nothing more is
    /// known.
    pub fn least_growth_bytes(&self) -> u64 {
        if !self.classes.is_empty() {
            let parts = self.parts();
            return parts.iter().map(|(_, part)| part.least_growth_bytes()).sum();
        }
        let preload = || self.preload.saturating_mul(self.bytes_per_write());
        self.expected_growth_bytes().unwrap_or_else(preload)
    }

    /// What one version of a key takes in the database, on average.
    pub fn bytes_per_write(&self) -> u64 {
        let value = u64::from(self.values.mean_size());
        share_of_pages(u64::from(self.keys.size) + value + AROUND)
    }

    /// Whether all that it writes has one size: puts of equal values, alone or in transactions.
    pub fn writes_equals(&self) -> bool {
        let equal = |operation| {
            use Operation as O;
            match operation {
                O::Put | O::Txn | O::Stm => true,
                O::Delete | O::Create | O::LeaseGrant | O::Compact => false,
                O::Range | O::TxnRange | O::LeaseKeepalive | O::ListWatch | O::Status => true,
            }
        };
        let values = &self.values;
        values.min_size == values.max_size
            && self.writes.lease_ttl_s == 0
            && self.operations.iter().all(|weighted| equal(weighted.operation))
    }

    /// Versions of keys that an operation of the mix writes, on average.
    fn writes_per_operation(&self) -> f64 {
        let weights: f64 = self.operations.iter().map(|w| w.weight).sum();
        let versions = self.operations.iter().map(|w| w.weight * self.versions(w.operation));
        versions.sum::<f64>() / weights
    }

    /// Operations per second that write keys, in the first step that has any.
    pub fn writes_per_s(&self) -> f64 {
        let all: f64 = self.operations.iter().map(|w| w.weight).sum();
        let writing = self.operations.iter().filter(|w| w.operation.writes());
        let share = writing.map(|w| w.weight).sum::<f64>() / all;
        let rates = self.steps().iter().map(|step| step.from_per_s);
        rates.fold(0.0, |found, rate| if found > 0.0 { found } else { rate }) * share
    }

    fn versions(&self, operation: Operation) -> f64 {
        match operation {
            Operation::Put | Operation::Delete | Operation::Create => 1.0,
            Operation::Txn => f64::from(self.writes.txn_operations),
            Operation::Stm => f64::from(self.stm.written_keys()),
            Operation::Range
            | Operation::TxnRange
            | Operation::LeaseKeepalive
            | Operation::LeaseGrant
            | Operation::ListWatch
            | Operation::Compact
            | Operation::Status => 0.0,
        }
    }

    /// Whether somebody who watches its keys for two seconds is sure to see a write, while it goes on.
    pub fn writes_often(&self) -> bool {
        let slowest = |plan: &LoadPlan| {
            let rates = plan.steps().iter().map(|step| step.from_per_s.min(step.to_per_s));
            rates.fold(f64::INFINITY, f64::min)
        };
        // A deletion may find nothing to remove.
        let writes = |w: &&Weighted| w.operation.writes() && w.operation != Operation::Delete;
        let of_part = |part: &LoadPlan| {
            let all: f64 = part.operations.iter().map(|w| w.weight).sum();
            let some: f64 = part.operations.iter().filter(writes).map(|w| w.weight).sum();
            if some > 0.0 { some / all.max(f64::MIN_POSITIVE) * slowest(part) } else { 0.0 }
        };
        let per_s: f64 = self.parts().iter().map(|(_, part)| of_part(part)).sum();
        per_s >= SEEN_WITHIN_2_S
    }

    /// Whether the load changes keys.
    pub fn writes_keys(&self) -> bool {
        let writes = |plan: &LoadPlan| plan.operations.iter().any(|w| w.operation.writes());
        self.preload > 0 || writes(self) || self.parts().iter().any(|(_, part)| writes(part))
    }
}

impl Stm {
    /// Keys that one transaction writes.
    pub fn written_keys(&self) -> u32 {
        let share = f64::from(self.keys) * self.write_share;
        (share.round() as u32).clamp(1, self.keys.max(1))
    }
}
