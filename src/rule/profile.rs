//! Profiles: published limits for a disk under etcd, each with its source.

use crate::rule::Rule;

/// Whose limits a disk is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// The name `--profile` takes.
    pub name: &'static str,
    /// What the headline says the disk qualifies for.
    pub target: &'static str,
    /// Its limits.
    pub rules: &'static [Published],
}

/// One published limit.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    /// The limit in the grammar of [`super::Rule`].
    pub text: &'static str,
    /// Who published it.
    pub source: &'static str,
}

impl Published {
    /// The limit.
    ///
    /// # Errors
    /// What is wrong with it; nothing is in any of the table, as a test proves.
    pub fn rule(&self) -> Result<Rule, String> {
        self.text.parse()
    }
}

/// etcd FAQ, "What does the etcd warning … mean?": p99 of `wal_fsync_duration_seconds` below 10 ms.
const FSYNC_FAQ: Published = Published { text: "wal.fsync.p99 < 10ms", source: "etcd FAQ" };

/// etcd FAQ: p99 of `backend_commit_duration_seconds` below 25 ms.
const COMMIT_FAQ: Published = Published { text: "backend.commit.p99 < 25ms", source: "etcd FAQ" };

/// Every profile; the first is the default.
pub const PROFILES: &[Profile] = &[
    Profile { name: "etcd", target: "etcd", rules: &[FSYNC_FAQ, COMMIT_FAQ] },
    Profile {
        name: "etcd-heavy",
        target: "a heavily loaded etcd",
        rules: &[
            FSYNC_FAQ,
            COMMIT_FAQ,
            // 500 sequential synced writes a second are 2 ms each.
            Published {
                text: "wal.sync.mean <= 2ms",
                source: "etcd hardware guide, 500 sequential IOPS",
            },
        ],
    },
    Profile {
        name: "openshift",
        target: "OpenShift's etcd",
        rules: &[
            Published {
                text: "wal.fsync.p99 < 10ms",
                source: "OpenShift recommended etcd practices",
            },
            COMMIT_FAQ,
        ],
    },
    Profile {
        name: "openshift-heavy",
        target: "a heavily loaded OpenShift's etcd",
        rules: &[
            Published {
                text: "wal.fsync.p99 < 10ms",
                source: "OpenShift recommended etcd practices",
            },
            COMMIT_FAQ,
            Published {
                text: "wal.sync.mean <= 2ms",
                source: "OpenShift recommended etcd practices, 500 writes/s",
            },
        ],
    },
    Profile {
        name: "k3s",
        target: "K3s with embedded etcd",
        rules: &[
            FSYNC_FAQ,
            COMMIT_FAQ,
            // The page gives a latency without saying which percentile; only a mean can be meant by all readers.
            Published {
                text: "wal.sync.mean < 5ms",
                source: "K3s resource profiling, judged as a mean",
            },
        ],
    },
    Profile {
        name: "replicated",
        target: "Replicated Embedded Cluster",
        rules: &[
            Published { text: "wal.fsync.p99 < 10ms", source: "Embedded Cluster requirements" },
            COMMIT_FAQ,
        ],
    },
];

/// The profile of this name.
///
/// # Errors
/// A message that lists the known ones.
pub fn profile(name: &str) -> Result<&'static Profile, String> {
    PROFILES.iter().find(|profile| profile.name == name).ok_or_else(|| {
        let known: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
        format!("no profile '{name}'; there are {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use crate::rule::DISK_SERIES;
    use crate::rule::profile::*;

    #[test]
    fn every_published_limit_parses_and_is_canonical() {
        for published in PROFILES.iter().flat_map(|profile| profile.rules) {
            let rule = Rule::parse(published.text, DISK_SERIES).unwrap();
            assert_eq!(rule.to_string(), published.text);
            assert!(!published.source.is_empty());
        }
    }

    #[test]
    fn an_unknown_profile_lists_the_known() {
        let message = profile("kubernetes").unwrap_err();
        assert!(message.contains("etcd, etcd-heavy, openshift"), "{message}");
        assert_eq!(profile("k3s").unwrap().name, "k3s");
    }
}
