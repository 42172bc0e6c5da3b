//! What `etcdbench trend` finds, as data. Published as `docs/trend.schema.json`.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};

use crate::compare::LeftOut;
use crate::exit::Exit;
pub use crate::trend::change_point::{
    ChangeEvent, ChangePoint, Drift, FactChange, MarkNote, Outcome, Ratio, SeriesChange, Span,
};
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
    /// How many times the median day each day of the week shows, from Monday on, where three weeks at least show that days
    /// differ: nights are held against nights of their own day then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weekdays: Option<[f64; 7]>,
    /// How far it is from where it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// Lasting changes, oldest first.
    pub changes: Vec<ChangePoint>,
    /// The newest night.
    pub tonight: Latest,
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
