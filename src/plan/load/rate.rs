//! What `--rate` says: a number, or what the rate does over time.
//!
//! `RATE`, `RATE/TIME`, `RATE+BURST/TIME` (with so many due at once at its beginning), `FROM..TO/TIME` (an even ramp),
//! `FROM..TO:STEP/TIME` (a stair), or several of those with commas between. A step may have the rate 0 if others have not.

use super::RateStep;
use crate::units::{exact_duration, parse_duration};

/// Above this a generator measures itself: no etcd answers a million operations per second.
const MAX_RATE: f64 = 1e6;
/// Below this nothing happens within the time anybody waits.
const MIN_RATE: f64 = 0.001;
/// Steps of one load; each is a phase with a table of its own.
const MAX_STEPS: usize = 200;
/// Operations due at once at the beginning of a step.
const MAX_BURST: u32 = 100_000;
/// Below this a step ends before it has said anything.
const SHORTEST_NS: u64 = 100_000_000;

/// What was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Rate {
    /// One rate until the load ends.
    Steady(f64),
    /// Steps with lengths of their own.
    Steps(Vec<RateStep>),
}

/// Reads what was typed.
///
/// # Errors
/// A message that names the part that is wrong and the forms that are right.
pub(super) fn parse(text: &str) -> Result<Rate, String> {
    if !text.contains(['/', ',']) {
        if text.contains("..") {
            return Err(format!(
                "'{text}' does not say how long; write it like {text}/60s, or with steps {text}:+500/10s"
            ));
        }
        return Ok(Rate::Steady(per_second(text)?));
    }
    let mut steps = Vec::new();
    for part in text.split(',') {
        steps.extend(segment(part.trim())?);
        if steps.len() > MAX_STEPS {
            return Err(format!(
                "that are more than {MAX_STEPS} steps; make fewer and larger ones"
            ));
        }
    }
    if steps.iter().all(|step| step.to_per_s == 0.0 && step.from_per_s == 0.0 && step.burst == 0) {
        return Err(format!("'{text}' does nothing; one step must have a rate above 0"));
    }
    Ok(Rate::Steps(steps))
}

/// Writes steps so that [`parse`] gives the same again.
pub(super) fn text(steps: &[RateStep]) -> String {
    if let Some(stair) = stair_text(steps) {
        return stair;
    }
    let parts = steps.iter().map(|step| {
        let time = exact_duration(step.duration_ns);
        if step.burst > 0 {
            format!("{}+{}/{time}", step.from_per_s, step.burst)
        } else if step.from_per_s == step.to_per_s {
            format!("{}/{time}", step.from_per_s)
        } else {
            format!("{}..{}/{time}", step.from_per_s, step.to_per_s)
        }
    });
    parts.collect::<Vec<_>>().join(",")
}

/// The short form, if it says exactly the same.
fn stair_text(steps: &[RateStep]) -> Option<String> {
    let [first, second, .., last] = steps else {
        return None;
    };
    let change = second.from_per_s - first.from_per_s;
    let text = format!(
        "{}..{}:{change:+}/{}",
        first.from_per_s,
        last.to_per_s,
        exact_duration(first.duration_ns)
    );
    let same = segment(&text).is_ok_and(|again| again == steps);
    same.then_some(text)
}

fn segment(text: &str) -> Result<Vec<RateStep>, String> {
    let (rates, time) = text.split_once('/').ok_or_else(|| {
        format!(
            "'{text}' does not say how long; where there are steps, each needs a length: {text}/30s"
        )
    })?;
    let duration_ns = length(time)?;
    let step = |from_per_s, to_per_s| RateStep { from_per_s, to_per_s, duration_ns, burst: 0 };
    let Some((from, rest)) = rates.split_once("..") else {
        let (rate, burst) = match rates.split_once('+') {
            Some((rate, burst)) => (rate, burst_of(burst)?),
            None => (rates, 0),
        };
        let rate = in_step(rate)?;
        return Ok(vec![RateStep { burst, ..step(rate, rate) }]);
    };
    let from = per_second(from)?;
    let Some((to, change)) = rest.split_once(':') else {
        return Ok(vec![step(from, per_second(rest)?)]);
    };
    let rates = stair(from, per_second(to)?, change)?;
    Ok(rates.into_iter().map(|rate| step(rate, rate)).collect())
}

/// The rates of a stair, both ends among them. Each is computed from the first, so that no error adds up.
fn stair(from: f64, to: f64, change: &str) -> Result<Vec<f64>, String> {
    let by = change
        .trim()
        .parse::<f64>()
        .ok()
        .filter(|by| by.is_finite() && *by != 0.0)
        .ok_or_else(|| format!("'{change}' is no step; write it like +500"))?;
    if (to - from) * by <= 0.0 {
        return Err(format!(
            "steps of {by:+} do not lead from {from} to {to}; turn the sign or the ends round"
        ));
    }
    let steps = (to - from) / by;
    if steps >= MAX_STEPS as f64 {
        return Err(format!(
            "{from}..{to} by {by:+} are more than {MAX_STEPS} steps; make fewer and larger ones"
        ));
    }
    // A hair below a whole number is that number: (1 - 0.1) / 0.1 is not quite 9.
    let whole = (steps + 1e-9).floor() as usize;
    let mut rates: Vec<f64> = (0..=whole).map(|i| from + i as f64 * by).collect();
    if steps - whole as f64 > 1e-9 {
        rates.push(to);
    }
    Ok(rates)
}

/// The rate of one of several steps, which may be none.
fn in_step(text: &str) -> Result<f64, String> {
    match text.trim() {
        "0" => Ok(0.0),
        other => per_second(other),
    }
}

fn burst_of(text: &str) -> Result<u32, String> {
    let burst = text.trim().parse::<u32>().ok();
    burst.filter(|burst| (1..=MAX_BURST).contains(burst)).ok_or_else(|| {
        format!(
            "'{text}' is no burst; write the operations due at once behind the +, 1 to {MAX_BURST}"
        )
    })
}

fn per_second(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let rate = text.parse::<f64>().ok().filter(|rate| !rate.is_nan());
    let rate = rate.ok_or_else(|| {
        format!("'{text}' is not a rate; write it like 2000, 500..8000/60s or 500..8000:+500/10s")
    })?;
    if (MIN_RATE..=MAX_RATE).contains(&rate) {
        return Ok(rate);
    }
    Err(format!(
        "{rate} is not a rate; it must be above 0 (at least {MIN_RATE}) and at most {MAX_RATE} operations per second"
    ))
}

fn length(text: &str) -> Result<u64, String> {
    if matches!(text.trim(), "s" | "sec" | "second") {
        return Err(
            "a rate is per second already; write it like 500, or 500/30s for half a minute of it"
                .to_owned(),
        );
    }
    let ns = parse_duration(text)?;
    if ns < SHORTEST_NS {
        return Err(format!(
            "'{}' is too short a step; it must last at least {}",
            text.trim(),
            exact_duration(SHORTEST_NS)
        ));
    }
    Ok(ns)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const S: u64 = 1_000_000_000;

    fn flat(rate: f64, seconds: u64) -> RateStep {
        RateStep { from_per_s: rate, to_per_s: rate, duration_ns: seconds * S, burst: 0 }
    }

    fn steps(text: &str) -> Vec<RateStep> {
        match parse(text) {
            Ok(Rate::Steps(steps)) => steps,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn every_form_is_read() {
        assert_eq!(parse("2000"), Ok(Rate::Steady(2000.0)));
        assert_eq!(parse("0.5"), Ok(Rate::Steady(0.5)));
        let stair = steps("500..2000:+500/10s");
        assert_eq!(stair, [500.0, 1000.0, 1500.0, 2000.0].map(|r| flat(r, 10)));
        assert_eq!(
            steps("0/30s,5+20/10s"),
            [flat(0.0, 30), RateStep { burst: 20, ..flat(5.0, 10) }]
        );
        let down = steps("300..100:-100/1m");
        assert_eq!(down, [300.0, 200.0, 100.0].map(|r| flat(r, 60)));
        let ramp = RateStep { from_per_s: 500.0, to_per_s: 8000.0, duration_ns: 60 * S, burst: 0 };
        assert_eq!(steps("500..8000/60s"), [ramp]);
        assert_eq!(
            steps("500/30s, 500..8000/60s ,100/5s"),
            [flat(500.0, 30), ramp, flat(100.0, 5)]
        );
    }

    #[test]
    fn a_stair_ends_at_its_end_also_where_the_steps_do_not_fit() {
        let rates = |text| -> Vec<f64> { steps(text).iter().map(|s| s.from_per_s).collect() };
        assert_eq!(rates("500..1700:+500/1s"), [500.0, 1000.0, 1500.0, 1700.0]);
        assert_eq!(rates("0.1..1:+0.1/1s").len(), 10);
    }

    #[test]
    fn mistakes_are_named_with_what_would_be_right() {
        for (typed, said) in [
            ("", "'' is not a rate"),
            ("fast", "'fast' is not a rate; write it like 2000"),
            ("0", "above 0"),
            ("-5", "above 0"),
            ("nan", "'nan' is not a rate"),
            ("inf", "at most 1000000"),
            ("1e7", "at most 1000000"),
            ("500..8000", "500..8000/60s"),
            ("500..8000:+500", "does not say how long"),
            ("500,1000", "500/30s"),
            ("500/30s,", "does not say how long"),
            ("500/30", "'30' is not a duration"),
            ("500/s", "per second already"),
            ("500/1ms", "at least 100ms"),
            ("500..8000:-500/10s", "turn the sign"),
            ("500..500:+500/10s", "do not lead from 500 to 500"),
            ("500..8000:0/10s", "'0' is no step"),
            ("500..8000:fast/10s", "'fast' is no step"),
            ("1..8000:+1/1s", "more than 200 steps"),
            ("0..8000/60s", "above 0"),
            ("0/60s,0/1s", "does nothing"),
            ("5+x/60s", "'x' is no burst"),
        ] {
            let message = parse(typed).expect_err(typed);
            assert!(message.contains(said), "{typed}: {message}");
        }
    }

    #[test]
    fn stairs_are_written_as_stairs() {
        assert_eq!(text(&steps("500..8000:+500/10s")), "500..8000:+500/10s");
        assert_eq!(text(&steps("500/1s,1000/1s,2000/1s")), "500/1s,1000/1s,2000/1s");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            parts in prop::collection::vec((1u32..4_000_000, 1u32..4_000_000, any::<bool>(), 100u64..100_000), 1..8)
        ) {
            let steps: Vec<RateStep> = parts
                .into_iter()
                .map(|(from, to, flat, ms)| {
                    let from_per_s = f64::from(from.max(40)) / 4.0 * 0.999;
                    let to_per_s = if flat { from_per_s } else { f64::from(to.max(40)) / 4.0 };
                    RateStep { from_per_s, to_per_s, duration_ns: ms * 1_000_000, burst: 0 }
                })
                .collect();
            prop_assert_eq!(parse(&text(&steps)), Ok(Rate::Steps(steps)));
        }

        #[test]
        fn any_text_gives_a_rate_or_a_message(typed in "\\PC{0,40}") {
            let _ = parse(&typed);
        }
    }
}
