//! What a throwaway cluster is to be like.

use std::path::PathBuf;

/// What is to be started.
#[derive(Debug, Clone)]
pub struct LocalPlan {
    /// Number of members.
    pub members: u32,
    /// The program: a path, or a name to look for in PATH.
    pub etcd: PathBuf,
    /// The members' data is written to a fresh sub-directory of it, which is removed at the end.
    pub directory: PathBuf,
    /// etcd's `--quota-backend-bytes`.
    pub quota_bytes: u64,
    /// Further arguments of every member.
    pub arguments: Vec<String>,
    /// Unique to this run.
    pub run_id: String,
}
