//! Which key an operation uses.

use std::sync::atomic::{AtomicU64, Ordering};

use super::draw::Draw;
use super::population::Population;
use crate::plan::{KeyDistribution, Slice};

/// The keys of a load: a prefix, and a number of fixed width. Their order is that of their numbers.
#[derive(Debug)]
pub struct KeySpace {
    prefix: Vec<u8>,
    width: usize,
    space: u64,
    /// Of what they are a part, where several machines make the load.
    slice: Option<Slice>,
    distribution: KeyDistribution,
    zipf: Option<Zipf>,
    /// Turned ranks into keys, so that the popular ones do not lie side by side.
    stride: u64,
    /// Writes so far, where they go from key to key.
    written: AtomicU64,
    preloaded: u64,
    /// Which keys exist, where they come and go.
    population: Option<Population>,
}

impl KeySpace {
    /// `size` is that of a whole key, `preloaded` how many of the first keys exist beforehand.
    pub fn new(
        prefix: &str,
        size: u32,
        space: u64,
        distribution: KeyDistribution,
        preloaded: u64,
    ) -> Self {
        let zipf = match distribution {
            KeyDistribution::Zipfian { exponent } | KeyDistribution::Latest { exponent } => {
                Some(Zipf::new(space, exponent))
            }
            _ => None,
        };
        KeySpace {
            prefix: prefix.as_bytes().to_vec(),
            width: (size as usize).saturating_sub(prefix.len()),
            space: space.max(1),
            slice: None,
            distribution,
            zipf,
            stride: coprime(space.max(1)),
            written: AtomicU64::new(preloaded),
            preloaded,
            population: None,
        }
    }

    /// Those that are one machine's: as many as the space. Within its part of the load they are numbered from 0.
    pub fn part(self, slice: Option<Slice>) -> Self {
        KeySpace { slice, ..self }
    }

    /// The number of a key of this space among those of all machines.
    pub fn among_all(&self, number: u64) -> u64 {
        number + self.first()
    }

    /// The number that the first of them has among those of all machines.
    fn first(&self) -> u64 {
        self.slice.as_ref().map_or(0, |slice| slice.first_key)
    }

    /// From now on keys come and go, and operations use those that exist; at first so many.
    pub fn come_to_life(self, living: u64) -> Self {
        KeySpace { population: Some(Population::new(self.space, living)), ..self }
    }

    /// Whether keys come and go.
    pub fn come_and_go(&self) -> bool {
        self.population.is_some()
    }

    /// The number of a key to be created; nothing where all exist.
    pub fn next(&self) -> Option<u64> {
        self.population.as_ref()?.next()
    }

    /// The number of the key that an operation removes.
    pub fn pick_to_remove(&self, index: u64, draw: &mut Draw) -> u64 {
        match &self.population {
            Some(population) => population.oldest(),
            None => self.pick(index, true, draw),
        }
    }

    /// What all keys begin with.
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// Number of different keys.
    pub fn space(&self) -> u64 {
        self.space
    }

    /// The first key that no longer begins with the prefix.
    pub fn end(&self) -> Vec<u8> {
        prefix_end(&self.prefix)
    }

    /// Writes the key of this number over what `key` holds.
    pub fn write(&self, number: u64, key: &mut Vec<u8>) {
        key.clear();
        key.extend_from_slice(&self.prefix);
        let digits = key.len();
        key.resize(digits + self.width, b'0');
        let mut rest = self.among_all(number);
        for digit in key[digits..].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    }

    /// The number in a key of this space.
    pub fn number(&self, key: &[u8]) -> Option<u64> {
        let number = self.number_of_all(key)?.checked_sub(self.first())?;
        (number < self.space).then_some(number)
    }

    /// The number in a key, whichever machine's.
    pub fn number_of_all(&self, key: &[u8]) -> Option<u64> {
        let digits = key.strip_prefix(&self.prefix[..])?;
        let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
        (digits.len() == self.width).then_some(number)
    }

    /// The number of the key that an operation uses.
    pub fn pick(&self, index: u64, writes: bool, draw: &mut Draw) -> u64 {
        self.pick_row(index, 1, writes, draw)
    }

    /// The first of so many keys in a row that an operation uses. Where keys come in turn, the next operation begins
    /// behind them.
    pub fn pick_row(&self, index: u64, count: u64, writes: bool, draw: &mut Draw) -> u64 {
        if let Some(population) = &self.population {
            return population.pick(draw);
        }
        match self.distribution {
            KeyDistribution::Sequential => {
                let turn = self.slice.as_ref().map_or(index, |slice| slice.turn(index));
                turn.wrapping_mul(count) % self.space
            }
            KeyDistribution::Uniform => draw.below(self.space),
            KeyDistribution::Zipfian { .. } => self.scatter(self.rank(draw)),
            KeyDistribution::Latest { .. } if writes => {
                self.written.fetch_add(count, Ordering::Relaxed) % self.space
            }
            KeyDistribution::Latest { .. } => {
                let written = self.written.load(Ordering::Relaxed).max(self.preloaded.max(1));
                let age = self.rank(draw).min(written - 1);
                (written - 1 - age) % self.space
            }
            KeyDistribution::Hotspot { keys, operations } => {
                let hot = ((self.space as f64 * keys) as u64).clamp(1, self.space);
                if hot == self.space || draw.share() < operations {
                    self.scatter(draw.below(hot))
                } else {
                    self.scatter(hot + draw.below(self.space - hot))
                }
            }
        }
    }

    fn rank(&self, draw: &mut Draw) -> u64 {
        self.zipf.as_ref().map_or(0, |zipf| zipf.rank(draw.share()))
    }

    fn scatter(&self, rank: u64) -> u64 {
        (u128::from(rank) * u128::from(self.stride) % u128::from(self.space)) as u64
    }
}

/// The first key that no longer begins with a prefix; `\0` (which etcd reads as "to the end") when there is none.
pub fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            return end;
        }
    }
    vec![0]
}

/// A step that visits every key before it comes back to the first: some large prime, unless it divides `n`.
fn coprime(n: u64) -> u64 {
    const PRIMES: [u64; 3] = [2_654_435_761, 2_246_822_519, 3_266_489_917];
    PRIMES.into_iter().find(|prime| !n.is_multiple_of(*prime)).unwrap_or(1)
}

/// Ranks with probability in proportion to (rank + 1)^-exponent (Gray et al., "Quickly generating billion-record
/// synthetic databases", 1994, as YCSB uses it).
#[derive(Debug)]
struct Zipf {
    n: f64,
    exponent: f64,
    zeta: f64,
    alpha: f64,
    eta: f64,
}

impl Zipf {
    fn new(n: u64, exponent: f64) -> Self {
        let n = n.max(1) as f64;
        let zeta = zeta(n, exponent);
        let two = 1.0 + 0.5f64.powf(exponent);
        Zipf {
            n,
            exponent,
            zeta,
            alpha: 1.0 / (1.0 - exponent),
            eta: (1.0 - (2.0 / n).powf(1.0 - exponent)) / (1.0 - two / zeta),
        }
    }

    fn rank(&self, share: f64) -> u64 {
        let scaled = share * self.zeta;
        if scaled < 1.0 || self.n < 2.0 {
            return 0;
        }
        if scaled < 1.0 + 0.5f64.powf(self.exponent) || self.n < 3.0 {
            return 1;
        }
        let rank = self.n * (self.eta * share - self.eta + 1.0).powf(self.alpha);
        (rank as u64).min(self.n as u64 - 1)
    }
}

/// Sum of i^-exponent for i from 1 to n: the first by themselves, the rest by their integral (Euler–Maclaurin).
fn zeta(n: f64, exponent: f64) -> f64 {
    const EXACT: f64 = 100_000.0;
    let exact = n.min(EXACT);
    let sum: f64 = (1..=exact as u64).map(|i| (i as f64).powf(-exponent)).sum();
    if n <= EXACT {
        return sum;
    }
    let power = 1.0 - exponent;
    let integral = (n.powf(power) - exact.powf(power)) / power;
    sum + integral + (n.powf(-exponent) - exact.powf(-exponent)) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(distribution: KeyDistribution) -> KeySpace {
        KeySpace::new("/etcdbench/x/", 24, 1000, distribution, 0)
    }

    fn counts(space: &KeySpace, writes: bool) -> Vec<u64> {
        let mut counts = vec![0; space.space() as usize];
        for index in 0..100_000 {
            counts[space.pick(index, writes, &mut Draw::of(7, index)) as usize] += 1;
        }
        counts
    }

    #[test]
    fn keys_have_their_size_and_order_and_are_read_back() {
        let space = space(KeyDistribution::Uniform);
        let (mut one, mut other) = (Vec::new(), Vec::new());
        space.write(9, &mut one);
        space.write(10, &mut other);
        assert_eq!(one, b"/etcdbench/x/00000000009");
        assert_eq!(one.len(), 24);
        assert!(one < other);
        assert_eq!(space.number(&other), Some(10));
        assert_eq!(space.number(b"/etcdbench/x/00000001000"), None);
        assert_eq!(space.number(b"/registry/pods/a"), None);
    }

    #[test]
    fn each_distribution_spreads_as_it_says() {
        let uniform = counts(&space(KeyDistribution::Uniform), true);
        assert!(uniform.iter().all(|&n| (50..160).contains(&n)));
        let sequential = counts(&space(KeyDistribution::Sequential), true);
        assert!(sequential.iter().all(|&n| n == 100));
        let hotspot = counts(&space(KeyDistribution::Hotspot { keys: 0.1, operations: 0.9 }), true);
        assert_eq!(hotspot.iter().filter(|&&n| n > 400).count(), 100);
        let mut zipfian = counts(&space(KeyDistribution::Zipfian { exponent: 0.99 }), true);
        zipfian.sort_unstable_by(|a, b| b.cmp(a));
        // 1 / zeta(1000, 0.99) of all, and half of that.
        assert!((12_500..13_500).contains(&zipfian[0]), "{}", zipfian[0]);
        assert!((6_200..6_900).contains(&zipfian[1]), "{}", zipfian[1]);
        assert!(zipfian.iter().filter(|&&n| n > 0).count() > 900);
    }

    #[test]
    fn reads_of_the_latest_follow_the_writes() {
        let space = space(KeyDistribution::Latest { exponent: 0.99 });
        for index in 0..500 {
            assert_eq!(space.pick(index, true, &mut Draw::of(1, index)), index);
        }
        let reads: Vec<u64> =
            (0..1000).map(|i| space.pick(i, false, &mut Draw::of(2, i))).collect();
        assert!(reads.iter().all(|&key| key < 500));
        assert!(reads.iter().filter(|&&key| key > 490).count() > 300);
    }

    #[test]
    fn the_sum_behind_zipf_is_right_beyond_what_is_added_up() {
        let exact: f64 = (1..=1_000_000u64).map(|i| (i as f64).powf(-0.99)).sum();
        assert!((zeta(1e6, 0.99) - exact).abs() < 1e-6 * exact);
    }

    #[test]
    fn a_prefix_ends_before_the_next() {
        assert_eq!(prefix_end(b"/a/"), b"/a0");
        assert_eq!(prefix_end(&[1, 0xff]), [2]);
        assert_eq!(prefix_end(&[0xff]), [0]);
    }
}
