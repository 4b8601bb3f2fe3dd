//! Checks of the JSON, and of the texts in it.

use std::collections::HashSet;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Element, Inside};

/// Returns true if each text under a member of that name is hidden.
pub(super) fn all_hidden(value: &Value, name: &str, hidden: bool) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => !hidden || text == "[redacted]",
        Value::Bool(_) | Value::Number(_) => !hidden,
        Value::Array(items) => items.iter().all(|item| all_hidden(item, name, hidden)),
        Value::Object(members) => members
            .iter()
            .all(|(member, value)| all_hidden(value, name, hidden || member == name)),
    }
}

/// Calls `each` with each text and attribute value in a tree.
pub(super) fn texts(element: &Element, each: &mut impl FnMut(&str)) {
    element.attributes.iter().for_each(|(_, value)| each(value));
    match &element.inside {
        Inside::Text(text) => each(text),
        Inside::Elements(elements) => elements.iter().for_each(|element| texts(element, each)),
        Inside::Nil => {}
    }
}

/// Returns true if `text` is somewhere in `value`, typed or not. Blank texts may be missing: in a
/// list they are only white space.
pub(super) fn holds(value: &Value, text: &str) -> bool {
    match value {
        _ if text.trim_matches([' ', '\t', '\n', '\r']).is_empty() => true,
        Value::String(found) => found == text,
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => {
            *value == text || text.parse::<f64>().ok() == value.as_f64()
        }
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(members) => members.values().any(|value| holds(value, text)),
    }
}

/// Any JSON in which no object has two members of one name.
pub(super) struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unique, A::Error> {
        while items.next_element::<Unique>()?.is_some() {}
        Ok(Unique)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Unique, A::Error> {
        let mut names = HashSet::new();
        while let Some((name, Unique)) = members.next_entry::<String, Unique>()? {
            if !names.insert(name) {
                return Err(de::Error::custom("two members have one name"));
            }
        }
        Ok(Unique)
    }
}
