//! What the renderers for people say in the same words.

use crate::exit::Verdict;
use crate::report::text::clean;
use crate::trend::{
    ChangeEvent, ChangePoint, FactChange, HistoryTrend, LatestVerdict, Outcome, SeriesTrend, Trend,
    TrendVerdict, format_value,
};
use crate::units::significant;

/// More facts than this beside a change are counted, not told.
const MOST_FACTS: usize = 6;

/// The day of an RFC 3339 time.
pub fn day(at: &str) -> &str {
    at.get(..10).unwrap_or(at)
}

/// How nights are told apart on a page: by the day, or by the minute where a day has several.
pub fn when<'a>(history: &HistoryTrend, at: &'a str) -> String {
    let days: Vec<&str> = history.nights.iter().map(|night| day(&night.at)).collect();
    let several = days.windows(2).any(|pair| pair[0] == pair[1]);
    let minute: Option<&'a str> = at.get(..16).filter(|_| several);
    minute.map_or_else(|| day(at).to_owned(), |text| text.replace('T', " "))
}

/// Which history, how many nights, from when to when.
pub fn title(history: &HistoryTrend) -> String {
    let mut parts = vec![if history.machine.is_empty() {
        history.scenario.clone()
    } else {
        format!("{} on {}", history.scenario, history.machine)
    }];
    parts.extend(history.distinct_by.iter().cloned());
    let nights = history.nights.len();
    let span = match (history.nights.first(), history.nights.last()) {
        (Some(first), Some(last)) if nights > 1 => {
            format!("{nights} nights, {} … {}", day(&first.at), day(&last.at))
        }
        (Some(only), _) => format!("1 night, {}", day(&only.at)),
        _ => "no nights".to_owned(),
    };
    parts.push(span);
    if history.ended {
        parts.push("ended".to_owned());
    }
    clean(&parts.join(" · "))
}

/// The verdict whose colour the answer has.
pub fn tone(trend: &Trend) -> Verdict {
    match trend.verdict {
        TrendVerdict::Steady => Verdict::Pass,
        TrendVerdict::Suspected => Verdict::Warn,
        TrendVerdict::Regressed => Verdict::Fail,
        TrendVerdict::TooFewNights => Verdict::Inconclusive,
    }
}

/// The verdict whose colour tonight's value of a series has, if it has one.
pub fn series_tone(series: &SeriesTrend) -> Option<Verdict> {
    match series.tonight.verdict {
        LatestVerdict::Regressed if !series.informational => Some(Verdict::Fail),
        LatestVerdict::Regressed | LatestVerdict::Suspected => Some(Verdict::Warn),
        LatestVerdict::Better => Some(Verdict::Pass),
        _ => None,
    }
}

/// Why nothing is said of a history, if so, in a line instead of a table.
pub fn not_judged(history: &HistoryTrend) -> Option<String> {
    let idle = [LatestVerdict::TooFew, LatestVerdict::Ended];
    let series = &history.series;
    if series.iter().any(|series| !idle.contains(&series.tonight.verdict)) {
        return None;
    }
    let reason = series.iter().find_map(|series| series.tonight.reason.as_deref());
    let reason = reason.unwrap_or("nothing was measured in it");
    Some(clean(&format!("{} series, none judged: {reason}", series.len())))
}

/// Nights with something odd about them, and those that a mark leaves out: when, and what.
pub fn odd_nights(history: &HistoryTrend) -> Vec<(String, String)> {
    let odd = history.nights.iter().filter_map(|night| {
        let excluded = night.excluded.as_ref().map(|note| {
            if note.is_empty() {
                "left out by a mark".to_owned()
            } else {
                format!("left out by a mark: {note}")
            }
        });
        let parts: Vec<String> = night.note.iter().cloned().chain(excluded).collect();
        (!parts.is_empty()).then(|| (when(history, &night.at), clean(&parts.join("; "))))
    });
    odd.collect()
}

/// The word for tonight.
pub fn verdict(verdict: LatestVerdict) -> &'static str {
    match verdict {
        LatestVerdict::TooFew => "too few nights",
        LatestVerdict::Settling => "learning",
        LatestVerdict::NoValue => "no value",
        LatestVerdict::Ended => "ended",
        LatestVerdict::Steady => "steady",
        LatestVerdict::Better => "better",
        LatestVerdict::Different => "different",
        LatestVerdict::Unconfirmed => "not confirmed",
        LatestVerdict::Suspected => "regressed?",
        LatestVerdict::Regressed => "regressed",
    }
}

/// The word for tonight with what belongs to it.
pub fn tonight(history: &HistoryTrend, series: &SeriesTrend) -> String {
    let tonight = &series.tonight;
    let since = tonight
        .since
        .as_ref()
        .filter(|_| tonight.bad_nights > 1)
        .map_or_else(String::new, |since| format!(" since {}", when(history, since)));
    let word = verdict(tonight.verdict);
    let informational =
        if series.informational && matters(series) { " (informational)" } else { "" };
    match tonight.verdict {
        LatestVerdict::Suspected => {
            format!(
                "{word} {} of {} nights{informational}",
                tonight.bad_nights, tonight.needed_nights
            )
        }
        LatestVerdict::Regressed => format!("{word}{since}{informational}"),
        _ => word.to_owned(),
    }
}

/// Whether tonight is worth a second line.
pub fn matters(series: &SeriesTrend) -> bool {
    matches!(
        series.tonight.verdict,
        LatestVerdict::Suspected
            | LatestVerdict::Regressed
            | LatestVerdict::Unconfirmed
            | LatestVerdict::Different
    )
}

/// The days of the week that differ, and how far a series is from where it began.
pub fn remarks(history: &HistoryTrend, series: &SeriesTrend) -> Vec<String> {
    let drift = series.drift.as_ref().map(|drift| {
        let by = format!("{:+.0} %", (drift.ratio - 1.0) * 100.0).replace('-', "−");
        let way = match drift.outcome {
            Outcome::Worse => ", worse",
            Outcome::Better => ", better",
            Outcome::Different => "",
        };
        let since = when(history, &drift.since);
        let (before, after) =
            (format_value(series.unit, drift.before), format_value(series.unit, drift.after));
        format!("{by} since {since}{way} ({before} → {after})")
    });
    series.weekdays.as_ref().map(weekdays).into_iter().chain(drift).collect()
}

/// `held against nights of its own weekday: Sa 1.30×, Su 1.28×`, the days that differ most.
fn weekdays(factors: &[f64; 7]) -> String {
    const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let most = factors.iter().map(|factor| factor.ln().abs()).fold(0.0, f64::max);
    let differ = NAMES.iter().zip(factors).filter(|(_, factor)| factor.ln().abs() > most / 2.0);
    let told: Vec<String> = differ.map(|(name, factor)| format!("{name} {factor:.2}×")).collect();
    format!("days of the week differ ({}): held against nights of its own day", told.join(", "))
}

/// Whether the reason is worth a line of its own.
pub fn has_reason(series: &SeriesTrend) -> bool {
    matters(series) || series.tonight.verdict == LatestVerdict::Settling
}

/// A value of a series, or a dash.
pub fn value(series: &SeriesTrend, value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format_value(series.unit, value))
}

/// A ratio with two decimals, or a dash.
pub fn ratio(ratio: Option<f64>) -> String {
    match ratio {
        Some(ratio) if ratio >= 10.0 => format!("{}×", significant(ratio)),
        Some(ratio) => format!("{ratio:.2}×"),
        None => "–".to_owned(),
    }
}

/// From which level to which.
pub fn step(series: &SeriesTrend, change: &ChangePoint) -> String {
    format!(
        "{} → {}",
        format_value(series.unit, change.before),
        format_value(series.unit, change.after)
    )
}

/// The factor of a change with its interval.
pub fn factor(change: &ChangePoint) -> String {
    change.ratio.map_or_else(
        || "–".to_owned(),
        |found| format!("{:.2}× ({:.2}–{:.2})", found.value, found.low, found.high),
    )
}

/// Good or bad, and what else is known.
pub fn outcome(change: &ChangePoint) -> String {
    let word = match (change.outcome, change.large) {
        (Outcome::Worse, true) => "worse",
        (Outcome::Worse, false) => "a little worse",
        (Outcome::Better, true) => "better",
        (Outcome::Better, false) => "a little better",
        (Outcome::Different, _) => "different",
    };
    match &change.mark {
        Some(mark) => {
            let verb = match mark.kind.as_str() {
                "expect" => "expected",
                _ => "acknowledged",
            };
            if mark.note.is_empty() {
                format!("{word}, {verb}")
            } else {
                format!("{word}, {verb}: {}", clean(&mark.note))
            }
        }
        None => word.to_owned(),
    }
}

/// How many series of an event are worse, and how many better.
pub fn ways(event: &ChangeEvent) -> String {
    let different = event.changes.len() - event.worse - event.better;
    let ways = [(event.worse, "worse"), (event.better, "better"), (different, "different")];
    let told = ways.iter().filter(|(count, _)| *count > 0);
    told.map(|(count, way)| format!("{count} {way}")).collect::<Vec<_>>().join(", ")
}

/// What changed in the environment at the time.
pub fn coincidence(facts: &[FactChange]) -> Option<String> {
    if facts.is_empty() {
        return None;
    }
    let told = facts.iter().take(MOST_FACTS).map(fact);
    let mut told: Vec<String> = told.collect();
    let more = facts.len().saturating_sub(MOST_FACTS);
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    Some(told.join("; "))
}

fn fact(change: &FactChange) -> String {
    let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "unknown".to_owned());
    let off = match change.nights_off {
        0 => String::new(),
        -1 => " (a night before)".to_owned(),
        1 => " (a night after)".to_owned(),
        n if n < 0 => format!(" ({} nights before)", -n),
        n => format!(" ({n} nights after)"),
    };
    clean(&format!("{} {} → {}{off}", change.fact, side(&change.before), side(&change.after)))
}

/// Files that are left out, one line per reason where there are many.
pub fn left_out(trend: &Trend, most: usize) -> Vec<String> {
    let mut by_reason: Vec<(&str, Vec<String>)> = Vec::new();
    for left in &trend.left_out {
        let file = left.path.display().to_string();
        match by_reason.iter_mut().find(|(why, _)| *why == left.why) {
            Some((_, files)) => files.push(file),
            None => by_reason.push((&left.why, vec![file])),
        }
    }
    by_reason
        .into_iter()
        .map(|(reason, files)| {
            let named = files.iter().take(most).cloned().collect::<Vec<_>>();
            let more = match files.len().saturating_sub(most) {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            clean(&format!("{}{more}: {reason}", named.join(", ")))
        })
        .collect()
}
