//! A metric's values and effects as text, shared by page and table.

use crate::compare::{Effect, Metric, MetricVerdict, Value};
use crate::rule::comparison::Stat;
use crate::units::{format_duration, format_share, significant};

/// A value with its unit; a dash where there is none.
pub fn value(stat: Stat, value: Option<f64>) -> String {
    match (value, stat) {
        (None, _) => "–".to_owned(),
        (Some(x), Stat::Rate | Stat::Capacity) => format!("{}/s", significant(x)),
        (Some(x), Stat::Errors | Stat::Stalls) => format_share(x),
        (Some(x), _) => format_duration(x.round() as u64),
    }
}

/// A value that is shown only where something can be said of it.
pub fn shown(metric: &Metric, of: &Value) -> String {
    match metric.verdict {
        MetricVerdict::NotResolvable if metric.stat.quantile().is_some() => {
            format!("({})", value(metric.stat, of.value))
        }
        _ => value(metric.stat, of.value),
    }
}

/// `1.31 [1.27, 1.35]`, for shares `+0.02 [0.01, 0.03] %`.
pub fn effect(metric: &Metric) -> String {
    let Some(effect) = metric.effect else {
        return "–".to_owned();
    };
    let Effect { value, low, high, .. } = effect;
    // Of what another program measured the effect is known, and nothing of its doubt.
    let bare = low.is_none() && high.is_none() && metric.stat.quantile().is_some();
    if metric.verdict == MetricVerdict::NotResolvable && !bare {
        return "–".to_owned();
    }
    if bare && metric.verdict == MetricVerdict::NotResolvable {
        return format!("({})", ratio(value));
    }
    if bare {
        return ratio(value);
    }
    if metric.stat.is_share() {
        let percent = |x: f64| significant(x * 100.0);
        let end = |x: Option<f64>| x.map_or_else(|| "?".to_owned(), percent);
        let sign = if value > 0.0 { "+" } else { "" };
        return format!("{sign}{} [{}, {}] %", percent(value), end(low), end(high));
    }
    let end = |x: Option<f64>, open: &str| x.map_or_else(|| open.to_owned(), ratio);
    format!("{} [{}, {}]", ratio(value), end(low, "0"), end(high, "∞"))
}

/// Two decimals around 1, where they matter; significant digits far from it.
fn ratio(x: f64) -> String {
    match x {
        x if (0.1..10.0).contains(&x) => format!("{x:.2}"),
        x => significant(x),
    }
}

/// The verdict and why.
pub fn verdict(metric: &Metric) -> String {
    let mut text = metric.verdict.name().to_owned();
    if metric.indicative {
        text.push_str("? (indicative)");
    }
    if let Some(reason) = &metric.reason {
        text.push_str(": ");
        text.push_str(reason);
    }
    text
}
