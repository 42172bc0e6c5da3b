//! How findings of foreign runs are made.

use crate::result::{Finding, Severity};

/// A finding without advice or numbers yet.
pub(super) fn finding(code: &str, severity: Severity, message: String) -> Finding {
    Finding { code: code.into(), severity, message, ..Finding::default() }
}

/// What a finding is completed with.
pub(super) trait Complete {
    fn advise(self, advice: impl Into<String>) -> Self;
    fn number(self, name: &str, value: f64) -> Self;
}

impl Complete for Finding {
    fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    fn number(mut self, name: &str, value: f64) -> Self {
        self.numbers.insert(name.to_owned(), value);
        self
    }
}

/// A text as the beginning of a sentence.
pub(super) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
