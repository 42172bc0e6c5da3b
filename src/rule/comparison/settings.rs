//! What a user may change about how a comparison is judged.

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::suggest;
use crate::units::parse_share;

use crate::rule::comparison::{Calibration, Noise, Stat};

/// What is meant to differ between the sides; everything else must be equal.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// The hardware and the system on it
    Machines,
    /// Versions of etcd and of the system
    Versions,
    /// Settings of etcd, of the system, of the disk
    Config,
    /// Nothing but the build of the etcd
    #[default]
    Regression,
}

impl Intent {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Intent::Machines => "machines",
            Intent::Versions => "versions",
            Intent::Config => "config",
            Intent::Regression => "regression",
        }
    }
}

/// How to compare.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// What is meant to differ; found from what differs when absent.
    pub intent: Option<Intent>,
    /// What ends with exit code 3 or 4; a confirmed regression when nothing is told.
    pub fail_on: Vec<FailOn>,
    /// Smallest effects that matter, beside the defaults; later ones win.
    pub min_differences: Vec<MinDifference>,
    /// Fields that may differ although they should not.
    pub allow: Vec<String>,
    /// How much repeated runs on this machine differ.
    pub calibration: Option<Calibration>,
    /// How much runs are taken to differ where nobody measured it: the standard deviation of a p50 or a rate, 0.06 when
    /// nothing is told.
    pub run_deviation: Option<f64>,
}

/// Repeated runs of one etcd on one machine differ by 5 to 7 % (etcd#18283); taken as a standard deviation, so that one
/// run a side is not called different for that.
const RUN_DEVIATION: f64 = 0.06;

/// What a comparison must show to end with a code other than 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// A confirmed regression: 3
    Regression,
    /// Also one that only one short run a side speaks for: 3
    Indicative,
    /// Also any metric that decides and got no verdict: 4
    Inconclusive,
    /// Also a change for the better: 3
    Change,
    /// Nothing; what cannot be compared still ends with 4
    Never,
}

/// As many pairs as it takes are no more than this unless told otherwise: an hour of one-minute runs.
const MOST_AUTO: u32 = 24;

/// How many pairs of runs are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairs {
    /// So many.
    Fixed(u32),
    /// Until something is decided, or so many were made: looked at several times, the error of all looks together being
    /// that of one.
    Auto {
        /// The bound.
        most: u32,
    },
}

impl Pairs {
    /// Parses `6`, `auto` or `auto:24`.
    ///
    /// # Errors
    /// A message with the accepted forms.
    pub fn parse(text: &str) -> Result<Pairs, String> {
        let number = |text: &str| {
            text.parse::<u32>().map_err(|_| {
                format!("'{text}' is no number of pairs; write 6, auto, or auto:24 for 24 at most")
            })
        };
        match text.strip_prefix("auto") {
            Some("") => Ok(Pairs::Auto { most: MOST_AUTO }),
            Some(rest) => {
                number(rest.strip_prefix(':').unwrap_or(text)).map(|most| Pairs::Auto { most })
            }
            None => number(text).map(Pairs::Fixed),
        }
    }
}

/// `--min-diff p99=15%`, `--min-diff wal.fsync.p50=3%`.
#[derive(Debug, Clone, PartialEq)]
pub struct MinDifference {
    /// The series it is for; all when absent.
    pub series: Option<String>,
    /// What of it.
    pub stat: Stat,
    /// The smallest effect that matters.
    pub share: f64,
}

impl MinDifference {
    /// Parses `METRIC=SHARE`.
    ///
    /// # Errors
    /// A message with the accepted form.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (metric, share) = text
            .split_once('=')
            .ok_or_else(|| format!("'{text}' is not METRIC=SHARE; write it like p99=15%"))?;
        let share = parse_share(share.trim())?;
        if share <= 0.0 {
            return Err(format!("'{text}': the smallest difference that matters must be above 0"));
        }
        let metric = metric.trim();
        let ends_in = |stat: &&Stat| {
            let rest = metric.strip_suffix(stat.name());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let Some(&stat) = Stat::ALL.iter().find(ends_in) else {
            let names: Vec<&str> = Stat::ALL.iter().map(|stat| stat.name()).collect();
            let last = metric.rsplit_once('.').map_or(metric, |(_, last)| last);
            return Err(suggest::unknown("metric", last, &names));
        };
        let series = metric.strip_suffix(stat.name()).unwrap_or_default();
        let series = series.trim_end_matches('.');
        Ok(MinDifference { series: (!series.is_empty()).then(|| series.to_owned()), stat, share })
    }
}

impl Settings {
    /// The smallest effect on this metric that matters.
    pub(crate) fn min_difference(&self, series: &str, stat: Stat) -> f64 {
        let fits = |asked: &&MinDifference| {
            asked.stat == stat && asked.series.as_deref().is_none_or(|name| name == series)
        };
        let asked = self.min_differences.iter().rev().find(fits);
        asked.map_or(stat.min_difference(), |asked| asked.share)
    }

    /// How much a p50 or a rate is taken to differ between runs of the same thing, as a logarithm.
    pub(crate) fn run_deviation(&self) -> f64 {
        self.run_deviation.unwrap_or(RUN_DEVIATION)
    }

    /// What repeated runs told of this metric.
    pub(crate) fn noise(&self, phase: &str, series: &str, stat: Stat) -> Option<&Noise> {
        self.calibration.as_ref()?.noise(phase, series, stat)
    }

    /// Whether it was told for this metric.
    pub(crate) fn is_asked(&self, series: &str, stat: Stat) -> bool {
        self.min_differences.iter().any(|asked| {
            asked.stat == stat && asked.series.as_deref().is_none_or(|name| name == series)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_read_with_and_without_series() {
        let read = |text| MinDifference::parse(text).map(|m| (m.series, m.stat, m.share));
        assert_eq!(read("p99=15%"), Ok((None, Stat::P99, 0.15)));
        let fsync = Some("wal.fsync".to_owned());
        assert_eq!(read("wal.fsync.p99.9=0.3"), Ok((fsync.clone(), Stat::P999, 0.3)));
        assert_eq!(read("wal.fsync.p50 = 3 %"), Ok((fsync, Stat::P50, 0.03)));
        for (text, hint) in [
            ("p99", "METRIC=SHARE"),
            ("p98=5%", "did you mean 'p9"),
            ("p50=0%", "above 0"),
            ("p50=fast", "0.1%"),
        ] {
            let error = MinDifference::parse(text).unwrap_err();
            assert!(error.contains(hint), "{error}");
        }
    }

    #[test]
    fn the_last_that_fits_wins() {
        let settings = Settings {
            min_differences: ["p99=15%", "wal.fsync.p99=20%"]
                .map(|text| MinDifference::parse(text).unwrap())
                .to_vec(),
            ..Settings::default()
        };
        assert_eq!(settings.min_difference("wal.fsync", Stat::P99), 0.20);
        assert_eq!(settings.min_difference("put.commit", Stat::P99), 0.15);
        assert_eq!(settings.min_difference("put.commit", Stat::P50), 0.05);
    }
}
