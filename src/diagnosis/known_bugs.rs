//! Versions of etcd with faults that may cost data or reads that are true. From the changelogs and issues of etcd, as of
//! August 2026; newer faults are not in it.

use schemars::JsonSchema;
use serde::Serialize;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Data of members may differ after a crash under load.
    Inconsistency,
    /// Acknowledged writes of a single member may be lost in a crash.
    SingleMemberLoss,
    /// Revisions of members may differ after a crash during a defragmentation.
    DefragmentationCrash,
    /// Deleted keys may be read, or members differ, by a fault of the read buffer.
    ReadBuffer,
    /// A leader that was replaced may revoke leases, and watches may miss their progress.
    OldLeaderRevokes,
    /// The database may be damaged where a snapshot arrives during a defragmentation.
    SnapshotDefragmentation,
    /// A read may be stale while the leader changes.
    StaleRead,
}

/// A fault and the first versions without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KnownBug {
    /// What goes wrong.
    pub fault: Fault,
    /// Where it is told.
    pub source: &'static str,
    /// The first version without it, of each line that has it.
    #[serde(skip)]
    fixed: &'static [[u64; 3]],
}

const KNOWN: &[KnownBug] = &[
    KnownBug { fault: Fault::Inconsistency, source: "etcd#13766", fixed: &[[3, 5, 3]] },
    KnownBug { fault: Fault::SingleMemberLoss, source: "etcd#14370", fixed: &[[3, 5, 5]] },
    KnownBug { fault: Fault::DefragmentationCrash, source: "etcd#14733", fixed: &[[3, 5, 6]] },
    KnownBug { fault: Fault::ReadBuffer, source: "etcd#17230", fixed: &[[3, 5, 12]] },
    KnownBug {
        fault: Fault::OldLeaderRevokes,
        source: "etcd#17425",
        fixed: &[[3, 4, 31], [3, 5, 13]],
    },
    KnownBug {
        fault: Fault::SnapshotDefragmentation,
        source: "etcd#20650",
        fixed: &[[3, 4, 38], [3, 5, 23], [3, 6, 5]],
    },
    KnownBug {
        fault: Fault::StaleRead,
        source: "etcd#21378",
        fixed: &[[3, 4, 42], [3, 5, 28], [3, 6, 9]],
    },
];

/// The faults that are known of a version; `members` is how many the cluster has.
pub fn known_bugs(version: &str, members: usize) -> Vec<&'static KnownBug> {
    let Some(version) = parse(version) else { return Vec::new() };
    let has = |bug: &&KnownBug| {
        let line = bug.fixed.iter().find(|fixed| fixed[..2] == version[..2]);
        line.is_some_and(|fixed| version[2] < fixed[2])
            && (bug.fault != Fault::SingleMemberLoss || members == 1)
    };
    KNOWN.iter().filter(has).collect()
}

/// `3.5.30` of `3.5.30-rc.1+dirty`.
fn parse(version: &str) -> Option<[u64; 3]> {
    let plain = version.trim_start_matches('v').split(['-', '+']).next()?;
    let mut parts = plain.split('.').map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(version: &str, members: usize) -> Vec<&'static str> {
        known_bugs(version, members).iter().map(|bug| bug.source).collect()
    }

    #[test]
    fn a_version_has_the_faults_that_were_mended_later_in_its_line() {
        assert_eq!(sources("3.5.30", 3), [] as [&str; 0]);
        assert_eq!(sources("3.5.27", 3), ["etcd#21378"]);
        assert_eq!(sources("3.5.1", 3).len(), 6);
        assert_eq!(sources("3.5.1", 1).len(), 7);
        assert_eq!(sources("3.6.4", 3), ["etcd#20650", "etcd#21378"]);
        assert_eq!(sources("v3.4.37+dirty", 3), ["etcd#20650", "etcd#21378"]);
        assert_eq!(sources("4.0.0", 3), [] as [&str; 0]);
        assert_eq!(sources("", 3), [] as [&str; 0]);
    }
}
