//! The keys of a table, read into the types that what is typed is read into: every flag is a key, `--val-size` is
//! `val_size`. What is wrong with a key is told at its line.

use std::fmt;

use serde::de::value::{SeqDeserializer, StringDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::document::{Entry, Table, Value, field};
use crate::error::{Error, Result, usage};
use crate::suggest;

/// Keys that are known, but not the run's own to choose.
const CHOSEN_BY_RUN: [&str; 7] =
    ["result", "format", "table", "quiet", "no_color", "name", "output"];

/// The keys of a table on their way into one type or several, each into the one that has it.
pub(super) struct Keys<'a> {
    table: &'a Table,
    known: Vec<&'static str>,
}

impl<'a> Keys<'a> {
    pub(super) fn of(table: &'a Table) -> Self {
        Keys { table, known: Vec::new() }
    }

    /// Reads those keys that a type has as fields.
    ///
    /// # Errors
    /// [`Error::Usage`] at the line of a value that makes no sense.
    pub(super) fn read<T: DeserializeOwned>(&mut self) -> Result<T> {
        let fields = fields::<T>();
        self.known.extend_from_slice(fields);
        let own =
            self.table.entries.iter().filter(|entry| fields.contains(&field(&entry.key).as_str()));
        let entries = Entries { rest: own.collect::<Vec<_>>().into_iter(), current: None };
        T::deserialize(entries).map_err(|Failure(error)| error)
    }

    /// The first key that is a field of a type.
    pub(super) fn first_of<T: DeserializeOwned>(&self) -> Option<&'a Entry> {
        let fields = fields::<T>();
        self.table.entries.iter().find(|entry| fields.contains(&field(&entry.key).as_str()))
    }

    /// The first key that no type has read.
    pub(super) fn unread(&self) -> Option<&'a Entry> {
        self.table.entries.iter().find(|entry| !self.known.contains(&field(&entry.key).as_str()))
    }

    /// Refuses a key that none of the types has but for those in `also`. `place` is the table's name.
    ///
    /// # Errors
    /// [`Error::Usage`] at its line, with the key that was probably meant.
    pub(super) fn finish(&self, kind: &str, place: &str, also: &[&str]) -> Result<()> {
        let unread = self.table.entries.iter().map(|entry| (entry, field(&entry.key)));
        let unknown = |(_, wanted): &(&Entry, String)| {
            !self.known.contains(&wanted.as_str()) && !also.contains(&wanted.as_str())
        };
        let Some((entry, wanted)) = unread.into_iter().find(unknown) else {
            return Ok(());
        };
        if wanted == "password" {
            return Err(entry.error(
                "'password': secrets do not belong into files: set ETCDCTL_PASSWORD, or name a file with password_file",
            ));
        }
        if CHOSEN_BY_RUN.contains(&wanted.as_str()) {
            return Err(entry.error(format!("'{}': this is chosen by run", entry.key)));
        }
        let hint = match suggest::nearest(&wanted, &self.known) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("its keys are the flags of 'etcdbench {kind}'"),
        };
        Err(entry.error(format!("unknown key '{}' in [{place}]; {hint}", entry.key)))
    }
}

/// The names of the fields of a type, as its keys are called.
pub(super) fn fields<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut found: &'static [&'static str] = &[];
    // Nothing is read: it ends as soon as the fields are told.
    let _ = T::deserialize(Fields(&mut found));
    found
}

/// Asks a type for its fields.
struct Fields<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Failure;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> std::result::Result<V::Value, Failure> {
        *self.0 = fields;
        Err(de::Error::custom("there is nothing to read"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> std::result::Result<V::Value, Failure> {
        Err(de::Error::custom("a type without fields"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// What is wrong, on its way through the reader.
#[derive(Debug)]
pub(super) struct Failure(Error);

impl fmt::Display for Failure {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(to)
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Failure(usage(&[], message.to_string()))
    }
}

/// Keys of a table as the fields of a type.
struct Entries<'a> {
    rest: std::vec::IntoIter<&'a Entry>,
    current: Option<&'a Entry>,
}

impl<'de> Deserializer<'de> for Entries<'_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, to: V) -> std::result::Result<V::Value, Failure> {
        to.visit_map(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> std::result::Result<Option<K::Value>, Failure> {
        self.current = self.rest.next();
        let key = self.current.map(|entry| StringDeserializer::new(field(&entry.key)));
        key.map(|key| seed.deserialize(key)).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> std::result::Result<V::Value, Failure> {
        let Some(entry) = self.current else {
            return Err(de::Error::custom("a value without a key"));
        };
        seed.deserialize(Worth(entry)).map_err(|Failure(error)| match error {
            Error::Usage(usage) if usage.position.is_none() => {
                Failure(entry.error(format!("{}: {}", entry.key, usage.message)))
            }
            located => Failure(located),
        })
    }
}

/// What a key is set to.
struct Worth<'a>(&'a Entry);

impl Worth<'_> {
    /// As text: a list item by item, a table as KEY=VALUE. `false` is as if it were not there: so a file drops what one
    /// that it includes says.
    fn items(&self) -> std::result::Result<Vec<String>, Failure> {
        let Worth(entry) = self;
        let scalar = |value: &Value| match value {
            Value::Text(text) | Value::Number(text) => Ok(text.clone()),
            other => Err(Failure(
                entry.error(format!("{} holds {other}; it takes text or a number", entry.key)),
            )),
        };
        match &entry.value {
            Value::List(list) => list.iter().map(scalar).collect(),
            Value::Table(table) => table
                .entries
                .iter()
                .map(|inner| Ok(format!("{}={}", inner.key, scalar(&inner.value)?)))
                .collect(),
            Value::Bool(false) => Ok(Vec::new()),
            Value::Bool(true) => {
                Err(Failure(entry.error(format!("{} takes a value, not true", entry.key))))
            }
            one => Ok(vec![scalar(one)?]),
        }
    }

    fn text(&self) -> std::result::Result<String, Failure> {
        Ok(self.items()?.join(","))
    }

    fn whole<T: std::str::FromStr>(
        &self,
        most: impl fmt::Display,
    ) -> std::result::Result<T, Failure> {
        let text = self.text()?;
        let number = text.trim().parse();
        number.map_err(|_| {
            de::Error::custom(format!("'{text}' is not a whole number from 0 to {most}"))
        })
    }
}

impl<'de> Deserializer<'de> for Worth<'_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, to: V) -> std::result::Result<V::Value, Failure> {
        match self.0.value {
            Value::Bool(value) => to.visit_bool(value),
            _ => to.visit_string(self.text()?),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, to: V) -> std::result::Result<V::Value, Failure> {
        let Worth(entry) = self;
        match entry.value {
            Value::Bool(value) => to.visit_bool(value),
            _ => Err(Failure(
                entry.error(format!("{} is true or false, not {}", entry.key, entry.value)),
            )),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, to: V) -> std::result::Result<V::Value, Failure> {
        match self.0.value {
            Value::Bool(false) => to.visit_none(),
            _ => to.visit_some(self),
        }
    }

    fn deserialize_u32<V: Visitor<'de>>(self, to: V) -> std::result::Result<V::Value, Failure> {
        to.visit_u32(self.whole(u32::MAX)?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, to: V) -> std::result::Result<V::Value, Failure> {
        to.visit_u64(self.whole(u64::MAX)?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, to: V) -> std::result::Result<V::Value, Failure> {
        to.visit_string(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, to: V) -> std::result::Result<V::Value, Failure> {
        to.visit_string(self.text()?)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, to: V) -> std::result::Result<V::Value, Failure> {
        to.visit_seq(SeqDeserializer::new(self.items()?.into_iter()))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 u8 u16 f32 f64 char bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct map
        struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command};

    use super::fields;
    use crate::spec::{ConnectSpec, DiskSpec, LoadSpec, WorkloadSpec};

    fn flags<T: Args>() -> Vec<String> {
        let command = T::augment_args(Command::new("any"));
        let name = |arg: &clap::Arg| arg.get_long().unwrap_or(arg.get_id().as_str()).to_owned();
        command.get_arguments().map(|arg| name(arg).replace('-', "_")).collect()
    }

    #[test]
    fn every_flag_is_a_key() {
        let disk = fields::<DiskSpec>().to_vec();
        let load = [fields::<LoadSpec>(), fields::<WorkloadSpec>(), fields::<ConnectSpec>()];
        let load = [&load.concat()[..], &["class", "password"]].concat();
        for (flags, keys) in [(flags::<DiskSpec>(), disk), (flags::<LoadSpec>(), load)] {
            assert!(flags.len() > 20, "{flags:?}");
            let missing: Vec<_> = flags.iter().filter(|f| !keys.contains(&f.as_str())).collect();
            assert!(missing.is_empty(), "{missing:?}");
        }
    }
}
