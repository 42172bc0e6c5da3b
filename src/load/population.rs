//! Objects that come and go: which numbers live, in the order in which they were born.

use std::sync::atomic::{AtomicU64, Ordering};

use super::draw::Draw;

/// At most so many of the youngest and of the oldest are left alone by those who read and write: they may not be there
/// yet, or no more.
const MOST_LEFT_ALONE: u64 = 64;
/// Of a small population, one in so many at either end.
const LEFT_ALONE: u64 = 20;

/// The living are numbered in a row, modulo the key space: creations append the next number, deletions take the oldest.
#[derive(Debug)]
pub struct Population {
    space: u64,
    /// Numbers ever born, those of the beginning among them.
    born: AtomicU64,
    /// Numbers ever removed.
    gone: AtomicU64,
}

impl Population {
    /// The first so many keys of a key space live.
    pub fn new(space: u64, living: u64) -> Self {
        Population { space: space.max(1), born: AtomicU64::new(living), gone: AtomicU64::new(0) }
    }

    /// The number of an object to be created; nothing where every number is taken.
    pub fn next(&self) -> Option<u64> {
        let gone = self.gone.load(Ordering::Relaxed);
        let free = |born: u64| (born.saturating_sub(gone) < self.space).then_some(born + 1);
        let taken = self.born.fetch_update(Ordering::Relaxed, Ordering::Relaxed, free);
        taken.ok().map(|number| number % self.space)
    }

    /// The number of the object to be removed: the oldest. Where none lives, one that is not there.
    pub fn oldest(&self) -> u64 {
        let born = self.born.load(Ordering::Relaxed);
        let lives = |gone: u64| (gone < born).then_some(gone + 1);
        let taken = self.gone.fetch_update(Ordering::Relaxed, Ordering::Relaxed, lives);
        taken.unwrap_or_else(|gone| gone) % self.space
    }

    /// One of the living, each as often as another, but for those at both ends. Where none lives, one that is not
    /// there.
    pub fn pick(&self, draw: &mut Draw) -> u64 {
        let gone = self.gone.load(Ordering::Relaxed);
        let living = self.born.load(Ordering::Relaxed).saturating_sub(gone);
        let left_alone = MOST_LEFT_ALONE.min(living / LEFT_ALONE);
        (gone + left_alone + draw.below(living - 2 * left_alone)) % self.space
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_is_appended_and_the_oldest_removed() {
        let population = Population::new(10, 3);
        assert_eq!(population.next(), Some(3));
        assert_eq!((population.oldest(), population.oldest()), (0, 1));
        let born: Vec<u64> = std::iter::from_fn(|| population.next()).collect();
        assert_eq!(born, [4, 5, 6, 7, 8, 9, 0, 1], "each is free once");
        assert_eq!(population.oldest(), 2);
        assert_eq!(population.next(), Some(2));
    }

    #[test]
    fn where_none_lives_none_is_removed() {
        let population = Population::new(10, 1);
        assert_eq!((population.oldest(), population.oldest()), (0, 1));
        assert_eq!(population.pick(&mut Draw::of(1, 1)), 1);
        assert_eq!(population.next(), Some(1));
        assert_eq!(population.oldest(), 1);
    }

    #[test]
    fn all_are_picked_but_for_both_ends() {
        let population = Population::new(1000, 500);
        (0..100).for_each(|number| assert_eq!(population.oldest(), number));
        (500..1100).for_each(|number| assert_eq!(population.next(), Some(number % 1000)));
        let mut picked = vec![0; 1000];
        for index in 0..100_000 {
            picked[population.pick(&mut Draw::of(7, index)) as usize] += 1;
        }
        // A thousand live, from 100 over 999 to 99, and a twentieth of them is 50.
        assert_eq!(picked[50..150].iter().sum::<u32>(), 0);
        assert!(picked[150..].iter().all(|&n| n > 50), "{picked:?}");
        assert!(picked[..50].iter().all(|&n| n > 50), "{picked:?}");
    }

    #[test]
    fn a_large_population_loses_few_at_its_ends() {
        let population = Population::new(10_000, 5_000);
        let picked = (0..100_000).map(|index| population.pick(&mut Draw::of(7, index)));
        let (least, most) = picked
            .fold((u64::MAX, 0), |(least, most), number| (least.min(number), most.max(number)));
        assert_eq!((least, most), (64, 4_935));
    }
}
