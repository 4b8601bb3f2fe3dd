//! roxmltree: a tree first, then the same mapping as ours over it, by the same definition.
//!
//! The generic form of what 3scale does not send (text beside elements, strangers in lists) is
//! left out: no document here has it.

use std::collections::HashMap;
use std::sync::LazyLock;

use roxmltree::{Document, Node};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use threescale::schema::{Field, Kind, SHAPES, Shape};

use crate::envelope::{Envelope, Summary};
use crate::utc::utc;

pub(crate) fn cloud_event(xml: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(xml).expect("UTF-8");
    let document = Document::parse(text).expect("well-formed XML");
    let event = document.root_element();
    let text = |name| {
        child(event, name)
            .and_then(|node| node.text())
            .expect("a notification")
    };
    let (kind, action) = (text("type"), text("action"));
    let object = child(event, "object")
        .and_then(|object| object.first_element_child())
        .expect("an object");
    let of = Kind::Object(
        SHAPES
            .iter()
            .find(|shape| shape.name == kind)
            .expect("a type that 3scale has"),
    );
    let summary = Summary {
        kind,
        action,
        id: child(object, "id").and_then(|id| id.text()),
        updated_at: child(object, "updated_at").and_then(|time| time.text()),
    };
    let data = Data {
        kind,
        action,
        object: Value {
            node: object,
            kind: &of,
        },
    };
    Envelope::new(&summary, data).to_json(xml.len())
}

#[derive(serde::Serialize)]
struct Data<'d> {
    #[serde(rename = "type")]
    kind: &'d str,
    action: &'d str,
    object: Value<'d, 'd>,
}

/// An element, and what it holds.
struct Value<'d, 'x> {
    node: Node<'d, 'x>,
    kind: &'d Kind,
}

impl Serialize for Value<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { node, kind } = self;
        let is_bare = !node.has_children()
            || (node.first_element_child().is_none() && node.attributes().len() == 0);
        match kind {
            Kind::List { kind, .. } => {
                let mut list = serializer.serialize_seq(None)?;
                for node in elements(*node) {
                    list.serialize_element(&Value { node, kind })?;
                }
                list.end()
            }
            Kind::Fields => members(*node, None, serializer),
            kind if is_bare => scalar(kind, node.text().unwrap_or_default(), serializer),
            Kind::Object(shape) => members(*node, Some(shape), serializer),
            _ => members(*node, None, serializer),
        }
    }
}

/// The elements of one name, if there are several.
struct Repeated<'d, 'x>(Node<'d, 'x>, &'d str);

impl Serialize for Repeated<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let &Self(parent, name) = self;
        serializer.collect_seq(named(parent, name).map(|node| Value {
            node,
            kind: &Kind::Unknown,
        }))
    }
}

fn members<S: Serializer>(
    node: Node<'_, '_>,
    shape: Option<&Shape>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let fields = shape.and_then(|shape| FIELDS.get(shape.name));
    let kind = |name| fields.and_then(|fields| fields.get(name)).copied();
    let mut map = serializer.serialize_map(None)?;
    for attribute in node.attributes() {
        match kind(attribute.name()) {
            Some(kind) => {
                map.serialize_entry(attribute.name(), &Scalar(kind, attribute.value()))?;
            }
            None => {
                map.serialize_entry(&format!("@{}", attribute.name()), attribute.value())?;
            }
        }
    }
    for child in elements(node) {
        let name = child.tag_name().name();
        // A name of the definition is there once in all that 3scale sends.
        if let Some(kind) = kind(name) {
            map.serialize_entry(name, &Value { node: child, kind })?;
        } else if named(node, name).count() == 1 {
            map.serialize_entry(
                name,
                &Value {
                    node: child,
                    kind: &Kind::Unknown,
                },
            )?;
        } else if named(node, name).next() == Some(child) {
            map.serialize_entry(name, &Repeated(node, name))?;
        }
    }
    map.end()
}

/// The fields and attributes of each shape by name.
static FIELDS: LazyLock<HashMap<&str, HashMap<&str, &Kind>>> = LazyLock::new(|| {
    let kinds = |shape: &'static Shape| {
        shape
            .fields
            .iter()
            .chain(shape.attributes)
            .map(|Field { name, kind, .. }| (*name, kind))
            .collect()
    };
    SHAPES
        .iter()
        .map(|shape| (shape.name, kinds(shape)))
        .collect()
});

struct Scalar<'d>(&'d Kind, &'d str);

impl Serialize for Scalar<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        scalar(self.0, self.1, serializer)
    }
}

fn scalar<S: Serializer>(kind: &Kind, text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    const EXACT: u64 = (1 << 53) - 1;
    match kind {
        _ if text.is_empty() => serializer.serialize_none(),
        Kind::Integer | Kind::Decimal => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) if number.unsigned_abs() <= EXACT => serializer.serialize_i64(number),
            (Err(_), Ok(number)) if matches!(kind, Kind::Decimal) => {
                serializer.serialize_f64(number)
            }
            _ => serializer.serialize_str(text),
        },
        Kind::Boolean if matches!(text, "true" | "false") => {
            serializer.serialize_bool(text == "true")
        }
        Kind::Time => serializer.serialize_str(&utc(text)),
        _ => serializer.serialize_str(text),
    }
}

fn child<'d, 'x>(node: Node<'d, 'x>, name: &str) -> Option<Node<'d, 'x>> {
    named(node, name).next()
}

fn named<'d, 'x>(node: Node<'d, 'x>, name: &str) -> impl Iterator<Item = Node<'d, 'x>> {
    elements(node).filter(move |child| child.tag_name().name() == name)
}

fn elements<'d, 'x>(node: Node<'d, 'x>) -> impl Iterator<Item = Node<'d, 'x>> {
    node.children().filter(Node::is_element)
}
