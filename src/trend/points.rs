//! A series as it is judged: the values that count, on the scale they are judged on.

use crate::stats::{MAD_TO_DEVIATION, median};
use crate::trend::evidence::ERRORS;
use crate::trend::history::{Track, Unit};
use crate::trend::season::{Season, season};

/// Smaller changes of a duration never matter, however large they are in relation: 20 µs.
const FLOOR_NS: f64 = 20_000.0;
/// Smaller changes of a share of errors never matter: 0.1 percentage points.
const FLOOR_SHARE: f64 = 0.001;

/// Deviation from night to night that is expected: of p50 on one machine it is 2 to 4 %, of p99 5 to 7 %.
const BELIEVED: f64 = 0.05;
/// Where most values are 0, differences smaller than this share of the largest are none.
const FINEST: f64 = 1e-3;
/// A change of an estimated size that is smaller than this share of the smallest one that matters is too small, however
/// unsure it is.
const LEAST_SHARE: f64 = 0.75;

/// The values that count, oldest first.
#[derive(Debug, Clone)]
pub(super) struct Points {
    /// Index of the night each value is of.
    pub nights: Vec<usize>,
    /// The values on the scale they are judged on.
    pub scaled: Vec<f64>,
    /// How values and scale go together.
    pub scale: Scale,
    /// What each day of the week adds, from Monday on, where the nights show it; taken off `scaled`.
    pub season: Option<Season>,
    /// What the newest night's day adds.
    pub tonight: f64,
}

/// How a series is judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    /// Logarithms: changes are ratios. Only where every value is above 0, and not for shares, which are mostly 0.
    pub logarithmic: bool,
    unit: Unit,
    min_difference: f64,
}

impl Points {
    /// The values of a track from night `first` on that are numbers and not left out. `days` are the nights' days, counted
    /// from any Monday.
    pub fn of(track: &Track, days: &[i64], first: usize, left_out: &dyn Fn(usize) -> bool) -> Self {
        let kept: Vec<(usize, f64)> = track
            .values
            .iter()
            .enumerate()
            .skip(first)
            .filter_map(|(night, value)| Some((night, (*value).filter(|v| v.is_finite())?)))
            .filter(|(night, _)| !left_out(*night))
            .collect();
        let scale = Scale {
            logarithmic: track.unit != Unit::Share && kept.iter().all(|(_, v)| *v > 0.0),
            unit: track.unit,
            min_difference: track.min_difference,
        };
        let mut scaled: Vec<f64> = kept.iter().map(|(_, value)| scale.to(*value)).collect();
        let days: Vec<i64> = kept.iter().map(|(night, _)| days[*night]).collect();
        // A day is slower by a share, and shares are told by logarithms alone.
        let season = scale.logarithmic.then(|| season(&days, &scaled)).flatten();
        let added = |day: &i64| season.map_or(0.0, |by_day| by_day[day.rem_euclid(7) as usize]);
        scaled.iter_mut().zip(&days).for_each(|(value, day)| *value -= added(day));
        Points {
            nights: kept.iter().map(|(night, _)| *night).collect(),
            scaled,
            scale,
            season,
            tonight: days.last().map_or(0.0, added),
        }
    }

    /// A value of tonight as it is judged.
    pub fn to_tonight(&self, value: f64) -> f64 {
        self.scale.to(value) - self.tonight
    }

    /// A value as it is judged, as tonight would measure it.
    pub fn back_tonight(&self, scaled: f64) -> f64 {
        self.scale.back(scaled + self.tonight)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.nights.len()
    }

    /// Standard deviation from night to night, from the differences of neighbours, which neither lasting changes nor
    /// single bad nights move much; `None` for fewer than three values.
    pub fn noise(&self) -> Option<f64> {
        let differences: Vec<f64> =
            self.scaled.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
        if differences.len() < 2 {
            return None;
        }
        Some(MAD_TO_DEVIATION * median(&differences)? / std::f64::consts::SQRT_2)
    }

    /// How far apart, on this scale, levels are that differ by `share`: of the median where it is not logarithmic.
    pub fn min_shift(&self, share: f64) -> f64 {
        match (self.scale.logarithmic, self.scale.unit) {
            (true, _) => share.ln_1p(),
            (false, Unit::Share) => FLOOR_SHARE,
            (false, _) => share * median(&self.scaled).map_or(0.0, f64::abs),
        }
    }

    /// The values before each of some places, from the one before it on.
    pub fn stretches(&self, ends: &[usize]) -> Vec<&[f64]> {
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(ends).map(|(from, to)| &self.scaled[from..*to]).collect()
    }

    /// What the deviation from night to night is taken for before any night is known.
    pub fn believed(&self) -> f64 {
        let largest = self.scaled.iter().map(|value| value.abs()).fold(0.0, f64::max);
        let floor = if self.scale.logarithmic { 0.0 } else { FINEST * largest };
        self.min_shift(BELIEVED).max(floor).max(f64::EPSILON)
    }

    /// The point of a night, or the first one after it.
    pub fn point_of(&self, night: usize) -> usize {
        self.nights.partition_point(|&n| n < night)
    }
}

impl Scale {
    /// A value as it is judged.
    pub fn to(self, value: f64) -> f64 {
        if self.logarithmic { value.ln() } else { value }
    }

    /// Back again.
    pub fn back(self, scaled: f64) -> f64 {
        if self.logarithmic { scaled.exp() } else { scaled }
    }

    /// Whether a change may matter whose size is known with a standard error: its 95 % interval reaches the smallest
    /// difference that matters, and its estimate is near it.
    pub fn may_matter(self, from: f64, to: f64, error: f64) -> bool {
        let size = to - from;
        let most = from + size.signum() * (size.abs() + ERRORS * error);
        let near = from + size / LEAST_SHARE;
        self.matters(from, most) && self.matters(from, near)
    }

    /// Whether a change between two scaled levels is large enough to matter to anybody.
    pub fn matters(self, from: f64, to: f64) -> bool {
        let (a, b) = (self.back(from), self.back(to));
        let absolute = (b - a).abs();
        let enough = match self.unit {
            Unit::Nanoseconds => absolute >= FLOOR_NS,
            Unit::Share => return absolute >= FLOOR_SHARE,
            Unit::PerSecond | Unit::Plain => absolute > 0.0,
        };
        let relative = if self.logarithmic {
            (to - from).abs() >= self.min_difference.ln_1p()
        } else {
            absolute >= self.min_difference * a.abs()
        };
        enough && relative
    }
}
