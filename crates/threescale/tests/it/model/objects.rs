//! Generated notifications: each object as its `to_xml` writes it, in the file of 3scale's that
//! `src/model/definition.rs` names, and the JSON that `threescale::guide::json` requires for it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Element;
use super::fields::{
    Field, all, boolean, date, decimal, fields, integer, list, maybe, nullable, object, one, text,
    texts, time, unless,
};

/// A notification: type, action, the whole document, and its `data`.
#[derive(Clone, Debug)]
pub(crate) struct Generated {
    pub(crate) kind: &'static str,
    pub(crate) document: Element,
    pub(crate) data: Value,
}

/// The 16 kinds of notifications: types, and the actions of each (table `web_hooks`, `db/schema.rb`).
pub(crate) const ACTIONS: [(&str, &[&str]); 3] = [
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

/// A notification of any of the 16 kinds.
pub(crate) fn notification() -> impl Strategy<Value = Generated> {
    let kinds: Vec<(&str, &str)> = ACTIONS
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

/// Application plans have both attributes; other plans have `default` only if it is true.
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
