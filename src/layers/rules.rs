//! The layers, and what an import may not do.

use std::collections::{BTreeMap, BTreeSet};

use super::resolve::{Crate, Import};

/// A layer; the lower in the list, the higher in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    Base,
    Model,
    Host,
    Judge,
    Measure,
    Show,
    Command,
}

impl Layer {
    /// Whether code of this layer may name something of the other.
    fn may_import(self, other: Self) -> bool {
        let apart = self == Self::Show && other == Self::Measure;
        self >= other && !apart
    }

    fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Model => "model",
            Self::Host => "host",
            Self::Judge => "judge",
            Self::Measure => "measure",
            Self::Show => "show",
            Self::Command => "command line",
        }
    }
}

/// Where every module stands.
pub type Table = [(&'static str, Layer)];

/// What is wrong with the imports of a crate, one line each: file, line, and the rule that is broken.
pub fn check(code: &Crate, table: &Table) -> Vec<String> {
    let imports = code.imports();
    let mut wrong = homeless(code, table);
    wrong.extend(imports.iter().filter_map(|import| between_layers(import, table)));
    let used: Vec<&Import> =
        imports.iter().filter(|import| !import.module_only && !import.handed_on).collect();
    let names = |import: &Import| (import.from.clone(), import.to.clone());
    wrong.extend(circles("files", &used, names));
    let folder = |import: &Import| (top(&import.from).to_owned(), top(&import.to).to_owned());
    wrong.extend(circles("modules", &used, folder));
    wrong
}

/// Modules that the table does not know, and lines of the table without a module.
fn homeless(code: &Crate, table: &Table) -> Vec<String> {
    let modules: BTreeSet<&str> =
        code.files().into_iter().map(top).filter(|module| !is_root(module)).collect();
    let known: BTreeSet<&str> = table.iter().map(|(module, _)| *module).collect();
    let new = modules.difference(&known).map(|module| {
        format!(
            "src/lib.rs: the module `{module}` has no layer: give it a line in src/layers/mod.rs"
        )
    });
    let gone = known.difference(&modules).map(|module| {
        format!("src/layers/mod.rs: the table names `{module}`, and there is no such module")
    });
    new.chain(gone).collect()
}

fn between_layers(import: &Import, table: &Table) -> Option<String> {
    let layer =
        |file| table.iter().find(|(module, _)| *module == top(file)).map(|(_, layer)| *layer);
    let (from, to) = (layer(&import.from)?, layer(&import.to)?);
    if from.may_import(to) {
        return None;
    }
    let rule = match (from, to) {
        (Layer::Show, Layer::Measure) | (Layer::Measure, Layer::Show) => {
            "measure and show never import one another"
        }
        _ => "imports go down only",
    };
    Some(format!(
        "{}:{}: {rule}: `{}` is {}, and {} is {}",
        import.from,
        import.line,
        top(&import.from),
        from.name(),
        import.path,
        to.name()
    ))
}

/// `src/load/keys.rs` → `load`.
fn top(file: &str) -> &str {
    let inner = file.trim_start_matches("src/");
    inner.split('/').next().unwrap_or(inner).trim_end_matches(".rs")
}

fn is_root(module: &str) -> bool {
    matches!(module, "lib" | "main")
}

/// The circles among imports, each told once with every import in it.
fn circles(
    what: &str,
    imports: &[&Import],
    ends: impl Fn(&Import) -> (String, String),
) -> Vec<String> {
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for import in imports {
        let (from, to) = ends(import);
        if from != to {
            arrows.entry(from).or_default().insert(to);
        }
    }
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        arrows.keys().map(|from| (from, reachable(&arrows, from))).collect();
    let in_circle = |a: &String, b: &String| {
        reached.get(a).is_some_and(|set| set.contains(b))
            && reached.get(b).is_some_and(|set| set.contains(a))
    };
    let mut told = BTreeSet::new();
    let mut out = Vec::new();
    for start in arrows.keys().filter(|name| in_circle(name, name)) {
        if told.contains(start) {
            continue;
        }
        let members: BTreeSet<&String> =
            arrows.keys().filter(|name| in_circle(start, name)).collect();
        told.extend(members.iter().copied());
        let ties = imports.iter().filter(|import| {
            let (from, to) = ends(import);
            from != to && members.contains(&from) && members.contains(&to)
        });
        let ties: Vec<String> = ties
            .map(|tie| format!("{}:{}: {} of {}", tie.from, tie.line, tie.path, tie.to))
            .collect();
        out.push(format!("a circle of {} {what}:\n    {}", members.len(), ties.join("\n    ")));
    }
    out
}

fn reachable<'a>(
    arrows: &'a BTreeMap<String, BTreeSet<String>>,
    from: &String,
) -> BTreeSet<&'a String> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&String> = arrows.get(from).into_iter().flatten().collect();
    while let Some(next) = open.pop() {
        if seen.insert(next) {
            open.extend(arrows.get(next).into_iter().flatten());
        }
    }
    seen
}
