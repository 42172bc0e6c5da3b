//! Rust source as tokens: comments, strings and lifetimes are dropped, lines are kept.

/// One token: a word, `::`, or a single sign. A literal is the empty text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

impl Token {
    /// Whether this is a word: an identifier or a keyword.
    pub fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// Splits a source text.
pub fn tokens(source: &str) -> Vec<Token> {
    Lexer { chars: source.chars().collect(), at: 0, line: 1, out: Vec::new() }.run()
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
    out: Vec<Token>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn step(&mut self) {
        if self.peek(0) == '\n' {
            self.line += 1;
        }
        self.at += 1;
    }

    fn push(&mut self, text: impl Into<String>) {
        self.out.push(Token { text: text.into(), line: self.line });
    }

    fn run(mut self) -> Vec<Token> {
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '/') => self.skip_line(),
                ('/', '*') => self.skip_block(),
                ('"', _) => self.string(),
                ('\'', _) => self.quote(),
                (':', ':') => {
                    self.push("::");
                    self.at += 2;
                }
                (c, _) if c.is_alphabetic() || c == '_' => self.word(),
                (c, _) if c.is_ascii_digit() => self.number(),
                (c, _) => {
                    if !c.is_whitespace() {
                        self.push(c);
                    }
                    self.step();
                }
            }
        }
        self.out
    }

    fn skip_line(&mut self) {
        while self.at < self.chars.len() && self.peek(0) != '\n' {
            self.at += 1;
        }
    }

    fn skip_block(&mut self) {
        let mut depth = 0;
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => {
                    depth += 1;
                    self.at += 2;
                }
                ('*', '/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.step(),
            }
        }
    }

    fn string(&mut self) {
        self.push("");
        self.step();
        while self.at < self.chars.len() && self.peek(0) != '"' {
            if self.peek(0) == '\\' {
                self.step();
            }
            self.step();
        }
        self.step();
    }

    /// A raw string, from its first `#` or quote.
    fn raw_string(&mut self) {
        let mut hashes = 0;
        while self.peek(hashes) == '#' {
            hashes += 1;
        }
        self.at += hashes + 1;
        self.push("");
        while self.at < self.chars.len()
            && !(self.peek(0) == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == '#'))
        {
            self.step();
        }
        self.at += hashes + 1;
    }

    /// A character, or a lifetime, which is dropped.
    fn quote(&mut self) {
        let named = self.peek(1).is_alphanumeric() || self.peek(1) == '_';
        if named && self.peek(2) != '\'' {
            self.at += 1;
            while self.peek(0).is_alphanumeric() || self.peek(0) == '_' {
                self.at += 1;
            }
            return;
        }
        self.push("");
        self.at += 1;
        if self.peek(0) == '\\' {
            self.at += 1;
        }
        self.step();
        while self.at < self.chars.len() && self.peek(0) != '\'' {
            self.step();
        }
        self.at += 1;
    }

    fn word(&mut self) {
        let begin = self.at;
        while self.peek(0).is_alphanumeric() || self.peek(0) == '_' {
            self.at += 1;
        }
        let text: String = self.chars[begin..self.at].iter().collect();
        match (text.as_str(), self.peek(0), self.peek(1)) {
            ("r" | "br" | "cr", '"', _) | ("r" | "br" | "cr", '#', '"' | '#') => self.raw_string(),
            ("b" | "c", '"', _) => self.string(),
            ("b", '\'', _) => self.quote(),
            ("r", '#', _) => self.at += 1,
            _ => self.push(text),
        }
    }

    fn number(&mut self) {
        self.push("");
        while self.peek(0).is_alphanumeric()
            || self.peek(0) == '_'
            || (self.peek(0) == '.' && self.peek(1).is_ascii_digit())
        {
            self.at += 1;
        }
    }
}
