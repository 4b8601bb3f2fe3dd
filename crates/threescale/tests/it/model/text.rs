//! Texts and names that are likely to break something.

use proptest::prelude::*;

/// Any text that XML allows, with many characters that XML or JSON escape.
pub(crate) fn any_text() -> impl Strategy<Value = String> {
    prop::collection::vec(character(), 0..12).prop_map(String::from_iter)
}

pub(crate) fn some_text() -> impl Strategy<Value = String> {
    prop::collection::vec(character(), 1..12).prop_map(String::from_iter)
}

fn character() -> impl Strategy<Value = char> {
    let special: Vec<char> =
        "&<>\"'\\/]-[;#{}:,= \t\n\r\u{7F}\u{85}\u{A0}\u{2028}\u{FEFF}\u{FFFD}é✓😀e\u{301}"
            .chars()
            .collect();
    prop_oneof![
        3 => prop::sample::select(special),
        3 => prop::char::range('0', 'z'),
        1 => prop::char::any().prop_filter("XML has no such character", |&c| is_char(c)),
    ]
}

fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// `[A-Za-z][A-Za-z\d_-]*`, the names that 3scale allows (`app/models/fields_definition.rb`).
pub(crate) fn field_name() -> impl Strategy<Value = String> {
    let letters: Vec<char> = "abzAZ".chars().collect();
    let rest: Vec<char> = "abzAZ019_-".chars().collect();
    (
        prop::sample::select(letters),
        prop::collection::vec(prop::sample::select(rest), 0..4),
    )
        .prop_map(|(first, rest)| std::iter::once(first).chain(rest).collect())
}

/// Names, known to 3scale or not; few enough to be repeated.
pub(crate) fn any_name() -> impl Strategy<Value = String> {
    let names = [
        "id",
        "state",
        "plans",
        "plan",
        "users",
        "user",
        "keys",
        "key",
        "extra_fields",
        "annotations",
        "custom",
        "created_at",
        "vat_rate",
        "billing_address",
        "account",
        "object",
        "type",
        "x",
        "y",
        "__proto__",
        "n:id",
        "é",
    ];
    prop::sample::select(names.to_vec()).prop_map(str::to_owned)
}
