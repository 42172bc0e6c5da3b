//! Where a load's connections lead, and how they are dealt out.

use crate::etcd::Endpoint;

/// One connection of a worker.
#[derive(Debug, Clone)]
pub struct ConnectionSpec {
    /// Its number among all connections.
    pub number: u64,
    /// Where it leads.
    pub endpoint: Endpoint,
    /// Whose that is.
    pub member: Option<u32>,
    /// Clients that share it, at most.
    pub clients: u32,
}

/// Where one connection leads.
#[derive(Debug, Clone)]
pub struct MemberAddress {
    /// The address.
    pub endpoint: Endpoint,
    /// Whose it is; `None` when there is one member only.
    pub member: Option<u32>,
}
