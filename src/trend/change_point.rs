//! A change of level, as data: of one series, of several in one night, and what small ones come to.

use schemars::JsonSchema;
use serde::Serialize;

/// The changes of several series in one night.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct ChangeEvent {
    /// Start of the first run after it, RFC 3339.
    pub at: String,
    /// Index of that night.
    pub night: usize,
    /// Start of the last run before it.
    pub last_before: String,
    /// The series that changed, those that are worse first.
    pub changes: Vec<SeriesChange>,
    /// How many of them are worse.
    pub worse: usize,
    /// How many are better.
    pub better: usize,
    /// What changed in the environment then: labels, versions, kernel.
    pub coincides: Vec<FactChange>,
}

/// The level of the newest nights against that of the oldest since the last change that is known: what small steps come to.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Drift {
    /// Start of the first of the oldest nights, RFC 3339.
    pub since: String,
    /// Their level.
    pub before: f64,
    /// That of the newest.
    pub after: f64,
    /// `after / before`.
    pub ratio: f64,
    /// Which way it went.
    pub outcome: Outcome,
}

/// A change of a series that is part of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SeriesChange {
    /// The series.
    pub series: String,
    /// Where its own change is placed, RFC 3339.
    pub at: String,
}

/// A lasting change of level.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangePoint {
    /// Start of the first run after the change, RFC 3339.
    pub at: String,
    /// Index of that night.
    pub night: usize,
    /// Start of the last run before it.
    pub last_before: String,
    /// Between which first nights it surely is (95 %), where more than one is likely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub between: Option<Span>,
    /// Level before, back to the change before it: the most likely one, which single bad nights do not move.
    pub before: f64,
    /// Level after, up to the next change.
    pub after: f64,
    /// `after / before` with its 95 % interval; absent where values are not all above 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<Ratio>,
    /// Student's p. Of the best of many places, so smaller than the chance of a false alarm.
    pub p: f64,
    /// Nights before and after that it rests on.
    pub nights: (usize, usize),
    /// Good or bad.
    pub outcome: Outcome,
    /// Of the last two weeks.
    pub recent: bool,
    /// Large enough to matter, as far as its size is known: an alarm until it is acknowledged or undone.
    pub large: bool,
    /// Known to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<MarkNote>,
    /// What changed in the environment then, or a night or two before or after.
    pub coincides: Vec<FactChange>,
}

/// Nights of which one is the first after a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Span {
    /// The earliest, RFC 3339.
    pub first: String,
    /// The latest.
    pub last: String,
}

/// A ratio with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Ratio {
    /// The ratio.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Which way a change went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// For the worse.
    Worse,
    /// For the better.
    Better,
    /// The series' direction is not known.
    Different,
}

/// What a mark says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MarkNote {
    /// `acknowledge` or `expect`.
    pub kind: String,
    /// In a person's words.
    pub note: String,
}

/// A fact of the environment that changed from one night to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FactChange {
    /// `kernel`, `etcd version`, `label commit` …
    pub fact: String,
    /// Before; absent when it was not known.
    pub before: Option<String>,
    /// After; absent when it is not known any more.
    pub after: Option<String>,
    /// Nights after the change point; negative before it.
    pub nights_off: i64,
}
