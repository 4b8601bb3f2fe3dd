//! The values of elements: borrowed texts that become JSON by their type.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use crate::utc::utc;

/// A borrowed text that serializes by `$write`, and as `null` if it is empty.
macro_rules! value {
    ($name:ident, $write:expr) => {
        #[derive(Deserialize)]
        #[serde(transparent)]
        pub(super) struct $name<'x>(#[serde(borrow)] Cow<'x, str>);

        impl Serialize for $name<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match &*self.0 {
                    "" => serializer.serialize_none(),
                    text => $write(text, serializer),
                }
            }
        }
    };
}

value!(Text, text);
value!(Integer, integer);
value!(Decimal, decimal);
value!(Boolean, boolean);
value!(Time, |time, serializer: S| serializer
    .serialize_str(&utc(time)));

impl Integer<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Time<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

fn text<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

fn integer<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    const EXACT: u64 = (1 << 53) - 1;
    match text.parse::<i64>() {
        Ok(number) if number.unsigned_abs() <= EXACT => serializer.serialize_i64(number),
        _ => serializer.serialize_str(text),
    }
}

fn decimal<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match text.parse::<f64>() {
        Ok(number) if text.contains('.') => serializer.serialize_f64(number),
        _ => integer(text, serializer),
    }
}

fn boolean<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match text {
        "true" => serializer.serialize_bool(true),
        "false" => serializer.serialize_bool(false),
        _ => serializer.serialize_str(text),
    }
}

/// Names that the provider chose, with one value or several.
pub(super) struct Fields<'x>(Vec<(Cow<'x, str>, Text<'x>)>);

/// A name of a field, borrowed if it can be.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'x>(#[serde(borrow)] Cow<'x, str>);

impl<'de: 'x, 'x> Deserialize<'de> for Fields<'x> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("elements with texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    entries.push((name, value));
                }
                Ok(Fields(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (place, (name, value)) in self.0.iter().enumerate() {
            let of_name = || self.0.iter().filter(|(other, _)| other == name);
            if self.0.iter().take(place).any(|(before, _)| before == name) {
                continue;
            }
            if of_name().count() == 1 {
                map.serialize_entry(name, value)?;
            } else {
                map.serialize_entry(name, &of_name().map(|(_, value)| value).collect::<Vec<_>>())?;
            }
        }
        map.end()
    }
}
