//! One interval's samples of one series, cheap to record into.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};
use hdrhistogram::{Counter, Histogram};

/// The highest duration the histogram resolves: one hour. Longer ones are counted, never silently clamped.
pub const HIGHEST_NS: u64 = 3_600_000_000_000;
/// Significant decimal digits of every histogram: a value is off by at most 0.1 %.
pub const SIGNIFICANT_DIGITS: u8 = 3;

/// A histogram with exact count, minimum, maximum and sum beside it, because the histogram rounds them.
#[derive(Debug, Clone)]
pub struct Samples {
    histogram: Histogram<u32>,
    count: u64,
    min_ns: u64,
    max_ns: u64,
    sum_ns: u64,
    over_top: u64,
    errors: BTreeMap<String, u64>,
    error_texts: ErrorTexts,
}

/// What failed operations were told: by class, the text and how often it came.
pub type ErrorTexts = BTreeMap<String, BTreeMap<String, u64>>;

/// Texts of one class that are told apart; of more than these only the number is kept.
const MOST_TEXTS: usize = 12;
/// Characters of a text that are kept.
const TEXT_LENGTH: usize = 160;
/// Stands for the texts that are not told apart.
pub const OTHER_TEXTS: &str = "other texts";

/// Counts texts of one class; those beyond [`MOST_TEXTS`] as [`OTHER_TEXTS`].
pub fn add_error_texts(to: &mut ErrorTexts, class: &str, text: &str, count: u64) {
    if !to.contains_key(class) {
        to.insert(class.to_owned(), BTreeMap::new());
    }
    let Some(texts) = to.get_mut(class) else {
        return;
    };
    let text =
        if texts.contains_key(text) || texts.len() < MOST_TEXTS { text } else { OTHER_TEXTS };
    match texts.get_mut(text) {
        Some(sum) => *sum = sum.saturating_add(count),
        None => drop(texts.insert(text.to_owned(), count)),
    }
}

/// A server's words on one line, without what a terminal would obey, and of a length that can be kept.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let text = words.join(" ");
    match text.char_indices().nth(TEXT_LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl Default for Samples {
    fn default() -> Self {
        Self::new()
    }
}

impl Samples {
    /// An empty histogram with fixed bounds, 1 ns to [`HIGHEST_NS`]; it never resizes while recording.
    pub fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, HIGHEST_NS, SIGNIFICANT_DIGITS)
            .expect("constant bounds are valid");
        Samples {
            histogram,
            count: 0,
            min_ns: u64::MAX,
            max_ns: 0,
            sum_ns: 0,
            over_top: 0,
            errors: BTreeMap::new(),
            error_texts: ErrorTexts::new(),
        }
    }

    /// Records one duration. A value above [`HIGHEST_NS`] is counted in [`Samples::over_top`] and at the top.
    pub fn record(&mut self, ns: u64) {
        self.count += 1;
        self.min_ns = self.min_ns.min(ns);
        self.max_ns = self.max_ns.max(ns);
        self.sum_ns = self.sum_ns.saturating_add(ns);
        if ns > HIGHEST_NS {
            self.over_top += 1;
        }
        self.histogram.saturating_record(ns.max(1));
    }

    /// Records a duration as often as somebody else's histogram has counted it.
    pub fn record_many(&mut self, ns: u64, count: u32) {
        if count == 0 {
            return;
        }
        let many = u64::from(count);
        self.count += many;
        self.min_ns = self.min_ns.min(ns);
        self.max_ns = self.max_ns.max(ns);
        self.sum_ns = self.sum_ns.saturating_add(ns.saturating_mul(many));
        if ns > HIGHEST_NS {
            self.over_top += many;
        }
        self.histogram.saturating_record_n(ns.max(1), count);
    }

    /// Counts an operation that failed, by class.
    pub fn error(&mut self, class: &str) {
        match self.errors.get_mut(class) {
            Some(count) => *count += 1,
            None => {
                self.errors.insert(class.to_owned(), 1);
            }
        }
    }

    /// Counts what a failed operation of this class was told.
    pub fn error_text(&mut self, class: &str, text: &str) {
        let text = one_line(text);
        if !text.is_empty() {
            add_error_texts(&mut self.error_texts, class, &text, 1);
        }
    }

    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.histogram.reset();
        self.count = 0;
        self.min_ns = u64::MAX;
        self.max_ns = 0;
        self.sum_ns = 0;
        self.over_top = 0;
        self.errors.clear();
        self.error_texts.clear();
    }

    /// Number of recorded durations, errors not among them.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The smallest recorded duration, exact; 0 when empty.
    pub fn min_ns(&self) -> u64 {
        if self.count == 0 { 0 } else { self.min_ns }
    }

    /// The largest recorded duration, exact; 0 when empty.
    pub fn max_ns(&self) -> u64 {
        self.max_ns
    }

    /// The sum of all recorded durations, exact.
    pub fn sum_ns(&self) -> u64 {
        self.sum_ns
    }

    /// How many values were above [`HIGHEST_NS`].
    pub fn over_top(&self) -> u64 {
        self.over_top
    }

    /// Failed operations by class.
    pub fn errors(&self) -> &BTreeMap<String, u64> {
        &self.errors
    }

    /// What failed operations were told.
    pub fn error_texts(&self) -> &ErrorTexts {
        &self.error_texts
    }

    /// True when neither a duration nor an error was recorded.
    pub fn is_empty(&self) -> bool {
        self.count == 0 && self.errors.is_empty()
    }

    /// The buckets that hold something, as (highest value of the bucket in ns, count), ascending.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.histogram
            .iter_recorded()
            .map(|v| (v.value_iterated_to(), v.count_since_last_iteration()))
    }

    /// HdrHistogram V2, deflated, base64: what Java's and every other reader of `.hlog` understands.
    pub fn encode(&self) -> String {
        encoded(&self.histogram, &mut V2DeflateSerializer::new())
    }
}

/// A histogram as results and `.hlog` hold it.
pub(super) fn encoded<C: Counter>(
    histogram: &Histogram<C>,
    by: &mut V2DeflateSerializer,
) -> String {
    let mut bytes = Vec::new();
    by.serialize(histogram, &mut bytes).expect("writing to memory cannot fail");
    BASE64.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_kept_on_one_line_and_bounded() {
        assert_eq!(one_line("a\x1b[31m\n\tb  c\r\n"), "a [31m b c");
        let long = one_line(&"größe ".repeat(100));
        assert_eq!(long.chars().count(), TEXT_LENGTH + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn a_server_that_never_says_the_same_twice_is_not_kept_whole() {
        let mut samples = Samples::new();
        for number in 0..1_000 {
            samples.error_text("other", &format!("broken at {number}"));
        }
        samples.error_text("overload", "etcdserver: too many requests");
        let texts = &samples.error_texts()["other"];
        assert_eq!(texts.len(), MOST_TEXTS + 1);
        assert_eq!(texts[OTHER_TEXTS], 1_000 - MOST_TEXTS as u64);
        assert_eq!(samples.error_texts()["overload"].values().sum::<u64>(), 1);
        samples.clear();
        assert!(samples.error_texts().is_empty());
    }
}
