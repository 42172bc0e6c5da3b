//! The crate's modules, and the file in which a path ends.

use std::collections::{BTreeMap, BTreeSet};

use super::parse::{Scope, parse};

/// One import: a file that names something of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    pub from: String,
    pub line: usize,
    pub to: String,
    /// The path as it is written.
    pub path: String,
    /// Whether a module is named, not something in it.
    pub module_only: bool,
    /// Whether a module hands on a name of a module inside it: no use of it.
    pub handed_on: bool,
}

/// All source files of a crate, parsed.
#[derive(Debug, Default)]
pub struct Crate {
    /// By module path; each with the file in which it stands.
    scopes: BTreeMap<Vec<String>, (String, Scope)>,
}

/// Where a path ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Item(Vec<String>),
    Module(Vec<String>),
}

/// Re-exports of re-exports, and no more: a chain longer than this is a loop.
const LONGEST_CHAIN: usize = 16;

impl Crate {
    /// Parses sources, each with its path from the root of the repository (`src/…`). Files that only tests declare
    /// are left out.
    pub fn parse(sources: &[(String, String)]) -> Self {
        let mut scopes = BTreeMap::new();
        for (file, text) in sources {
            for scope in parse(&module_of(file), text) {
                scopes.insert(scope.module.clone(), (file.clone(), scope));
            }
        }
        let tests: BTreeSet<Vec<String>> = scopes
            .iter()
            .flat_map(|(module, (_, scope))| {
                let tests = scope.children.iter().filter(|(_, test)| **test);
                tests
                    .map(|(name, _)| module.iter().cloned().chain([name.clone()]).collect())
                    .collect::<Vec<_>>()
            })
            .collect();
        scopes.retain(|module, _| {
            !(1..=module.len()).any(|length| tests.contains(&module[..length]))
        });
        Self { scopes }
    }

    /// The files, without those of tests.
    pub fn files(&self) -> BTreeSet<&str> {
        self.scopes.values().map(|(file, _)| file.as_str()).collect()
    }

    /// Every import from one file to another.
    pub fn imports(&self) -> Vec<Import> {
        let mut imports = BTreeSet::new();
        for (module, (file, scope)) in &self.scopes {
            for reference in scope.references.iter().chain(&scope.globs) {
                let Some(end) = self.resolve(module, &reference.path, 0) else { continue };
                let (target, module_only) = match end {
                    End::Item(target) => (target, false),
                    End::Module(target) => (target, true),
                };
                let Some((to, _)) = self.scopes.get(&target) else { continue };
                if to == file {
                    continue;
                }
                imports.insert(Import {
                    from: file.clone(),
                    line: reference.line,
                    to: to.clone(),
                    path: reference.path.join("::"),
                    module_only,
                    handed_on: reference.handed_on && target.starts_with(module),
                });
            }
        }
        imports.into_iter().collect()
    }

    /// Where a path that is written in `module` ends; nothing for another crate's.
    fn resolve(&self, module: &[String], path: &[String], chain: usize) -> Option<End> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.walk(Vec::new(), rest, chain),
            "self" => self.walk(module.to_vec(), rest, chain),
            "super" => {
                let mut at = module.split_last()?.1.to_vec();
                let mut rest = rest;
                while rest.first().is_some_and(|word| word == "super") {
                    at.pop()?;
                    rest = &rest[1..];
                }
                self.walk(at, rest, chain)
            }
            name => {
                let (_, scope) = self.scopes.get(module)?;
                let own = scope
                    .aliases
                    .get(name)
                    .is_none_or(|target| target.first() != Some(first) || target.len() > 1);
                let known = scope.children.contains_key(name)
                    || scope.items.contains(name)
                    || (own && scope.aliases.contains_key(name));
                if known { self.walk(module.to_vec(), path, chain) } else { None }
            }
        }
    }

    /// Follows the rest of a path from a module.
    fn walk(&self, mut at: Vec<String>, path: &[String], chain: usize) -> Option<End> {
        if chain > LONGEST_CHAIN {
            return None;
        }
        for (index, name) in path.iter().enumerate() {
            let (_, scope) = self.scopes.get(&at)?;
            let last = index + 1 == path.len();
            let child = scope.children.contains_key(name);
            if child && !last {
                at.push(name.clone());
                continue;
            }
            if scope.items.contains(name) {
                return Some(End::Item(at));
            }
            if let Some(target) = scope.aliases.get(name) {
                let whole: Vec<String> = target.iter().chain(&path[index + 1..]).cloned().collect();
                if whole.as_slice() != &path[index..] {
                    let end = self.resolve(&at, &whole, chain + 1);
                    if !child || matches!(end, Some(End::Item(_))) {
                        return end;
                    }
                }
            }
            if child {
                at.push(name.clone());
                continue;
            }
            for glob in &scope.globs {
                let whole: Vec<String> = glob.path.iter().chain(&path[index..]).cloned().collect();
                if let Some(end) = self.resolve(&at, &whole, chain + 1) {
                    return Some(end);
                }
            }
            return Some(End::Item(at));
        }
        Some(End::Module(at))
    }
}

/// `src/load/mod.rs` and `src/load.rs` → `load`; `src/lib.rs` → the root.
fn module_of(file: &str) -> Vec<String> {
    let inner = file.trim_start_matches("src/").trim_end_matches(".rs");
    let mut module: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod") || inner == "lib" {
        module.pop();
    }
    module
}
