//! What is asked about the newest night of a series, and what is answered.

use crate::trend::changes::Found;
use crate::trend::points::Points;
use crate::trend::schema::Latest;

/// A single night confirms itself, where somebody asks for no more, when one in so many is as bad.
pub(super) const CONFIRM_ALPHA: f64 = 1e-4;
/// With fewer nights since the last change the limit is wide, and no night within it is called steady.
pub(super) const LEARNED: usize = 8;
/// Bad nights in a row that are counted, and that are ever asked for.
pub(super) const LONGEST_STREAK: usize = 7;

/// What the newest night of a series is held against.
pub(super) struct Question<'a> {
    /// The series; its last value is the newest night's.
    pub points: &'a Points,
    /// Lasting changes and marks, in order.
    pub bounds: &'a [Bound],
    /// +1 where more is worse, −1 where less is, `None` where nobody has said.
    pub worse: Option<f64>,
    /// Bad nights in a row that confirm, at least.
    pub confirm_nights: u32,
    /// Re-runs of the newest night.
    pub again: &'a Again,
}

/// Where one stretch ends and the next begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bound {
    /// First point after it.
    pub at: usize,
    /// Somebody has acknowledged or expected it: what was before counts no more.
    pub known: bool,
}

/// What re-runs say of a series.
#[derive(Debug, Default)]
pub(super) struct Again {
    /// Their values, scaled; empty without any.
    pub values: Vec<f64>,
    /// How one was disturbed whose value is not among them.
    pub disturbed: Option<String>,
}

/// What is found.
#[derive(Debug, Default)]
pub(super) struct LatestFound {
    pub tonight: Latest,
    /// The first bad night, as a point.
    pub since: Option<usize>,
    /// A change too young for the list of lasting ones.
    pub fresh: Option<Found>,
}
