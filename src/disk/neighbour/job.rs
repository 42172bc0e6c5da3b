//! What every kind of neighbour does.

use rand_core::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::words::Work;
use crate::error::Result;

/// What a kind does, piece by piece.
pub(super) trait Job {
    /// Does one piece and adds what was done.
    fn piece(&mut self, work: &mut Work) -> Result<()>;
}

/// Bytes that no file system can make smaller.
pub(super) fn noise(bytes: u64) -> Vec<u8> {
    let mut noise = vec![0; bytes as usize];
    Xoshiro256PlusPlus::seed_from_u64(bytes).fill_bytes(&mut noise);
    noise
}
