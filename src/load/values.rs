//! What is written, and the stamp in it by which it is known again.

use super::draw::Draw;
use crate::plan::{SizeDistribution, Values};

/// Random bytes that values are cut from.
const POOL: usize = 1 << 20;
/// Sizes are drawn apart from all else that a seed decides.
const SIZES: u64 = 0x5a5a_0001;
/// Bytes of a stamp; smaller values have none.
pub const STAMP: usize = 32;

/// Makes values.
#[derive(Debug)]
pub struct ValueMaker {
    plan: Values,
    seed: u64,
    pool: Vec<u8>,
    /// Tells this run's stamps from those of another.
    run: u32,
}

/// What a value tells about the write that put it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Number of the key.
    pub key: u64,
    /// Number of the operation.
    pub index: u64,
    /// When the operation was due, or sent in a closed loop, on the run's clock.
    pub due_ns: u64,
}

impl ValueMaker {
    /// Values of this plan for one run.
    pub fn new(plan: Values, seed: u64, run: u32) -> Self {
        let mut pool = vec![0; POOL + plan.max_size as usize];
        Draw::of(seed, u64::MAX).fill(&mut pool);
        ValueMaker { plan, seed, pool, run }
    }

    /// Writes the value of an operation over what `value` holds.
    ///
    /// The first bytes are a stamp where there is room. The changing part is random in every write, the rest is
    /// random once per key, and the end is zeros as far as it is to be compressible.
    pub fn write(&self, stamp: Stamp, draw: &mut Draw, value: &mut Vec<u8>) {
        let plan = &self.plan;
        let size = self.size(stamp.key, draw);
        let random = size - (size as f64 * plan.compressible) as usize;
        let changing = (random as f64 * plan.changing).ceil() as usize;
        value.clear();
        let fresh = draw.below(POOL as u64) as usize;
        value.extend_from_slice(&self.pool[fresh..fresh + changing]);
        let steady = Draw::of(u64::from(self.run), stamp.key).below(POOL as u64) as usize;
        value.extend_from_slice(&self.pool[steady..steady + random - changing]);
        value.resize(size, 0);
        if let Some(place) = value.first_chunk_mut::<STAMP>() {
            *place = self.stamp(stamp);
        }
    }

    fn size(&self, key: u64, draw: &mut Draw) -> usize {
        let plan = &self.plan;
        let size = match plan.distribution {
            SizeDistribution::Even => {
                let spread = u64::from(plan.max_size - plan.min_size) + 1;
                plan.min_size + draw.below(spread) as u32
            }
            // An object keeps its size, whoever writes it.
            SizeDistribution::LogNormal { .. } => {
                let deviations = Draw::of(self.seed.wrapping_add(SIZES), key).deviations();
                plan.size_at(deviations)
            }
        };
        size as usize
    }

    fn stamp(&self, stamp: Stamp) -> [u8; STAMP] {
        let mut bytes = [0; STAMP];
        bytes[..4].copy_from_slice(&self.run.to_le_bytes());
        bytes[4..12].copy_from_slice(&stamp.key.to_le_bytes());
        bytes[12..20].copy_from_slice(&stamp.index.to_le_bytes());
        bytes[20..28].copy_from_slice(&stamp.due_ns.to_le_bytes());
        let sum = crc32c::crc32c(&bytes[..28]);
        bytes[28..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// The stamp of a value that this run wrote; `None` for any other, and for one that was damaged.
    pub fn read(&self, value: &[u8]) -> Option<Stamp> {
        let bytes = value.first_chunk::<STAMP>()?;
        let number = |at: usize| bytes[at..].first_chunk().map_or(0, |n| u64::from_le_bytes(*n));
        let stamp = Stamp { key: number(4), index: number(12), due_ns: number(20) };
        (self.stamp(stamp) == *bytes).then_some(stamp)
    }
}

/// The key and the run of a value that some load of ours wrote.
pub fn stamped(value: &[u8]) -> Option<(u32, u64)> {
    let bytes = value.first_chunk::<STAMP>()?;
    let run = u32::from_le_bytes(*bytes.first_chunk()?);
    let key = u64::from_le_bytes(*bytes[4..].first_chunk()?);
    let sum = u32::from_le_bytes(*bytes.last_chunk()?);
    (crc32c::crc32c(&bytes[..STAMP - 4]) == sum).then_some((run, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(min_size: u32, max_size: u32, compressible: f64, changing: f64) -> ValueMaker {
        let plan = Values {
            min_size,
            max_size,
            compressible,
            changing,
            distribution: SizeDistribution::Even,
        };
        ValueMaker::new(plan, 1, 42)
    }

    fn write(maker: &ValueMaker, key: u64, index: u64) -> Vec<u8> {
        let mut value = Vec::new();
        let stamp = Stamp { key, index, due_ns: 5 };
        maker.write(stamp, &mut Draw::of(1, index), &mut value);
        value
    }

    #[test]
    fn a_stamp_is_read_back_and_a_damaged_one_is_not() {
        let maker = values(256, 256, 0.0, 1.0);
        let mut value = write(&maker, 3, 4);
        assert_eq!(maker.read(&value), Some(Stamp { key: 3, index: 4, due_ns: 5 }));
        assert_eq!(stamped(&value), Some((42, 3)));
        value[12] ^= 1;
        assert_eq!(maker.read(&value), None);
        assert_eq!(stamped(&value), None);
        let other = ValueMaker { run: 43, ..values(256, 256, 0.0, 1.0) };
        assert_eq!(other.read(&write(&maker, 3, 4)), None);
    }

    #[test]
    fn sizes_lie_between_the_bounds_and_reach_them() {
        let maker = values(8, 12, 0.0, 1.0);
        let sizes: Vec<usize> = (0..200).map(|i| write(&maker, 0, i).len()).collect();
        assert_eq!(sizes.iter().min(), Some(&8));
        assert_eq!(sizes.iter().max(), Some(&12));
    }

    #[test]
    fn a_key_keeps_its_size_and_all_together_have_a_long_tail() {
        let plan = Values {
            distribution: SizeDistribution::LogNormal { median: 4096, p99: 10_240 },
            ..values(32, 30_720, 0.0, 1.0).plan
        };
        let maker = ValueMaker::new(plan, 1, 42);
        let mut sizes: Vec<usize> = (0..10_000).map(|key| write(&maker, key, key).len()).collect();
        assert_eq!(write(&maker, 77, 123_456).len(), sizes[77]);
        let mean = sizes.iter().sum::<usize>() as f64 / sizes.len() as f64;
        assert!((mean / f64::from(plan.mean_size()) - 1.0).abs() < 0.02, "{mean}");
        sizes.sort_unstable();
        assert!((3_980..4_220).contains(&sizes[5_000]), "{}", sizes[5_000]);
        assert!((9_600..10_900).contains(&sizes[9_900]), "{}", sizes[9_900]);
        assert!(sizes[9_999] <= 30_720);
    }

    #[test]
    fn only_the_changing_part_changes_and_the_end_is_zeros() {
        let maker = values(1000, 1000, 0.5, 0.2);
        let (one, other) = (write(&maker, 7, 1), write(&maker, 7, 2));
        assert_ne!(one[..100], other[..100]);
        assert_eq!(one[100..], other[100..]);
        assert!(one[500..].iter().all(|&byte| byte == 0));
        assert!(one[100..500].iter().any(|&byte| byte != 0));
    }
}
