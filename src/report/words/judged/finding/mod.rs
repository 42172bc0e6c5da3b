//! What is worth knowing: what was seen, and what to do about it.

mod disk;
mod load;

use super::Names;
use crate::result::Finding;
use crate::verdict::{FindingKind, Found};

/// What was seen, and what to do about it.
struct Words {
    message: String,
    advice: Option<String>,
}

impl Words {
    /// Without advice.
    fn message(message: impl Into<String>) -> Words {
        Words { message: message.into(), advice: None }
    }

    fn advise(self, advice: impl Into<String>) -> Words {
        Words { advice: Some(advice.into()), ..self }
    }
}

impl Names<'_> {
    pub(super) fn findings(&self, all: &[Found]) -> Vec<Finding> {
        all.iter().map(|found| self.finding(found)).collect()
    }

    fn finding(&self, found: &Found) -> Finding {
        let words = match &found.what {
            FindingKind::Disk(what) => self.disk_finding(what),
            FindingKind::Load(what) => self.load_finding(what),
        };
        let numbers = found.numbers.iter();
        Finding {
            code: found.what.code(),
            severity: found.severity,
            message: words.message,
            advice: words.advice,
            numbers: numbers.map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        }
    }
}

/// A text as the beginning of a sentence.
fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
