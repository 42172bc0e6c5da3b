//! What the members say of themselves, as far as it is shown while a load goes on.

use std::collections::BTreeMap;

use crate::units::{format_bytes, format_duration};

/// The histograms shown, by the names they have in the counters, and what they are called.
const SHOWN: [(&str, &str); 2] = [("wal_fsync", "fsync"), ("backend_commit", "commit")];
/// A member whose syncs take so many times as long as the fastest member's is marked.
const SLOW_FACTOR: f64 = 4.0;

/// The members, by their index.
#[derive(Default)]
pub(super) struct Servers(BTreeMap<u32, Server>);

#[derive(Default)]
struct Server {
    histograms: BTreeMap<&'static str, Buckets>,
    leads: bool,
    db_bytes: Option<f64>,
    quota_bytes: Option<f64>,
}

/// A histogram as Prometheus has it: of each bound in seconds, how many samples were at or below it.
#[derive(Default)]
struct Buckets {
    count: f64,
    at_most: Vec<(f64, f64)>,
}

impl Servers {
    /// Forgets the histograms; what is a state stays.
    pub(super) fn begin(&mut self) {
        self.0.values_mut().for_each(|server| server.histograms.clear());
    }

    /// Adds what the histograms grew by.
    pub(super) fn grew(&mut self, member: u32, values: &BTreeMap<String, f64>) {
        let server = self.0.entry(member).or_default();
        for (name, grown) in values {
            let Some((histogram, part)) = name.split_once('.') else {
                continue;
            };
            let Some((histogram, _)) = SHOWN.iter().find(|(known, _)| *known == histogram) else {
                continue;
            };
            let buckets = server.histograms.entry(histogram).or_default();
            if part == "count" {
                buckets.count += grown;
            } else if let Some(bound) = part.strip_prefix("le.").and_then(|le| le.parse().ok()) {
                buckets.add(bound, *grown);
            }
        }
    }

    /// Takes note of how a member is.
    pub(super) fn is(&mut self, member: u32, values: &BTreeMap<String, f64>) {
        let server = self.0.entry(member).or_default();
        let value = |name: &str| values.get(name).copied();
        server.db_bytes = value("db_bytes").or(server.db_bytes);
        server.quota_bytes = value("quota_bytes").or(server.quota_bytes);
        server.leads = value("is_leader").map_or(server.leads, |leads| leads > 0.0);
    }

    /// The largest database against the smallest quota: the first to be full.
    pub(super) fn database(&self) -> Option<String> {
        let servers = || self.0.values();
        let db = servers().filter_map(|server| server.db_bytes).reduce(f64::max)?;
        let quota = servers().filter_map(|server| server.quota_bytes).reduce(f64::min);
        let db = format_bytes(db as u64);
        Some(match quota {
            Some(quota) => format!("db {db} of {}", format_bytes(quota as u64)),
            None => format!("db {db}"),
        })
    }

    /// Of each member how long its syncs and commits take at most in 99 of 100 cases, as exactly as the buckets tell.
    pub(super) fn line(&self) -> Vec<String> {
        let slow = self.slow();
        let items = self.0.iter().filter_map(|(&index, server)| {
            let figures: Vec<String> = SHOWN
                .iter()
                .filter_map(|(histogram, called)| {
                    let p99 = server.histograms.get(histogram)?.p99()?;
                    Some(format!("{called} {p99}"))
                })
                .collect();
            if figures.is_empty() {
                return None;
            }
            let who = match (self.0.len(), server.leads) {
                (1, _) => "server p99".to_owned(),
                (_, true) => format!("m{} leader", index + 1),
                (_, false) => format!("m{}", index + 1),
            };
            let mark = if slow == Some(index) { " ◂" } else { "" };
            Some(format!("{who} {}{mark}", figures.join(" ")))
        });
        items.collect()
    }

    /// The member that is far slower than another.
    fn slow(&self) -> Option<u32> {
        let syncs = || {
            self.0.iter().filter_map(|(&index, server)| {
                let buckets = server.histograms.get("wal_fsync")?;
                Some((index, buckets.p99_bound()?))
            })
        };
        let fastest = syncs().map(|(_, bound)| bound).reduce(f64::min)?;
        let (index, slowest) = syncs().reduce(|a, b| if b.1 > a.1 { b } else { a })?;
        (slowest > fastest && slowest >= fastest * SLOW_FACTOR).then_some(index)
    }
}

impl Buckets {
    fn add(&mut self, bound: f64, grown: f64) {
        match self.at_most.iter_mut().find(|(known, _)| *known == bound) {
            Some((_, count)) => *count += grown,
            None => {
                self.at_most.push((bound, grown));
                self.at_most.sort_by(|a, b| a.0.total_cmp(&b.0));
            }
        }
    }

    /// The bound in seconds that 99 of 100 samples are within; infinite where it lies beyond the last, nothing
    /// without samples.
    fn p99_bound(&self) -> Option<f64> {
        if self.count <= 0.0 || self.at_most.is_empty() {
            return None;
        }
        let found = self.at_most.iter().find(|(_, count)| *count >= 0.99 * self.count);
        Some(found.map_or(f64::INFINITY, |(bound, _)| *bound))
    }

    fn p99(&self) -> Option<String> {
        let ns = |seconds: f64| format_duration((seconds * 1e9).round() as u64);
        let (last, _) = self.at_most.last()?;
        match self.p99_bound()? {
            bound if bound.is_finite() => Some(format!("≤{}", ns(bound))),
            _ => Some(format!(">{}", ns(*last))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, f64)]) -> BTreeMap<String, f64> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
    }

    fn syncs(within_2ms: f64, within_16ms: f64, all: f64) -> BTreeMap<String, f64> {
        values(&[
            ("wal_fsync.count", all),
            ("wal_fsync.sum_s", 1.0),
            ("wal_fsync.le.0.016", within_16ms),
            ("wal_fsync.le.0.002", within_2ms),
        ])
    }

    #[test]
    fn the_slow_member_is_marked_and_the_leader_named() {
        let mut servers = Servers::default();
        servers.grew(0, &syncs(50.0, 50.0, 50.0));
        servers.grew(0, &syncs(50.0, 50.0, 50.0));
        servers.grew(1, &syncs(98.0, 99.0, 100.0));
        servers.grew(2, &syncs(99.0, 99.0, 100.0));
        servers.is(2, &values(&[("is_leader", 1.0)]));
        assert_eq!(
            servers.line(),
            ["m1 fsync ≤2 ms", "m2 fsync ≤16 ms ◂", "m3 leader fsync ≤2 ms"]
        );
    }

    #[test]
    fn what_is_beyond_the_last_bound_is_said_to_be() {
        let mut servers = Servers::default();
        servers.grew(0, &syncs(1.0, 50.0, 100.0));
        servers.grew(0, &values(&[("backend_commit.count", 0.0), ("backend_commit.le.0.1", 0.0)]));
        assert_eq!(servers.line(), ["server p99 fsync >16 ms"]);
        servers.begin();
        assert!(servers.line().is_empty());
    }

    #[test]
    fn the_fullest_database_counts() {
        let mut servers = Servers::default();
        assert_eq!(servers.database(), None);
        servers.is(0, &values(&[("db_bytes", 1_048_576.0)]));
        servers.is(1, &values(&[("db_bytes", 3_145_728.0)]));
        assert_eq!(servers.database().as_deref(), Some("db 3 MiB"));
        servers.is(1, &values(&[("quota_bytes", 2_147_483_648.0)]));
        assert_eq!(servers.database().as_deref(), Some("db 3 MiB of 2 GiB"));
    }
}
