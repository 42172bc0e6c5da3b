//! When a load begins: as soon as it is ready, or when several machines have agreed to.

use std::thread::sleep;
use std::time::Duration;

use jiff::Timestamp;

use super::halt::Control;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::rendezvous::Guest;
use crate::units::format_duration;

/// Between the last worker's readiness and the start, so that none is late.
pub const LEAD: Duration = Duration::from_millis(30);
/// How often it is looked whether the load is to end before it began.
const LOOK: Duration = Duration::from_millis(10);

/// When a load begins.
pub enum Begin {
    /// As soon as it is ready.
    Ready,
    /// At this wall time.
    At(Timestamp),
    /// When all machines are ready.
    Together(Box<Guest>),
}

impl Begin {
    /// Waits until the load is to begin but for [`LEAD`], and gives its start on the run's clock.
    ///
    /// # Errors
    /// When it was to begin before it was ready, or is to end before it began.
    pub fn wait(self, clock: &Clock, control: &Control) -> Result<u64> {
        let now_ns = clock.now_ns();
        let earliest_ns = now_ns + LEAD.as_nanos() as u64;
        let (time, agreed) = match self {
            Begin::Ready => return Ok(earliest_ns),
            Begin::At(time) => (time, false),
            Begin::Together(mut guest) => {
                let at = Timestamp::from_nanosecond(guest.begin()?.into());
                (at.map_err(|error| Error::NotTogether(error.to_string()))?, true)
            }
        };
        let since = time.duration_since(clock.wall(0)).as_nanos();
        let start_ns = u64::try_from(since).unwrap_or(0);
        if start_ns < clock.now_ns() + LEAD.as_nanos() as u64 {
            if agreed {
                return Err(Error::NotTogether(format!(
                    "the load was to begin at {time}, and that was told too late; the network to the meeting point, or this \
                     machine, stood still"
                )));
            }
            return Err(Error::Refused(format!(
                "the load was to begin at {time} and was ready only {} later, so it does not begin; have it begin later \
                 with --start-at, or write fewer keys beforehand",
                format_duration(u64::try_from(i128::from(earliest_ns) - since).unwrap_or(u64::MAX)),
            )));
        }
        until(start_ns, clock, control)?;
        Ok(start_ns)
    }
}

/// Waits until shortly before this moment.
fn until(start_ns: u64, clock: &Clock, control: &Control) -> Result<()> {
    loop {
        if let Some(why) = control.why() {
            return Err(Error::Refused(why));
        }
        let left = Duration::from_nanos(start_ns.saturating_sub(clock.now_ns()));
        match left.checked_sub(LEAD) {
            Some(wait) if !wait.is_zero() => sleep(wait.min(LOOK)),
            _ => return Ok(()),
        }
    }
}
