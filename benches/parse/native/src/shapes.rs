//! The crate's definition of what 3scale sends, for the mappings in JavaScript: so they follow
//! the same schema, and the bench lists no field.

use serde_json::{Map, Value, json};
use threescale::schema::{Field, Kind, SHAPES, Shape};

/// `{"account": {"attributes": {}, "fields": {"id": "integer", …}}, …}`
pub(crate) fn json() -> Value {
    SHAPES
        .iter()
        .map(|shape| (shape.name.to_owned(), self::shape(shape)))
        .collect::<Map<_, _>>()
        .into()
}

fn shape(shape: &Shape) -> Value {
    json!({ "attributes": fields(shape.attributes), "fields": fields(shape.fields) })
}

fn fields(fields: &[Field]) -> Value {
    fields
        .iter()
        .map(|field| (field.name.to_owned(), kind(&field.kind)))
        .collect::<Map<_, _>>()
        .into()
}

fn kind(of: &Kind) -> Value {
    match of {
        Kind::Integer => "integer".into(),
        Kind::Decimal => "decimal".into(),
        Kind::Boolean => "boolean".into(),
        Kind::Time => "time".into(),
        Kind::Date => "date".into(),
        Kind::Text => "text".into(),
        Kind::Fields => "fields".into(),
        Kind::Object(shape) => json!({ "object": shape.name }),
        Kind::List { item, kind: of } => json!({ "list": item, "of": kind(of) }),
        Kind::Unknown => "unknown".into(),
    }
}
