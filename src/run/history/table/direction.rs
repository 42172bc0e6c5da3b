//! Which way is good, by the name of a column and the unit of its cells.

use super::cells::Quantity;
use crate::trend::{Direction, Track};

/// Words in a column's name that say something went wrong: less of it is better, also as a rate …
const WRONG: [&str; 9] =
    ["error", "errors", "failed", "failures", "fails", "dropped", "lost", "stalls", "timeouts"];
/// … words of throughput …
const HIGHER: [&str; 11] =
    ["rate", "throughput", "ops", "qps", "rps", "tps", "iops", "bandwidth", "bw", "score", "mbps"];
/// … and of durations, which rates may hold too: `puts_per_s`.
const LOWER: [&str; 18] = [
    "latency", "lat", "duration", "elapsed", "time", "ns", "us", "ms", "s", "sec", "seconds",
    "p50", "p90", "p95", "p99", "p999", "max", "mean",
];
/// Ends of names of rates.
const PER_TIME: [&str; 4] = ["/s", "_per_s", "_per_sec", "_per_second"];

/// By what its cells measure, or by the words of its name.
pub(super) fn of(name: &str, quantity: Quantity) -> Direction {
    match quantity {
        Quantity::Duration => Direction::LowerIsBetter,
        Quantity::Rate | Quantity::Throughput => Direction::HigherIsBetter,
        Quantity::Bare | Quantity::Bytes | Quantity::Percent => guess(name),
    }
}

/// What was guessed, and how to say otherwise.
pub(super) fn note(track: &Track) -> String {
    let name = &track.name;
    match track.direction {
        Direction::LowerIsBetter => {
            format!(
                "{name}: lower is taken for better, by its name; --higher-is-better {name} says otherwise"
            )
        }
        Direction::HigherIsBetter => {
            format!(
                "{name}: higher is taken for better, by its name; --lower-is-better {name} says otherwise"
            )
        }
        Direction::Unknown => format!(
            "{name}: nobody says which way is good, so no change of it is a regression; pass --lower-is-better {name} \
             or --higher-is-better {name}"
        ),
    }
}

/// By the words of a column's name.
fn guess(name: &str) -> Direction {
    let lower_case = name.to_lowercase();
    let words: Vec<&str> = lower_case.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let has = |known: &[&str]| words.iter().any(|word| known.contains(word));
    let per_operation = lower_case.contains("/op") || lower_case.contains("_per_op");
    if has(&WRONG) || per_operation {
        Direction::LowerIsBetter
    } else if has(&HIGHER) || PER_TIME.iter().any(|end| lower_case.ends_with(end)) {
        Direction::HigherIsBetter
    } else if has(&LOWER) {
        Direction::LowerIsBetter
    } else {
        Direction::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::Direction::{HigherIsBetter, LowerIsBetter, Unknown};
    use super::*;

    #[test]
    fn names_say_which_way_is_good() {
        for (name, expected) in [
            ("put_p99_ms", LowerIsBetter),
            ("p99", LowerIsBetter),
            ("Latency (ms)", LowerIsBetter),
            ("ns/op", LowerIsBetter),
            ("ms_per_op", LowerIsBetter),
            ("error_rate", LowerIsBetter),
            ("failed_requests", LowerIsBetter),
            ("tps", HigherIsBetter),
            ("puts_per_s", HigherIsBetter),
            ("ops/s", HigherIsBetter),
            ("MB/s", HigherIsBetter),
            ("write throughput", HigherIsBetter),
            ("thing", Unknown),
            ("v", Unknown),
        ] {
            assert_eq!(guess(name), expected, "{name}");
        }
    }
}
