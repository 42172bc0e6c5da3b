//! A directory with a scenario in it, and the program run there.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// The directory of one test.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    pub fn with(scenario: &str) -> Place {
        let place = Place::new();
        place.write("mine.toml", scenario);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_etcdbench"));
        command.current_dir(self.0.path()).arg("run").args(words);
        command
    }

    /// Exit code, stdout and stderr.
    pub fn run(&self, words: &[&str]) -> (i32, String, String) {
        let output = self.command(words).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
    }

    /// Every file below a directory that ends so, by its path from here.
    pub fn files(&self, below: &str, end: &str) -> Vec<String> {
        let pattern = self.path(below).join("**").join(format!("*{end}"));
        let found = glob::glob(pattern.to_str().unwrap()).unwrap();
        let from_here = |path: PathBuf| {
            let path = path.strip_prefix(self.0.path()).unwrap();
            path.to_str().unwrap().to_owned()
        };
        found.map(|path| from_here(path.unwrap())).collect()
    }
}
