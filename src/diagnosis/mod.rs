//! What is holding a cluster back: observations with their uncertainty in, ranked causes with evidence, and with what
//! is missing, out. Pure: no files, no words.

mod answer;
mod cause;
mod observed;
mod rules;
mod timeline;

pub use answer::{Answer, answer, verdict};
pub use cause::{Cause, Certainty, Diagnosis, Evidence, Harm, Missing};
pub use observed::{
    Defragmentation, Failure, Heartbeats, Leadership, Member, MemberId, Moment, Moments, Observed,
    Peer, PeerSign, Run, Span, Step, StepTime, StorageFault, Waits,
};
pub use rules::diagnose;
pub use timeline::{Event, Happened, timeline};
