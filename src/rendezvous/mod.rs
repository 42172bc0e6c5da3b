//! Where the machines of a load meet: they say which load they are to make, compare clocks, and are told when to begin,
//! all of them or none. Plain HTTP, a few small requests a machine.

mod guest;
mod hall;
mod host;

use serde::{Deserialize, Serialize};

pub use guest::{Guest, Introduction};
pub use host::{Met, Request, run};

/// Requests and answers have no more bytes than this.
const MOST_BYTES: usize = 8 << 10;
/// Exchanges that tell how far a clock is off: the quickest of them counts.
const EXCHANGES: u32 = 16;

/// A machine introduces itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Hello {
    index: u32,
    of: u32,
    plan_hash: String,
    version: String,
    host: String,
    /// Drawn at random by the process, so that another with the same number is not taken for it.
    process: u64,
}

/// What it is told: a number that is the same for all machines of the load.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Welcome {
    run: u32,
}

/// When a request came and when its answer left, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Time {
    received_ns: i64,
    sent_ns: i64,
}

/// A machine could begin. Its clock is off by so much.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Ready {
    index: u32,
    process: u64,
    offset_ns: i64,
    error_ns: u64,
}

/// A machine goes without having begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Leave {
    index: u32,
    process: u64,
    why: String,
}

/// What becomes of the load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Outlook {
    /// Others are not ready yet.
    Wait,
    /// It begins at this time of the machine's own clock, in nanoseconds since 1970.
    Begin { at_ns: i64 },
    /// It does not take place.
    Over { why: String },
}
