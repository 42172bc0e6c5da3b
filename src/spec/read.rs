//! How the values of a file's keys are read: by the parsers that read what is typed.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use crate::suggest;
use crate::units;

/// A value that is written as text, read by a parser of the command line.
fn parsed<'de, D: Deserializer<'de>, T>(
    from: D,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| parse(&text).map_err(D::Error::custom)).transpose()
}

/// A size in bytes.
pub(super) fn bytes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    parsed(from, units::parse_bytes)
}

/// A length of time, in nanoseconds.
pub(super) fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    parsed(from, units::parse_duration)
}

/// A length of time, in nanoseconds; a bare number is milliseconds.
pub(super) fn milliseconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    parsed(from, units::parse_duration_or_millis)
}

/// A number without a unit.
pub(super) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    parsed(from, units::parse_number)
}

/// A share between 0 and 1.
pub(super) fn share<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    parsed(from, units::parse_share)
}

/// One of several words.
pub(super) fn word<'de, D: Deserializer<'de>, T: ValueEnum>(
    from: D,
) -> Result<Option<T>, D::Error> {
    parsed(from, |text| {
        T::from_str(text, false).map_err(|_| {
            let known: Vec<_> =
                T::value_variants().iter().filter_map(T::to_possible_value).collect();
            let known: Vec<&str> = known.iter().map(|value| value.get_name()).collect();
            suggest::unknown("value", text, &known)
        })
    })
}

/// Items, each of them given by itself.
pub(super) fn each<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    items(Vec::<String>::deserialize(from)?.iter().map(String::as_str))
}

/// Items, each by itself or with commas between.
pub(super) fn split<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    items(Vec::<String>::deserialize(from)?.iter().flat_map(|item| item.split(',')))
}

fn items<'a, T: FromStr<Err: fmt::Display>, E: Error>(
    items: impl Iterator<Item = &'a str>,
) -> Result<Vec<T>, E> {
    items.map(|item| item.parse().map_err(E::custom)).collect()
}

/// Lengths of time, in nanoseconds.
pub(super) fn durations<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u64>, D::Error> {
    let items = Vec::<String>::deserialize(from)?;
    let each = items.iter().flat_map(|item| item.split(','));
    each.map(|item| units::parse_duration(item).map_err(D::Error::custom)).collect()
}

/// A number, or `true`, which is 1.
pub(super) fn number_or_one<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    struct NumberOrOne;

    impl Visitor<'_> for NumberOrOne {
        type Value = Option<u32>;

        fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
            to.write_str("a number, true or false")
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<Option<u32>, E> {
            Ok(value.then_some(1))
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<Option<u32>, E> {
            u32::try_from(value).map(Some).map_err(|_| E::custom(format!("{value} is too large")))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Option<u32>, E> {
            let number = text.parse().map_err(|_| E::custom(format!("'{text}' is no number")))?;
            Ok(Some(number))
        }
    }

    from.deserialize_any(NumberOrOne)
}
