//! How much room an etcd of a given quota needs on its disk.

/// Bytes of a WAL segment (etcd server/storage/wal/wal.go, SegmentSizeBytes).
const SEGMENT_BYTES: u64 = 64_000_000;

/// Segments the purge loop leaves alone (etcd `--max-wals` default, server/embed/config.go).
const KEPT_SEGMENTS: u64 = 5;

/// The segment reserved ahead (etcd server/storage/wal/file_pipeline.go).
const SPARE_SEGMENTS: u64 = 1;

/// Entries between two raft snapshots; no segment newer than the last one can be purged (etcd
/// `--snapshot-count`: 100,000 up to 3.5, fewer since; server/etcdserver/server.go).
const ENTRIES_BETWEEN_SNAPSHOTS: u64 = 100_000;

/// Bytes of one entry's WAL frame beyond its key and value (server/storage/wal/encoder.go; a put of 8-byte keys and
/// 256-byte values gives frames of about 330 bytes).
const FRAME_OVERHEAD_BYTES: u64 = 64;

/// Raft snapshots kept (etcd `--max-snapshots` default). They hold the membership, not the data.
const KEPT_SNAPSHOTS: u64 = 5;

/// Room for one raft snapshot file, generously.
const SNAPSHOT_BYTES: u64 = 1 << 20;

/// Files and directories of one member that are not segments or snapshots: `member`, `wal`, `snap`, the database,
/// its copy, the directory given to etcd, and a few temporary ones.
const OTHER_INODES: u64 = 16;

/// What is to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// etcd's `--quota-backend-bytes`, per member.
    pub quota_bytes: u64,
    /// Size of a key and its value together.
    pub put_bytes: u64,
    /// Members on the same disk.
    pub members: u32,
}

/// The room needed, all members together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Headroom {
    /// The databases, grown to their quota.
    pub database_bytes: u64,
    /// The write-ahead logs.
    pub wal_bytes: u64,
    /// The raft snapshots.
    pub snapshot_bytes: u64,
    /// A second copy of one database: a defragmentation writes one beside the old file (members are defragmented
    /// one at a time), and so does a follower that is sent the leader's.
    pub copy_bytes: u64,
    /// Files and directories.
    pub inodes: u64,
}

impl Headroom {
    /// What this demand comes to.
    pub fn of(demand: &Demand) -> Self {
        let members = u64::from(demand.members.max(1));
        let between_snapshots =
            ENTRIES_BETWEEN_SNAPSHOTS * (demand.put_bytes + FRAME_OVERHEAD_BYTES);
        let newer = between_snapshots.div_ceil(SEGMENT_BYTES);
        // The purge counts the segments newer than the last snapshot among those it keeps.
        let segments = KEPT_SEGMENTS.max(newer + 1) + SPARE_SEGMENTS;
        Headroom {
            database_bytes: members * demand.quota_bytes,
            wal_bytes: members * segments * SEGMENT_BYTES,
            snapshot_bytes: members * KEPT_SNAPSHOTS * SNAPSHOT_BYTES,
            copy_bytes: demand.quota_bytes,
            inodes: members * (segments + KEPT_SNAPSHOTS + OTHER_INODES),
        }
    }

    /// Everything at its largest.
    pub fn needed_bytes(&self) -> u64 {
        self.without_defrag_bytes() + self.copy_bytes
    }

    /// Enough to run, but not to defragment or to be sent a snapshot.
    pub fn without_defrag_bytes(&self) -> u64 {
        self.database_bytes + self.wal_bytes + self.snapshot_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn of(quota_bytes: u64, put_bytes: u64, members: u32) -> Headroom {
        Headroom::of(&Demand { quota_bytes, put_bytes, members })
    }

    #[test]
    fn the_default_quota() {
        let room = of(2 * GIB, 1088, 1);
        assert_eq!(room.wal_bytes, 6 * SEGMENT_BYTES);
        assert_eq!(room.needed_bytes(), 4 * GIB + 6 * SEGMENT_BYTES + 5 * SNAPSHOT_BYTES);
        assert_eq!(room.needed_bytes() - room.without_defrag_bytes(), 2 * GIB);
        assert!(room.inodes < 100);
    }

    #[test]
    fn large_values_keep_more_of_the_log() {
        // 100,000 entries of 10 KB are 1 GB of log that no purge may touch.
        assert!(of(2 * GIB, 10_000, 1).wal_bytes > 1_000_000_000);
    }

    #[test]
    fn members_share_the_room_for_one_copy() {
        let (one, three) = (of(GIB, 1000, 1), of(GIB, 1000, 3));
        assert_eq!(three.without_defrag_bytes(), 3 * one.without_defrag_bytes());
        assert_eq!(three.copy_bytes, one.copy_bytes);
        assert_eq!(of(GIB, 1000, 0), one);
    }
}
