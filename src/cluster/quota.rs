//! The quota of a backend.

/// `--quota-backend-bytes` of a member.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Quota {
    /// So many bytes.
    Bytes(u64),
    /// Below 0: none.
    Disabled,
    /// Neither its status (3.6) nor its `/metrics` told.
    #[default]
    Unknown,
}

impl Quota {
    /// What the status told, or else what `/metrics` did.
    pub(super) fn told(status: Option<u64>, metrics: Option<Quota>) -> Self {
        status.map_or(metrics.unwrap_or_default(), Quota::Bytes)
    }

    pub(super) fn smallest(all: impl Iterator<Item = Quota> + Clone) -> Self {
        let bytes = all.clone().filter_map(Quota::bytes).min();
        match bytes {
            Some(bytes) => Quota::Bytes(bytes),
            None if all.clone().any(|quota| quota == Quota::Unknown) => Quota::Unknown,
            None => Quota::Disabled,
        }
    }

    /// Its bytes, where it is known that there is one.
    pub fn bytes(self) -> Option<u64> {
        match self {
            Quota::Bytes(bytes) => Some(bytes),
            Quota::Disabled | Quota::Unknown => None,
        }
    }

    /// What the database must stay below: etcd's default when the quota is unknown.
    pub fn limit(self) -> Option<u64> {
        match self {
            Quota::Bytes(bytes) => Some(bytes),
            Quota::Disabled => None,
            Quota::Unknown => Some(DEFAULT_QUOTA_BYTES),
        }
    }
}

/// What etcd takes when `--quota-backend-bytes` is not given (`server/storage/quota.go`, `DefaultQuotaBytes`).
pub const DEFAULT_QUOTA_BYTES: u64 = 2 << 30;
