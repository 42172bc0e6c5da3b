//! The longest time without an acknowledgement: of the whole load, and of each member.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Below this nobody looks for gaps.
const SHORTEST_NS: u64 = 1_000_000;

/// Shared by all workers.
#[derive(Debug)]
pub struct Gaps {
    /// Per span: all members together, then each.
    spans: Vec<Vec<Cell>>,
}

#[derive(Debug, Default)]
struct Cell {
    last_ns: AtomicU64,
    longest: Mutex<Gap>,
    /// The longest one's length again, to be looked at without the lock.
    longest_ns: AtomicU64,
}

/// A time without an acknowledgement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gap {
    /// Its start on the run's clock.
    pub start_ns: u64,
    /// Its length.
    pub length_ns: u64,
}

impl Gaps {
    /// For so many spans and members.
    pub fn new(spans: usize, members: usize) -> Self {
        let cells = || (0..=members).map(|_| Cell::default()).collect();
        Gaps { spans: (0..spans).map(|_| cells()).collect() }
    }

    /// The load begins: its spans start at these times on the run's clock.
    pub fn begin(&self, starts_ns: impl Iterator<Item = u64>) {
        for (cells, start_ns) in self.spans.iter().zip(starts_ns) {
            for cell in cells {
                cell.last_ns.store(start_ns, Ordering::Relaxed);
                cell.longest_ns.store(SHORTEST_NS, Ordering::Relaxed);
            }
        }
    }

    /// A member has acknowledged at this time.
    pub fn acknowledged(&self, span: usize, member: Option<u32>, now_ns: u64) {
        let cells = &self.spans[span];
        cells[0].acknowledged(now_ns);
        if let Some(cell) = member.and_then(|member| cells.get(member as usize + 1)) {
            cell.acknowledged(now_ns);
        }
    }

    /// The longest of a span that ends at this time: of all members together (`None`) and of each.
    pub fn longest(&self, span: usize, end_ns: u64) -> Vec<(Option<u32>, Gap)> {
        let cells = self.spans[span].iter().enumerate();
        let longest = cells.map(|(index, cell)| {
            cell.acknowledged(end_ns);
            let gap = cell.longest.lock().map_or_else(|e| *e.into_inner(), |gap| *gap);
            (index.checked_sub(1).map(|member| member as u32), gap)
        });
        longest.collect()
    }
}

impl Cell {
    fn acknowledged(&self, now_ns: u64) {
        let last_ns = self.last_ns.fetch_max(now_ns, Ordering::Relaxed);
        let length_ns = now_ns.saturating_sub(last_ns);
        if length_ns <= self.longest_ns.load(Ordering::Relaxed) {
            return;
        }
        let mut longest = match self.longest.lock() {
            Ok(longest) => longest,
            Err(poisoned) => poisoned.into_inner(),
        };
        if length_ns > longest.length_ns {
            *longest = Gap { start_ns: last_ns, length_ns };
            self.longest_ns.store(length_ns, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn the_longest_is_found_for_all_and_for_each() {
        let gaps = Gaps::new(1, 2);
        gaps.begin([10 * MS].into_iter());
        for (member, at) in [(0, 20), (1, 25), (0, 30), (1, 90), (1, 100)] {
            gaps.acknowledged(0, Some(member), at * MS);
        }
        let longest = gaps.longest(0, 110 * MS);
        let gap = |start: u64, length: u64| Gap { start_ns: start * MS, length_ns: length * MS };
        assert_eq!(longest, [(None, gap(30, 60)), (Some(0), gap(30, 80)), (Some(1), gap(25, 65)),]);
    }
}
