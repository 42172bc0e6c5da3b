//! The direction of imports, as a test: down only between layers, and no circle between files.
//!
//! docs/architecture.md says what each layer is for. A module that is new gets a line in [`TABLE`].

mod parse;
mod resolve;
mod rules;
#[cfg(test)]
mod tests;
mod tokens;

use std::path::Path;

use resolve::Crate;
use rules::Layer::{self, Base, Command, Host, Judge, Measure, Model, Show};

/// Every module of the crate, from the top layer down.
const TABLE: &[(&str, Layer)] = &[
    ("charts", Command),
    ("child", Command),
    ("command", Command),
    ("delivery", Command),
    ("pod", Command),
    ("progress", Command),
    ("run", Command),
    ("signals", Command),
    ("report", Show),
    ("check", Measure),
    ("cluster", Measure),
    ("disk", Measure),
    ("import", Measure),
    ("load", Measure),
    ("logs", Measure),
    ("merge", Measure),
    ("rendezvous", Measure),
    ("session", Measure),
    ("survey", Measure),
    ("wire", Measure),
    ("compare", Judge),
    ("diagnosis", Judge),
    ("execution", Judge),
    ("profile", Judge),
    ("trend", Judge),
    ("verdict", Judge),
    ("host", Host),
    ("system", Host),
    ("workdir", Host),
    ("cli", Model),
    ("plan", Model),
    ("result", Model),
    ("rule", Model),
    ("spec", Model),
    ("clock", Base),
    ("error", Base),
    ("etcd", Base),
    ("exit", Base),
    ("files", Base),
    ("printable", Base),
    ("record", Base),
    ("stats", Base),
    ("suggest", Base),
    ("tool", Base),
    ("units", Base),
];

/// Every source file below `src`, with its path from the root of the repository.
fn sources(root: &Path) -> Vec<(String, String)> {
    let mut open = vec![root.join("src")];
    let mut out = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let name = path
                    .strip_prefix(root)
                    .expect("below the root")
                    .to_str()
                    .expect("UTF-8")
                    .to_owned();
                out.push((name, std::fs::read_to_string(&path).expect("a source")));
            }
        }
    }
    out.sort();
    out
}

#[test]
fn imports_go_down_and_never_in_a_circle() {
    let code = Crate::parse(&sources(Path::new(env!("CARGO_MANIFEST_DIR"))));
    let wrong = rules::check(&code, TABLE);
    assert!(wrong.is_empty(), "{} broken:\n{}", wrong.len(), wrong.join("\n"));
}
