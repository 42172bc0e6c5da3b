//! Numbers that follow from other parameters: `"= 0.5 * locks * (1 + apiservers)"`.

/// A formula begins with this.
const SIGN: char = '=';
/// Brackets in brackets.
const DEEPEST: u32 = 16;

/// The formula that a text is, without its sign.
pub(super) fn formula(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix(SIGN)
}

/// What a formula comes to, with the value of each name by `get`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn evaluate(
    text: &str,
    get: &dyn Fn(&str) -> Result<f64, String>,
) -> Result<f64, String> {
    let mut reader = Reader { rest: text.trim_start(), get };
    let value = reader.sum(0)?;
    match reader.rest {
        "" => Ok(value),
        rest => Err(format!(
            "'{rest}' is not understood; there are + - * / ( ), numbers and parameters"
        )),
    }
}

/// As a number is written in a file: whole where it is whole.
pub(super) fn written(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let rounded = (value * 1e9).round() / 1e9;
    Some(rounded.to_string())
}

struct Reader<'a> {
    rest: &'a str,
    get: &'a dyn Fn(&str) -> Result<f64, String>,
}

impl Reader<'_> {
    fn take(&mut self, sign: char) -> bool {
        let Some(rest) = self.rest.strip_prefix(sign) else {
            return false;
        };
        self.rest = rest.trim_start();
        true
    }

    fn sum(&mut self, depth: u32) -> Result<f64, String> {
        let mut value = self.product(depth)?;
        loop {
            if self.take('+') {
                value += self.product(depth)?;
            } else if self.take('-') {
                value -= self.product(depth)?;
            } else {
                return Ok(value);
            }
        }
    }

    fn product(&mut self, depth: u32) -> Result<f64, String> {
        let mut value = self.one(depth)?;
        loop {
            if self.take('*') {
                value *= self.one(depth)?;
            } else if self.take('/') {
                value /= self.one(depth)?;
            } else {
                return Ok(value);
            }
        }
    }

    fn one(&mut self, depth: u32) -> Result<f64, String> {
        if self.take('(') {
            if depth == DEEPEST {
                return Err("too many brackets in brackets".to_owned());
            }
            let value = self.sum(depth + 1)?;
            return if self.take(')') { Ok(value) } else { Err("( without )".to_owned()) };
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let end = self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        match word.chars().next() {
            None => Err("a number or a parameter is missing".to_owned()),
            Some('0'..='9' | '.') => {
                word.replace('_', "").parse().map_err(|_| format!("'{word}' is no number"))
            }
            Some(_) => (self.get)(word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<f64, String> {
        evaluate(text, &|name| match name {
            "nodes" => Ok(5000.0),
            "a" => Ok(3.0),
            other => Err(format!("no parameter '{other}'")),
        })
    }

    #[test]
    fn a_formula_is_reckoned_as_it_is_written() {
        for (text, wanted) in [
            ("nodes / 10", 500.0),
            ("0.5 * 20 * (1 + a)", 40.0),
            ("2 + 3 * a - 1", 10.0),
            ("10 - 2 - 3", 5.0),
            ("60_000/a/2", 10_000.0),
        ] {
            assert_eq!(value(text), Ok(wanted), "{text}");
        }
        assert_eq!(written(39.0).as_deref(), Some("39"));
        assert_eq!(written(0.1 * 3.0).as_deref(), Some("0.3"));
        assert_eq!(written(1.0 / 0.0), None);
        assert_eq!(formula("= a"), Some(" a"));
        assert_eq!(formula("10KB"), None);
    }

    #[test]
    fn slips_are_told() {
        for (text, wanted) in [
            ("nodes *", "is missing"),
            ("(1 + a", "( without )"),
            ("1 + b", "no parameter 'b'"),
            ("1.2.3", "no number"),
            ("a ^ 2", "'^ 2' is not understood"),
        ] {
            let told = value(text).unwrap_err();
            assert!(told.contains(wanted), "{text}: {told}");
        }
    }
}
