//! A directory with results, and the program run in it.

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use tempfile::TempDir;

use super::files::Fake;

/// A directory with results, and the program run in it.
pub struct Place(pub TempDir);

impl Place {
    pub fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    pub fn write(&self, name: &str, fake: &Fake) -> PathBuf {
        fake.write(&self.path(name))
    }

    pub fn compare(&self, words: &[&str]) -> assert_cmd::assert::Assert {
        let mut command = Command::cargo_bin("etcdbench").unwrap();
        command.env_remove("NO_COLOR").env_remove("COLUMNS");
        command.current_dir(self.0.path()).arg("compare").args(words).assert()
    }
}

pub fn slower(id: u64, by: f64) -> Fake {
    Fake { id, median_ns: 4e6 * by, ..Fake::default() }
}

pub fn short(id: u64, by: f64) -> Fake {
    Fake { seconds: 40, ..slower(id, by) }
}

/// Four runs a side, in the order ABBA ABBA.
pub fn pairs(place: &Place, by: f64) {
    for pair in 0..4 {
        let first_is_a = pair % 2 == 0;
        for position in 0..2 {
            let id = 2 * pair + position + 1;
            let is_a = first_is_a == (position == 0);
            let (side, by) = if is_a { ("a", 1.0) } else { ("b", by) };
            place.write(&format!("{side}/{pair}.jsonl"), &short(id, by));
        }
    }
}
