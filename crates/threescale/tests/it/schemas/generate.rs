//! Generates the schemas from the definition.

use threescale::schema::{Field, Kind, SHAPES, Shape};

use super::json::{Json, array, object};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// File names and contents.
pub(super) fn files() -> Vec<(String, String)> {
    let objects = &SHAPES[..3];
    let mut files = vec![("event.json".to_owned(), envelope(objects).pretty())];
    files.extend(
        objects
            .iter()
            .map(|shape| (format!("{}.json", shape.name), data(shape).pretty())),
    );
    files.push(("generic.json".to_owned(), generic().pretty()));
    files
}

/// The event's `data` about an object of a known shape.
fn data(shape: &Shape) -> Json {
    let mut definitions = kinds();
    let mut needed = vec![shape];
    while let Some(shape) = needed.pop() {
        definitions.push((shape.name.to_owned(), one(shape)));
        let inside = shape.fields.iter().filter_map(|field| match field.kind {
            Kind::Object(shape)
            | Kind::List {
                kind: &Kind::Object(shape),
                ..
            } => Some(shape),
            _ => None,
        });
        needed.extend(inside);
    }
    about(
        &format!("3scale: {} event", shape.name),
        &sentence(shape.doc),
        object! { "const" => shape.name },
        reference(shape.name),
        definitions,
    )
}

/// The event's `data` about any object.
fn generic() -> Json {
    about(
        "3scale: any event",
        "An event about an object of a type that is not known: everything is text, in the generic form.",
        reference("name"),
        reference("generic"),
        kinds(),
    )
}

fn about(
    title: &str,
    description: &str,
    kind: Json,
    inside: Json,
    definitions: Vec<(String, Json)>,
) -> Json {
    object! {
        "$schema" => DIALECT,
        "title" => title,
        "description" => description,
        "type" => "object",
        "properties" => object! {
            "type" => kind,
            "action" => reference("name"),
            "object" => inside,
        },
        "required" => array!["type", "action", "object"],
        "additionalProperties" => reference("generic"),
        "$defs" => Json::Object(definitions),
    }
}

/// An element of a known shape. Every member may be missing: deleted objects have few, and
/// 3scale's versions differ.
fn one(shape: &Shape) -> Json {
    let mut properties: Vec<_> = shape
        .attributes
        .iter()
        .chain(shape.fields)
        .map(member)
        .collect();
    // So that an attribute and an element of one name can both be there.
    properties.extend(
        shape
            .attributes
            .iter()
            .map(|field| (format!("@{}", field.name), value(&field.kind))),
    );
    object! {
        "description" => &*sentence(shape.doc),
        "anyOf" => array![
            object! {
                "type" => "object",
                "properties" => Json::Object(properties),
                "additionalProperties" => reference("generic"),
            },
            object! { "type" => "null" },
            reference("misfit"),
        ],
    }
}

/// A value, or an array of several, although 3scale sends one.
fn member(field: &Field) -> (String, Json) {
    let several = object! { "type" => "array", "minItems" => 2, "items" => value(&field.kind) };
    let schema = object! {
        "description" => &*sentence(field.doc),
        "anyOf" => array![value(&field.kind), several],
    };
    (field.name.to_owned(), schema)
}

fn value(kind: &Kind) -> Json {
    match kind {
        Kind::Integer => reference("integer"),
        Kind::Decimal => reference("decimal"),
        Kind::Boolean => reference("boolean"),
        Kind::Time => reference("time"),
        Kind::Date => reference("date"),
        Kind::Text => reference("text"),
        Kind::Fields => reference("fields"),
        Kind::Unknown => reference("generic"),
        Kind::Object(shape) => reference(shape.name),
        Kind::List { kind, .. } => object! {
            "type" => "array",
            "items" => object! { "anyOf" => array![value(kind), reference("stranger")] },
        },
    }
}

/// The schemas of values. A value that does not fit its type is kept as text, so a string is
/// allowed for each of them, but never one that fits the type.
#[expect(clippy::too_many_lines, reason = "a table")]
fn kinds() -> Vec<(String, Json)> {
    const EXACT: i64 = (1 << 53) - 1;
    let null = || object! { "type" => "null" };
    let unless = |pattern: &str| {
        object! { "type" => "string", "minLength" => 1, "not" => object! { "pattern" => pattern } }
    };
    let kind = |description: &str, fits: Json, misfit: Json| {
        object! {
            "description" => description,
            "anyOf" => array![fits, null(), misfit, reference("unexpected")],
        }
    };
    let definitions = [
        (
            "integer",
            kind(
                "A whole number. Beyond ±(2^53 − 1), or if it does not fit, a string.",
                object! { "type" => "integer", "minimum" => -EXACT, "maximum" => EXACT },
                unless("^-?(0|[1-9][0-9]{0,14})$"),
            ),
        ),
        (
            "decimal",
            kind(
                "A decimal number with the digits that 3scale sent. If it does not fit, a string.",
                object! { "type" => "number" },
                unless("^-?(0|[1-9][0-9]*)([.][0-9]+)?$"),
            ),
        ),
        (
            "boolean",
            kind(
                "True or false. If it does not fit, a string.",
                object! { "type" => "boolean" },
                unless("^(true|false)$"),
            ),
        ),
        (
            "time",
            kind(
                "RFC 3339 in UTC. If it does not fit, as it was sent.",
                object! {
                    "type" => "string",
                    "pattern" => "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?Z$",
                },
                reference("misfit"),
            ),
        ),
        (
            "date",
            kind(
                "YYYY-MM-DD. If it does not fit, as it was sent.",
                object! { "type" => "string", "pattern" => "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" },
                reference("misfit"),
            ),
        ),
        (
            "text",
            object! {
                "description" => "Text.",
                "anyOf" => array![object! { "type" => "string", "minLength" => 1 }, null(), reference("unexpected")],
            },
        ),
        (
            "fields",
            object! {
                "description" => "Values under names that the provider chose. A field of several choices is an array.",
                "type" => "object",
                "additionalProperties" => reference("generic"),
            },
        ),
        (
            "generic",
            object! {
                "description" => "What is not known: text, null if it is empty, an object of what is inside, an array \
                    of what repeats. Attributes have @ before their name; text beside elements is #text.",
                "anyOf" => array![
                    object! { "type" => "string", "minLength" => 1 },
                    null(),
                    reference("unexpected"),
                    object! { "type" => "array", "minItems" => 2, "items" => reference("generic") },
                ],
            },
        ),
        (
            "unexpected",
            object! {
                "description" => "Attributes or elements where 3scale sends none.",
                "type" => "object",
                "minProperties" => 1,
                "additionalProperties" => reference("generic"),
            },
        ),
        (
            "stranger",
            object! {
                "description" => "What is in a list but is not one of its items.",
                "type" => "object",
                "minProperties" => 1,
                "maxProperties" => 1,
                "additionalProperties" => reference("generic"),
            },
        ),
        (
            "misfit",
            object! {
                "description" => "Text where 3scale sends something else; [redacted] where a destination may not see it.",
                "type" => "string",
                "minLength" => 1,
            },
        ),
        ("name", name()),
    ];
    definitions
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

fn name() -> Json {
    object! { "type" => "string", "pattern" => "^[A-Za-z0-9_.-]{1,64}$" }
}

/// The `CloudEvent` around `data`.
fn envelope(objects: &[&Shape]) -> Json {
    let about = |shape: &Shape| {
        let is = object! {
            "properties" => object! {
                "data" => object! { "properties" => object! { "type" => object! { "const" => shape.name } } },
            },
        };
        let file = format!("{}.json", shape.name);
        let then = object! { "properties" => object! { "data" => object! { "$ref" => &*file } } };
        object! { "if" => is, "then" => then }
    };
    let text = |description: &str| object! { "description" => description, "type" => "string", "minLength" => 1 };
    let pattern = |description: &str, pattern: &str| {
        object! { "description" => description, "type" => "string", "pattern" => pattern }
    };
    object! {
        "$schema" => DIALECT,
        "title" => "3scale: CloudEvent",
        "description" => "A notification of 3scale as a CloudEvent 1.0, in structured mode.",
        "type" => "object",
        "properties" => object! {
            "specversion" => object! { "const" => "1.0" },
            "id" => pattern(
                "A UUIDv7, given once: the same through retries, recovery and replays.",
                "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
            ),
            "source" => text("The tenant's admin URL, or /sources/ and the source's name."),
            "type" => pattern("net.3scale, the object's type, what happened.", "^net[.]3scale[.][A-Za-z0-9_.-]+$"),
            "subject" => text("The object's type and id, if it has one."),
            "time" => pattern(
                "The object's updated_at, else when it was received. RFC 3339 in UTC.",
                "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?Z$",
            ),
            "sequence" => pattern("The order in which the source's inbox took it.", "^[0-9]{20}$"),
            "datacontenttype" => object! { "const" => "application/json" },
            "dataschema" => text("Where the schema of data is."),
            "data" => object! { "type" => "object", "required" => array!["type", "action", "object"] },
        },
        "required" => array![
            "specversion", "id", "source", "type", "time", "sequence", "datacontenttype", "data",
        ],
        "allOf" => {
            let mut cases: Vec<_> = objects.iter().map(|shape| about(shape)).collect();
            let names: Vec<_> = objects.iter().map(|shape| Json::text(shape.name)).collect();
            cases.push(object! {
                "if" => object! {
                    "properties" => object! {
                        "data" => object! {
                            "properties" => object! { "type" => object! { "not" => object! { "enum" => names } } },
                        },
                    },
                },
                "then" => object! { "properties" => object! { "data" => object! { "$ref" => "generic.json" } } },
            });
            cases
        },
    }
}

fn reference(definition: &str) -> Json {
    object! { "$ref" => &*format!("#/$defs/{definition}") }
}

/// A doc comment as one line of plain text.
fn sentence(doc: &str) -> String {
    doc.replace('`', "")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
