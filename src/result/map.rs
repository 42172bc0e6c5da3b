//! A series over duration and time in bounded memory: columns of equal time, which become twice as wide whenever there
//! are too many.

use crate::record::{Distribution, add_bands, bands};

use super::pairs::in_pairs;
use super::{Interval, MapColumn};

/// Columns before pairs become one: at least half of them stay in a long run.
const MOST_COLUMNS: u64 = 240;
/// No column is narrower.
const LEAST_NS: u64 = 1_000_000;

/// A map, growing.
#[derive(Debug, Clone, Default)]
pub(super) struct Map {
    columns: Vec<MapColumn>,
    /// Width of a column: that of the first interval, doubled as often as needed; 0 before there is one.
    column_ns: u64,
}

impl Map {
    /// Adds an interval that begins so long after its phase.
    pub fn add(&mut self, since_ns: u64, interval: &Interval, samples: &Distribution) {
        if samples.count() == 0 {
            return;
        }
        if self.column_ns == 0 {
            self.column_ns = interval.length_ns.max(LEAST_NS);
        }
        // Its middle decides: intervals begin a little late, and are never quite as long as they should be. What was
        // long, because something stood still, begins where it began.
        let middle = since_ns.saturating_add(interval.length_ns.min(self.column_ns) / 2);
        while middle / self.column_ns >= MOST_COLUMNS {
            self.columns = in_pairs(std::mem::take(&mut self.columns), absorb);
            self.column_ns = self.column_ns.saturating_mul(2);
        }
        let at = (middle / self.column_ns) as usize;
        if self.columns.len() <= at {
            self.columns.resize_with(at + 1, MapColumn::default);
        }
        absorb(
            &mut self.columns[at],
            MapColumn {
                start_ns: interval.start_ns,
                length_ns: interval.length_ns,
                bands: bands(samples),
            },
        );
    }

    /// Columns in which something was measured.
    pub fn finish(self) -> Vec<MapColumn> {
        let filled = |column: &MapColumn| !column.bands.is_empty();
        self.columns.into_iter().filter(filled).collect()
    }
}

fn absorb(column: &mut MapColumn, next: MapColumn) {
    if column.bands.is_empty() {
        *column = next;
        return;
    }
    if next.bands.is_empty() {
        return;
    }
    let end = |c: &MapColumn| c.start_ns.saturating_add(c.length_ns);
    let (start, end) = (column.start_ns.min(next.start_ns), end(column).max(end(&next)));
    column.start_ns = start;
    column.length_ns = end - start;
    add_bands(&mut column.bands, &next.bands);
}

#[cfg(test)]
mod tests {
    use super::{MOST_COLUMNS, Map};
    use crate::record::{Distribution, Samples, band_of};
    use crate::result::Interval;

    const S: u64 = 1_000_000_000;

    fn distribution(values: &[u64]) -> Distribution {
        let mut samples = Samples::new();
        values.iter().for_each(|&v| samples.record(v));
        Distribution::from_samples(&samples)
    }

    fn add(map: &mut Map, start_ns: u64, length_ns: u64, samples: &Distribution) {
        let interval = Interval { start_ns: start_ns + 7 * S, length_ns, ..Interval::default() };
        map.add(start_ns, &interval, samples);
    }

    #[test]
    fn seconds_have_columns_of_their_own_and_members_share_them() {
        let mut map = Map::default();
        let (one, two) = (distribution(&[1_000]), distribution(&[1_000, 50_000]));
        for second in 0..60 {
            let late = second % 7 * 1_000_000;
            add(&mut map, second * S + late, S + 300_000 - late, &one);
            add(&mut map, second * S + 2_000_000, S, &two);
        }
        let columns = map.finish();
        assert_eq!(columns.len(), 60);
        for column in columns {
            assert_eq!(column.bands, [(band_of(1_000), 2), (band_of(50_000), 1)]);
        }
    }

    #[test]
    fn a_day_is_small_and_complete() {
        let mut map = Map::default();
        let kinds = [10, 1_000, 100_000].map(|more| distribution(&[1_000, 1_000 + more]));
        for second in 0..86_400 {
            add(&mut map, second * S, S, &kinds[second as usize % 3]);
        }
        let columns = map.finish();
        assert!((MOST_COLUMNS / 2..=MOST_COLUMNS).contains(&(columns.len() as u64)));
        let count: u64 = columns.iter().flat_map(|c| &c.bands).map(|b| b.1).sum();
        assert_eq!(count, 2 * 86_400);
        assert!(columns.is_sorted_by(|a, b| a.start_ns + a.length_ns <= b.start_ns));
    }

    #[test]
    fn a_long_stall_takes_its_own_time() {
        let mut map = Map::default();
        let usual = distribution(&[1_000]);
        add(&mut map, 0, S, &usual);
        add(&mut map, S, 5 * S, &distribution(&[5 * S]));
        add(&mut map, 6 * S, S, &usual);
        let columns = map.finish();
        let count: u64 = columns.iter().flat_map(|c| &c.bands).map(|b| b.1).sum();
        assert_eq!(count, 3);
        assert_eq!(columns.last().map(|c| c.start_ns + c.length_ns), Some(14 * S));
    }
}
