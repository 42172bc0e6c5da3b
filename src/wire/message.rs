//! The requests of etcd's API that are sent, and what is read in their answers
//! (etcd `api/etcdserverpb/rpc.proto`, `api/mvccpb/kv.proto`; the field numbers are the same in 3.4, 3.5 and 3.6).

mod answers;
mod control;
mod requests;
mod told;
#[cfg(test)]
mod told_tests;

pub use answers::*;
pub use control::*;
pub use requests::*;
pub use told::*;

/// A method of etcd's gRPC services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `KV/Put`
    Put,
    /// `KV/Range`
    Range,
    /// `KV/DeleteRange`
    DeleteRange,
    /// `KV/Txn`
    Txn,
    /// `KV/Compact`
    Compact,
    /// `Lease/LeaseGrant`
    LeaseGrant,
    /// `Lease/LeaseRevoke`
    LeaseRevoke,
    /// `Lease/LeaseKeepAlive`
    LeaseKeepAlive,
    /// `Watch/Watch`
    Watch,
    /// `Maintenance/Status`
    Status,
    /// `Auth/Authenticate`
    Authenticate,
    /// `Lease/LeaseTimeToLive`
    LeaseTimeToLive,
    /// `Cluster/MemberList`
    MemberList,
    /// `Maintenance/Alarm`
    Alarm,
    /// `Maintenance/Defragment`
    Defragment,
}

impl Method {
    /// Every method, in the order of their numbers.
    pub const ALL: [Method; 15] = [
        Method::Put,
        Method::Range,
        Method::DeleteRange,
        Method::Txn,
        Method::Compact,
        Method::LeaseGrant,
        Method::LeaseRevoke,
        Method::LeaseKeepAlive,
        Method::Watch,
        Method::Status,
        Method::Authenticate,
        Method::LeaseTimeToLive,
        Method::MemberList,
        Method::Alarm,
        Method::Defragment,
    ];

    /// Its HTTP/2 path.
    pub fn path(self) -> &'static str {
        match self {
            Method::Put => "/etcdserverpb.KV/Put",
            Method::Range => "/etcdserverpb.KV/Range",
            Method::DeleteRange => "/etcdserverpb.KV/DeleteRange",
            Method::Txn => "/etcdserverpb.KV/Txn",
            Method::Compact => "/etcdserverpb.KV/Compact",
            Method::LeaseGrant => "/etcdserverpb.Lease/LeaseGrant",
            Method::LeaseRevoke => "/etcdserverpb.Lease/LeaseRevoke",
            Method::LeaseKeepAlive => "/etcdserverpb.Lease/LeaseKeepAlive",
            Method::Watch => "/etcdserverpb.Watch/Watch",
            Method::Status => "/etcdserverpb.Maintenance/Status",
            Method::Authenticate => "/etcdserverpb.Auth/Authenticate",
            Method::LeaseTimeToLive => "/etcdserverpb.Lease/LeaseTimeToLive",
            Method::MemberList => "/etcdserverpb.Cluster/MemberList",
            Method::Alarm => "/etcdserverpb.Maintenance/Alarm",
            Method::Defragment => "/etcdserverpb.Maintenance/Defragment",
        }
    }
}

/// What can be encoded.
pub trait Request {
    /// Bytes of its encoding.
    fn size(&self) -> usize;
    /// Appends its encoding.
    fn write(&self, to: &mut Vec<u8>);
    /// Records that it adds to the database at most: versions of keys, deletions among them.
    fn versions(&self) -> u64 {
        0
    }
}
