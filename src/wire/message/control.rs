//! What only the control plane asks of etcd.

use super::Request;
use crate::wire::protobuf::{put_varint, varint_field_len};

/// `LeaseTimeToLiveRequest`.
#[derive(Debug, Clone, Copy)]
pub struct LeaseTimeToLive {
    /// The lease.
    pub id: i64,
    /// Ask for the keys that are bound to it.
    pub keys: bool,
}

impl Request for LeaseTimeToLive {
    fn size(&self) -> usize {
        varint_field_len(1, self.id as u64) + varint_field_len(2, self.keys.into())
    }

    fn write(&self, to: &mut Vec<u8>) {
        put_varint(to, 1, self.id as u64);
        put_varint(to, 2, self.keys.into());
    }
}

/// `AlarmRequest` that takes the alarm NOSPACE of a member back.
#[derive(Debug, Clone, Copy)]
pub struct DisarmNoSpace {
    /// The member's id.
    pub member: u64,
}

/// `AlarmRequest.AlarmAction` and `AlarmType`.
const DEACTIVATE: u64 = 2;
const NO_SPACE: u64 = 1;

impl Request for DisarmNoSpace {
    fn size(&self) -> usize {
        varint_field_len(1, DEACTIVATE)
            + varint_field_len(2, self.member)
            + varint_field_len(3, NO_SPACE)
    }

    fn write(&self, to: &mut Vec<u8>) {
        put_varint(to, 1, DEACTIVATE);
        put_varint(to, 2, self.member);
        put_varint(to, 3, NO_SPACE);
    }
}
