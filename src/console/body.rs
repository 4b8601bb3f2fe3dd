//! What operators send along: a small JSON object, or nothing.

use serde_json::{Map, Value};
use worker::Request;

use crate::door::Problem;

/// The members of the body; none without one. Members that nobody knows are mistakes.
pub(super) async fn members(
    request: &mut Request,
    known: &[&str],
) -> Result<Map<String, Value>, Problem> {
    let body = request.bytes().await.map_err(|_| Problem::IncompleteBody)?;
    parse(&body, known)
}

fn parse(body: &[u8], known: &[&str]) -> Result<Map<String, Value>, Problem> {
    if body.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
        return invalid("The body must be a JSON object.".to_owned());
    };
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => invalid(format!(
            "{name:?} is not known here; known are: {}.",
            known.join(", ")
        )),
        None => Ok(members),
    }
}

pub(super) fn text<'m>(
    members: &'m Map<String, Value>,
    name: &str,
) -> Result<Option<&'m str>, Problem> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => invalid(format!("{name} must be a text.")),
    }
}

pub(super) fn boolean(
    members: &Map<String, Value>,
    name: &str,
    default: bool,
) -> Result<bool, Problem> {
    match members.get(name) {
        None => Ok(default),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => invalid(format!("{name} must be true or false.")),
    }
}

fn invalid<T>(detail: String) -> Result<T, Problem> {
    Err(Problem::InvalidRequest(detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_an_object_of_known_members_or_nothing() {
        let read = |body: &str| parse(body.as_bytes(), &["url", "active"]);
        assert_eq!(read(" \n"), Ok(Map::new()));
        let members = read(r#"{"url":"x","active":false}"#).unwrap();
        assert_eq!(text(&members, "url"), Ok(Some("x")));
        assert_eq!(boolean(&members, "active", true), Ok(false));
        assert_eq!(boolean(&members, "none", true), Ok(true));
        for wrong in ["[]", "{", r#"{"uri":1}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(text(&members, "active").is_err() && boolean(&members, "url", true).is_err());
    }
}
