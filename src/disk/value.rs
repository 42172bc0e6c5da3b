//! Keys and values of the modelled puts.

use rand_core::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

/// How much random data the values are cut from; a prime, so that cuts do not repeat soon.
const POOL_BYTES: usize = 1_048_573;

/// An endless row of puts: sequential keys of a fixed size, values cut from incompressible data.
pub struct Values {
    key: Vec<u8>,
    serial: u64,
    val_size: usize,
    pool: Vec<u8>,
    at: usize,
}

impl Values {
    /// Puts of these sizes in bytes; the same seed gives the same bytes.
    pub fn new(key_size: u32, val_size: u32, seed: u64) -> Self {
        let val_size = val_size as usize;
        let mut pool = vec![0; POOL_BYTES + val_size];
        Xoshiro256PlusPlus::seed_from_u64(seed).fill_bytes(&mut pool);
        Values { key: vec![b'k'; key_size as usize], serial: 0, val_size, pool, at: 0 }
    }

    /// Key and value bytes of one put.
    pub fn put_bytes(&self) -> u64 {
        (self.key.len() + self.val_size) as u64
    }

    /// The next key and value.
    pub fn next_put(&mut self) -> (&[u8], &[u8]) {
        self.serial += 1;
        let digits = self.serial.to_be_bytes();
        let n = self.key.len().min(digits.len());
        let end = self.key.len();
        self.key[end - n..].copy_from_slice(&digits[digits.len() - n..]);
        self.at = (self.at + self.val_size) % POOL_BYTES;
        (&self.key, &self.pool[self.at..self.at + self.val_size])
    }

    /// Random bytes to fill a run of pages with.
    pub fn filler(&mut self, len: usize) -> &[u8] {
        let len = len.min(self.pool.len());
        let start = self.at % (self.pool.len() - len + 1);
        self.at = (self.at + 4093) % POOL_BYTES;
        &self.pool[start..start + len]
    }
}
