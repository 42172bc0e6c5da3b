//! What a watch tells of writes: counts by prefix and kind, and how large values are. No key and no value is kept.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::cluster::{Answered, Prober, WriteKind, Written};
use crate::profile::{Gap, Layout, Sample, Sizes, Writes, end_of};

/// Sizes that are kept of each prefix.
const MOST_SIZES: usize = 1_000;
/// Leases that are told apart of each prefix.
const MOST_LEASES: usize = 10_000;
/// Writes come at even distances where their number in a second varies so little, in relation to what chance would do.
const EVEN: f64 = 0.35;
/// Too few to tell.
const LEAST_WRITES: u64 = 20;
/// How often somebody may ask for the end.
const LOOK: Duration = Duration::from_millis(100);

/// What was written to one prefix.
#[derive(Debug, Default)]
struct Count {
    writes: Writes,
    sizes: Vec<Sample>,
    leases: HashSet<i64>,
    by_second: BTreeMap<u64, u64>,
}

/// What was written.
pub(super) struct Tally {
    counts: BTreeMap<Vec<u8>, Count>,
    elsewhere: Count,
    window: Duration,
}

impl Tally {
    /// Nothing yet, of these prefixes.
    pub(super) fn new<'a>(prefixes: impl Iterator<Item = &'a Vec<u8>>) -> Self {
        Tally {
            counts: prefixes.map(|prefix| (prefix.clone(), Count::default())).collect(),
            elsewhere: Count::default(),
            window: Duration::ZERO,
        }
    }

    /// Watches all keys that begin so, for as long as asked for; gives what ended it before.
    pub(super) async fn watch(
        &mut self,
        prober: &mut Prober,
        prefix: &[u8],
        window: Duration,
        stop: &AtomicBool,
    ) -> Answered<Option<Gap>> {
        let from = if prefix.is_empty() { &[0][..] } else { prefix };
        let end = if prefix.is_empty() { vec![0] } else { end_of(prefix) };
        let mut follower = prober.follow((from, &end)).await?;
        let begun = Instant::now();
        let mut ended = None;
        while begun.elapsed() < window && ended.is_none() {
            if stop.load(Ordering::Relaxed) {
                ended = Some(Gap::Interrupted);
                break;
            }
            let left = window.saturating_sub(begun.elapsed());
            match tokio::time::timeout(LOOK.min(left), follower.next()).await {
                Ok(Ok(changes)) => {
                    let second = begun.elapsed().as_secs();
                    changes.iter().for_each(|change| self.add(change, second));
                }
                Ok(Err(error)) => ended = Some(Gap::WatchEnded(error.message)),
                Err(_) => {}
            }
        }
        self.window = begun.elapsed();
        Ok(ended)
    }

    fn add(&mut self, change: &Written, second: u64) {
        let above: Vec<&[u8]> = Layout::above(&change.outline.key).collect();
        let known = above.iter().rev().find(|prefix| self.counts.contains_key(**prefix));
        let count = match known.and_then(|prefix| self.counts.get_mut(*prefix)) {
            Some(count) => count,
            None => &mut self.elsewhere,
        };
        count.add(change, second);
    }

    /// For how long it was watched, in seconds.
    pub(super) fn window_s(&self) -> f64 {
        self.window.as_secs_f64()
    }

    /// What was written to a prefix.
    pub(super) fn take(&mut self, prefix: &[u8]) -> Writes {
        let count = self.counts.remove(prefix).unwrap_or_default();
        count.writes(self.window)
    }

    /// What was written where no key was when keys were looked at.
    pub(super) fn take_elsewhere(&mut self) -> Writes {
        std::mem::take(&mut self.elsewhere).writes(self.window)
    }
}

impl Count {
    fn add(&mut self, change: &Written, second: u64) {
        let Written { outline, kind, .. } = change;
        let writes = &mut self.writes;
        match kind {
            WriteKind::Create => writes.creates += 1,
            WriteKind::Update => writes.updates += 1,
            WriteKind::Delete => writes.deletes += 1,
        }
        *self.by_second.entry(second).or_default() += 1;
        if *kind == WriteKind::Delete {
            return;
        }
        writes.bytes += outline.value_bytes;
        // The first so many; their order has nothing to do with their size.
        if self.sizes.len() < MOST_SIZES {
            self.sizes.push(Sample { bytes: outline.value_bytes, weight: 1.0 });
        }
        if outline.lease != 0 {
            writes.leased += 1;
            if self.leases.len() < MOST_LEASES {
                self.leases.insert(outline.lease);
            }
        }
    }

    fn writes(self, window: Duration) -> Writes {
        let even = self.writes.all() >= LEAST_WRITES && self.is_even(window);
        Writes {
            sizes: Sizes::of(self.sizes),
            leases: self.leases.len() as u64,
            even,
            ..self.writes
        }
    }

    /// Of a Poisson process the variance of counts is their mean.
    fn is_even(&self, window: Duration) -> bool {
        let seconds = window.as_secs();
        if seconds < 5 {
            return false;
        }
        let counts: Vec<f64> = (0..seconds)
            .map(|second| self.by_second.get(&second).copied().unwrap_or(0) as f64)
            .collect();
        let mean = counts.iter().sum::<f64>() / seconds as f64;
        let variance =
            counts.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / (seconds - 1) as f64;
        mean >= 1.0 && variance < EVEN * mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Outline;

    fn change(key: &str, kind: WriteKind, lease: i64) -> Written {
        let outline = Outline { key: key.as_bytes().to_vec(), value_bytes: 100, lease };
        Written { outline, kind, revision: 1 }
    }

    #[test]
    fn a_write_belongs_to_the_longest_prefix_it_begins_with() {
        let known = [b"/a/".to_vec(), b"/a/b/".to_vec()];
        let mut tally = Tally::new(known.iter());
        tally.window = Duration::from_secs(10);
        for (key, kind) in [
            ("/a/b/1", WriteKind::Create),
            ("/a/b/c/1", WriteKind::Update),
            ("/a/1", WriteKind::Update),
            ("/z/1", WriteKind::Delete),
        ] {
            tally.add(&change(key, kind, 7), 0);
        }
        let deep = tally.take(b"/a/b/");
        assert_eq!(
            (deep.creates, deep.updates, deep.leased, deep.leases, deep.bytes),
            (1, 1, 2, 1, 200)
        );
        assert_eq!(tally.take(b"/a/").updates, 1);
        assert_eq!(tally.take_elsewhere().deletes, 1);
    }

    #[test]
    fn even_distances_are_told_from_chance() {
        let of = |per_second: &[u64]| {
            let mut count = Count::default();
            for (second, number) in per_second.iter().enumerate() {
                for _ in 0..*number {
                    count.add(&change("/a", WriteKind::Update, 0), second as u64);
                }
            }
            count.writes(Duration::from_secs(per_second.len() as u64)).even
        };
        assert!(of(&[10, 10, 11, 10, 9, 10, 10, 10]));
        assert!(!of(&[4, 16, 10, 7, 13, 10, 15, 5]));
        assert!(!of(&[1, 1, 1, 1, 1, 1]), "too few to tell");
    }
}
