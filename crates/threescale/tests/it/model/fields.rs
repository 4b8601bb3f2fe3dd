//! Generated elements of each kind, and their JSON.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::text::{field_name, some_text};
use super::{Element, Inside, normalized};

/// An element and its JSON.
pub(super) type Field = (Element, Value);

/// An object of the parts in this order, with the elements of each part in any order.
pub(super) fn object(
    name: &'static str,
    parts: Vec<BoxedStrategy<Vec<Field>>>,
) -> impl Strategy<Value = Field> {
    parts
        .prop_flat_map(|parts| {
            parts
                .into_iter()
                .map(|part| Just(part).prop_shuffle())
                .collect::<Vec<_>>()
        })
        .prop_map(move |parts| {
            let (elements, members): (Vec<_>, Vec<_>) = parts
                .concat()
                .into_iter()
                .map(|(element, json)| (element.clone(), (element.name, json)))
                .unzip();
            (
                Element::block(name, elements),
                Value::Object(members.into_iter().collect()),
            )
        })
}

pub(super) fn all(fields: Vec<BoxedStrategy<Vec<Field>>>) -> BoxedStrategy<Vec<Field>> {
    fields.prop_map(|fields| fields.concat()).boxed()
}

pub(super) fn unless(
    condition: bool,
    part: BoxedStrategy<Vec<Field>>,
) -> BoxedStrategy<Vec<Field>> {
    if condition {
        Just(vec![]).boxed()
    } else {
        part
    }
}

/// One element.
pub(super) fn one(field: impl Strategy<Value = Field> + 'static) -> BoxedStrategy<Vec<Field>> {
    field.prop_map(|field| vec![field]).boxed()
}

/// The part, or nothing.
pub(super) fn maybe(part: BoxedStrategy<Vec<Field>>) -> BoxedStrategy<Vec<Field>> {
    prop_oneof![part, Just(vec![])].boxed()
}

/// `<x/>` or `<x></x>` in place of the value.
pub(super) fn nullable(part: BoxedStrategy<Vec<Field>>) -> BoxedStrategy<Vec<Field>> {
    (part, 0..4_u8)
        .prop_map(|(mut fields, choice)| {
            for (element, json) in &mut fields {
                match choice {
                    0 => element.inside = Inside::Nil,
                    1 => element.inside = Inside::Text(String::new()),
                    _ => continue,
                }
                *json = Value::Null;
            }
            fields
        })
        .boxed()
}

fn scalar(
    name: &'static str,
    value: impl Strategy<Value = (String, Value)> + 'static,
) -> BoxedStrategy<Vec<Field>> {
    one(value.prop_map(move |(text, json)| (Element::text(name, &text), json)))
}

pub(super) fn text(name: &'static str) -> BoxedStrategy<Vec<Field>> {
    scalar(
        name,
        some_text().prop_map(|text| (text.clone(), json!(normalized(&text)))),
    )
}

pub(super) fn integer(name: &'static str) -> BoxedStrategy<Vec<Field>> {
    const EXACT: u64 = 1 << 53;
    let number = prop_oneof![
        0..100_u64,
        0..u64::from(u32::MAX) * 4,
        EXACT - 2..EXACT + 2,
        any::<u64>()
    ];
    scalar(
        name,
        number.prop_map(|number| {
            let text = number.to_string();
            (
                text.clone(),
                if number < EXACT {
                    json!(number)
                } else {
                    json!(text)
                },
            )
        }),
    )
}

/// Of so few digits that `f64`, by which the JSON is compared, keeps them.
pub(super) fn decimal(name: &'static str) -> BoxedStrategy<Vec<Field>> {
    scalar(
        name,
        (any::<i32>(), 0..1000_u32).prop_map(|(whole, part)| {
            let text = format!("{whole}.{part}");
            (text.clone(), serde_json::from_str(&text).unwrap())
        }),
    )
}

pub(super) fn boolean(name: &'static str) -> BoxedStrategy<Vec<Field>> {
    scalar(
        name,
        any::<bool>().prop_map(|value| (value.to_string(), json!(value))),
    )
}

/// As Ruby's `xmlschema` writes it, in the time zone of the tenant.
pub(super) fn time(name: &'static str) -> BoxedStrategy<Vec<Field>> {
    let seconds = prop_oneof![0..4_102_444_800_i64, -62_167_000_000..253_402_200_000_i64];
    let offset = prop_oneof![Just(0), Just(7200), Just(-9000), Just(20_700)];
    scalar(
        name,
        (seconds, offset, any::<bool>()).prop_map(|(seconds, offset, zulu)| {
            let write = |seconds| {
                chrono::DateTime::from_timestamp(seconds, 0)
                    .unwrap()
                    .format("%Y-%m-%dT%H:%M:%S")
                    .to_string()
            };
            let zone = match offset {
                0 if zulu => "Z".to_owned(),
                _ => format!(
                    "{}{:02}:{:02}",
                    if offset < 0 { '-' } else { '+' },
                    i64::abs(offset) / 3600,
                    i64::abs(offset) % 3600 / 60
                ),
            };
            (
                format!("{}{zone}", write(seconds + offset)),
                json!(format!("{}Z", write(seconds))),
            )
        }),
    )
}

pub(super) fn date(name: &'static str) -> BoxedStrategy<Vec<Field>> {
    scalar(
        name,
        (0..60_000_i64).prop_map(|days| {
            let text = chrono::DateTime::from_timestamp(days * 86_400, 0)
                .unwrap()
                .format("%Y-%m-%d")
                .to_string();
            (text.clone(), json!(text))
        }),
    )
}

/// Several choices are repeated elements; the JSON is an array at the place of the first.
pub(super) fn fields(name: &'static str) -> BoxedStrategy<Vec<Field>> {
    let field = (field_name(), some_text());
    one(prop::collection::vec(field, 0..5).prop_map(move |fields| {
        let mut members = Map::new();
        for (name, text) in &fields {
            let value = json!(normalized(text));
            match members.get_mut(name) {
                None => drop(members.insert(name.clone(), value)),
                Some(Value::Array(values)) => values.push(value),
                Some(one) => *one = json!([one, value]),
            }
        }
        let elements = fields
            .iter()
            .map(|(name, text)| Element::text(name, text))
            .collect();
        (Element::block(name, elements), Value::Object(members))
    }))
}

pub(super) fn texts(name: &'static str, item: &'static str) -> BoxedStrategy<Vec<Field>> {
    one(
        prop::collection::vec(some_text(), 0..4).prop_map(move |texts| {
            let elements = texts.iter().map(|text| Element::text(item, text)).collect();
            (
                Element::block(name, elements),
                texts.iter().map(|text| json!(normalized(text))).collect(),
            )
        }),
    )
}

/// An empty list is Ruby's empty array, `<plans/>`, or an empty block.
pub(super) fn list(
    name: &'static str,
    item: BoxedStrategy<Vec<Field>>,
) -> BoxedStrategy<Vec<Field>> {
    one(
        (prop::collection::vec(item, 0..3), any::<bool>()).prop_map(move |(items, nil)| {
            let (elements, values): (Vec<_>, Vec<_>) = items.concat().into_iter().unzip();
            let inside = if elements.is_empty() && nil {
                Inside::Nil
            } else {
                Inside::Elements(elements)
            };
            (Element::new(name, inside), Value::Array(values))
        }),
    )
}
