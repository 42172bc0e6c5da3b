//! Whether etcd came back after its leader was lost by plan: of several runs, by the rate and by how long it was away. Pure.

use std::collections::BTreeSet;

use super::page::{Cell, Column, Row, Table, Tone};
use crate::result::{FindingCode, Summary};
use crate::units::{counted, format_duration, significant};

/// One loss, as a run tells of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Return {
    /// Operations that were due per second.
    pub rate: f64,
    /// For how long the leader was away.
    pub away_ns: u64,
    /// From the loss until the level of before was reached; absent where it was not.
    pub back_ns: Option<u64>,
    /// From the end of the loss to the end of the load.
    pub watched_ns: u64,
}

/// All that these runs tell of.
pub(super) fn returns<'a>(summaries: impl IntoIterator<Item = &'a Summary>) -> Vec<Return> {
    let findings = summaries.into_iter().flat_map(|summary| &summary.findings);
    let told = findings.filter(|finding| finding.code == FindingCode::LeaderKilled);
    let of = |numbers: &std::collections::BTreeMap<String, f64>| {
        let ns = |name: &str| numbers.get(name).map(|ns| *ns as u64);
        Some(Return {
            rate: numbers.get("rate_per_s").copied()?,
            away_ns: ns("away_ns")?,
            back_ns: ns("level_back_ns"),
            watched_ns: ns("watched_ns")?,
        })
    };
    told.filter_map(|finding| of(&finding.numbers)).collect()
}

/// The rates and the lengths that were tried.
pub(super) fn tried(returns: &[Return]) -> (Vec<f64>, Vec<u64>) {
    let mut rates: Vec<f64> = returns.iter().map(|one| one.rate).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let lengths: BTreeSet<u64> = returns.iter().map(|one| planned_ns(one.away_ns)).collect();
    (rates, lengths.into_iter().collect())
}

/// What was meant by a length that was measured: a stop of 2 s takes 2.003 s.
pub(super) fn planned_ns(away_ns: u64) -> u64 {
    const STEP_NS: u64 = 100_000_000;
    (away_ns + STEP_NS / 2) / STEP_NS * STEP_NS
}

/// What became of one rate and one length: the longest way back of its repeats, or that it was none.
pub(super) fn worst(returns: &[Return], rate: f64, away_ns: u64) -> Option<Return> {
    let of = |one: &&Return| one.rate == rate && planned_ns(one.away_ns) == away_ns;
    let all = returns.iter().filter(of);
    all.max_by_key(|one| one.back_ns.unwrap_or(u64::MAX)).copied()
}

/// The answer in one line; nothing where fewer than two were tried.
pub(super) fn answer(returns: &[Return]) -> Option<String> {
    if returns.len() < 2 {
        return None;
    }
    let lost = returns.iter().filter(|one| one.back_ns.is_none());
    let gravest = lost.clone().min_by(|a, b| a.rate.total_cmp(&b.rate));
    let Some(first) = gravest else {
        let slowest = returns.iter().max_by_key(|one| one.back_ns)?;
        return Some(format!(
            "It comes back: every time, and at the latest {} after the leader was lost (at {}/s, away for {}).",
            format_duration(slowest.back_ns?),
            significant(slowest.rate),
            format_duration(planned_ns(slowest.away_ns)),
        ));
    };
    let shortest =
        lost.clone().filter(|one| one.rate == first.rate).map(|one| one.away_ns).min()?;
    let safe = returns.iter().map(|one| one.rate).filter(|rate| *rate < first.rate);
    let safe = match safe.reduce(f64::max) {
        Some(rate) => format!("; at up to {}/s it always did", significant(rate)),
        None => String::new(),
    };
    Some(format!(
        "It does not always come back: {} of {} did not reach their level again within {}, from {}/s and {} away on{safe}.",
        lost.count(),
        counted(returns.len() as u64, "loss"),
        format_duration(
            returns.iter().map(|one| one.watched_ns).max()? / 1_000_000_000 * 1_000_000_000
        ),
        significant(first.rate),
        format_duration(planned_ns(shortest)),
    ))
}

/// The same, short enough for the head of a picture.
pub(super) fn short(returns: &[Return]) -> Option<String> {
    let lost = returns.iter().filter(|one| one.back_ns.is_none()).count();
    let latest = returns.iter().filter_map(|one| one.back_ns).max()?;
    Some(match lost {
        0 => format!("back every time, {} at the latest", format_duration(latest)),
        _ => format!("not back after {lost} of {}", counted(returns.len() as u64, "loss")),
    })
}

/// A row for each rate, a column for each length.
pub(super) fn table(returns: &[Return]) -> Table {
    let (rates, lengths) = tried(returns);
    let heads = lengths.iter().map(|ns| Column::number(format!("away {}", format_duration(*ns))));
    let cell = |rate: f64, away_ns: u64| match worst(returns, rate, away_ns) {
        None => Cell::new("–"),
        Some(Return { back_ns: Some(ns), .. }) => Cell::new(format_duration(ns)),
        Some(_) => Cell::new("not back").tone(Tone::Fail),
    };
    let row = |rate: &f64| {
        let name = Cell::new(format!("{}/s", significant(*rate)));
        Row::new(
            std::iter::once(name)
                .chain(lengths.iter().map(|ns| cell(*rate, *ns)))
                .collect::<Vec<_>>(),
        )
    };
    Table {
        columns: std::iter::once(Column::text("rate")).chain(heads).collect(),
        rows: rates.iter().map(row).collect(),
        ..Table::default()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::result::{Finding, Severity};

    pub(in crate::report) const S: u64 = 1_000_000_000;

    /// Of a run whose leader was lost.
    pub(in crate::report) fn summary(rate: f64, away_ns: u64, back_ns: Option<u64>) -> Summary {
        let mut numbers = std::collections::BTreeMap::from([
            ("rate_per_s".to_owned(), rate),
            ("away_ns".to_owned(), away_ns as f64),
            ("watched_ns".to_owned(), 20.0e9),
        ]);
        numbers.extend(back_ns.map(|ns| ("level_back_ns".to_owned(), ns as f64)));
        let finding = Finding {
            code: FindingCode::LeaderKilled,
            severity: Severity::Info,
            message: String::new(),
            advice: None,
            numbers,
        };
        Summary { findings: vec![finding], ..Summary::default() }
    }

    #[test]
    fn one_line_tells_whether_it_comes_back() {
        let runs = |at_4000: Option<u64>| {
            [
                summary(1_000.0, 2 * S + 3_000_000, Some(3 * S)),
                summary(1_000.0, 5 * S, Some(4 * S)),
                summary(4_000.0, 2 * S, Some(6 * S)),
                summary(4_000.0, 5 * S, at_4000),
            ]
        };
        let told = |at_4000| answer(&returns(&runs(at_4000))).unwrap();
        assert_eq!(
            told(Some(9 * S)),
            "It comes back: every time, and at the latest 9 s after the leader was lost (at 4,000/s, away for 5 s)."
        );
        assert_eq!(
            told(None),
            "It does not always come back: 1 of 4 losses did not reach their level again within 20 s, from 4,000/s and 5 s \
             away on; at up to 1,000/s it always did."
        );
        assert_eq!(answer(&returns(&runs(None)[..1])), None);
        let short = |at_4000| short(&returns(&runs(at_4000))).unwrap();
        assert_eq!(short(Some(9 * S)), "back every time, 9 s at the latest");
        assert_eq!(short(None), "not back after 1 of 4 losses");
        let table = table(&returns(&runs(None)));
        let texts = |row: &Row| row.cells.iter().map(|cell| cell.text.clone()).collect::<Vec<_>>();
        assert_eq!(texts(&table.rows[0]), ["1,000/s", "3 s", "4 s"]);
        assert_eq!(texts(&table.rows[1]), ["4,000/s", "6 s", "not back"]);
    }
}
