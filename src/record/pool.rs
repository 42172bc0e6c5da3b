//! Histograms on loan: cleared ones for recorders, full ones on their way to the result.

#![allow(clippy::vec_box)] // the boxes travel through the queue and back

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Samples;

/// Full histograms that may wait for the collector, however few are recorded into. Each is about 130 KiB; of the three
/// series of a plain load so many cover more than a minute in which the result's own disk stands still.
const LEAST_WAITING: usize = 256;
/// Recorders are numbered in turn up to this; see [`Pool::enter`].
const PLACES: u32 = 24;
/// Histograms made before they are needed, at most: half a GiB.
const MOST_MADE: usize = 4096;

/// A pool of cleared histograms, shared by all recorders of a run and its collector.
///
/// It bounds the memory of a run: there are never more full histograms than are being recorded into, or 256 if those
/// are fewer. A recorder that gets no empty one goes on with the one it has, so that its interval becomes longer and
/// nothing is lost; it never waits.
#[derive(Clone, Default)]
pub struct Pool(Arc<Mutex<Shelf>>);

#[derive(Default)]
struct Shelf {
    cleared: Vec<Box<Samples>>,
    /// Being recorded into.
    in_use: usize,
    /// The most that ever were.
    most_in_use: usize,
    /// Handed over and not given back.
    waiting: usize,
    recorders: u32,
}

impl Shelf {
    fn room(&self) -> usize {
        self.in_use.max(LEAST_WAITING).saturating_sub(self.waiting)
    }

    fn take(&mut self) -> Box<Samples> {
        self.cleared.pop().unwrap_or_else(|| Box::new(Samples::new()))
    }
}

impl Pool {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes histograms for so many series, those that are full meanwhile among them, so that no recorder has to.
    pub fn prepare(&self, series: usize) {
        let wanted = series.saturating_mul(2).min(MOST_MADE);
        loop {
            // Made outside the lock: recorders may be at work.
            let made = Box::new(Samples::new());
            let mut shelf = self.shelf();
            if shelf.cleared.len() >= wanted {
                return;
            }
            shelf.cleared.push(made);
        }
    }

    /// Histograms for a recorder of so many series, and its place among the others, from 0 to below 24: where in an
    /// interval it hands over what the one before it held.
    pub(super) fn enter(&self, series: usize) -> (Vec<Box<Samples>>, u32) {
        let mut shelf = self.shelf();
        let place = shelf.recorders % PLACES;
        shelf.recorders = shelf.recorders.wrapping_add(1);
        shelf.in_use += series;
        shelf.most_in_use = shelf.most_in_use.max(shelf.in_use);
        ((0..series).map(|_| shelf.take()).collect(), place)
    }

    /// Replaces all of these that hold something by empty ones; nothing where there is no room for as many more that
    /// wait. What is replaced is to be given back.
    pub(super) fn exchange<'a>(
        &self,
        full: impl Iterator<Item = &'a mut Box<Samples>>,
    ) -> Option<Vec<(usize, Box<Samples>)>> {
        let mut full: Vec<_> =
            full.enumerate().filter(|(_, samples)| !samples.is_empty()).collect();
        let mut shelf = self.shelf();
        if shelf.room() < full.len() {
            return None;
        }
        shelf.waiting += full.len();
        let replaced = full.iter_mut();
        Some(
            replaced
                .map(|(at, samples)| (*at, std::mem::replace(*samples, shelf.take())))
                .collect(),
        )
    }

    /// A recorder has ended that had so many series, and hands over so many of its histograms.
    pub(super) fn leave(&self, series: usize, handed_over: usize) {
        let mut shelf = self.shelf();
        shelf.in_use = shelf.in_use.saturating_sub(series);
        shelf.waiting += handed_over;
    }

    /// Keeps a histogram that nobody waited for.
    pub(super) fn put_back(&self, samples: Box<Samples>) {
        self.shelve(samples, 0);
    }

    /// Takes back a histogram that was handed over, and clears it for the next interval.
    pub fn give_back(&self, samples: Box<Samples>) {
        self.shelve(samples, 1);
    }

    fn shelve(&self, mut samples: Box<Samples>, waited: usize) {
        samples.clear();
        let mut shelf = self.shelf();
        shelf.waiting = shelf.waiting.saturating_sub(waited);
        // The next phase needs as many.
        let kept = (2 * shelf.most_in_use).max(LEAST_WAITING);
        if shelf.cleared.len() < kept {
            shelf.cleared.push(samples);
        }
    }
}
