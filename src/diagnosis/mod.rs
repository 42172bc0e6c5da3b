//! What is holding a cluster back: observations with their uncertainty in, ranked causes with evidence, and with what
//! is missing, out. Pure: no files, no words.

mod answer;
mod cause;
mod known_bugs;
mod measured;
mod notice;
mod observed;
mod rules;
mod stall;
mod timeline;

pub use answer::{Answer, answer, verdict};
pub use cause::{Cause, Certainty, Diagnosis, Evidence, Harm, Missing};
pub use known_bugs::{Fault, KnownBug};
pub use measured::Measured;
pub use notice::{Notice, notices, with_notices};
pub use observed::{
    CHECK_SCHEMA, Checked, Defragmentation, Failure, Filling, Heartbeats, Held, LATE_NS,
    Leadership, Live, LocalCpu, Member, MemberId, Moment, Moments, NoWrites, Observed, Peer,
    PeerSign, Presence, Probe, Promise, Range, Run, STALL_NS, Span, Stall, Step, StepTime,
    StorageFault, Timing, Waits,
};
pub use rules::{Cpu, SHORT_PAUSE_NS, cpu, diagnose};
pub use stall::longest_stall;
pub use timeline::{Event, Happened, timeline};
