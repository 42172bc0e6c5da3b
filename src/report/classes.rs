//! The classes of a load as a table: what each asks for, how often, on what. Pure.

use super::page::{self, Cell, Column, Table};
use crate::plan::{LoadPlan, RateStep};
use crate::units::{format_bytes, format_count};

const HEAD: [&str; 7] =
    ["class", "per second", "writes", "keys before", "values", "watches", "connections"];

/// One row: a class, or all of them.
struct Row {
    name: String,
    /// Operations of each step.
    operations: Vec<RateStep>,
    /// Of which so many write, in the first step that has any.
    writes_per_s: f64,
    keys: u64,
    bytes: u64,
    watches: u64,
    connections: u64,
}

/// What the classes of a load come to; without rows where it has none.
pub(super) fn table(plan: &LoadPlan) -> Table {
    if plan.classes.is_empty() {
        return Table::default();
    }
    let parts = plan.parts();
    let mut rows: Vec<Row> =
        parts.iter().map(|(name, part)| row(name.unwrap_or_default(), part)).collect();
    rows.push(together(&rows));
    let cells =
        |row: &Row| page::Row::new(row.cells().into_iter().map(Cell::new).collect::<Vec<_>>());
    let [class, numbers @ ..] = HEAD;
    let columns = std::iter::once(Column::text(class)).chain(numbers.map(Column::number));
    Table { columns: columns.collect(), rows: rows.iter().map(cells).collect(), ..Table::default() }
}

fn row(name: &str, part: &LoadPlan) -> Row {
    let watches = part
        .watch
        .map_or(0, |watch| u64::from(watch.streams) * u64::from(watch.watches_per_stream));
    Row {
        name: name.to_owned(),
        operations: part.steps().to_vec(),
        writes_per_s: part.writes_per_s(),
        keys: part.preload,
        bytes: part.preload.saturating_mul(part.values.mean_size().into()),
        watches,
        connections: part.connections.into(),
    }
}

fn together(rows: &[Row]) -> Row {
    let mut all = Row {
        name: "together".to_owned(),
        operations: Vec::new(),
        writes_per_s: 0.0,
        keys: 0,
        bytes: 0,
        watches: 0,
        connections: 0,
    };
    for row in rows {
        for (index, step) in row.operations.iter().enumerate() {
            match all.operations.get_mut(index) {
                Some(sum) => {
                    sum.from_per_s += step.from_per_s;
                    sum.to_per_s += step.to_per_s;
                    sum.burst += step.burst;
                }
                None => all.operations.push(*step),
            }
        }
        all.writes_per_s += row.writes_per_s;
        all.keys += row.keys;
        all.bytes += row.bytes;
        all.watches += row.watches;
        all.connections += row.connections;
    }
    all
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let some = |number: u64| match number {
            0 => String::new(),
            number => format_count(number),
        };
        let bytes = match self.bytes {
            0 => String::new(),
            bytes => format_bytes(bytes),
        };
        let writes = match self.writes_per_s {
            0.0 => String::new(),
            writes => rate(writes),
        };
        vec![
            self.name.clone(),
            rates(&self.operations),
            writes,
            some(self.keys),
            bytes,
            some(self.watches),
            some(self.connections),
        ]
    }
}

/// What the rate does over time: `22 → 500 → 22`, with what is due at once at the beginning of a step: `0 → 0+390 → 0`.
fn rates(steps: &[RateStep]) -> String {
    if steps.is_empty() {
        return "as fast as it goes".to_owned();
    }
    let mut told: Vec<String> = Vec::new();
    for step in steps {
        let mut text = rate(step.from_per_s);
        if step.to_per_s != step.from_per_s {
            text = format!("{text}..{}", rate(step.to_per_s));
        }
        if step.burst > 0 {
            text = format!("{text}+{}", format_count(step.burst.into()));
        }
        if told.last() != Some(&text) {
            told.push(text);
        }
    }
    told.join(" → ")
}

/// A rate to as many digits as one wants to see: 1,500; 22; 6.5; 0.033.
fn rate(per_s: f64) -> String {
    if per_s >= 100.0 {
        return format_count(per_s.round() as u64);
    }
    let decimals = if per_s >= 1.0 { 1 } else { 4 };
    let text = format!("{per_s:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_the_digits_that_matter() {
        for (per_s, wanted) in [
            (1500.0, "1,500"),
            (22.0, "22"),
            (6.5, "6.5"),
            (0.033, "0.033"),
            (0.0, "0"),
            (0.00333, "0.0033"),
        ] {
            assert_eq!(rate(per_s), wanted);
        }
    }

    #[test]
    fn steps_are_told_one_after_the_other() {
        let step =
            |rate, burst| RateStep { from_per_s: rate, to_per_s: rate, duration_ns: 1, burst };
        assert_eq!(rates(&[step(5.0, 0), step(5.0, 0)]), "5");
        let storm = [step(0.0, 0), step(0.0, 390), step(0.0, 0)];
        assert_eq!(rates(&storm), "0 → 0+390 → 0");
    }
}
