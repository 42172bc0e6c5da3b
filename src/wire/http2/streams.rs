//! The streams of a connection, each in a place of its own that is used again.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::stream::Stream;

/// All streams that somebody waits for.
#[derive(Debug, Default)]
pub struct Streams {
    places: Vec<Option<Stream>>,
    free: Vec<usize>,
    by_id: HashMap<u32, usize, BuildHasherDefault<Spread>>,
}

impl Streams {
    /// One more; its place.
    pub fn insert(&mut self, stream: Stream) -> usize {
        match self.free.pop() {
            Some(place) => {
                self.places[place] = Some(stream);
                place
            }
            None => {
                self.places.push(Some(stream));
                self.places.len() - 1
            }
        }
    }

    /// Frees a place.
    pub fn remove(&mut self, place: usize) -> Option<Stream> {
        let stream = self.places.get_mut(place)?.take()?;
        self.free.push(place);
        if stream.id != 0 {
            self.by_id.remove(&stream.id);
        }
        Some(stream)
    }

    /// The stream in a place.
    pub fn at(&mut self, place: usize) -> Option<&mut Stream> {
        self.places.get_mut(place)?.as_mut()
    }

    /// It is open from now on.
    pub fn open(&mut self, place: usize, id: u32) {
        if let Some(stream) = self.at(place) {
            stream.id = id;
            self.by_id.insert(id, place);
        }
    }

    /// It is open no more; whether it was.
    pub fn close(&mut self, place: usize) -> Option<u32> {
        let stream = self.at(place)?;
        let id = std::mem::take(&mut stream.id);
        self.by_id.remove(&id).map(|_| id)
    }

    /// The place of an open stream.
    pub fn place(&self, id: u32) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    /// How many are open.
    pub fn open_count(&self) -> usize {
        self.by_id.len()
    }

    /// How many there are, open or not.
    pub fn count(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// All, each with its place.
    pub fn all(&mut self) -> impl Iterator<Item = (usize, &mut Stream)> {
        self.places
            .iter_mut()
            .enumerate()
            .filter_map(|(place, stream)| Some((place, stream.as_mut()?)))
    }
}

/// Numbers of streams are counted up by two: nobody else chooses them, so that they need only be spread.
#[derive(Debug, Default)]
pub struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32((*byte).into()));
    }

    fn write_u32(&mut self, number: u32) {
        /// 2^64 over the golden ratio.
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(GOLDEN);
    }
}
