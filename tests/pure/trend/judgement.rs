//! What is said about single histories, through the library.

use etcdbench::trend::LatestVerdict::{Better, Regressed, Steady, Suspected, TooFew};
use etcdbench::trend::{Direction, Unit};

use super::nights::{nights, wobble};
use super::simulation::{history, judged, told_on};

/// `nights` of 10 ms in ns, the last `bad` of them `factor` times as long.
fn values(count: usize, bad: usize, factor: f64) -> Vec<f64> {
    nights(count, bad, factor).iter().map(|ms| ms * 1e6).collect()
}

#[test]
fn spikes_in_the_past_ask_for_more_nights_in_a_row() {
    let mut clean = values(60, 2, 1.4);
    assert_eq!(told_on(&clean, 59).verdict, Regressed);
    for spike in [10, 20, 30, 40] {
        clean[spike] *= 1.4;
    }
    // One night in fifteen is like that, so two are no news, and five are.
    assert_eq!(told_on(&clean, 59).verdict, Steady);
    clean.extend(values(3, 3, 1.4));
    assert_eq!(told_on(&clean, 62).verdict, Regressed);
}

#[test]
fn a_night_of_a_young_history_says_how_many_more_are_needed() {
    let told = told_on(&values(6, 1, 1.25), 5);
    assert_eq!(told.verdict, Suspected);
    assert!(told.needed_nights > 2, "{told:?}");
    let reason = told.reason.unwrap();
    assert!(reason.contains("only 5 nights are known since the last change; waiting for"));
}

#[test]
fn few_nights_make_the_limit_wide_and_not_absent() {
    // After three to six good nights each of these ends red, and a small step does not before it is sure.
    for good in 3..=6 {
        for factor in [1.3, 2.0, 10.0] {
            let told = (1..=8).map(|bad| told_on(&values(good + bad, bad, factor), good + bad - 1));
            let verdicts: Vec<_> = told.map(|tonight| tonight.verdict).collect();
            assert!(verdicts.contains(&Regressed), "{good} good, {factor}: {verdicts:?}");
        }
        assert_ne!(told_on(&values(good + 1, 1, 1.1), good).verdict, Regressed);
    }
    // Three nights like those before are not called steady yet.
    let told = told_on(&values(5, 0, 1.0), 4);
    assert_eq!(told.verdict, TooFew);
    assert!(told.reason.unwrap().contains("learning what is usual (4 of 8 nights)"));
    assert!(told.high.unwrap() > 1.15 * told.usual.unwrap());
}

#[test]
fn a_change_for_the_worse_does_not_expire() {
    for bad in [2, 3, 8, 15, 40, 200] {
        let told = told_on(&values(60 + bad, bad, 2.0), 60 + bad - 1);
        assert_eq!(told.verdict, Regressed, "after {bad} nights");
        assert_eq!(told.since.as_deref(), Some("2026-03-02T02:00:00Z"), "after {bad} nights");
    }
    // 5 % are told, and matter to nobody.
    assert_eq!(told_on(&values(100, 40, 1.05), 99).verdict, Steady);
}

#[test]
fn worse_again_within_a_week_of_an_improvement_is_red() {
    for good in 3..=7 {
        let mut story = values(60, good, 0.6);
        let last = story[59];
        story.extend([1.31, 1.29, 1.3].map(|factor| factor * last));
        assert_eq!(told_on(&story, 62).verdict, Regressed, "{good} nights after it");
    }
}

#[test]
fn small_steps_add_up() {
    // Six per cent, five times, each after forty nights: none matters, and all of them do.
    let value = |night: usize| 10e6 * 1.06_f64.powi((night / 40) as i32) * wobble(night);
    let story: Vec<f64> = (0..240).map(value).collect();
    assert_eq!(told_on(&story, 79).verdict, Steady);
    let told = told_on(&story, 239);
    assert_eq!(told.verdict, Regressed);
    assert!(told.reason.unwrap().contains("steps since then"));
    assert!((told.usual.unwrap() / 10e6 - 1.0).abs() < 0.03);
}

#[test]
fn nights_of_two_kinds_are_suspected_no_more_than_others() {
    // Every other night or so is 20 % slower: two kinds of nights, and none of them news.
    let slow = |night: usize| (night * 7 + night / 3) % 5 < 2;
    let value = |night: usize| 10e6 * wobble(night) * if slow(night) { 1.2 } else { 1.0 };
    let story: Vec<f64> = (0..90).map(value).collect();
    for night in 40..90 {
        assert_eq!(told_on(&story, night).verdict, Steady, "night {night}");
    }
    let mut worse = story.clone();
    worse[85..].iter_mut().for_each(|value| *value *= 1.3);
    assert_eq!(told_on(&worse, 89).verdict, Regressed);
}

#[test]
fn a_gap_does_not_disarm_what_is_in_force() {
    let mut known: Vec<Option<f64>> = values(60, 10, 1.5).into_iter().map(Some).collect();
    known.push(None);
    let trend = judged(&history(&known));
    assert_eq!(trend.verdict.exit().code(), 3);
    let reason = trend.histories[0].series[0].tonight.reason.clone().unwrap();
    assert!(reason.contains("no trustworthy value") && reason.contains("a lasting change"));
}

#[test]
fn a_change_is_placed_at_its_first_night_and_says_when_it_is_not_sure() {
    for bad in [2, 3, 5] {
        let trend =
            judged(&history(&values(60, bad, 1.2).into_iter().map(Some).collect::<Vec<_>>()));
        let change = trend.histories[0].series[0].changes.last().unwrap().clone();
        assert_eq!((change.night, change.between), (60 - bad, None));
    }
    // A night between both levels may be of either.
    let mut unsure = values(60, 6, 1.2);
    unsure[54] = 10.95e6;
    let trend = judged(&history(&unsure.into_iter().map(Some).collect::<Vec<_>>()));
    let change = trend.histories[0].series[0].changes.last().unwrap().clone();
    let between = change.between.unwrap();
    assert!(between.first.as_str() <= "2026-02-24" || between.last.as_str() >= "2026-02-25");
}

#[test]
fn one_outlier_does_not_move_a_level() {
    let mut story = values(60, 20, 1.5);
    story[50] = 4e6;
    let trend = judged(&history(&story.into_iter().map(Some).collect::<Vec<_>>()));
    let change = trend.histories[0].series[0].changes[0].clone();
    assert!((change.after / 15e6 - 1.0).abs() < 0.01, "{}", change.after);
}

#[test]
fn bad_nights_do_not_become_the_usual_while_they_are_counted() {
    let told = told_on(&values(60, 3, 1.3), 59);
    assert_eq!(told.verdict, Regressed);
    let usual = told.usual.unwrap();
    assert!((usual / 10e6 - 1.0).abs() < 0.02, "{usual}");
    assert_eq!(told.since.as_deref(), Some("2026-02-27T02:00:00Z"));
}

#[test]
fn a_night_back_at_the_old_level_is_not_red() {
    let mut back = values(60, 3, 1.3);
    back.push(10e6);
    assert_eq!(told_on(&back, 60).verdict, Steady);
}

#[test]
fn what_was_undone_is_no_alarm() {
    let mut undone = values(60, 5, 1.4);
    undone.extend(values(6, 0, 1.0));
    let trend = judged(&history(&undone.iter().map(|v| Some(*v)).collect::<Vec<_>>()));
    let series = &trend.histories[0].series[0];
    assert_eq!(series.changes.len(), 2);
    assert_eq!(series.tonight.verdict, Steady);
}

#[test]
fn better_is_no_alarm_either_way() {
    let told = told_on(&values(60, 1, 0.7), 59);
    assert_eq!(told.verdict, Better);
    let told = told_on(&values(60, 12, 0.7), 59);
    assert_eq!(told.verdict, Steady);
    assert!((told.usual.unwrap() / 7e6 - 1.0).abs() < 0.02);
}

#[test]
fn throughput_turns_everything_round() {
    let mut rates = history(&values(60, 2, 0.7).iter().map(|v| Some(*v)).collect::<Vec<_>>());
    rates.tracks[0].direction = Direction::HigherIsBetter;
    rates.tracks[0].unit = Unit::PerSecond;
    assert_eq!(judged(&rates).histories[0].series[0].tonight.verdict, Regressed);
    let mut rates = history(&values(60, 2, 1.4).iter().map(|v| Some(*v)).collect::<Vec<_>>());
    rates.tracks[0].direction = Direction::HigherIsBetter;
    assert_eq!(judged(&rates).histories[0].series[0].tonight.verdict, Better);
}

#[test]
fn microseconds_are_no_alarm() {
    // 5 µs and then 10 µs: twice as long, and nobody waits for it.
    let short: Vec<f64> = values(60, 5, 2.0).iter().map(|v| v / 2000.0).collect();
    assert_eq!(told_on(&short, 59).verdict, Steady);
}

#[test]
fn what_is_only_told_fails_nothing() {
    let mut told_only = history(&values(60, 2, 1.4).iter().map(|v| Some(*v)).collect::<Vec<_>>());
    told_only.tracks[0].informational = true;
    let trend = judged(&told_only);
    assert_eq!(trend.histories[0].series[0].tonight.verdict, Regressed);
    assert_ne!(trend.verdict.exit().code(), 3);
}

/// Nights from a Thursday on, of which those of a weekend take 30 % longer.
fn weekends(count: usize) -> Vec<f64> {
    let weekend = |index: usize| if (index + 3) % 7 >= 5 { 1.3 } else { 1.0 };
    (0..count).map(|index| 10e6 * weekend(index) * wobble(index)).collect()
}

#[test]
fn three_weeks_show_a_season_and_a_night_is_held_against_its_own_day() {
    // Whole weeks before a Saturday, and before a Wednesday.
    for (nights, saturday) in [(23, true), (27, false), (30, true), (62, false)] {
        let mut values = weekends(nights + 1);
        assert_eq!(((nights + 3) % 7 == 5), saturday);
        let as_usual = told_on(&values, nights);
        assert_eq!(as_usual.verdict, Steady, "{nights}: {as_usual:?}");
        let expected = if saturday { 13e6 } else { 10e6 };
        assert!((as_usual.usual.unwrap() / expected - 1.0).abs() < 0.03, "{as_usual:?}");
        values[nights] *= 1.3;
        let bad = told_on(&values, nights);
        assert_eq!(bad.verdict, Suspected, "{nights}: {bad:?}");
        assert!((bad.ratio.unwrap() - 1.3).abs() < 0.06, "{bad:?}");
    }
    let values: Vec<Option<f64>> = weekends(40).into_iter().map(Some).collect();
    let trend = judged(&history(&values));
    let days = trend.histories[0].series[0].weekdays.unwrap();
    assert!((days[5] / days[1] - 1.3).abs() < 0.05, "{days:?}");
    let equal: Vec<Option<f64>> = self::values(40, 0, 1.0).into_iter().map(Some).collect();
    assert_eq!(judged(&history(&equal)).histories[0].series[0].weekdays, None);
}

#[test]
fn a_creep_is_told_against_where_it_began() {
    // 0.3 % a night: 31 % in ninety nights.
    let creep = |index: usize| Some(10e6 * 1.003_f64.powi(index as i32) * wobble(index));
    let trend = judged(&history(&(0..91).map(creep).collect::<Vec<_>>()));
    let drift = trend.histories[0].series[0].drift.clone().unwrap();
    assert_eq!(drift.since, "2026-01-01T02:00:00Z");
    assert!((1.2..1.35).contains(&drift.ratio), "{drift:?}");
    let equal: Vec<Option<f64>> = values(91, 0, 1.0).into_iter().map(Some).collect();
    assert_eq!(judged(&history(&equal)).histories[0].series[0].drift, None);
}
