//! The body of an operator's request: a small JSON object, or nothing. A mistake in it is rejected with the values that
//! would be right.

use serde_json::{Map, Value};

use crate::problem::Problem;

/// The members of a body; none if it is empty.
pub fn all(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    if body.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(wrong("body", "must be a JSON object")),
    }
}

/// The members of a body in which no others are allowed.
pub fn of(body: &[u8], known: &[&str]) -> Result<Map<String, Value>, Problem> {
    let members = all(body)?;
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(wrong(
            name,
            &format!("is not known here; known are: {}", known.join(", ")),
        )),
        None => Ok(members),
    }
}

/// An optional string.
///
/// # Errors
///
/// The value has another type.
pub fn text<'m>(members: &'m Map<String, Value>, name: &str) -> Result<Option<&'m str>, Problem> {
    members
        .get(name)
        .map(|value| {
            value
                .as_str()
                .ok_or_else(|| wrong(name, "must be a string"))
        })
        .transpose()
}

/// A flag.
///
/// # Errors
///
/// The value has another type.
pub fn flag(name: &str, value: &Value) -> Result<bool, Problem> {
    value
        .as_bool()
        .ok_or_else(|| wrong(name, "must be true or false"))
}

/// An optional flag.
pub fn flag_or(members: &Map<String, Value>, name: &str, default: bool) -> Result<bool, Problem> {
    members
        .get(name)
        .map_or(Ok(default), |value| flag(name, value))
}

/// The problem for a wrong parameter.
pub fn wrong(name: &str, right: &str) -> Problem {
    Problem::InvalidParameter {
        name: name.to_owned(),
        right: right.to_owned(),
    }
}

/// The values to name where only some are allowed.
pub fn one_of<'n>(known: impl Iterator<Item = &'n str>) -> String {
    let known: Vec<_> = known.collect();
    format!("must be one of: {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_an_object_of_known_members_or_nothing() {
        let read = |body: &str| of(body.as_bytes(), &["url", "active"]);
        assert_eq!(read(" \n"), Ok(Map::new()));
        let members = read(r#"{"url":"x","active":false}"#).unwrap();
        assert_eq!(text(&members, "url"), Ok(Some("x")));
        assert_eq!(flag_or(&members, "active", true), Ok(false));
        assert_eq!(flag_or(&members, "none", true), Ok(true));
        for wrong in ["[]", "{", r#"{"uri":1}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(text(&members, "active").is_err() && flag_or(&members, "url", true).is_err());
    }
}
