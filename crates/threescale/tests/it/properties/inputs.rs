//! Generated inputs: pieces of markup, limits, and trees of elements.

use proptest::prelude::*;
use threescale::Limits;

use super::{Element, Inside};
use crate::model::text::{any_name, any_text};

pub(super) fn token() -> impl Strategy<Value = String> {
    let tokens = [
        "<",
        ">",
        "/>",
        "</",
        "<a>",
        "</a>",
        "<a/>",
        "<event>",
        "</event>",
        "<type>",
        "</type>",
        "<object>",
        "</object>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "?>",
        "<?xml version=\"1.0\"?>",
        "<!DOCTYPE",
        "&",
        ";",
        "&amp;",
        "&#",
        "&#x41;",
        "\"",
        "'",
        "=",
        " a=\"b\"",
        " ",
        "\r\n",
        "\r",
        "text",
        "\u{0}",
        "\u{FEFF}",
        "é",
        "\u{FFFE}",
        "xml",
        "%",
        "+",
        "<webhooks-failures>",
        "</webhooks-failures>",
        "<webhooks-failure>",
        "</webhooks-failure>",
        "<id>1</id>",
        "<time>2026-08-21T10:53:29Z</time>",
        "xml=",
        "params[xml]=",
    ];
    prop::sample::select(tokens.to_vec()).prop_map(str::to_owned)
}

/// Limits that some generated notifications exceed and some do not.
pub(super) fn limits() -> impl Strategy<Value = Limits> {
    (
        500..8000_usize,
        2..9_usize,
        0..3_usize,
        5..150_usize,
        1..60_usize,
    )
        .prop_map(|(bytes, depth, attributes, elements, text)| Limits {
            bytes,
            depth,
            attributes,
            elements,
            text,
        })
}

/// Elements anywhere, known ones in the wrong places too.
pub(super) fn any_tree() -> impl Strategy<Value = Element> {
    let attributes = prop::collection::btree_map(any_name(), any_text(), 0..3);
    let leaf = (any_name(), attributes, any_text()).prop_map(|(name, attributes, text)| Element {
        name,
        attributes: attributes.into_iter().collect(),
        inside: Inside::Text(text),
    });
    leaf.prop_recursive(5, 60, 8, |inner| {
        let attributes = prop::collection::btree_map(any_name(), any_text(), 0..2);
        (any_name(), attributes, prop::collection::vec(inner, 0..8)).prop_map(
            |(name, attributes, elements)| Element {
                name,
                attributes: attributes.into_iter().collect(),
                inside: Inside::Elements(elements),
            },
        )
    })
}
