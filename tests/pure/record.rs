//! The histogram core by its properties.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, channel};

use etcdbench::record::{
    Distribution, Emission, HIGHEST_NS, Pool, Recorder, RecorderSettings, Samples, Series, Stall,
};
use proptest::collection::vec;
use proptest::prelude::*;

const STALL_NS: u64 = 100_000_000;
const SERIES: [Series; 2] = [
    Series { name: "wal.sync", keep_stalls: false },
    Series { name: "wal.fsync", keep_stalls: true },
];

fn samples(values: &[u64]) -> Samples {
    let mut samples = Samples::new();
    values.iter().for_each(|&v| samples.record(v));
    samples
}

fn distribution(values: &[u64]) -> Distribution {
    Distribution::from_samples(&samples(values))
}

fn decoded(samples: &Samples) -> Result<Distribution, String> {
    Distribution::decode(
        &samples.encode(),
        samples.count(),
        samples.min_ns(),
        samples.max_ns(),
        samples.sum_ns(),
    )
}

/// Durations as they come: mostly around a millisecond, now and then anything up to an hour.
fn duration() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 1u64..5_000_000, 1 => 0u64..=HIGHEST_NS, 1 => STALL_NS - 2..STALL_NS + 3]
}

fn off_by_at_most_a_thousandth(got: u64, exact: u64) -> bool {
    got.abs_diff(exact) as f64 <= exact as f64 / 1_000.0 + 1.0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn exact_figures_and_quantiles_within_a_thousandth(mut values in vec(duration(), 1..300), q in 0.0f64..=1.0) {
        let whole = distribution(&values);
        values.sort_unstable();
        prop_assert_eq!(whole.count(), values.len() as u64);
        prop_assert_eq!(whole.min_ns(), values[0]);
        prop_assert_eq!(whole.max_ns(), values[values.len() - 1]);
        prop_assert_eq!(whole.sum_ns(), values.iter().sum::<u64>());
        let rank = ((q * values.len() as f64 - 1e-9).ceil() as usize).max(1);
        let got = whole.quantile(q).unwrap();
        prop_assert!(off_by_at_most_a_thousandth(got, values[rank - 1]), "{} {}", got, values[rank - 1]);
        prop_assert_eq!(whole.quantile(1.0), Some(whole.max_ns()));
    }

    #[test]
    fn merging_is_recording_together(parts in vec(vec(duration(), 0..60), 0..8)) {
        let mut merged = Distribution::default();
        parts.iter().for_each(|part| merged.merge(&distribution(part)));
        let together = parts.concat();
        if together.is_empty() {
            prop_assert_eq!(merged.count(), 0);
        } else {
            prop_assert_eq!(merged, distribution(&together));
        }
    }

    #[test]
    fn text_and_back_loses_nothing(values in vec(duration(), 0..300)) {
        let told = samples(&values);
        prop_assert_eq!(decoded(&told), Ok(Distribution::from_samples(&told)));
    }

    #[test]
    fn counts_over_a_limit_agree_with_quantiles(values in vec(duration(), 1..300), limit in duration(), q in 0.01f64..0.999) {
        let whole = distribution(&values);
        let over = whole.count_at_or_above(limit);
        let exact = values.iter().filter(|&&v| v >= limit).count() as u64;
        let surely = values.iter().filter(|&&v| v as f64 >= limit as f64 * 0.998 - 2.0).count() as u64;
        prop_assert!(exact <= over && over <= surely, "{} <= {} <= {}", exact, over, surely);
        let rank = (q * values.len() as f64 - 1e-9).ceil().max(1.0) as u64;
        let allowed = values.len() as u64 - rank;
        prop_assert_eq!(whole.quantile(q).unwrap() < limit, over <= allowed);
    }

    #[test]
    fn hand_over_loses_nothing_and_tells_stalls_once(values in vec((0usize..2, duration()), 0..300), interval_ns in 1_000u64..3_000_000_000) {
        let (settings, emissions) = recorder(interval_ns);
        let mut recorder = Recorder::new(settings, Some(3), &SERIES, 500);
        let mut now_ns = 500;
        for &(series, duration_ns) in &values {
            recorder.record(series, now_ns, duration_ns);
            now_ns += duration_ns;
            recorder.tick(now_ns);
        }
        recorder.finish(now_ns);
        let (intervals, stalls) = sorted_out(&emissions);
        for (index, series) in SERIES.iter().enumerate() {
            let mine: Vec<u64> = values.iter().filter(|v| v.0 == index).map(|v| v.1).collect();
            let mut merged = Distribution::default();
            let mut end_ns = 500;
            for (start_ns, length_ns, part) in intervals.get(series.name).into_iter().flatten() {
                prop_assert!(*start_ns >= end_ns, "intervals overlap");
                end_ns = start_ns + length_ns;
                merged.merge(part);
            }
            prop_assert!(end_ns <= now_ns);
            prop_assert_eq!(merged.count(), mine.len() as u64);
            prop_assert_eq!(merged.sum_ns(), mine.iter().sum::<u64>());
        }
        let want: Vec<u64> = values.iter().filter(|v| v.0 == 1 && v.1 >= STALL_NS).map(|v| v.1).collect();
        let got: Vec<u64> = stalls.iter().map(|s| s.duration_ns).collect();
        prop_assert_eq!(got, want);
        prop_assert!(stalls.iter().all(|s| s.series == "wal.fsync" && s.member == Some(3)));
    }
}

fn recorder(interval_ns: u64) -> (RecorderSettings, Receiver<Emission>) {
    let (sink, emissions) = channel();
    let settings = RecorderSettings {
        phase: "wal".into(),
        interval_ns,
        stall_ns: STALL_NS,
        sink,
        pool: Pool::default(),
    };
    (settings, emissions)
}

type Intervals = BTreeMap<&'static str, Vec<(u64, u64, Distribution)>>;

fn sorted_out(emissions: &Receiver<Emission>) -> (Intervals, Vec<Stall>) {
    let mut intervals = Intervals::new();
    let mut stalls = Vec::new();
    for emission in emissions.try_iter() {
        match emission {
            Emission::Interval(i) => intervals.entry(i.series).or_default().push((
                i.start_ns,
                i.length_ns,
                Distribution::from_samples(&i.samples),
            )),
            Emission::Stall(stall) => stalls.push(stall),
            other => panic!("nobody told this: {other:?}"),
        }
    }
    (intervals, stalls)
}

#[test]
fn longer_than_the_top_is_counted() {
    let told = samples(&[1, HIGHEST_NS, HIGHEST_NS + 1, 3 * HIGHEST_NS]);
    assert_eq!((told.count(), told.over_top()), (4, 2));
    assert_eq!(told.max_ns(), 3 * HIGHEST_NS);
    let back = decoded(&told).unwrap();
    assert_eq!(back.count(), 4);
    assert_eq!(back.count_at_or_above(HIGHEST_NS), 3);
}

#[test]
fn errors_are_counted_and_handed_over_without_samples() {
    let (settings, emissions) = recorder(1_000);
    let mut recorder = Recorder::new(settings, None, &SERIES, 0);
    recorder.error(1, "EIO");
    recorder.error(1, "EIO");
    recorder.finish(10);
    let told: Vec<Emission> = emissions.try_iter().collect();
    let [Emission::Interval(interval)] = &told[..] else {
        panic!("one interval, not {told:?}");
    };
    assert_eq!(interval.samples.count(), 0);
    assert_eq!(interval.samples.errors(), &[("EIO".to_owned(), 2)].into());
    assert_eq!(decoded(&interval.samples).unwrap().count(), 0);
}

#[test]
fn due_times_do_not_drift() {
    let (settings, emissions) = recorder(1_000);
    let mut recorder = Recorder::new(settings, None, &SERIES, 0);
    // Each operation ends 300 ns after the last; one takes two and a half intervals.
    for now_ns in [300, 600, 900, 1_200, 1_500, 1_800, 2_100, 4_600, 4_900, 5_200] {
        recorder.record(0, now_ns, 1);
        recorder.tick(now_ns);
    }
    recorder.finish(5_200);
    let (intervals, _) = sorted_out(&emissions);
    let ends: Vec<u64> = intervals["wal.sync"].iter().map(|i| i.0 + i.1).collect();
    assert_eq!(ends, [1_200, 2_100, 4_600, 5_200]);
}

#[test]
fn cleared_histograms_come_back_empty() {
    let pool = Pool::default();
    let mut told = Box::new(samples(&[1, HIGHEST_NS + 1]));
    told.error("EIO");
    pool.give_back(told);
    let (mut settings, emissions) = recorder(1_000);
    settings.pool = pool;
    let mut recorder = Recorder::new(settings, None, &SERIES[..1], 0);
    recorder.record(0, 0, 7);
    recorder.finish(5);
    let (intervals, _) = sorted_out(&emissions);
    assert_eq!(intervals["wal.sync"][0].2, distribution(&[7]));
}

#[test]
fn text_that_is_no_histogram_is_refused() {
    let told = samples(&[5, 7]);
    let text = told.encode();
    for (text, count, min_ns, max_ns, sum_ns) in [
        ("%%%", 2, 5, 7, 12),
        ("AAAA", 2, 5, 7, 12),
        (&text, 3, 5, 7, 12),
        (&text, 2, 8, 7, 12),
        (&text, 2, 5, 7, 15),
        (&text, 2, 5, 7, 9),
    ] {
        assert!(Distribution::decode(text, count, min_ns, max_ns, sum_ns).is_err());
    }
    assert!(Distribution::decode(&text, 2, 5, 7, 12).is_ok());
}

#[test]
fn intervals_end_together_and_are_handed_over_one_after_the_other() {
    const S: u64 = 1_000_000_000;
    let (settings, emissions) = recorder(S);
    let mut recorders: Vec<Recorder> = (0..10)
        .map(|member| Recorder::new(settings.clone(), Some(member), &SERIES[..1], 0))
        .collect();
    let mut told = Vec::new();
    for now_ns in (0..3 * S).step_by(10_000_000) {
        for recorder in &mut recorders {
            recorder.record(0, now_ns, 7);
            recorder.tick(now_ns);
        }
        let at_once = emissions.try_iter().map(|emission| match emission {
            Emission::Interval(interval) => (interval.start_ns, interval.length_ns),
            other => panic!("nobody told this: {other:?}"),
        });
        let at_once: Vec<_> = at_once.collect();
        assert!(at_once.len() <= 1, "{} at {now_ns}", at_once.len());
        told.extend(at_once);
    }
    let wanted: Vec<_> = [(0, S), (S, S)].into_iter().flat_map(|i| [i; 10]).collect();
    assert_eq!(told, wanted);
    recorders.into_iter().for_each(|recorder| recorder.finish(3 * S));
    assert_eq!(emissions.try_iter().count(), 10);
}

#[test]
fn an_interval_that_nobody_takes_goes_on_and_nothing_is_lost() {
    let (settings, emissions) = recorder(1_000);
    let pool = settings.pool.clone();
    let mut recorder = Recorder::new(settings, None, &SERIES, 0);
    let run = |recorder: &mut Recorder, from: u64, to: u64| {
        for interval in from..to {
            recorder.record(0, interval * 1_000, 5);
            recorder.record(1, interval * 1_000, 9);
            recorder.tick((interval + 1) * 1_000);
        }
    };
    // Nobody gives a histogram back, as when the result's disk stands still.
    run(&mut recorder, 0, 5_000);
    let waiting: Vec<Emission> = emissions.try_iter().collect();
    assert!((200..=256).contains(&waiting.len()), "{}", waiting.len());
    let mut count = 0;
    for emission in waiting {
        if let Emission::Interval(interval) = emission {
            count += interval.samples.count();
            pool.give_back(interval.samples);
        }
    }
    run(&mut recorder, 5_000, 5_010);
    recorder.finish(5_010_000);
    let (intervals, _) = sorted_out(&emissions);
    let sync = &intervals["wal.sync"];
    assert!(sync[0].1 > 4_000_000, "the interval went on: {}", sync[0].1);
    assert!(sync[1..].iter().all(|interval| interval.1 <= 1_000), "then all is as before");
    let later = intervals.values().flatten().map(|interval| interval.2.count());
    assert_eq!(count + later.sum::<u64>(), 2 * 5_010);
}
