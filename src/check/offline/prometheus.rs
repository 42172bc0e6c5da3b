//! Answers of Prometheus' HTTP API: series over time, put back into two texts of `/metrics` for each member.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

/// Series of more members than any cluster has are another cluster's.
const MOST_MEMBERS: usize = 64;

/// A series: its name, its labels, and its values with their times in seconds.
#[derive(Debug, Clone, PartialEq)]
struct Series {
    name: String,
    labels: String,
    points: Vec<(f64, f64)>,
}

impl Series {
    fn is_counter(&self) -> bool {
        ["_total", "_count", "_sum", "_bucket"].iter().any(|end| self.name.ends_with(end))
    }

    /// When it last fell: the member was started anew.
    fn reset_s(&self) -> Option<f64> {
        let mut pairs = self.points.windows(2).rev();
        let fell = pairs.find(|pair| pair[1].1 < pair[0].1).filter(|_| self.is_counter());
        fell.map(|pair| pair[1].0)
    }

    /// What it was at a time. A series that begins later counts what had not happened before.
    fn at(&self, at_s: f64) -> f64 {
        let before = self.points.iter().rev().find(|(s, _)| *s <= at_s);
        match before {
            Some((_, value)) => *value,
            None if self.is_counter() => 0.0,
            None => self.points.first().map_or(0.0, |(_, value)| *value),
        }
    }
}

/// Everything that was asked for, by member.
#[derive(Debug, Default)]
pub(super) struct Queries {
    members: BTreeMap<String, Vec<Series>>,
}

/// What a document turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// None of Prometheus'.
    No,
    /// It was taken.
    Yes,
    /// It has no names of metrics: something was computed, by `rate()` for example.
    Computed,
    /// Prometheus tells an error.
    Failed,
}

/// One text of a member and when it was so.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Dated {
    /// The text.
    pub text: String,
    /// When, in seconds since 1970.
    pub at_s: f64,
}

impl Queries {
    /// Takes a document.
    pub fn take(&mut self, document: &Value) -> Taken {
        match document.get("status").and_then(Value::as_str) {
            Some("success") => {}
            Some("error") if document.get("errorType").is_some() => return Taken::Failed,
            _ => return Taken::No,
        }
        let Some(data) = document.get("data") else { return Taken::No };
        if !matches!(data.get("resultType").and_then(Value::as_str), Some("matrix" | "vector")) {
            return Taken::No;
        }
        let all = data.get("result").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut named = all.is_empty();
        for one in all {
            if let Some((member, series)) = series(one) {
                named = true;
                let room = self.members.len() < MOST_MEMBERS || self.members.contains_key(&member);
                if room {
                    self.members.entry(member).or_default().push(series);
                }
            }
        }
        if named { Taken::Yes } else { Taken::Computed }
    }

    /// Each member with its texts: at the beginning and at the end, or one where all is of one moment.
    pub fn texts(self) -> impl Iterator<Item = (String, Vec<Dated>)> {
        self.members.into_iter().map(|(member, all)| {
            let times = || all.iter().flat_map(|one| &one.points).map(|(at_s, _)| *at_s);
            let from = times().fold(f64::INFINITY, f64::min);
            let to = times().fold(f64::NEG_INFINITY, f64::max);
            // Whatever was counted before a start is another run's.
            let from = all.iter().filter_map(Series::reset_s).fold(from, f64::max);
            let at = |at_s: f64| {
                let text = all.iter().fold(String::new(), |mut text, one| {
                    let _ = writeln!(text, "{}{{{}}} {}", one.name, one.labels, one.at(at_s));
                    text
                });
                Dated { text, at_s }
            };
            let moments = if to > from { vec![from, to] } else { vec![to] };
            (member, moments.into_iter().map(at).collect())
        })
    }
}

fn series(one: &Value) -> Option<(String, Series)> {
    let metric = one.get("metric")?.as_object()?;
    let label = |key: &str| metric.get(key).and_then(Value::as_str);
    let name = label("__name__")?.to_owned();
    let member = ["pod", "instance", "node", "host"].into_iter().find_map(label)?.to_owned();
    let values = one.get("values").and_then(Value::as_array);
    let values = values.map_or_else(
        || one.get("value").map(std::slice::from_ref).unwrap_or_default(),
        Vec::as_slice,
    );
    let points: Vec<(f64, f64)> = values.iter().filter_map(point).collect();
    points.first()?;
    let quoted = metric.iter().filter(|(key, _)| *key != "__name__").filter_map(|(key, value)| {
        let value = value.as_str()?.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        Some(format!("{key}=\"{value}\""))
    });
    let labels = quoted.collect::<Vec<_>>().join(",");
    Some((member, Series { name, labels, points }))
}

/// `[1700000000.123, "12.5"]`.
fn point(of: &Value) -> Option<(f64, f64)> {
    let pair = of.as_array()?;
    let at_s = pair.first()?.as_f64()?;
    let value: f64 = pair.get(1)?.as_str()?.parse().ok()?;
    (at_s.is_finite() && value.is_finite()).then_some((at_s, value))
}
