//! One difference, and what differences are told from.

use crate::plan::ImportPlan;
use crate::result::{Finding, SeriesData, Severity};
use crate::verdict::import::finding::{Complete, finding};

/// How a difference bears on the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::verdict::import) enum Bearing {
    /// Good to know.
    Note,
    /// The disk had it easier than under etcd: a limit that held says little.
    Easier,
    /// The disk had it harder than under etcd: a limit that broke says little.
    Harder,
    /// It was another test.
    Other,
}

/// One difference.
#[derive(Debug, Clone)]
pub(in crate::verdict::import) struct Trait {
    pub code: &'static str,
    pub bearing: Bearing,
    /// In a few words; empty for what is no difference.
    pub brief: String,
    /// In a sentence or two.
    pub message: String,
    pub advice: Option<&'static str>,
    pub numbers: Vec<(&'static str, f64)>,
}

impl Trait {
    pub(super) fn new(
        code: &'static str,
        bearing: Bearing,
        brief: &str,
        message: impl Into<String>,
    ) -> Self {
        Trait {
            code,
            bearing,
            brief: brief.to_owned(),
            message: message.into(),
            advice: None,
            numbers: Vec::new(),
        }
    }

    pub(super) fn number(mut self, name: &'static str, value: f64) -> Self {
        self.numbers.push((name, value));
        self
    }

    pub(super) fn advise(mut self, advice: &'static str) -> Self {
        self.advice = Some(advice);
        self
    }

    /// As something worth knowing.
    pub fn finding(&self) -> Finding {
        let severity = match self.bearing {
            Bearing::Note => Severity::Info,
            _ => Severity::Warning,
        };
        let numbers = self.numbers.iter();
        let bare = finding(self.code, severity, self.message.clone());
        let found = numbers.fold(bare, |found, &(name, value)| found.number(name, value));
        match self.advice {
            Some(advice) => found.advise(advice),
            None => found,
        }
    }
}

/// fio's options, as numbers where they are.
pub(super) struct Options<'a> {
    pub(super) plan: &'a ImportPlan,
}

impl<'a> Options<'a> {
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.plan.options.get(name).map(String::as_str)
    }

    /// A size or a count.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        size(self.text(name)?)
    }

    pub(super) fn is_on(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| value != "0")
    }
}

/// What the traits are told from.
pub(super) struct RuleInput<'a> {
    pub(super) plan: &'a ImportPlan,
    pub(super) options: Options<'a>,
    /// The syncs, where there are any.
    pub(super) series: Option<&'a SeriesData>,
    pub(super) syncs: u64,
    pub(super) length_ns: u64,
}

/// fio's sizes: `2300`, `4k`, `22m`; powers of 1024. Of a range, or of one size per direction, the largest.
pub(super) fn size(text: &str) -> Option<u64> {
    let one = |text: &str| -> Option<u64> {
        let text = text.trim().to_ascii_lowercase();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let shift = match text[digits.len()..].chars().next() {
            None | Some('b') => 0,
            Some('k') => 10,
            Some('m') => 20,
            Some('g') => 30,
            Some('t') => 40,
            Some(_) => return None,
        };
        digits.parse::<u64>().ok()?.checked_mul(1 << shift)
    };
    text.split([',', '-']).filter_map(one).max()
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_as_fio_takes_them() {
        for (text, bytes) in [
            ("2300", Some(2300)),
            ("22m", Some(22 << 20)),
            ("4k", Some(4096)),
            ("4K,8k", Some(8192)),
            ("4k-64k", Some(65536)),
            ("1gb", Some(1 << 30)),
            ("100%", None),
            ("", None),
        ] {
            assert_eq!(size(text), bytes, "{text}");
        }
    }
}
