//! Names that stand for values: `${rate}` in a file, `--set rate=500` on the command line.

use toml::de::DeValue;

use super::document::{Document, Entry, SourcePosition, Table, Value};
use crate::error::{Result, usage};
use crate::suggest;

/// What names stand for, of one cell.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings(pub Vec<(String, Value)>);

impl Settings {
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// A table with every `${name}` replaced.
    pub(super) fn fill_table(&self, table: &Table) -> Result<Table> {
        let entries = table
            .entries
            .iter()
            .map(|entry| Ok(Entry { value: self.fill(&entry.value, &entry.at)?, ..entry.clone() }));
        Ok(Table { entries: entries.collect::<Result<_>>()? })
    }

    pub(super) fn fill(&self, value: &Value, at: &SourcePosition) -> Result<Value> {
        match value {
            Value::Text(text) => self.fill_text(text, at),
            Value::List(items) => {
                let filled = items.iter().map(|item| self.fill(item, at));
                filled.collect::<Result<_>>().map(Value::List)
            }
            Value::Table(table) => self.fill_table(table).map(Value::Table),
            other => Ok(other.clone()),
        }
    }

    /// A text that is nothing but a name becomes what the name stands for, a number for instance.
    fn fill_text(&self, text: &str, at: &SourcePosition) -> Result<Value> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let Some(length) = rest[start..].find('}') else {
                return Err(at.error(format!("'{text}': ${{ without }}")));
            };
            let name = &rest[start + 2..start + length];
            let Some(value) = self.get(name) else {
                let known: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
                return Err(at.error(suggest::unknown("parameter", name, &known)));
            };
            if start == 0 && length + 1 == text.len() {
                return Ok(value.clone());
            }
            out.push_str(&rest[..start]);
            out.push_str(&value.to_string());
            rest = &rest[start + length + 1..];
        }
        out.push_str(rest);
        Ok(Value::Text(out))
    }
}

/// Puts what `--set` says into the document.
///
/// # Errors
/// [`Error::Usage`](crate::error::Error::Usage) for a name that the scenario does not have.
pub(super) fn apply(document: &mut Document, set: &[(String, String)]) -> Result<()> {
    for (name, text) in set {
        let value = typed(text);
        let tables = [&mut document.parameters, &mut document.matrix];
        let found = tables
            .into_iter()
            .flat_map(|table| table.entries.iter_mut())
            .find(|entry| entry.key == *name);
        let Some(entry) = found else {
            let tables = [&document.parameters, &document.matrix];
            let keys = tables.iter().flat_map(|table| &table.entries);
            let known: Vec<&str> = keys.map(|entry| entry.key.as_str()).collect();
            let text = if known.is_empty() {
                "the scenario has no parameters".to_owned()
            } else {
                suggest::unknown("parameter", name, &known)
            };
            return Err(usage(&["--set"], format!("--set {name}: {text}")));
        };
        entry.value = match (&entry.value, value) {
            // One value of a matrix is a matrix of one.
            (Value::List(_), one @ (Value::Text(_) | Value::Number(_) | Value::Bool(_))) => {
                Value::List(vec![one])
            }
            (_, value) => value,
        };
    }
    Ok(())
}

/// What was typed, as TOML where it is that: 500, true, [1, 2]; otherwise as text.
fn typed(text: &str) -> Value {
    let Ok(value) = DeValue::parse(text) else {
        return Value::Text(text.to_owned());
    };
    scalar(value.get_ref()).unwrap_or_else(|| Value::Text(text.to_owned()))
}

fn scalar(value: &DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => Value::Number(number.to_string()),
        DeValue::Float(number) => Value::Number(number.to_string()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Array(items) => {
            let items = items.iter().map(|item| scalar(item.get_ref()));
            Value::List(items.collect::<Option<_>>()?)
        }
        DeValue::Datetime(_) | DeValue::Table(_) => return None,
    })
}
