//! The answer in one line.

use crate::trend::history::Unit;
use crate::trend::question::LEARNED;
use crate::trend::schema::{HistoryTrend, LatestVerdict, SeriesTrend, TrendVerdict};
use crate::units::{format_duration, format_share, significant};

impl TrendVerdict {
    /// The answer in a word or two.
    pub fn word(self) -> &'static str {
        match self {
            TrendVerdict::Regressed => "REGRESSED",
            TrendVerdict::Suspected => "REGRESSED?",
            TrendVerdict::Steady => "STEADY",
            TrendVerdict::TooFewNights => "NO VERDICT",
        }
    }
}

/// What follows the word.
pub(super) fn because(verdict: TrendVerdict, histories: &[HistoryTrend]) -> String {
    match verdict {
        TrendVerdict::Regressed => {
            let found = with(histories, LatestVerdict::Regressed);
            worst(&found)
        }
        TrendVerdict::Suspected => {
            let found = with(histories, LatestVerdict::Suspected);
            format!("{}; not confirmed", worst(&found))
        }
        TrendVerdict::Steady => steady(histories),
        TrendVerdict::TooFewNights => match with(histories, LatestVerdict::Different).as_slice() {
            [] => too_few(histories),
            found => format!("{}; nobody says which way is good", worst(found)),
        },
    }
}

type Placed<'a> = (&'a HistoryTrend, &'a SeriesTrend);

/// The series of a verdict that count.
fn with(histories: &[HistoryTrend], wanted: LatestVerdict) -> Vec<Placed<'_>> {
    histories
        .iter()
        .flat_map(|history| history.series.iter().map(move |series| (history, series)))
        .filter(|(_, series)| !series.informational && series.tonight.verdict == wanted)
        .collect()
}

/// The series that is worst off, and how many more there are.
fn worst(found: &[Placed<'_>]) -> String {
    let badness = |series: &SeriesTrend| match series.tonight.ratio {
        Some(ratio) if ratio > 0.0 => ratio.ln().abs(),
        _ => f64::INFINITY,
    };
    let worst = found.iter().max_by(|a, b| badness(a.1).total_cmp(&badness(b.1)));
    let Some((history, series)) = worst else {
        return String::new();
    };
    let place =
        if history.machine.is_empty() { String::new() } else { format!(" on {}", history.machine) };
    let tonight = &series.tonight;
    let show =
        |value: Option<f64>| value.map_or_else(String::new, |v| format_value(series.unit, v));
    let usual = show(tonight.usual);
    let relation = match tonight.ratio {
        Some(ratio) if ratio >= 2.0 => format!("{} times the usual {usual}", significant(ratio)),
        Some(ratio) if ratio >= 1.0 => {
            format!("{:.0} % above the usual {usual}", (ratio - 1.0) * 100.0)
        }
        Some(ratio) => format!("{:.0} % below the usual {usual}", (1.0 - ratio) * 100.0),
        None => format!("usually {usual}"),
    };
    let more = match found.len() {
        1 => String::new(),
        n => format!(", and {} more", n - 1),
    };
    format!("{}{place} is at {}, {relation}{more}", series.series, show(tonight.value))
}

fn steady(histories: &[HistoryTrend]) -> String {
    let count = |wanted| with(histories, wanted).len();
    let better = count(LatestVerdict::Better);
    let different = count(LatestVerdict::Different);
    let unconfirmed = count(LatestVerdict::Unconfirmed);
    let judged = count(LatestVerdict::Steady) + better + unconfirmed;
    let settling = count(LatestVerdict::Settling);
    let mut parts = vec![match judged {
        0 => "learning the new level; only large changes are noticed".to_owned(),
        1 => "tonight is no worse than the nights before, in the one series that could be judged"
            .to_owned(),
        n => format!("tonight is no worse than the nights before, in {n} series"),
    }];
    for (count, what) in [
        (better, "better"),
        (different, "different, and nobody says which way is good"),
        (unconfirmed, "bad, but not in the re-runs"),
        (settling, "learning a new level"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    parts.join("; ")
}

fn too_few(histories: &[HistoryTrend]) -> String {
    let going_on = histories.iter().filter(|history| !history.ended);
    let longest = going_on.map(|history| history.nights.len()).max();
    // Those before tonight, and tonight.
    let fewest = LEARNED + 1;
    match longest {
        None => "there is no result here".to_owned(),
        Some(nights) if nights >= fewest => {
            "tonight's run has no value that could be held against enough nights".to_owned()
        }
        Some(nights) => {
            let there_are = match nights {
                1 => "there is one night".to_owned(),
                n => format!("there are {n} nights"),
            };
            format!("{there_are} of the same thing; at least {fewest} nights are needed")
        }
    }
}

/// A value with its unit.
pub fn format_value(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Nanoseconds => format_duration(value.max(0.0).round() as u64),
        Unit::PerSecond => format!("{}/s", significant(value)),
        Unit::Share => format_share(value),
        Unit::Plain => significant(value),
    }
}
