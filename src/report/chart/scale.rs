//! Scales and their ticks: the same thing has the same axis on every chart.

use crate::units::{format_bytes, format_duration, format_share, significant};

/// How values become places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scale {
    /// Equal steps are equally far apart.
    Linear {
        /// The value at the beginning.
        low: f64,
        /// The value at the end.
        high: f64,
    },
    /// Equal factors are equally far apart.
    Log {
        /// The value at the beginning, above 0.
        low: f64,
        /// The value at the end.
        high: f64,
    },
    /// Quantiles from 0 up to this one: each further nine takes as much room as the first.
    Tail {
        /// The highest quantile, below 1.
        high: f64,
    },
}

impl Scale {
    /// Whether a value has a place of its own: what lies beyond the ends stays at the edge.
    pub fn holds(self, value: f64) -> bool {
        let (low, high) = match self {
            Scale::Linear { low, high } | Scale::Log { low, high } => (low, high),
            Scale::Tail { high } => (0.0, high),
        };
        // Ends are made of steps, not of the values themselves.
        value >= low - low.abs() * 1e-9 && value <= high + high.abs() * 1e-9
    }

    /// Where a value lies, from 0 at the beginning to 1 at the end; what lies beyond stays at the edge.
    pub fn share(self, value: f64) -> f64 {
        let share = match self {
            Scale::Linear { low, high } => (value - low) / (high - low),
            Scale::Log { low, high } => {
                (value.max(f64::MIN_POSITIVE).ln() - low.ln()) / (high.ln() - low.ln())
            }
            Scale::Tail { high } => nines(value) / nines(high),
        };
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// How many nines a quantile has: 0.99 has two.
fn nines(q: f64) -> f64 {
    -(1.0 - q.clamp(0.0, 0.999_999_9)).log10()
}

/// A scale, its ticks, and what is along it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    /// The scale.
    pub scale: Scale,
    /// Value and text of each tick.
    pub ticks: Vec<(f64, String)>,
    /// What is along it, in words.
    pub label: String,
}

impl Axis {
    /// With another label.
    pub fn labelled(mut self, label: &str) -> Self {
        label.clone_into(&mut self.label);
        self
    }
}

/// 1, 2 and 5 in every decade, and so the ends of axes.
const STEPS: [f64; 3] = [1.0, 2.0, 5.0];

/// The largest of 1, 2, 5, 10, 20 … that is not above a value.
fn step_below(value: f64) -> f64 {
    let decade = 10_f64.powf((value * (1.0 + 1e-9)).log10().floor());
    let fits = |step: &&f64| **step * decade <= value * (1.0 + 1e-9);
    decade * STEPS.iter().rev().find(fits).unwrap_or(&1.0)
}

/// The smallest of 1, 2, 5, 10, 20 … that is not below a value.
fn step_above(value: f64) -> f64 {
    let below = step_below(value);
    if below >= value * (1.0 - 1e-9) {
        return below;
    }
    let decade = 10_f64.powf((below * (1.0 + 1e-9)).log10().floor());
    let next = STEPS.iter().map(|step| step * decade);
    next.chain([10.0 * decade]).find(|step| *step > value).unwrap_or(10.0 * decade)
}

/// The ends of the positive, finite values.
fn ends(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let usable = values.into_iter().filter(|v| v.is_finite() && *v > 0.0);
    usable.fold(None, |ends, value| match ends {
        None => Some((value, value)),
        Some((low, high)) => Some((f64::min(low, value), f64::max(high, value))),
    })
}

/// Values above 0 on a logarithmic axis of at least a decade; `show` words a tick.
pub(super) fn log_axis(
    values: impl IntoIterator<Item = f64>,
    label: &str,
    show: impl Fn(f64) -> String,
) -> Axis {
    let (low, high) = ends(values).unwrap_or((1e6, 1e7));
    let (mut low, mut high) = (step_below(low), step_above(high));
    while high / low < 9.999 {
        // Room above and below, so that a steady thing lies in the middle.
        high = step_above(high * 1.01);
        if high / low < 9.999 {
            low = step_below(low * 0.99);
        }
    }
    let decades = (high / low).log10();
    let mut ticks = Vec::new();
    let mut decade = 10_f64.powf((low * (1.0 + 1e-9)).log10().floor());
    while decade <= high * (1.0 + 1e-9) {
        for step in STEPS {
            let value = step * decade;
            let within = value >= low * (1.0 - 1e-9) && value <= high * (1.0 + 1e-9);
            if within && (step == 1.0 || decades < 2.2) {
                ticks.push((value, show(value)));
            }
        }
        decade *= 10.0;
    }
    Axis { scale: Scale::Log { low, high }, ticks, label: label.to_owned() }
}

/// Durations in nanoseconds, logarithmic.
pub(super) fn latency_axis(values: impl IntoIterator<Item = f64>, label: &str) -> Axis {
    let at_least_one = values.into_iter().map(|ns| ns.max(1.0));
    log_axis(at_least_one, label, |ns| format_duration(ns.round() as u64))
}

/// The end of the widest axis of ratios, on either side of 1; what lies beyond gets an arrow and its figure.
pub(super) const WIDEST_RATIO: f64 = 10_000.0;

/// Ratios around 1, logarithmic; the tick at 1 comes first, as it matters most.
pub(super) fn ratio_axis(values: impl IntoIterator<Item = f64>, label: &str) -> Axis {
    const FINE: [f64; 17] =
        [0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0];
    const COARSE: [f64; 25] = [
        0.0001,
        0.0002,
        0.0005,
        0.001,
        0.002,
        0.005,
        0.01,
        0.02,
        0.05,
        0.1,
        0.2,
        0.5,
        1.0,
        2.0,
        5.0,
        10.0,
        20.0,
        50.0,
        100.0,
        200.0,
        500.0,
        1_000.0,
        2_000.0,
        5_000.0,
        WIDEST_RATIO,
    ];
    let (low, high) = ends(values).unwrap_or((1.0, 1.0));
    let (low, high) = (low.min(0.9), high.max(1.1));
    let all: &[f64] = if low >= 0.33 && high <= 3.0 { &FINE } else { &COARSE };
    let first = all.iter().rposition(|tick| *tick <= low).unwrap_or(0);
    let last = all.iter().position(|tick| *tick >= high);
    let last = last.unwrap_or(all.len() - 1);
    let mut shown = all[first..=last].to_vec();
    // Over many decades their beginnings are enough.
    if all[last] / all[first] > 2_000.0 {
        shown.retain(|tick| (tick.log10() - tick.log10().round()).abs() < 1e-9);
    }
    shown.sort_by(|a, b| a.ln().abs().total_cmp(&b.ln().abs()));
    Axis {
        scale: Scale::Log { low: all[first], high: all[last] },
        ticks: shown.into_iter().map(|tick| (tick, format!("{tick}×"))).collect(),
        label: label.to_owned(),
    }
}

/// Time in nanoseconds since some zero, with about so many ticks.
pub(super) fn time_axis(length_ns: u64, most_ticks: usize, label: &str) -> Axis {
    const S: u64 = 1_000_000_000;
    const STEPS_S: [u64; 18] = [
        1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400,
        604_800,
    ];
    let length = length_ns.max(S / 1_000);
    let fits = |step: &&u64| length / (**step * S) < most_ticks as u64;
    let step = match STEPS_S.iter().find(fits) {
        Some(step) if length >= 2 * S => step * S,
        // Short runs in their own decades, and runs of years.
        _ => (step_above(length as f64 / most_ticks as f64) as u64).max(1),
    };
    let tick = |index: u64| {
        let ns = index * step;
        let text = if ns == 0 { "0".to_owned() } else { format_duration(ns) };
        (ns as f64, text)
    };
    Axis {
        scale: Scale::Linear { low: 0.0, high: length as f64 },
        ticks: (0..=length / step).map(tick).collect(),
        label: label.to_owned(),
    }
}

/// Numbers from 0 (or the lowest, where that is below) up, linear; `show` words a tick.
pub(super) fn linear_axis(
    values: impl IntoIterator<Item = f64>,
    most_ticks: usize,
    label: &str,
    show: impl Fn(f64) -> String,
) -> Axis {
    let finite = values.into_iter().filter(|value| value.is_finite());
    let (low, high) =
        finite.fold((0.0, 0.0), |(low, high), value| (f64::min(low, value), f64::max(high, value)));
    let span = if high > low { high - low } else { 1.0 };
    let step = step_above(span / most_ticks.max(1) as f64);
    let first = (low / step).floor();
    let last = ((low + span) / step - 1e-9).ceil();
    let count = (last - first).clamp(1.0, 100.0) as usize;
    let ticks = (0..=count).map(|index| {
        let value = (first + index as f64) * step;
        (value, show(value))
    });
    Axis {
        scale: Scale::Linear { low: first * step, high: (first + count as f64) * step },
        ticks: ticks.collect(),
        label: label.to_owned(),
    }
}

/// Sizes from 0 up, linear, in steps of a power of two.
pub(super) fn bytes_axis(values: impl IntoIterator<Item = f64>, label: &str) -> Axis {
    let finite = values.into_iter().filter(|value| value.is_finite());
    let high = finite.fold(4.0, f64::max);
    let step = 2_f64.powf((high / 3.0).log2().ceil());
    let count = (high / step - 1e-9).ceil().max(1.0);
    let tick = |index: u64| {
        let bytes = index as f64 * step;
        (bytes, format_bytes(bytes as u64))
    };
    Axis {
        scale: Scale::Linear { low: 0.0, high: count * step },
        ticks: (0..=count as u64).map(tick).collect(),
        label: label.to_owned(),
    }
}

/// Numbers on a linear axis that need not begin at 0, so that small changes can be seen.
pub(super) fn near_axis(
    values: impl IntoIterator<Item = f64>,
    most_ticks: usize,
    label: &str,
    show: impl Fn(f64) -> String,
) -> Axis {
    let finite = values.into_iter().filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (f64::min(low, value), f64::max(high, value))
    });
    if low > high {
        return linear_axis([], most_ticks, label, show);
    }
    // A tenth of the value at least, so that a steady thing looks steady.
    let room = ((high.abs() * 0.1).max(high - low).max(1e-9) - (high - low)) / 2.0;
    let (low, high) = (low - room, high + room);
    let step = step_above((high - low) / most_ticks.max(1) as f64);
    let first = (low / step + 1e-9).floor();
    let last = (high / step - 1e-9).ceil();
    let count = (last - first).clamp(1.0, 100.0) as usize;
    let tick = |index: usize| {
        let value = (first + index as f64) * step;
        (value, show(value))
    };
    Axis {
        scale: Scale::Linear { low: first * step, high: (first + count as f64) * step },
        ticks: (0..=count).map(tick).collect(),
        label: label.to_owned(),
    }
}

/// Operations per second from 0 up, linear.
pub(super) fn rate_axis(values: impl IntoIterator<Item = f64>, label: &str) -> Axis {
    linear_axis(values, 5, label, |rate| format!("{}/s", significant(rate)))
}

/// Quantiles from 0 to the first of these ticks that is not below `high`.
pub(super) fn tail_axis(high: f64, label: &str) -> Axis {
    const TICKS: [f64; 7] = [0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999];
    let end = TICKS.into_iter().find(|tick| *tick >= high - 1e-12).unwrap_or(TICKS[6]).max(0.9);
    // The median matters more than the beginning, where there is no room for both.
    let (beginning, others) = TICKS.split_at(1);
    let ticks = others.iter().chain(beginning).copied();
    let ticks = ticks.filter(|tick| *tick <= end);
    Axis {
        scale: Scale::Tail { high: end },
        ticks: ticks.map(|tick| (tick, percent(tick))).collect(),
        label: label.to_owned(),
    }
}

/// `99.9 %`: all the nines, however many.
fn percent(share: f64) -> String {
    if share < 0.9995 {
        return format_share(share);
    }
    let text = format!("{:.4}", share * 100.0);
    format!("{} %", text.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::{Scale, latency_axis, linear_axis, tail_axis, time_axis};

    const S: u64 = 1_000_000_000;

    fn texts(ticks: &[(f64, String)]) -> Vec<&str> {
        ticks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn latencies_have_round_ticks_with_units_over_a_decade_at_least() {
        let axis = latency_axis([312_000.0], "");
        assert_eq!(texts(&axis.ticks), ["0.1 ms", "0.2 ms", "0.5 ms", "1 ms"]);
        let wide = latency_axis([3_000.0, 10e9], "");
        assert_eq!(
            texts(&wide.ticks),
            ["0.01 ms", "0.1 ms", "1 ms", "10 ms", "100 ms", "1 s", "10 s"]
        );
        assert!(latency_axis([0.0, f64::NAN], "").ticks.len() > 1);
        assert!(latency_axis([], "").ticks.len() > 1);
        assert!(latency_axis([u64::MAX as f64], "").ticks.len() > 1);
    }

    #[test]
    fn time_is_ticked_in_seconds_minutes_and_hours() {
        let ticks = |seconds: u64| {
            let axis = time_axis(seconds * S, 6, "");
            texts(&axis.ticks).join(" ")
        };
        assert_eq!(ticks(35), "0 10 s 20 s 30 s");
        assert_eq!(ticks(3_600), "0 20 min 40 min 60 min");
        assert_eq!(ticks(20 * 86_400).split(' ').next(), Some("0"));
        assert!(time_axis(0, 6, "").ticks.len() > 1);
        assert!(time_axis(3_000_000, 6, "").ticks.len() > 2);
        assert!(time_axis(u64::MAX, 6, "").ticks.len() < 100);
    }

    #[test]
    fn each_nine_takes_the_same_room() {
        let axis = tail_axis(0.995, "");
        assert_eq!(texts(&axis.ticks), ["50 %", "90 %", "99 %", "99.9 %", "0 %"]);
        let share = |q| axis.scale.share(q);
        assert!((share(0.9) - 1.0 / 3.0).abs() < 1e-9 && (share(0.99) - 2.0 / 3.0).abs() < 1e-9);
        assert_eq!(texts(&tail_axis(0.999_9, "").ticks)[4], "99.99 %");
    }

    #[test]
    fn what_is_no_number_stays_on_the_page() {
        let degenerate = Scale::Linear { low: 1.0, high: 1.0 };
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0] {
            assert!((0.0..=1.0).contains(&degenerate.share(value)));
        }
        assert!(linear_axis([f64::INFINITY], 5, "", |v| v.to_string()).ticks.len() > 1);
    }
}
