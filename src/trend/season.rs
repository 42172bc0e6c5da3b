//! Days of the week that differ: backups on Sundays, a quiet machine on weekends. Where three whole weeks show it, a night is
//! held against the nights of its own day.

use crate::stats::{f_beyond, median};
use crate::trend::history::Night;

/// Days of a week.
pub(super) const DAYS: usize = 7;
/// Fewer weeks show nothing.
const FEWEST_WEEKS: usize = 3;
/// Half a year tells how days differ now; what was before may be of another time.
const MOST_WEEKS: usize = 26;
/// Days of the week differ when chance alone would make them differ so much this rarely.
const ALPHA: f64 = 1e-3;

/// Days that differ by less are as good as alike.
const SMALLEST: f64 = 0.05;

/// What each day of the week adds to the level of a series; together they add nothing.
pub(super) type Season = [f64; DAYS];

/// The days of nights (UTC), counted from a Monday.
pub(super) fn days(nights: &[Night]) -> Vec<i64> {
    const SECONDS: i64 = 86_400;
    /// The epoch was a Thursday.
    const FROM_MONDAY: i64 = 3;
    let day = |night: &Night| night.at.as_second().div_euclid(SECONDS) + FROM_MONDAY;
    nights.iter().map(day).collect()
}

/// How many times the median day each day of the week shows, for people.
pub(super) fn factors(season: &Season) -> [f64; DAYS] {
    let middle = median(season).unwrap_or(0.0);
    season.map(|off| (off - middle).exp())
}

/// The season of values, each of a day counted from any Monday. The newest one is not asked: it is what is judged.
///
/// Whole weeks are blocks and days of the week are treatments of a randomised block design (R. Fisher, "The Design of
/// Experiments", 1935, ch. 4): a level that drifts, or changes between two weeks, is none of the days'. What a day adds is
/// the median over the weeks, so that single bad nights are no season.
pub(super) fn season(days: &[i64], values: &[f64]) -> Option<Season> {
    let known = values.len().min(days.len()).saturating_sub(1);
    let weeks = weeks(&days[..known], &values[..known]);
    if weeks.len() < FEWEST_WEEKS {
        return None;
    }
    let off: Vec<Season> = weeks.iter().map(centred).collect();
    if by_chance(&off) >= ALPHA {
        return None;
    }
    let usual = std::array::from_fn(|day| {
        let of_day: Vec<f64> = off.iter().map(|week| week[day]).collect();
        median(&of_day).unwrap_or(0.0)
    });
    let (low, high) = usual.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), off| {
        (low.min(*off), high.max(*off))
    });
    (high - low >= SMALLEST.ln_1p()).then(|| centred(&usual))
}

/// Whole weeks without a gap, back from the newest night; the values of each by the day of the week.
fn weeks(days: &[i64], values: &[f64]) -> Vec<Season> {
    let mut found = Vec::new();
    let mut end = days.len();
    while end >= DAYS && found.len() < MOST_WEEKS {
        let from = end - DAYS;
        let whole = days[from..end].windows(2).all(|pair| pair[1] == pair[0] + 1);
        if !whole {
            end -= 1;
            continue;
        }
        let mut week = [0.0; DAYS];
        for (day, value) in days[from..end].iter().zip(&values[from..end]) {
            week[day.rem_euclid(DAYS as i64) as usize] = *value;
        }
        found.push(week);
        end = from;
    }
    found
}

/// Without what all days share.
fn centred(week: &Season) -> Season {
    let mean = week.iter().sum::<f64>() / DAYS as f64;
    week.map(|value| value - mean)
}

/// How often days that are alike differ so much: F of the days against what is left.
fn by_chance(off: &[Season]) -> f64 {
    let weeks = off.len() as f64;
    let mean: Season = std::array::from_fn(|day| off.iter().map(|w| w[day]).sum::<f64>() / weeks);
    let between = weeks * mean.iter().map(|m| m * m).sum::<f64>();
    let left: f64 =
        off.iter().flat_map(|week| week.iter().zip(&mean)).map(|(v, m)| (v - m).powi(2)).sum();
    let (above, below) = (DAYS as f64 - 1.0, (DAYS as f64 - 1.0) * (weeks - 1.0));
    f_beyond((between / above) / (left / below), above, below)
}

#[cfg(test)]
mod tests {
    use rand_core::{Rng as _, SeedableRng as _};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    /// So many days from a Thursday on; weekends are `more` above.
    fn nights(count: usize, more: f64) -> (Vec<i64>, Vec<f64>) {
        let days: Vec<i64> = (3..3 + count as i64).collect();
        let value = |day: &i64| {
            let wobble =
                [0.0, 0.02, -0.01, 0.015, -0.02, 0.005, -0.015, 0.01, -0.005, 0.012, 0.001];
            let weekend = if day.rem_euclid(7) >= 5 { more } else { 0.0 };
            10.0 + wobble[(*day * *day) as usize % wobble.len()] + weekend
        };
        let values = days.iter().map(value).collect();
        (days, values)
    }

    #[test]
    fn three_weeks_show_a_weekend() {
        let (days, values) = nights(22, 0.3);
        let found = season(&days, &values).unwrap();
        assert!((found[5] - found[2] - 0.3).abs() < 0.05, "{found:?}");
        assert!(found.iter().sum::<f64>().abs() < 1e-9);
        let (days, values) = nights(21, 0.3);
        assert_eq!(season(&days, &values), None, "two weeks and six nights");
    }

    #[test]
    fn nights_that_are_alike_have_no_season() {
        let (days, values) = nights(100, 0.0);
        assert_eq!(season(&days, &values), None);
        // Neither has a history with several nights a day.
        let (days, values) = nights(100, 0.3);
        let twice: Vec<i64> = days.iter().map(|day| day / 2).collect();
        assert_eq!(season(&twice, &values), None);
    }

    #[test]
    fn a_gap_costs_its_week_and_a_step_no_season() {
        let (mut days, mut values) = nights(60, 0.3);
        days.remove(50);
        values.remove(50);
        values.iter_mut().skip(18).for_each(|value| *value += 0.3);
        let found = season(&days, &values).unwrap();
        assert!((found[6] - found[1] - 0.3).abs() < 0.1, "{found:?}");
    }

    #[test]
    fn days_that_hardly_differ_are_alike() {
        let (days, values) = nights(100, 0.04);
        assert_eq!(season(&days, &values), None);
        let (days, values) = (days, vec![6.2; values.len()]);
        assert_eq!(season(&days, &values), None);
    }

    /// Equal nights of a kind that show a season although there is none, as a share of all.
    fn false_seasons(years: usize, next: &mut dyn FnMut() -> f64) -> f64 {
        let days: Vec<i64> = (0..365).collect();
        let mut found = 0;
        for _ in 0..years {
            let values: Vec<f64> = days.iter().map(|_| next()).collect();
            let shown = |night: &usize| season(&days[..*night], &values[..*night]).is_some();
            found += (22..365).filter(shown).count();
        }
        found as f64 / (343 * years) as f64
    }

    #[test]
    fn equal_nights_show_a_season_as_rarely_as_promised() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(11);
        let mut uniform = move || ((random.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        let mut normal = move || {
            let (radius, angle) = (uniform(), uniform());
            (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
        };
        let independent = false_seasons(20, &mut normal);
        let mut last = 0.0;
        let alike = false_seasons(20, &mut || {
            last = 0.6 * last + 0.8 * normal();
            last
        });
        // One night in twenty is far off.
        let spikes = false_seasons(20, &mut || {
            let spike = normal() > 1.645;
            normal() + if spike { 6.5 } else { 0.0 }
        });
        println!("independent {independent:.4}, alike {alike:.4}, spikes {spikes:.4}");
        for share in [independent, alike, spikes] {
            assert!(share < 0.01, "{share}");
        }
    }
}
