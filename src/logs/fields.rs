//! The fields of a structured line: those that something is read from, all others are skipped.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

/// Names of the fields that are kept; what etcd tells twice counts as it was told last.
const KEPT: [&str; 32] = [
    "msg",
    "took",
    "to",
    "from",
    "heartbeat-interval",
    "exceeded-duration",
    "prefix",
    "error",
    "response",
    "duration",
    "remote-peer-id",
    "peer-id",
    "remote-peer-active",
    "remote-addr",
    "local-member-id",
    "rtt",
    "clock-drift",
    "alarm",
    "output",
    "etcd-version",
    "election-timeout",
    "name",
    "quota-size-bytes",
    "quota-backend-bytes",
    "current-db-size-bytes",
    "current-db-size-bytes-diff",
    "current-db-size-in-use-bytes",
    "time spent",
    "signal",
    "taking",
    "reason",
    "local-member-attributes",
];

/// The name under which a field is kept, if it is.
fn kept(key: &str) -> Option<&'static &'static str> {
    let first = key.as_bytes().first();
    KEPT.iter().find(|name| name.as_bytes().first() == first && **name == key)
}

/// The fields of a line, as text.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    kept: Vec<(&'static str, Cow<'a, str>)>,
    /// The steps of a trace.
    pub steps: Vec<Cow<'a, str>>,
}

impl<'a> Fields<'a> {
    /// Of a JSON object; `None` where it is damaged. What follows it is another program's. One of which only the end is
    /// missing, as where a log was cut, is read as far as it goes.
    pub fn read(text: &'a str) -> Option<Fields<'a>> {
        let mut kept = Fields::default();
        let mut stream = serde_json::Deserializer::from_str(text);
        match (Filling { kept: &mut kept }).read(&mut stream) {
            Ok(()) => Some(kept),
            // What was read before the end is sound; the last value may be a part, and is not kept.
            Err(error) if error.is_eof() && kept.get("msg").is_some() => Some(kept),
            Err(_) => None,
        }
    }

    /// A field, unless it is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        debug_assert!(KEPT.contains(&name), "{name} is not kept");
        let found = self.kept.iter().rev().find(|(kept, _)| *kept == name);
        found.map(|(_, text)| text.as_ref()).filter(|text| !text.is_empty())
    }

    /// A field, taken out.
    pub fn take(&mut self, name: &str) -> Cow<'a, str> {
        let found = self.kept.iter_mut().rev().find(|(kept, _)| *kept == name);
        found.map_or(Cow::Borrowed(""), |(_, text)| std::mem::take(text))
    }
}

struct Filling<'k, 'a> {
    kept: &'k mut Fields<'a>,
}

impl<'a> Filling<'_, 'a> {
    fn read<D: Deserializer<'a>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Filling<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fields of a line")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key::<Text<'a>>()? {
            if key == "steps" {
                self.kept.steps = map.next_value::<Steps<'a>>()?.0;
            } else if let Some(name) = kept(&key) {
                let Text(text) = map.next_value()?;
                self.kept.kept.push((name, text));
                self.kept.kept.truncate(2 * KEPT.len());
            } else {
                map.next_value::<de::IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// A string, number or truth value as its text: etcd's fields changed their types between versions. Anything else is none.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Scalar)
    }
}

struct Scalar;

impl<'de> Visitor<'de> for Scalar {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(number.to_string())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(number.to_string())))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(if truth { "true" } else { "false" })))
    }

    fn visit_unit<E>(self) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed("")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Text<'de>, A::Error> {
        while items.next_element::<de::IgnoredAny>()?.is_some() {}
        Ok(Text(Cow::Borrowed("")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Text<'de>, A::Error> {
        while items.next_entry::<de::IgnoredAny, de::IgnoredAny>()?.is_some() {}
        Ok(Text(Cow::Borrowed("")))
    }
}

/// The steps of a trace: a list of texts, of which there are a few.
struct Steps<'a>(Vec<Cow<'a, str>>);

/// No operation of etcd's has more.
const MOST_STEPS: usize = 64;

impl<'de> Deserialize<'de> for Steps<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Steps<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Steps<'de>, A::Error> {
                let mut steps = Vec::new();
                while let Some(Text(step)) = items.next_element()? {
                    if steps.len() < MOST_STEPS {
                        steps.push(step);
                    }
                }
                Ok(Steps(steps))
            }

            fn visit_str<E>(self, _: &str) -> Result<Steps<'de>, E> {
                Ok(Steps(Vec::new()))
            }

            fn visit_unit<E>(self) -> Result<Steps<'de>, E> {
                Ok(Steps(Vec::new()))
            }
        }
        from.deserialize_any(List)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_are_the_same_field() {
        let fields = Fields::read(
            r#"{"msg":"x","took":5,"rtt":null,"name":["a",{}],"to":"a","to":"b"} and more"#,
        )
        .unwrap();
        assert_eq!(fields.get("took"), Some("5"));
        assert_eq!((fields.get("rtt"), fields.get("name")), (None, None));
        assert_eq!(fields.get("to"), Some("b"));
    }

    #[test]
    fn a_line_that_was_cut_is_read_as_far_as_it_goes() {
        let fields = Fields::read(r#"{"msg":"x","took":"5s","request":"key:\"/reg"#).unwrap();
        assert_eq!(fields.get("took"), Some("5s"));
        let fields = Fields::read(r#"{"msg":"x","took":"5"#).unwrap();
        assert_eq!(fields.get("took"), None);
        for damaged in ["{\"msg\":\"x\",\"took\":}", "{\"msg\":\"x\" \"took\"", "{", "{]"] {
            assert!(Fields::read(damaged).is_none(), "{damaged}");
        }
    }
}
