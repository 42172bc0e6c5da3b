//! The answer in one line.

use super::history::Unit;
use super::judge::verdict_of;
use super::schema::{HistoryTrend, SeriesTrend, TonightVerdict, TrendVerdict};
use crate::units::{format_duration, format_ratio, format_share, significant};

/// The answer in one line: the word, a gap of two spaces, the reason.
pub(super) fn headline(verdict: TrendVerdict, histories: &[HistoryTrend]) -> String {
    let with = |wanted: TonightVerdict| {
        histories
            .iter()
            .flat_map(|history| history.series.iter().map(move |series| (history, series)))
            .filter(|(_, series)| !series.informational && series.tonight.verdict == wanted)
            .collect::<Vec<_>>()
    };
    match verdict {
        TrendVerdict::Regressed => {
            let found = with(TonightVerdict::Regressed);
            format!("REGRESSED  {}", worst(&found))
        }
        TrendVerdict::Suspected => {
            let found = with(TonightVerdict::Suspected);
            format!("regressed?  {}; not confirmed", worst(&found))
        }
        TrendVerdict::Steady => steady(histories),
        TrendVerdict::TooFewNights => too_few(histories),
    }
}

/// The series that is worst off, and how many more there are.
fn worst(found: &[(&HistoryTrend, &SeriesTrend)]) -> String {
    let badness = |series: &SeriesTrend| {
        let ratio = series.tonight.ratio.unwrap_or(f64::INFINITY);
        if ratio > 0.0 {
            ratio.ln().abs()
        } else {
            f64::INFINITY
        }
    };
    let worst = found
        .iter()
        .max_by(|a, b| badness(a.1).total_cmp(&badness(b.1)));
    let Some((history, series)) = worst else {
        return "a series".to_owned();
    };
    let tonight = &series.tonight;
    let value = tonight
        .value
        .map_or_else(String::new, |value| format_value(series.unit, value));
    let usual = tonight
        .usual
        .map_or_else(String::new, |usual| format_value(series.unit, usual));
    let more = match found.len() {
        1 => String::new(),
        n => format!(" ({} more series)", n - 1),
    };
    let place = if histories_have_machine(history) {
        format!(" on {}", history.machine)
    } else {
        String::new()
    };
    let ratio = tonight.ratio.map_or_else(String::new, |ratio| {
        format!(", {} the usual {usual}", format_ratio(ratio))
    });
    format!("{}{place} is at {value}{ratio}{more}", series.series)
}

fn histories_have_machine(history: &HistoryTrend) -> bool {
    !history.machine.is_empty()
}

fn steady(histories: &[HistoryTrend]) -> String {
    let judged = histories
        .iter()
        .flat_map(|history| &history.series)
        .filter(|series| {
            !matches!(
                series.tonight.verdict,
                TonightVerdict::TooFew | TonightVerdict::NoValue | TonightVerdict::Ended
            )
        })
        .count();
    format!("STEADY  tonight is what nights were before, in {judged} series")
}

fn too_few(histories: &[HistoryTrend]) -> String {
    let nights = histories.iter().map(|history| history.nights.len()).max();
    match nights {
        None => "NO VERDICT  there is no history here".to_owned(),
        Some(_)
            if histories
                .iter()
                .all(|h| verdict_of(h) == TrendVerdict::TooFewNights && h.ended) =>
        {
            "NO VERDICT  every history has ended".to_owned()
        }
        Some(nights) => format!(
            "NO VERDICT  the longest of {} histories has {nights} nights; 9 are the fewest that tell anything",
            histories.len()
        ),
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
