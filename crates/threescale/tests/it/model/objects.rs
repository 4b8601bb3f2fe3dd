//! The objects of 3scale, generated: each element by the rules of facts.md §4, with the JSON
//! that the contract wants of it.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::text::{field_name, some_text};
use super::{Element, Inside, normalized};

/// An element and its JSON.
pub(crate) type Field = (Element, Value);

/// A notification: type, action, the whole document, and its `data`.
#[derive(Clone, Debug)]
pub(crate) struct Generated {
    pub(crate) kind: &'static str,
    pub(crate) document: Element,
    pub(crate) data: Value,
}

/// Any of the 16 kinds.
pub(crate) fn notification() -> impl Strategy<Value = Generated> {
    let actions: [(&str, &[&str]); 3] = [
        (
            "account",
            &["created", "updated", "plan_changed", "deleted"],
        ),
        ("user", &["created", "updated", "deleted"]),
        (
            "application",
            &[
                "created",
                "updated",
                "deleted",
                "suspended",
                "plan_changed",
                "user_key_updated",
                "key_created",
                "key_deleted",
                "key_updated",
            ],
        ),
    ];
    let kinds: Vec<(&str, &str)> = actions
        .iter()
        .flat_map(|(kind, actions)| actions.iter().map(move |action| (*kind, *action)))
        .collect();
    prop::sample::select(kinds).prop_flat_map(|(kind, action)| {
        let is_deleted = action == "deleted";
        let object = match kind {
            "account" => account(is_deleted).boxed(),
            "user" => user(is_deleted).boxed(),
            _ => application(is_deleted).boxed(),
        };
        (object, Just([0, 1, 2]).prop_shuffle()).prop_map(move |((object, json), order)| {
            let envelope = [
                Element::text("action", action),
                Element::text("type", kind),
                Element::block("object", vec![object]),
            ];
            let elements = order
                .iter()
                .map(|&place: &usize| envelope[place].clone())
                .collect();
            Generated {
                kind,
                document: Element::block("event", elements),
                data: json!({"type": kind, "action": action, "object": json}),
            }
        })
    })
}

fn account(is_deleted: bool) -> impl Strategy<Value = Field> {
    let always = all(vec![
        integer("id"),
        time("created_at"),
        time("updated_at"),
        text("state"),
        fields("annotations"),
        maybe(nullable(time("deletion_date"))),
    ]);
    let tenant = maybe(all([
        "admin_domain",
        "domain",
        "admin_base_url",
        "base_url",
        "from_email",
        "support_email",
        "finance_support_email",
        "site_access_code",
    ]
    .map(text)
    .into()));
    let living = all([
        "org_name",
        "org_legaladdress",
        "org_legaladdress_cont",
        "telephone_number",
        "vat_code",
        "fiscal_code",
        "state_region",
        "city",
        "country",
        "zip",
        "primary_business",
        "business_category",
        "po_number",
    ]
    .map(|name| maybe(text(name)))
    .into_iter()
    .chain([
        maybe(decimal("vat_rate")),
        maybe(billing_address()),
        fields("extra_fields"),
        maybe(boolean("monthly_billing_enabled")),
        maybe(boolean("monthly_charging_enabled")),
        boolean("credit_card_stored"),
        maybe(text("credit_card_partial_number")),
        maybe(date("credit_card_expires_on")),
        list("plans", plan()),
        list("users", one(user(false))),
    ])
    .collect());
    object("account", vec![always, tenant, unless(is_deleted, living)])
}

fn user(is_deleted: bool) -> impl Strategy<Value = Field> {
    let always = all(vec![
        integer("id"),
        time("created_at"),
        time("updated_at"),
        nullable(integer("account_id")),
        text("state"),
        text("role"),
        maybe(text("cas_identifier")),
        maybe(text("open_id")),
    ]);
    let living = all([
        "username",
        "email",
        "title",
        "first_name",
        "last_name",
        "job_role",
    ]
    .map(|name| maybe(text(name)))
    .into_iter()
    .chain([fields("extra_fields")])
    .collect());
    object("user", vec![always, unless(is_deleted, living)])
}

fn application(is_deleted: bool) -> impl Strategy<Value = Field> {
    let always = all(vec![
        integer("id"),
        time("created_at"),
        time("updated_at"),
        text("state"),
        integer("user_account_id"),
        nullable(time("first_traffic_at")),
        nullable(time("first_daily_traffic_at")),
        integer("service_id"),
        maybe(boolean("end_user_required")),
    ]);
    let version_1 = all(vec![text("user_key"), text("provider_verification_key")]);
    let version_2 = all(vec![
        text("application_id"),
        maybe(nullable(text("redirect_url"))),
        unless(is_deleted, texts("keys", "key")),
    ]);
    let oidc = maybe(one(object(
        "oidc_configuration",
        vec![all(vec![
            integer("id"),
            boolean("standard_flow_enabled"),
            boolean("implicit_flow_enabled"),
            boolean("service_accounts_enabled"),
            boolean("direct_access_grants_enabled"),
        ])],
    )));
    let living = all(vec![
        maybe(text("name")),
        maybe(text("description")),
        fields("extra_fields"),
        maybe(texts("referrer_filters", "referrer_filter")),
    ]);
    let keys = prop_oneof![version_1, version_2].boxed();
    object(
        "application",
        vec![
            always,
            keys,
            all(vec![plan(), oidc]),
            unless(is_deleted, living),
        ],
    )
}

/// Application plans have both attributes, others `default` if it is so.
fn plan() -> BoxedStrategy<Vec<Field>> {
    let elements = object(
        "plan",
        vec![all(vec![
            integer("id"),
            text("name"),
            text("type"),
            text("state"),
            maybe(boolean("approval_required")),
            maybe(boolean("end_user_required")),
            decimal("setup_fee"),
            decimal("cost_per_month"),
            nullable(integer("trial_period_days")),
            integer("cancellation_period"),
            maybe(integer("service_id")),
        ])],
    );
    let attributes = prop_oneof![
        (any::<bool>(), any::<bool>())
            .prop_map(|(custom, default)| vec![("custom", custom), ("default", default)]),
        Just(vec![("default", true)]),
        Just(vec![]),
    ];
    one(
        (elements, attributes).prop_map(|((mut plan, mut json), attributes)| {
            for (name, value) in attributes {
                plan.attributes.push((name.to_owned(), value.to_string()));
                json[name] = json!(value);
            }
            (plan, json)
        }),
    )
}

fn billing_address() -> BoxedStrategy<Vec<Field>> {
    let names = [
        "company",
        "address",
        "address1",
        "address2",
        "phone_number",
        "city",
        "country",
        "state",
        "zip",
    ];
    one(object(
        "billing_address",
        vec![all(names.map(|name| nullable(text(name))).into())],
    ))
}

/// An object of the parts, which are in this order, each part's elements in any order.
fn object(
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

fn all(fields: Vec<BoxedStrategy<Vec<Field>>>) -> BoxedStrategy<Vec<Field>> {
    fields.prop_map(|fields| fields.concat()).boxed()
}

fn unless(condition: bool, part: BoxedStrategy<Vec<Field>>) -> BoxedStrategy<Vec<Field>> {
    if condition {
        Just(vec![]).boxed()
    } else {
        part
    }
}

/// One element.
fn one(field: impl Strategy<Value = Field> + 'static) -> BoxedStrategy<Vec<Field>> {
    field.prop_map(|field| vec![field]).boxed()
}

/// There or not.
fn maybe(part: BoxedStrategy<Vec<Field>>) -> BoxedStrategy<Vec<Field>> {
    prop_oneof![part, Just(vec![])].boxed()
}

/// `<x/>` or `<x></x>` in place of the value.
fn nullable(part: BoxedStrategy<Vec<Field>>) -> BoxedStrategy<Vec<Field>> {
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

fn text(name: &'static str) -> BoxedStrategy<Vec<Field>> {
    scalar(
        name,
        some_text().prop_map(|text| (text.clone(), json!(normalized(&text)))),
    )
}

fn integer(name: &'static str) -> BoxedStrategy<Vec<Field>> {
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

/// Compared as text: see `numbers_as_text`.
fn decimal(name: &'static str) -> BoxedStrategy<Vec<Field>> {
    scalar(
        name,
        (any::<i32>(), 0..1000_u32).prop_map(|(whole, part)| {
            let text = format!("{whole}.{part}");
            (text.clone(), serde_json::from_str(&text).unwrap())
        }),
    )
}

fn boolean(name: &'static str) -> BoxedStrategy<Vec<Field>> {
    scalar(
        name,
        any::<bool>().prop_map(|value| (value.to_string(), json!(value))),
    )
}

/// As Ruby's `xmlschema` writes it, in the time zone of the tenant.
fn time(name: &'static str) -> BoxedStrategy<Vec<Field>> {
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

fn date(name: &'static str) -> BoxedStrategy<Vec<Field>> {
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

/// Several choices are repeated elements; the JSON is an array in place of the first.
fn fields(name: &'static str) -> BoxedStrategy<Vec<Field>> {
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

fn texts(name: &'static str, item: &'static str) -> BoxedStrategy<Vec<Field>> {
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
fn list(name: &'static str, item: BoxedStrategy<Vec<Field>>) -> BoxedStrategy<Vec<Field>> {
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
