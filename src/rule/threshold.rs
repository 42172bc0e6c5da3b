//! The rule grammar: `SERIES.STAT OP LIMIT`, or `errors OP SHARE`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{suggest, units};

/// The series the disk probe records; what a rule of `etcdbench disk` may name.
pub const DISK_SERIES: &[&str] = &[
    "wal.write",
    "wal.fsync",
    "wal.fsync.fresh",
    "wal.fsync.same",
    "wal.sync",
    "wal.cut",
    "backend.commit",
    "put.commit",
];

/// The statistics a rule may ask for, as told to somebody who asked for another.
const KNOWN_STATS: &str = "p50, p99, p99.9 …, max, mean, count or rate";

/// The word for the share of failed operations.
const ERRORS: &str = "errors";

/// A threshold as it may be typed: `wal.fsync.p99 < 10ms`, `put.commit.rate >= 500`, `errors < 0.1%`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The series judged; `None` with [`Stat::Errors`] takes all series together.
    pub series: Option<String>,
    /// The statistic of it.
    pub stat: Stat,
    /// How the statistic must stand to the limit.
    pub op: Op,
    /// The limit: nanoseconds for durations, a share for errors, a plain number for count and rate.
    pub limit: f64,
}

/// What is computed from a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stat {
    /// A percentile, in percent: 99.9.
    Percentile(f64),
    /// The largest sample.
    Max,
    /// The arithmetic mean.
    Mean,
    /// The number of samples.
    Count,
    /// Samples per second.
    Rate,
    /// The share of failed operations.
    Errors,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

impl Op {
    /// How a figure that breaks the limit stands to it.
    pub fn inverse(self) -> Op {
        match self {
            Op::Below => Op::AtLeast,
            Op::AtMost => Op::Above,
            Op::Above => Op::AtMost,
            Op::AtLeast => Op::Below,
        }
    }
}

impl Rule {
    /// Parses a rule that may name any of these series.
    ///
    /// # Errors
    /// A message that names the part that is wrong and what would be right, without repeating the whole rule.
    pub fn parse(text: &str, known_series: &[&str]) -> Result<Rule, String> {
        let (left, op, right) = split_at_operator(text, known_series)?;
        let (series, stat) = parse_subject(left, known_series)?;
        let subject = subject_text(series.as_deref(), stat);
        check_direction(&subject, stat, op, right)?;
        let limit = parse_limit(&subject, stat, op, right)?;
        Ok(Rule { series, stat, op, limit })
    }

    /// A series and its statistic, `wal.fsync.p99`; `None` for any other text. Whether there is such a series is not
    /// asked.
    pub fn subject(text: &str) -> Option<(String, Stat)> {
        let mut dots = text.match_indices('.');
        dots.find_map(|(dot, _)| Some((text[..dot].to_owned(), text[dot + 1..].parse().ok()?)))
    }

    /// The rule's subject in a person's words: `wal.fsync p99`.
    pub fn label(&self) -> String {
        match &self.series {
            Some(series) => format!("{series} {}", self.stat),
            None => self.stat.to_string(),
        }
    }

    /// The limit in a person's words, with its operator: `< 10 ms`.
    pub fn limit_label(&self) -> String {
        let op = match self.op {
            Op::Below => "<",
            Op::AtMost => "≤",
            Op::Above => ">",
            Op::AtLeast => "≥",
        };
        format!("{op} {}", self.limit_value())
    }

    /// The limit alone in a person's words: `10 ms`.
    pub fn limit_value(&self) -> String {
        match self.stat {
            Stat::Percentile(_) | Stat::Max | Stat::Mean => {
                units::format_duration(self.limit as u64)
            }
            Stat::Errors => units::format_share(self.limit),
            Stat::Count => units::format_count(self.limit as u64),
            Stat::Rate => format!("{}/s", units::significant(self.limit)),
        }
    }
}

impl fmt::Display for Rule {
    /// The canonical text: parsing it gives the same rule.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = match self.stat {
            Stat::Percentile(_) | Stat::Max | Stat::Mean => {
                units::exact_duration(self.limit as u64)
            }
            Stat::Errors => units::exact_share(self.limit),
            Stat::Count | Stat::Rate => self.limit.to_string(),
        };
        let subject = subject_text(self.series.as_deref(), self.stat);
        write!(f, "{subject} {} {limit}", self.op)
    }
}

impl FromStr for Rule {
    type Err = String;

    /// Reads a rule as it is in a result: it was checked when it was typed, by a program that may have known more
    /// series.
    fn from_str(text: &str) -> Result<Rule, String> {
        let (left, op, right) = split_at_operator(text, &[])?;
        let (series, stat) = match Rule::subject(left) {
            Some((series, stat)) => (Some(series), stat),
            None if left == ERRORS => (None, Stat::Errors),
            None => return Err(format!("'{left}' is no series with a statistic")),
        };
        check_direction(left, stat, op, right)?;
        let limit = parse_limit(left, stat, op, right)?;
        Ok(Rule { series, stat, op, limit })
    }
}

impl Serialize for Rule {
    /// As [`Rule`] is displayed.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Rule, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(|why| D::Error::custom(format!("rule '{text}': {why}")))
    }
}

impl JsonSchema for Rule {
    fn schema_name() -> Cow<'static, str> {
        "Rule".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

impl FromStr for Stat {
    type Err = String;

    fn from_str(text: &str) -> Result<Stat, String> {
        parse_stat(text)?.ok_or_else(|| format!("no statistic '{text}'; use {KNOWN_STATS}"))
    }
}

impl fmt::Display for Stat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stat::Percentile(percent) => write!(f, "p{percent}"),
            Stat::Max => f.write_str("max"),
            Stat::Mean => f.write_str("mean"),
            Stat::Count => f.write_str("count"),
            Stat::Rate => f.write_str("rate"),
            Stat::Errors => f.write_str(ERRORS),
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Op::Below => "<",
            Op::AtMost => "<=",
            Op::Above => ">",
            Op::AtLeast => ">=",
        })
    }
}

fn subject_text(series: Option<&str>, stat: Stat) -> String {
    match series {
        Some(series) => format!("{series}.{stat}"),
        None => stat.to_string(),
    }
}

/// A series that waits and one that is achieved, out of those that may be named: what examples are made of.
fn examples<'a>(known: &[&'a str]) -> (&'a str, &'a str) {
    let first = |wanted: &[&str]| {
        let known = known.iter().copied();
        known.into_iter().find(|series| wanted.contains(series))
    };
    let any = known.first().copied().unwrap_or("SERIES");
    (
        first(&["wal.fsync", "put.response"]).unwrap_or(any),
        first(&["put.commit", "put.service"]).unwrap_or(any),
    )
}

fn split_at_operator<'a>(text: &'a str, known: &[&str]) -> Result<(&'a str, Op, &'a str), String> {
    let is_operator = |c: char| "<>=!≤≥≠".contains(c);
    let start = text.find(is_operator).ok_or_else(|| {
        let (wait, achieved) = examples(known);
        format!("no operator; write a rule like '{wait}.p99 < 10ms' or '{achieved}.rate >= 500'")
    })?;
    let rest = &text[start..];
    let end = rest.find(|c| !is_operator(c)).unwrap_or(rest.len());
    let (operator, right) = rest.split_at(end);
    let op = match operator {
        "<" => Op::Below,
        "<=" | "≤" => Op::AtMost,
        ">" => Op::Above,
        ">=" | "≥" => Op::AtLeast,
        other => return Err(format!("no operator '{other}'; use <, <=, > or >=")),
    };
    Ok((text[..start].trim(), op, right.trim()))
}

fn parse_subject(text: &str, known: &[&str]) -> Result<(Option<String>, Stat), String> {
    if text.is_empty() {
        let (wait, _) = examples(known);
        return Err(format!(
            "nothing before the operator; name a series and a statistic, like {wait}.p99"
        ));
    }
    if text == ERRORS {
        return Ok((None, Stat::Errors));
    }
    if known.contains(&text) {
        return Err(format!("'{text}' needs a statistic: {text}.p99, {text}.max …"));
    }
    // The first dot after which a statistic stands: "p99.9" has a dot of its own.
    for (dot, _) in text.match_indices('.') {
        let (series, stat) = (&text[..dot], &text[dot + 1..]);
        if let Some(stat) = parse_stat(stat)? {
            return if known.contains(&series) {
                Ok((Some(series.to_owned()), stat))
            } else {
                Err(unknown_series(series, known))
            };
        }
    }
    let longest_known = known
        .iter()
        .filter(|series| text.strip_prefix(**series).is_some_and(|rest| rest.starts_with('.')))
        .max_by_key(|series| series.len());
    match longest_known {
        Some(series) => Err(format!(
            "no statistic '{}' of {series}; use {KNOWN_STATS}",
            &text[series.len() + 1..]
        )),
        None => Err(unknown_series(text, known)),
    }
}

fn unknown_series(series: &str, known: &[&str]) -> String {
    suggest::unknown("series", series, known)
}

/// `Ok(None)` when the text is no statistic at all; an error when it is one that cannot be.
fn parse_stat(text: &str) -> Result<Option<Stat>, String> {
    Ok(Some(match text {
        "max" => Stat::Max,
        "mean" => Stat::Mean,
        "count" => Stat::Count,
        "rate" => Stat::Rate,
        ERRORS => Stat::Errors,
        _ => {
            let Some(digits) = text.strip_prefix('p') else {
                return Ok(None);
            };
            if !digits.starts_with(|c: char| c.is_ascii_digit()) {
                return Ok(None);
            }
            let Ok(percent) = digits.parse::<f64>() else {
                return Ok(None);
            };
            if percent <= 0.0 || percent >= 100.0 {
                return Err(format!(
                    "no percentile '{text}'; it lies between p0 and p100, and the largest sample is 'max'"
                ));
            }
            Stat::Percentile(percent)
        }
    }))
}

fn check_direction(subject: &str, stat: Stat, op: Op, right: &str) -> Result<(), String> {
    let upper = matches!(op, Op::Below | Op::AtMost);
    match stat {
        Stat::Percentile(_) | Stat::Max | Stat::Mean | Stat::Errors if !upper => Err(format!(
            "'{op}' is the wrong way round: {subject} is better the smaller it is; write '{subject} < {right}'"
        )),
        Stat::Count | Stat::Rate if upper => Err(format!(
            "'{op}' is the wrong way round: {subject} is better the larger it is; write '{subject} >= {right}'"
        )),
        _ => Ok(()),
    }
}

fn parse_limit(subject: &str, stat: Stat, op: Op, text: &str) -> Result<f64, String> {
    if text.is_empty() {
        return Err(format!("no limit after '{op}'"));
    }
    let limit = match stat {
        Stat::Percentile(_) | Stat::Max | Stat::Mean => units::parse_duration(text)? as f64,
        Stat::Errors => units::parse_share(text)?,
        Stat::Count | Stat::Rate => parse_number(subject, stat, text)?,
    };
    let satisfiable =
        limit > 0.0 || op == Op::AtLeast || (stat == Stat::Errors && op == Op::AtMost);
    if satisfiable { Ok(limit) } else { Err(format!("'{op} {text}' can never hold for {subject}")) }
}

fn parse_number(subject: &str, stat: Stat, text: &str) -> Result<f64, String> {
    let digits = match stat {
        Stat::Rate => text.strip_suffix("/s").unwrap_or(text).trim_end(),
        _ => text,
    };
    let number = digits.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
    number.ok_or_else(|| {
        format!("'{text}' is not a limit for {subject}; write a plain number like 500")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Rule, String> {
        Rule::parse(text, DISK_SERIES)
    }

    #[test]
    fn every_form_is_read_and_given_back() {
        for (typed, canonical) in [
            ("wal.fsync.p99 < 10ms", "wal.fsync.p99 < 10ms"),
            ("  wal.fsync.p99.9<20ms ", "wal.fsync.p99.9 < 20ms"),
            ("wal.fsync.fresh.p50 <= 1.5ms", "wal.fsync.fresh.p50 <= 1500us"),
            ("backend.commit.max < 1s", "backend.commit.max < 1s"),
            ("wal.sync.mean ≤ 2ms", "wal.sync.mean <= 2ms"),
            ("wal.sync.count >= 1000", "wal.sync.count >= 1000"),
            ("put.commit.rate >= 500/s", "put.commit.rate >= 500"),
            ("put.commit.rate > 0.5", "put.commit.rate > 0.5"),
            ("errors < 0.1%", "errors < 0.1%"),
            ("put.commit.errors <= 0%", "put.commit.errors <= 0%"),
        ] {
            let rule = parse(typed).unwrap_or_else(|e| panic!("{typed}: {e}"));
            assert_eq!(rule.to_string(), canonical);
            assert_eq!(parse(canonical), Ok(rule));
        }
    }

    #[test]
    fn people_read_label_and_limit() {
        let rule = parse("wal.fsync.p99.9 < 10ms").unwrap();
        assert_eq!(
            (rule.label().as_str(), rule.limit_label().as_str()),
            ("wal.fsync p99.9", "< 10 ms")
        );
        let rule = parse("errors <= 0.1%").unwrap();
        assert_eq!((rule.label().as_str(), rule.limit_label().as_str()), ("errors", "≤ 0.1 %"));
        let rule = parse("put.commit.rate >= 1500").unwrap();
        assert_eq!(rule.limit_label(), "≥ 1,500/s");
    }

    #[test]
    fn mistakes_are_named_with_what_would_be_right() {
        for (typed, said) in [
            ("wal.fsnyc.p99 < 10ms", "no series 'wal.fsnyc'; did you mean 'wal.fsync'?"),
            ("wal.fsnyc < 10ms", "no series 'wal.fsnyc'; did you mean 'wal.fsync'?"),
            ("bananas.p99 < 10ms", "no series 'bananas'; there are wal.write, wal.fsync"),
            ("wal.fsync < 10ms", "'wal.fsync' needs a statistic"),
            ("wal.fsync.median < 10ms", "no statistic 'median' of wal.fsync; use p50"),
            ("wal.fsync.pfoo < 10ms", "no statistic 'pfoo' of wal.fsync"),
            ("wal.fsync.p100 < 10ms", "no percentile 'p100'"),
            ("wal.fsync.p0 < 10ms", "no percentile 'p0'"),
            ("wal.fsync.p99 < 10", "'10' is not a duration; write it with a unit"),
            ("wal.fsync.p99 <", "no limit after '<'"),
            ("wal.fsync.p99 > 10ms", "write 'wal.fsync.p99 < 10ms'"),
            ("put.commit.rate < 500", "write 'put.commit.rate >= 500'"),
            ("put.commit.rate >= fast", "'fast' is not a limit for put.commit.rate"),
            ("put.commit.rate >= nan", "'nan' is not a limit"),
            ("wal.fsync.p99 == 10ms", "no operator '=='; use <, <=, > or >="),
            ("wal.fsync.p99 10ms", "no operator; write a rule like"),
            ("< 10ms", "nothing before the operator"),
            ("errors < 10ms", "'10ms' is not a share"),
            ("errors < 0%", "can never hold"),
            ("wal.fsync.p99 < 0ms", "can never hold"),
            ("", "no operator"),
        ] {
            let message = parse(typed).expect_err(typed);
            assert!(message.contains(said), "{typed}: {message}");
        }
    }

    #[test]
    fn examples_are_of_what_may_be_named() {
        let load = ["put.service", "put.response", "put.lag"];
        let message = Rule::parse("put.response.p99 10ms", &load).unwrap_err();
        assert!(
            message.contains("'put.response.p99 < 10ms' or 'put.service.rate >= 500'"),
            "{message}"
        );
        let message = Rule::parse("< 10ms", &load).unwrap_err();
        assert!(message.contains("like put.response.p99"), "{message}");
    }

    #[test]
    fn any_text_gives_a_rule_or_a_message() {
        for text in [
            "…≥…",
            "wal.fsync.p99 < 10ms < 20ms",
            ".p99 < 1ms",
            "wal..p99 < 1ms",
            "p99 < 1ms",
            "é.p99≠1",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
