//! What one source file declares and which paths it names, outside of its tests.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::{Token, tokens};

/// A module as far as names are concerned: a file, or a `mod name { … }` inside one.
#[derive(Debug, Default)]
pub struct Scope {
    /// From the crate's root, without `crate`.
    pub module: Vec<String>,
    /// Functions, types, constants and macros declared here.
    pub items: BTreeSet<String>,
    /// Modules declared here; true for a module of tests.
    pub children: BTreeMap<String, bool>,
    /// The names that `use` brings here, and what they stand for.
    pub aliases: BTreeMap<String, Vec<String>>,
    /// Paths whose names all come here (`use path::*`).
    pub globs: Vec<Reference>,
    /// Paths named here.
    pub references: Vec<Reference>,
}

/// A path that is named somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub path: Vec<String>,
    pub line: usize,
    /// Whether it stands in a `pub use`, which hands a name on.
    pub handed_on: bool,
}

/// Reads the source of `module`: the file's own scope first, inline modules behind it.
pub fn parse(module: &[String], source: &str) -> Vec<Scope> {
    let scope = Scope { module: module.to_vec(), ..Scope::default() };
    let mut parser =
        Parser { tokens: tokens(source), at: 0, scopes: vec![scope], open: vec![(0, 0)], depth: 0 };
    while parser.at < parser.tokens.len() {
        parser.next();
    }
    parser.scopes
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    scopes: Vec<Scope>,
    /// The scopes that are open, innermost last, each with the depth of braces inside it.
    open: Vec<(usize, usize)>,
    depth: usize,
}

/// What begins an item that ends at `;` or behind its braces, and nowhere else.
const ITEM_WORDS: [&str; 15] = [
    "pub", "fn", "struct", "enum", "union", "trait", "impl", "mod", "use", "const", "static",
    "type", "unsafe", "async", "extern",
];

impl Parser {
    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &token.text)
    }

    fn before(&self, back: usize) -> &str {
        self.at.checked_sub(back).map_or("", |at| self.text(at))
    }

    fn scope(&mut self) -> &mut Scope {
        let (index, _) = self.open[self.open.len() - 1];
        &mut self.scopes[index]
    }

    /// Whether the next token stands among a module's items, not inside one of them.
    fn among_items(&self) -> bool {
        self.open.last().is_some_and(|(_, depth)| *depth == self.depth)
    }

    fn next(&mut self) {
        match self.text(self.at) {
            "#" => self.attribute(),
            "{" => {
                self.depth += 1;
                self.at += 1;
            }
            "}" => {
                if self.open.len() > 1 && self.among_items() {
                    self.open.pop();
                }
                self.depth = self.depth.saturating_sub(1);
                self.at += 1;
            }
            "use" if self.text(self.at + 1) != "<" => self.use_tree(),
            "mod" if self.tokens.get(self.at + 1).is_some_and(Token::is_word) => self.module(),
            _ if self.tokens[self.at].is_word() => self.word(),
            _ => self.at += 1,
        }
    }

    /// Skips an attribute, and the item behind it where it is compiled for tests only.
    fn attribute(&mut self) {
        let begin = self.at;
        self.at += if self.text(self.at + 1) == "!" { 2 } else { 1 };
        if self.text(self.at) != "[" {
            return;
        }
        self.skip_group();
        let words: Vec<&str> = self.tokens[begin..self.at]
            .iter()
            .filter(|token| token.is_word())
            .map(|t| t.text.as_str())
            .collect();
        let for_tests = match words.as_slice() {
            ["cfg", rest @ ..] => {
                rest.contains(&"test") && !rest.contains(&"not") && !rest.contains(&"any")
            }
            [only] => *only == "test",
            _ => false,
        };
        if for_tests {
            self.skip_item();
        }
    }

    fn skip_item(&mut self) {
        while self.text(self.at) == "#" {
            self.at += 1;
            self.skip_group();
        }
        let item = ITEM_WORDS.contains(&self.text(self.at));
        while self.at < self.tokens.len() {
            match self.text(self.at) {
                "mod" if self.text(self.at + 2) == ";" => {
                    let name = self.text(self.at + 1).to_owned();
                    self.scope().children.insert(name, true);
                    self.at += 3;
                    return;
                }
                ";" => {
                    self.at += 1;
                    return;
                }
                "," if !item => {
                    self.at += 1;
                    return;
                }
                "{" => {
                    self.skip_group();
                    return;
                }
                "}" => return,
                "(" | "[" => self.skip_group(),
                _ => self.at += 1,
            }
        }
    }

    /// Skips from an opening bracket to behind the closing one.
    fn skip_group(&mut self) {
        let mut depth = 0;
        while self.at < self.tokens.len() {
            match self.text(self.at) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    fn module(&mut self) {
        let name = self.text(self.at + 1).to_owned();
        let inline = self.text(self.at + 2) == "{";
        self.scope().children.insert(name.clone(), false);
        self.at += 3;
        if inline {
            let module = self.scope().module.iter().cloned().chain([name]).collect();
            self.scopes.push(Scope { module, ..Scope::default() });
            self.depth += 1;
            self.open.push((self.scopes.len() - 1, self.depth));
        }
    }

    fn use_tree(&mut self) {
        let handed_on = matches!(self.before(1), "pub" | ")");
        self.at += 1;
        let mut leaves = Vec::new();
        self.branches(&[], &mut leaves);
        for (path, alias, line) in leaves {
            if path.last().is_some_and(|last| last == "*") {
                let path = path[..path.len() - 1].to_vec();
                self.scope().globs.push(Reference { path, line, handed_on });
                continue;
            }
            if let Some(alias) = alias {
                self.scope().aliases.insert(alias, path.clone());
            }
            self.scope().references.push(Reference { path, line, handed_on });
        }
    }

    /// One branch of a `use`: words with `::` between them, then `as name`, `{ … }`, `*` or nothing.
    fn branches(
        &mut self,
        stem: &[String],
        leaves: &mut Vec<(Vec<String>, Option<String>, usize)>,
    ) {
        let mut path = stem.to_vec();
        let line = self.tokens.get(self.at).map_or(0, |token| token.line);
        loop {
            match self.text(self.at) {
                "{" => {
                    self.at += 1;
                    while !matches!(self.text(self.at), "}" | "")
                        || self.tokens.get(self.at).is_some_and(|t| t.text.is_empty())
                    {
                        self.branches(&path, leaves);
                        if self.text(self.at) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "::" => self.at += 1,
                "as" => {
                    let alias = Some(self.text(self.at + 1).to_owned()).filter(|name| name != "_");
                    self.at += 2;
                    leaves.push((path, alias, line));
                    return;
                }
                "," | "}" | ";" | "" => {
                    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
                        path.pop();
                    }
                    let alias = path.last().cloned();
                    leaves.push((path, alias, line));
                    return;
                }
                word => {
                    path.push(word.to_owned());
                    self.at += 1;
                }
            }
        }
    }

    fn word(&mut self) {
        let text = self.text(self.at).to_owned();
        let declares = matches!(
            text.as_str(),
            "fn" | "struct" | "enum" | "union" | "trait" | "type" | "const" | "static"
        ) || (text == "macro_rules" && self.text(self.at + 1) == "!");
        if declares {
            let name = self.at + if text == "macro_rules" { 2 } else { 1 };
            if self.among_items()
                && self.text(name) != "fn"
                && self.tokens.get(name).is_some_and(Token::is_word)
            {
                let name = self.text(name).to_owned();
                self.scope().items.insert(name);
            }
            self.at += 1;
            return;
        }
        let inner = matches!(self.before(1), "::" | ".")
            || (self.before(1) == "in" && self.before(2) == "(");
        let line = self.tokens[self.at].line;
        let mut path = vec![text];
        self.at += 1;
        while self.text(self.at) == "::" && self.tokens.get(self.at + 1).is_some_and(Token::is_word)
        {
            path.push(self.text(self.at + 1).to_owned());
            self.at += 2;
        }
        if path.len() > 1 && !inner {
            self.scope().references.push(Reference { path, line, handed_on: false });
        }
    }
}
