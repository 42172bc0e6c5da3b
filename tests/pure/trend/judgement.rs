//! What is said about single histories, through the library.

use etcdbench::trend::TonightVerdict::{Better, Regressed, Steady, Suspected};
use etcdbench::trend::{Direction, Unit};

use super::nights::nights;
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
    let told = told_on(&clean, 59);
    assert_eq!(told.verdict, Suspected);
    assert!(told.needed_nights > 2, "{told:?}");
    let reason = told.reason.unwrap();
    assert!(reason.contains("4 of the 58 nights before were as bad and passed"), "{reason}");
}

#[test]
fn a_young_history_asks_for_one_night_more() {
    let young = values(20, 2, 1.4);
    let told = told_on(&young, 19);
    assert_eq!((told.verdict, told.needed_nights), (Suspected, 3));
    assert!(told.reason.unwrap().contains("only 18 nights are known since the last change"));
    assert_eq!(told_on(&values(20, 3, 1.4), 19).verdict, Regressed);
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
