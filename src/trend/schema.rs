//! What `etcdbench trend` finds, as data. Published as `docs/trend.schema.json`.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};

use crate::compare::LeftOut;
use crate::exit::Exit;
use crate::trend::history::{Direction, Unit};
use crate::trend::rules::{ExitCause, RunOutcome, TrendExit};

/// The format's name and major version.
pub const TREND_SCHEMA: &str = "etcdbench.trend/v1";

/// Every history and what became of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Trend {
    /// [`TREND_SCHEMA`].
    pub schema: String,
    /// The worst of all series that count.
    pub verdict: TrendVerdict,
    /// The answer in one line.
    pub headline: String,
    /// The answer without the word it begins with.
    #[serde(skip)]
    pub because: String,
    /// What was judged by.
    pub settings: TrendSettings,
    /// The runs of the newest night, judged by their own rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunOutcome>,
    /// How the command ended, and why.
    pub exit: TrendExit,
    /// Every history, those with news first.
    pub histories: Vec<HistoryTrend>,
    /// Files that are in no history, each with the reason.
    pub left_out: Vec<LeftOut>,
    /// What else a reader should know: guesses made, marks that match nothing.
    pub notes: Vec<String>,
    /// Commands that acknowledge a regression, and that compare with the last good night.
    pub commands: Vec<String>,
}

/// The numbers that judged.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TrendSettings {
    /// Nights in a row that make a suspicion a regression.
    pub confirm_nights: u32,
    /// A change point young enough to be an alarm, in days.
    pub recent_days: u32,
    /// Nights looked back on.
    pub look_back: u32,
    /// Two-sided error rate of the prediction interval of one night.
    pub night_alpha: f64,
    /// How rarely an unchanged history shows as many bad nights in a row as confirm a regression, per night.
    pub confirm_alpha: f64,
    /// Threshold of the t-test of change points.
    pub change_p: f64,
}

/// The answer for all series together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrendVerdict {
    /// Too few nights to judge a single series.
    TooFewNights,
    /// Every series that could be judged is where it was.
    Steady,
    /// A night looks worse; not confirmed.
    Suspected,
    /// Worse, confirmed by re-runs or by nights in a row.
    Regressed,
}

impl TrendVerdict {
    /// How the command ends.
    pub fn exit(self) -> Exit {
        match self {
            TrendVerdict::Regressed => Exit::Bad,
            TrendVerdict::Suspected | TrendVerdict::Steady => Exit::Ok,
            TrendVerdict::TooFewNights => Exit::NoVerdict,
        }
    }

    /// What makes its exit code other than 0.
    pub fn cause(self) -> Option<ExitCause> {
        match self {
            TrendVerdict::Regressed => Some(ExitCause::RegressionConfirmed),
            TrendVerdict::Suspected | TrendVerdict::Steady => None,
            TrendVerdict::TooFewNights => Some(ExitCause::TooFewNights),
        }
    }
}

/// One history.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct HistoryTrend {
    /// What was run.
    pub scenario: String,
    /// Where; empty for a table.
    pub machine: String,
    /// Settings that tell it from another history of the same name.
    pub distinct_by: Vec<String>,
    /// True when other histories went on for long after its newest night: it is told, and not judged.
    pub ended: bool,
    /// Every night, oldest first.
    pub nights: Vec<NightPoint>,
    /// Every series.
    pub series: Vec<SeriesTrend>,
    /// The lasting changes of all series, those of one night together.
    pub events: Vec<ChangeEvent>,
}

/// One night.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct NightPoint {
    /// Start of the run, RFC 3339.
    pub at: String,
    /// Its id.
    pub run_id: String,
    /// Its file.
    pub source: String,
    /// What is odd about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why a mark leaves it out of every series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded: Option<String>,
}

/// One series of one history.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SeriesTrend {
    /// `etcd/wal.fsync.p99`, or the column of a table.
    pub series: String,
    /// What its values are in.
    pub unit: Unit,
    /// Which way is good.
    pub direction: Direction,
    /// Told, but it fails no night.
    pub informational: bool,
    /// A value per night; null where there is none.
    pub values: Vec<Option<f64>>,
    /// Nights with a value that counts.
    pub counted: usize,
    /// Standard deviation from night to night: of the logarithm (0.04 is 4 %), or of the value where some are not
    /// above 0.
    pub noise: Option<f64>,
    /// Correlation of a night with the next one within stretches without a change.
    pub correlation: Option<f64>,
    /// Whether logarithms were judged.
    pub logarithmic: bool,
    /// Lasting changes, oldest first.
    pub changes: Vec<ChangePoint>,
    /// The newest night.
    pub tonight: Latest,
}

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

/// The newest night of a series.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Latest {
    /// What is said about it.
    pub verdict: LatestVerdict,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What nights usually show since the last change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual: Option<f64>,
    /// Where a night lies that belongs to them: lower end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// `value / usual`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// Nights the usual rests on.
    pub nights: usize,
    /// Bad nights in a row, tonight the last of them.
    pub bad_nights: u32,
    /// Bad nights in a row that confirm a regression here.
    pub needed_nights: u32,
    /// The first bad night, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What is said about the newest night of a series.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LatestVerdict {
    /// Too few nights since the last change, or at all.
    #[default]
    TooFew,
    /// Too few nights since a change that people have acknowledged or expected.
    Settling,
    /// The run has no trustworthy value of this series.
    NoValue,
    /// Nobody runs this history any more.
    Ended,
    /// Where it was.
    Steady,
    /// Better than it was.
    Better,
    /// Not where it was, and nobody has said what is better.
    Different,
    /// Worse, but re-runs do not show it.
    Unconfirmed,
    /// Worse; not confirmed yet.
    Suspected,
    /// Worse, and confirmed.
    Regressed,
}

/// The JSON Schema of [`Trend`], as published in `docs/trend.schema.json`.
pub fn trend_json_schema() -> serde_json::Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Trend>().to_value();
    schema["title"] = serde_json::json!(format!("The output of etcdbench trend, {TREND_SCHEMA}"));
    schema
}
