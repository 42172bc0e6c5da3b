//! What is to be merged.

use std::path::PathBuf;

/// What is to be merged.
#[derive(Debug, Clone)]
pub struct Request {
    /// Results, directories with results, logs.
    pub inputs: Vec<PathBuf>,
    /// Where the result goes; a fresh file in `results/` when absent.
    pub output: Option<PathBuf>,
    /// Judge although parts are missing.
    pub allow_missing: bool,
    /// Name of the result; that of the first part when absent.
    pub name: Option<String>,
}
