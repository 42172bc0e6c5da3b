//! What is odd, as values, and how they are made whatever was measured.

use std::collections::BTreeMap;

use crate::record::Distribution;
use crate::result::{FindingCode, Severity};

use super::{DatabaseFinding, DiskFinding, HeldBy, LoadFinding, SlowMember};

/// Something worth telling.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What.
    pub what: FindingKind,
    /// How much it matters.
    pub severity: Severity,
    /// Its numbers by name, as they are in a result.
    pub numbers: BTreeMap<&'static str, f64>,
}

/// What is worth telling.
#[derive(Debug, Clone, PartialEq)]
pub enum FindingKind {
    /// Of a disk.
    Disk(DiskFinding),
    /// Of a load.
    Load(LoadFinding),
}

impl FindingKind {
    /// What it is called.
    pub fn code(&self) -> FindingCode {
        match self {
            FindingKind::Disk(what) => what.code(),
            FindingKind::Load(what) => what.code(),
        }
    }
}

impl Found {
    /// Without numbers yet.
    pub(super) fn new(what: impl Into<FindingKind>, severity: Severity) -> Found {
        Found { what: what.into(), severity, numbers: BTreeMap::new() }
    }

    /// With a number.
    pub(super) fn number(mut self, name: &'static str, value: f64) -> Found {
        self.numbers.insert(name, value);
        self
    }
}

impl From<DiskFinding> for FindingKind {
    fn from(what: DiskFinding) -> Self {
        FindingKind::Disk(what)
    }
}

impl From<LoadFinding> for FindingKind {
    fn from(what: LoadFinding) -> Self {
        FindingKind::Load(what)
    }
}

/// The median of numbers; `None` without any.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    part(values, 0.5)
}

/// The value at a share of the sorted numbers; `None` without any.
pub(super) fn part(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * share).round() as usize).copied()
}

/// A quantile of a distribution, 0 without samples.
pub(super) fn quantile(distribution: &Distribution, q: f64) -> u64 {
    distribution.quantile(q).unwrap_or_default()
}

impl From<HeldBy> for FindingKind {
    fn from(by: HeldBy) -> Self {
        LoadFinding::Held(by).into()
    }
}

impl From<SlowMember> for FindingKind {
    fn from(member: SlowMember) -> Self {
        LoadFinding::SlowMember(member).into()
    }
}

impl From<DatabaseFinding> for FindingKind {
    fn from(what: DatabaseFinding) -> Self {
        LoadFinding::Database(what).into()
    }
}
