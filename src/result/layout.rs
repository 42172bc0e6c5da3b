//! Names in the directory that an execution of a scenario leaves.

/// The file that says what the directory is of.
pub const MANIFEST: &str = "scenario.json";
/// Where results of interrupted runs are kept, out of the way of those who read the complete ones.
pub const INTERRUPTED: &str = "interrupted";
/// Where re-runs of a night are kept: they are no nights of their own.
pub const RERUNS: &str = "reruns";
