//! Documents that are refused, each beside similar ones that are accepted, and their codes.

mod encoding;
mod envelope;
mod limits;
mod markup;
mod message;

use super::{code, event};

const MALFORMED: &str = "malformed_xml";
const DOCTYPE: &str = "doctype_forbidden";
const LIMIT: &str = "limit_exceeded";
const ENTITY: &str = "unknown_entity";
const CHARACTER: &str = "invalid_character";
const ENCODING: &str = "invalid_encoding";
const OTHER: &str = "not_a_notification";
const ACCEPTED: &str = "accepted";

/// A notification with `text` where an organization's name would be.
fn around(text: &str) -> String {
    event(
        "account",
        "updated",
        &format!("<account><id>6</id><org_name>{text}</org_name></account>"),
    )
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (document, expected) in cases {
        let shown: String = document.chars().take(200).collect();
        assert_eq!(code(document), *expected, "{shown}");
    }
}
