//! A markdown document that stays small enough to be posted, and says what it had to leave out.

/// GitHub takes comments of up to 65,536 characters ("body is too long (maximum is 65536 characters)"); job summaries may
/// be longer. Some room is left for what a bot puts around it.
pub const LIMIT: usize = 65_000;
/// Room for the last line, which says what was left out.
const RESERVE: usize = 1_000;

/// A document that is being written.
pub struct Document {
    out: String,
    chars: usize,
    limit: usize,
    left_out: Vec<String>,
}

impl Document {
    /// A document whose hidden first line lets a bot find its own comment again, and replace it.
    pub fn new(kind: &str) -> Document {
        Document::within(kind, LIMIT)
    }

    fn within(kind: &str, limit: usize) -> Document {
        let mut document =
            Document { out: String::new(), chars: 0, limit: limit - RESERVE, left_out: Vec::new() };
        document.push(&format!("<!-- etcdbench {kind} -->\n"));
        document
    }

    /// Adds what must not be left out.
    pub fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.chars += text.chars().count();
    }

    /// Adds a part if there is room for it; otherwise its name is told at the end.
    pub fn part(&mut self, name: &str, text: &str) {
        if self.chars + text.chars().count() <= self.limit {
            self.push(text);
        } else if !self.left_out.iter().any(|other| other == name) {
            self.left_out.push(name.to_owned());
        }
    }

    /// As many of the names as fit into so many characters, and how many more there are.
    fn named(&self, most: usize) -> String {
        let mut names = String::new();
        let mut told = 0;
        for name in &self.left_out {
            if names.chars().count() + name.chars().count() > most {
                break;
            }
            let gap = if told == 0 { "" } else { ", " };
            names.push_str(&format!("{gap}{name}"));
            told += 1;
        }
        match (told, self.left_out.len() - told) {
            (_, 0) => names,
            (0, more) => format!("{more} parts"),
            (_, more) => format!("{names} and {more} more"),
        }
    }

    /// The document. `elsewhere` tells where all of it is.
    pub fn finish(mut self, elsewhere: &str) -> String {
        if !self.left_out.is_empty() {
            let names = self.named(RESERVE / 2);
            self.out.push_str(&format!(
                "\nLeft out, for a comment holds no more: {names}. All of it: {elsewhere}\n"
            ));
        }
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out_and_said() {
        let mut document = Document::within("disk", 1_200);
        document.push("head\n");
        document.part("a", &"a".repeat(100));
        document.part("b", &"b".repeat(200));
        document.part("c", &"c".repeat(20));
        let text = document.finish("elsewhere");
        assert!(text.contains('a') && text.contains("ccc") && !text.contains("bbb"));
        assert!(text.ends_with("Left out, for a comment holds no more: b. All of it: elsewhere\n"));
        assert!(text.chars().count() <= 1_200);
    }
}
