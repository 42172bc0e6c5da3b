//! What a neighbour's process tells: a JSON document per line on its stdout.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    /// Everything is prepared, and work begins.
    Ready,
    /// What was done since the process began.
    Done(Work),
    /// It cannot go on.
    Failed(String),
}

/// What a neighbour has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Work {
    /// Files made.
    pub files: u64,
    /// Bytes written to files, in whole blocks.
    pub written_bytes: u64,
    /// Bytes read.
    pub read_bytes: u64,
    /// Files synced.
    pub syncs: u64,
}

impl Work {
    /// What was done since an earlier moment.
    pub fn since(&self, earlier: &Work) -> Work {
        Work {
            files: self.files.saturating_sub(earlier.files),
            written_bytes: self.written_bytes.saturating_sub(earlier.written_bytes),
            read_bytes: self.read_bytes.saturating_sub(earlier.read_bytes),
            syncs: self.syncs.saturating_sub(earlier.syncs),
        }
    }

    /// As counters of the result.
    pub fn values(&self) -> BTreeMap<String, f64> {
        let values = [
            ("files", self.files),
            ("written_bytes", self.written_bytes),
            ("read_bytes", self.read_bytes),
            ("syncs", self.syncs),
        ];
        let named = values.map(|(name, value)| (name.to_owned(), value as f64));
        named.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::NeighbourKind;

    #[test]
    fn a_line_is_read_back() {
        let work = Work { files: 3, written_bytes: 4096, ..Work::default() };
        for word in [Word::Ready, Word::Done(work), Word::Failed("no room".into())] {
            let line = serde_json::to_string(&word).unwrap();
            assert_eq!(serde_json::from_str::<Word>(&line).unwrap(), word, "{line}");
        }
    }

    #[test]
    fn every_kind_is_measured_by_a_counter_there_is() {
        let values = Work::default().values();
        for kind in NeighbourKind::ALL {
            assert!(values.contains_key(kind.counter()), "{kind:?}");
        }
    }
}
