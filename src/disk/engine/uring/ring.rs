//! The ring itself, and all the unsafe code of this engine.
//!
//! Memory that the kernel reads outlives the operation that reads it: each step of a row holds a share of its bytes
//! (`Arc<Vec<u8>>`), rows stay in their lane until every submitted step has completed, and bytes that are shared are
//! never changed in place (their owners change them through `Arc::make_mut`, which copies while another share
//! lives). A ring that is dropped early, by an error or a panic, first waits for what is in flight.

use std::io;
use std::time::Duration;

use io_uring::squeue::{Entry, Flags};
use io_uring::types::{Fd, FsyncFlags, SubmitArgs, Timespec};
use io_uring::{IoUring, opcode};
use rustix::io::Errno;

use super::row::{Done, Failure, Row, Step};
use crate::clock::Clock;

/// Steps that are linked and submitted at once; a longer row goes on when these are done.
const LINKED_MAX: usize = 16;
/// Entries of the submission queue: room for a few rows between two calls.
const ENTRIES: u32 = 64;

/// A ring with a number of lanes, each of which runs one row at a time.
pub struct Ring {
    uring: IoUring,
    clock: Clock,
    lanes: Vec<MemberQueue>,
    /// Steps handed to the kernel and not completed.
    in_flight: usize,
}

#[derive(Default)]
struct MemberQueue {
    row: Row,
    /// The first step that is not done.
    next: usize,
    /// Results of the steps submitted, from `next` on.
    results: Vec<i32>,
    /// How many of them are not there yet.
    pending: usize,
    done: Done,
    failure: Option<Failure>,
}

impl Ring {
    /// Sets a ring up.
    ///
    /// # Errors
    /// Those of io_uring_setup(2) and io_uring_register(2), the latter to allow a kernel worker per lane: syncs
    /// always go to workers, of which there are four per CPU by default, and beyond those lanes would wait for each
    /// other.
    pub fn open(lanes: usize, clock: Clock) -> io::Result<Self> {
        let completions = (lanes * LINKED_MAX).next_power_of_two() as u32;
        let uring = build(completions.max(2 * ENTRIES))?;
        let workers = u32::try_from(lanes).unwrap_or(u32::MAX);
        uring.submitter().register_iowq_max_workers(&mut [workers, 0])?;
        Ok(Ring {
            uring,
            clock,
            lanes: (0..lanes).map(|_| MemberQueue::default()).collect(),
            in_flight: 0,
        })
    }

    /// Submits a row in a lane that has none.
    pub fn start(&mut self, lane: usize, row: Row) -> Result<(), Failure> {
        assert_eq!(self.lanes[lane].pending, 0, "one row at a time");
        self.lanes[lane] = MemberQueue { row, ..MemberQueue::default() };
        self.submit(lane).map_err(Failure::Ring)
    }

    /// What became of a lane's row, once it has ended.
    pub fn take_end(&mut self, lane: usize) -> Option<Result<Done, Failure>> {
        if !self.lanes[lane].is_ended() {
            return None;
        }
        let lane = std::mem::take(&mut self.lanes[lane]);
        Some(lane.failure.map_or(Ok(lane.done), Err))
    }

    /// Waits for completions up to this time of the clock, and tells the lanes whose row has ended.
    pub fn wait(&mut self, until_ns: u64, ended: impl FnMut(usize)) -> io::Result<()> {
        let wait_ns = until_ns.saturating_sub(self.clock.now_ns());
        let timeout = Timespec::from(Duration::from_nanos(wait_ns));
        let args = SubmitArgs::new().timespec(&timeout);
        let outcome = self.uring.submitter().submit_with_args(1, &args);
        match outcome.map_err(|error| (Errno::from_io_error(&error), error)) {
            Ok(_) | Err((Some(Errno::TIME | Errno::INTR), _)) => {}
            Err((_, error)) => return Err(error),
        }
        self.reap();
        self.go_on(ended)
    }

    /// Hands the next steps of a row to the kernel, linked.
    fn submit(&mut self, index: usize) -> io::Result<()> {
        let lane = &mut self.lanes[index];
        let steps = &lane.row.0[lane.next..];
        let count = steps.len().min(LINKED_MAX);
        lane.results.clear();
        for (i, step) in steps[..count].iter().enumerate() {
            let mut entry = step.entry().user_data(user_data(index, i));
            if i + 1 < count {
                entry = entry.flags(Flags::IO_LINK);
            }
            // SAFETY: the step keeps a share of the bytes that the entry points to, and stays in its lane until it
            // has completed: `take_end` and `start` only touch a lane without pending steps, and `drop` waits.
            unsafe { self.uring.submission().push(&entry) }.map_err(io::Error::other)?;
            lane.results.push(0);
            lane.pending += 1;
            self.in_flight += 1;
        }
        let submitted = self.uring.submit()?;
        if submitted < count {
            // The rest would be submitted later, without its link to what has to be done before.
            return Err(io::Error::other(format!(
                "the kernel took {submitted} of {count} linked operations"
            )));
        }
        Ok(())
    }

    /// Takes what has completed.
    fn reap(&mut self) {
        let now_ns = self.clock.now_ns();
        for completion in self.uring.completion() {
            let (lane, i) = lane_and_step(completion.user_data());
            let lane = &mut self.lanes[lane];
            lane.results[i] = completion.result();
            lane.pending -= 1;
            self.in_flight -= 1;
            match lane.row.0[lane.next + i] {
                Step::Write { .. } => lane.done.written_ns = now_ns,
                Step::Sync { .. } => lane.done.synced_ns = now_ns,
            }
        }
    }

    /// Goes on with the rows whose submitted steps have all completed.
    fn go_on(&mut self, mut ended: impl FnMut(usize)) -> io::Result<()> {
        for index in 0..self.lanes.len() {
            let lane = &mut self.lanes[index];
            if lane.pending > 0 || lane.results.is_empty() {
                continue;
            }
            lane.settle();
            if lane.is_ended() {
                ended(index);
            } else {
                self.submit(index)?;
            }
        }
        Ok(())
    }
}

impl MemberQueue {
    fn is_ended(&self) -> bool {
        self.pending == 0 && (self.failure.is_some() || self.next == self.row.0.len())
    }

    /// Moves on to the first step that is not done. The steps behind it were cancelled with the link.
    fn settle(&mut self) {
        for result in self.results.drain(..) {
            match self.row.0[self.next].settle(result) {
                Ok(true) => self.next += 1,
                Ok(false) => break,
                Err(failure) => {
                    self.failure = Some(failure);
                    break;
                }
            }
        }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        while self.in_flight > 0 {
            match self.uring.submit_and_wait(1) {
                Err(error) if Errno::from_io_error(&error) != Some(Errno::INTR) => {
                    // The kernel may go on reading: better lose the memory than reuse it.
                    std::mem::forget(std::mem::take(&mut self.lanes));
                    return;
                }
                _ => self.reap(),
            }
        }
    }
}

impl Step {
    fn entry(&self) -> Entry {
        match self {
            Step::Write { fd, offset, bytes, range } => {
                let piece = &bytes[range.clone()];
                // A longer piece ends in a short write, and the rest follows.
                let len = u32::try_from(piece.len()).unwrap_or(u32::MAX);
                opcode::Write::new(Fd(*fd), piece.as_ptr(), len).offset(*offset).build()
            }
            Step::Sync { fd, data_only } => {
                let flags = if *data_only { FsyncFlags::DATASYNC } else { FsyncFlags::empty() };
                opcode::Fsync::new(Fd(*fd)).flags(flags).build()
            }
        }
    }
}

/// Completions are only taken by the thread that submits, when it asks for them: the newest kernels can save
/// interrupts then, older ones refuse the flags.
fn build(completions: u32) -> io::Result<IoUring> {
    let mut builder = IoUring::builder();
    builder.setup_clamp().setup_cqsize(completions);
    let mut asking = builder.clone();
    asking.setup_single_issuer().setup_defer_taskrun();
    match asking.build(ENTRIES) {
        Err(error) if Errno::from_io_error(&error) == Some(Errno::INVAL) => builder.build(ENTRIES),
        built => built,
    }
}

fn user_data(lane: usize, step: usize) -> u64 {
    (lane as u64) << 32 | step as u64
}

fn lane_and_step(user_data: u64) -> (usize, usize) {
    ((user_data >> 32) as usize, user_data as u32 as usize)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd as _;
    use std::sync::Arc;

    use super::*;

    fn ring() -> Ring {
        Ring::open(2, Clock::start()).unwrap()
    }

    fn end_of(ring: &mut Ring, lane: usize) -> Result<Done, Failure> {
        loop {
            if let Some(end) = ring.take_end(lane) {
                return end;
            }
            ring.wait(u64::MAX, |_| ()).unwrap();
        }
    }

    #[test]
    fn a_row_longer_than_a_link_is_written_whole_and_in_order() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let bytes = Arc::new((0..=255).collect::<Vec<u8>>());
        let mut row = Row::default();
        // Each write covers half of the one before: the result shows the order.
        for i in 0..100 {
            row.write(file.as_fd(), i, &bytes, i as usize..i as usize + 2);
        }
        row.fdatasync(file.as_fd());
        let mut ring = ring();
        ring.start(1, row).unwrap();
        let done = end_of(&mut ring, 1).unwrap();
        assert!(0 < done.written_ns && done.written_ns <= done.synced_ns);
        assert_eq!(std::fs::read(file.path()).unwrap(), bytes[..101]);
        assert_eq!(Arc::strong_count(&bytes), 1, "the ring keeps no share");
    }

    #[test]
    fn nothing_happens_behind_a_failed_step() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let read_only = File::open(file.path()).unwrap();
        let bytes = Arc::new(vec![7; 100]);
        let mut row = Row::default();
        row.write(file.as_fd(), 0, &bytes, 0..10);
        row.write(read_only.as_fd(), 10, &bytes, 0..10);
        row.write(file.as_fd(), 20, &bytes, 0..10);
        row.fdatasync(file.as_fd());
        let mut ring = ring();
        ring.start(0, row).unwrap();
        let failure = end_of(&mut ring, 0).unwrap_err();
        let Failure::Write(error) = failure else {
            panic!("{failure:?}");
        };
        assert_eq!(Errno::from_io_error(&error), Some(Errno::BADF));
        assert_eq!(file.as_file().metadata().unwrap().len(), 10);
    }

    #[test]
    fn a_ring_that_is_dropped_waits_for_what_it_has_submitted() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let bytes = Arc::new(vec![7; 16 << 20]);
        let mut row = Row::default();
        row.write(file.as_fd(), 0, &bytes, 0..bytes.len());
        row.fdatasync(file.as_fd());
        let mut ring = ring();
        ring.start(0, row).unwrap();
        drop(ring);
        assert_eq!(Arc::strong_count(&bytes), 1);
        assert_eq!(file.as_file().metadata().unwrap().len(), 16 << 20);
    }

    #[test]
    fn a_wait_ends_when_asked() {
        let mut ring = ring();
        let from_ns = ring.clock.now_ns();
        ring.wait(from_ns + 3_000_000, |_| ()).unwrap();
        assert!(ring.clock.now_ns() >= from_ns + 3_000_000);
    }
}
