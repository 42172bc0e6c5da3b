//! Words that flags and keys take.

use clap::ValueEnum;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OperationArg {
    /// Writes one key
    Put,
    /// Reads
    Range,
    /// Put and range
    Mixed,
    /// A transaction that writes
    Txn,
    /// Transactions that write and that read
    TxnMixed,
    /// Removes one key
    Delete,
    /// Writes a key that is not there
    Create,
    /// Puts, and the events of them
    Watch,
    /// Prolongs leases
    Lease,
    /// Software transactions
    Stm,
    /// Lists all keys in pages, then watches them until the watch stands
    ListWatch,
    /// A turn of an apiserver's compactor
    Compact,
    /// Asks a member how it is
    Status,
}

/// What a read covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReadArg {
    /// One key
    Single,
    /// The whole key space in one answer
    Prefix,
    /// From a key on, up to --limit keys
    From,
    /// The whole key space in pages of --limit keys, at one revision; all of them are one operation
    Paged,
    /// No key, only the store's revision, as an apiserver asks for before it answers from its cache
    Revision,
}

/// How up to date an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConsistencyArg {
    /// Linearizable: as of now, which takes the leader and a majority
    #[value(name = "l", alias = "linearizable")]
    Linearizable,
    /// Serializable: what the member that is asked knows
    #[value(name = "s", alias = "serializable")]
    Serializable,
}

/// Isolation levels of etcd's `concurrency` package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IsolationArg {
    /// Nothing is guarded
    #[value(alias = "c")]
    ReadCommitted,
    /// What was read must not have changed
    #[value(alias = "r")]
    RepeatableReads,
    /// As repeatable-reads, and all reads at one revision
    #[value(alias = "s")]
    Serializable,
    /// As serializable, and what is written must not have changed either
    #[value(alias = "ss")]
    SerializableSnapshot,
}

/// How writes and syncs are issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EngineArg {
    /// write(2) and fdatasync(2) in dedicated threads, as etcd does
    Sync,
    /// Linked write and fdatasync through io_uring, all members from one thread
    Uring,
}

/// HTTP/2 clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WireArg {
    /// Made for requests of one message
    Own,
    /// The h2 crate's
    H2,
}

/// Spacing of open-loop arrivals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ArrivalArg {
    /// Independent arrivals
    Poisson,
    /// Equal gaps
    Constant,
}
