//! Chance, decided by the seed and the number of an operation: which thread does it, and when, changes nothing.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// The random numbers of one operation.
#[derive(Debug)]
pub struct Draw(Xoshiro256PlusPlus);

impl Draw {
    /// Those of operation `index` in a run with this seed.
    pub fn of(seed: u64, index: u64) -> Self {
        // Weyl steps keep neighbouring numbers apart before the generator's own seeding mixes them.
        let mixed = seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Draw(Xoshiro256PlusPlus::seed_from_u64(mixed))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Evenly from 0 up to but without 1.
    pub fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Evenly from 0 up to but without `n`; 0 when `n` is.
    pub fn below(&mut self, n: u64) -> u64 {
        // Multiply and shift (Lemire 2019); the bias is below n / 2^64.
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// Exponential with mean 1: the gap of a Poisson process of unit rate.
    pub fn gap(&mut self) -> f64 {
        -(1.0 - self.share()).ln()
    }

    /// Normally distributed, with mean 0 and standard deviation 1 (Box and Muller 1958).
    pub fn deviations(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.share()).cos()
    }

    /// Random bytes.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}
