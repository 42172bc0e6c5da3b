//! Which keys of a cluster are looked at, and how many requests that may take.

use std::fmt::Display;

use crate::error::{Result, usage};

/// Requests that look at keys.
const REQUESTS: u64 = 1_500;
const MAX_REQUESTS: u64 = 100_000;
/// Parts of a path.
const DEPTH: u32 = 3;
const MAX_DEPTH: u32 = 8;

/// Which keys are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysPlan {
    /// Keys that begin so; empty is all.
    pub prefix: String,
    /// Parts of the path by which keys belong together that are none of a Kubernetes.
    pub depth: u32,
    /// Requests, at most.
    pub requests: u64,
}

impl KeysPlan {
    /// What was typed, checked and completed.
    pub(super) fn resolve(
        prefix: Option<&str>,
        depth: Option<u32>,
        requests: Option<u64>,
    ) -> Result<KeysPlan> {
        let depth = depth.unwrap_or(DEPTH);
        let requests = requests.unwrap_or(REQUESTS);
        Ok(KeysPlan {
            prefix: prefix.unwrap_or_default().to_owned(),
            depth: within("--depth", depth, (1, MAX_DEPTH), " parts of a path")?,
            requests: within("--requests", requests, (10, MAX_REQUESTS), "")?,
        })
    }
}

fn within<T: PartialOrd + Display>(
    flag: &'static str,
    value: T,
    (low, high): (T, T),
    what: &str,
) -> Result<T> {
    match (&low..=&high).contains(&&value) {
        true => Ok(value),
        false => Err(usage(&[flag], format!("{flag} {value} is outside {low} to {high}{what}"))),
    }
}
