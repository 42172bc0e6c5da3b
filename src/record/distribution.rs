//! A merged distribution: what intervals add up to, and the one place where quantiles are computed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::{Samples, hdr};

/// A sparse histogram of durations with exact count, minimum, maximum and sum.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Distribution {
    /// (highest value of the bucket in ns, count), ascending.
    buckets: Vec<(u64, u64)>,
    count: u64,
    min_ns: u64,
    max_ns: u64,
    sum_ns: u64,
}

impl Distribution {
    /// What one interval recorded.
    pub fn from_samples(samples: &Samples) -> Self {
        Distribution {
            buckets: samples.buckets().collect(),
            count: samples.count(),
            min_ns: samples.min_ns(),
            max_ns: samples.max_ns(),
            sum_ns: samples.sum_ns(),
        }
    }

    /// Decodes an interval's histogram (HdrHistogram V2, deflated, base64) and sets the exact figures beside it.
    ///
    /// # Errors
    /// A message when the text is not such a histogram or holds another number of samples.
    pub fn decode(
        histogram: &str,
        count: u64,
        min_ns: u64,
        max_ns: u64,
        sum_ns: u64,
    ) -> Result<Self, String> {
        let bytes =
            BASE64.decode(histogram).map_err(|e| format!("histogram is not base64: {e}"))?;
        let buckets =
            hdr::decode(&bytes).map_err(|e| format!("histogram is not HdrHistogram V2: {e}"))?;
        let held = buckets.iter().try_fold(0u64, |sum, (_, n)| sum.checked_add(*n));
        if held != Some(count) {
            let held = held.map_or_else(|| "too many".to_owned(), |held| held.to_string());
            return Err(format!("histogram holds {held} samples, the interval says {count}"));
        }
        let sum_fits = || {
            let within = |value: u64| u128::from(value) * u128::from(count);
            (within(min_ns)..=within(max_ns)).contains(&u128::from(sum_ns)) || sum_ns == u64::MAX
        };
        if count > 0 && (min_ns > max_ns || !sum_fits()) {
            return Err(format!(
                "minimum {min_ns}, maximum {max_ns} and sum {sum_ns} cannot belong to the same {count} samples"
            ));
        }
        Ok(Distribution { buckets, count, min_ns, max_ns, sum_ns })
    }

    /// Takes the exact ends and sum of what it was made of, which buckets have rounded, and what was added to the sum.
    pub(super) fn keep_exact(&mut self, of: &Distribution, added_ns: u64) {
        if of.count > 0 {
            (self.min_ns, self.max_ns) = (of.min_ns, of.max_ns);
            self.sum_ns = of.sum_ns.saturating_add(added_ns);
        }
    }

    /// Adds another distribution: the only correct way to combine quantiles.
    pub fn merge(&mut self, other: &Distribution) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = other.clone();
            return;
        }
        add_buckets(&mut self.buckets, &other.buckets);
        self.count += other.count;
        self.min_ns = self.min_ns.min(other.min_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
        self.sum_ns = self.sum_ns.saturating_add(other.sum_ns);
    }

    /// Number of samples.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The smallest sample, exact; 0 when empty.
    pub fn min_ns(&self) -> u64 {
        self.min_ns
    }

    /// The largest sample, exact; 0 when empty.
    pub fn max_ns(&self) -> u64 {
        self.max_ns
    }

    /// The sum of all samples, exact.
    pub fn sum_ns(&self) -> u64 {
        self.sum_ns
    }

    /// The arithmetic mean, exact; `None` when empty.
    pub fn mean_ns(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_ns as f64 / self.count as f64)
    }

    /// The buckets that hold something, as (highest value of the bucket in ns, count), ascending.
    pub fn buckets(&self) -> &[(u64, u64)] {
        &self.buckets
    }

    /// The value below or at which a share `q` (0 to 1) of the samples lies: HdrHistogram's definition, the
    /// highest value of the bucket that holds rank ⌈q·n⌉, kept within the exact minimum and maximum.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        if self.count == 0 {
            return None;
        }
        self.value_at_rank(self.rank(q))
    }

    /// The rank ⌈q·n⌉ of a quantile, at least 1.
    pub(super) fn rank(&self, q: f64) -> u64 {
        // One step down, as HdrHistogram does: 0.07 × 100 is a hair above 7 in binary, and must not become rank 8.
        let exact = q.clamp(0.0, 1.0) * self.count as f64;
        (exact.next_down().ceil() as u64).max(1)
    }

    /// The value of the sample with this rank (1 = smallest), to the resolution of its bucket.
    pub fn value_at_rank(&self, rank: u64) -> Option<u64> {
        let mut seen = 0;
        for &(value, count) in &self.buckets {
            seen += count;
            if seen >= rank {
                return Some(value.clamp(self.min_ns, self.max_ns));
            }
        }
        None
    }

    /// How many samples are at or above a limit. A bucket that the limit cuts counts as above it whole, so that a
    /// limit is never kept by rounding; where the exact minimum or maximum decides, they do. In step with
    /// [`Distribution::quantile`]: no more than (1−q)·n samples are at or above the limit exactly when the quantile
    /// is below it.
    pub fn count_at_or_above(&self, limit_ns: u64) -> u64 {
        if self.max_ns < limit_ns {
            return 0;
        }
        let first = self.buckets.partition_point(|&(value, _)| value < limit_ns);
        self.buckets[first..].iter().map(|&(_, count)| count).sum()
    }

    /// How many samples are in buckets below the one with this highest value, and how many are in it.
    pub(super) fn count_below_and_in(&self, value: u64) -> (u64, u64) {
        let at = self.buckets.partition_point(|&(v, _)| v < value);
        let below = self.buckets[..at].iter().map(|&(_, count)| count).sum();
        let inside = self.buckets.get(at).filter(|b| b.0 == value);
        (below, inside.map_or(0, |&(_, count)| count))
    }
}

/// Adds buckets to others in place. After the first few seconds of a run nearly all are there already, and nothing
/// has to be moved: of an hour's intervals this is what reading took longest over.
fn add_buckets(to: &mut Vec<(u64, u64)>, from: &[(u64, u64)]) {
    let mut new = Vec::new();
    let mut at = 0;
    for &(value, count) in from {
        while to.get(at).is_some_and(|bucket| bucket.0 < value) {
            at += 1;
        }
        match to.get_mut(at) {
            Some(bucket) if bucket.0 == value => bucket.1 += count,
            _ => new.push((value, count)),
        }
    }
    if !new.is_empty() {
        *to = merge_sorted(to, &new);
    }
}

fn merge_sorted(a: &[(u64, u64)], b: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut merged = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        match a[i].0.cmp(&b[j].0) {
            std::cmp::Ordering::Less => {
                merged.push(a[i]);
                i += 1;
            }
            std::cmp::Ordering::Greater => {
                merged.push(b[j]);
                j += 1;
            }
            std::cmp::Ordering::Equal => {
                merged.push((a[i].0, a[i].1 + b[j].1));
                i += 1;
                j += 1;
            }
        }
    }
    merged.extend_from_slice(&a[i..]);
    merged.extend_from_slice(&b[j..]);
    merged
}
