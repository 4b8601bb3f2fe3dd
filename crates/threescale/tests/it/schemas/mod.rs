//! The JSON Schemas in `schemas/`: up to date with the definition, true of all output, and strict.

mod generate;
mod json;

use std::path::PathBuf;
use std::sync::LazyLock;

use jsonschema::{Registry, Resource, Validator};
use serde_json::{Value, json};

use super::{bodies, data, event};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

/// `UPDATE_SCHEMAS=1 cargo test -p threescale` rewrites them: read the diff.
#[test]
fn the_committed_schemas_are_up_to_date() {
    for (name, generated) in generate::files() {
        let path = folder().join(&name);
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(&path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == generated,
            "schemas/{name} is out of date: UPDATE_SCHEMAS=1 cargo test -p threescale"
        );
    }
}

/// Validators for `data` by type, and one for the whole event.
struct Schemas {
    by_type: Vec<(String, Validator)>,
    event: Validator,
}

static SCHEMAS: LazyLock<Schemas> = LazyLock::new(|| {
    let files: Vec<(String, Value)> = generate::files()
        .into_iter()
        .map(|(name, text)| (name, serde_json::from_str(&text).unwrap()))
        .collect();
    let at = |name: &str| format!("https://edge.example/schemas/{name}");
    let registry = Registry::new()
        .extend(
            files
                .iter()
                .map(|(name, schema)| (at(name), Resource::from_contents(schema.clone()))),
        )
        .unwrap()
        .prepare()
        .unwrap();
    let validator = |name: &str| {
        let schema = &files.iter().find(|(file, _)| file == name).unwrap().1;
        assert!(jsonschema::meta::is_valid(schema), "{name}");
        jsonschema::options()
            .with_registry(&registry)
            .with_base_uri(at(name))
            .build(schema)
            .unwrap()
    };
    Schemas {
        by_type: ["account", "user", "application", "generic"]
            .map(|name| (name.to_owned(), validator(&format!("{name}.json"))))
            .into(),
        event: validator("event.json"),
    }
});

/// The mistakes in the `data` of an event, by the schema of its type.
pub(crate) fn mistakes(data: &Value) -> Vec<String> {
    let name = data["type"].as_str().unwrap_or_default();
    let by_type = &SCHEMAS.by_type;
    let (_, validator) = by_type
        .iter()
        .find(|(known, _)| known == name)
        .or(by_type.last())
        .unwrap();
    validator
        .iter_errors(data)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[track_caller]
pub(crate) fn assert_valid(data: &str) {
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(mistakes(&data), Vec::<String>::new(), "{data}");
}

#[test]
fn every_sample_is_valid() {
    for (_, body) in bodies() {
        assert_valid(
            &data(
                std::str::from_utf8(&body).unwrap(),
                &threescale::Redact::none(),
            )
            .unwrap(),
        );
        let redact = threescale::Redact::new(
            ["keys", "id", "plan", "users", "custom", "created_at"].map(str::to_owned),
        );
        assert_valid(&data(std::str::from_utf8(&body).unwrap(), &redact).unwrap());
    }
}

#[test]
fn values_that_fit_no_type_are_valid_too() {
    for inside in [
        "",
        "text",
        "<account/>",
        "<user/>",
        "<account><id>1</id></account><account/>",
        "<id>1</id><state/>",
        "<account>text</account>",
        "<account x=\"y\"/>",
        "<account><id>007</id><vat_rate>free</vat_rate><credit_card_stored>1</credit_card_stored></account>",
        "<account><id>1</id><id>2</id><created_at>2023-02-29T00:00:00+01:00</created_at></account>",
        "<account><id x=\"y\">1</id><state><a/></state><annotations>t</annotations><annotations/></account>",
        "<account><plans>t<plan/><plan>x</plan><other>y</other></plans><plans/><users type=\"array\"/></account>",
        "<account><plans><plan custom=\"true\"><custom>true</custom></plan><plan default=\"no\"/></plans></account>",
        "<account><billing_address/><extra_fields><a/><a><b/></a></extra_fields><new><x y=\"\"/></new></account>",
    ] {
        assert_valid(
            &data(
                &event("account", "updated", inside),
                &threescale::Redact::none(),
            )
            .unwrap(),
        );
        assert_valid(
            &data(
                &event("invoice", "paid", inside),
                &threescale::Redact::none(),
            )
            .unwrap(),
        );
    }
    assert_valid(
        &data(
            "<event a=\"b\"><x>1</x><x/><type>user</type><action>a</action><object/></event>",
            &threescale::Redact::none(),
        )
        .unwrap(),
    );
}

#[test]
fn a_known_field_of_another_type_is_not_valid() {
    let wrong = [
        ("id", json!("6")),
        ("id", json!(6.5)),
        ("id", json!(true)),
        ("id", json!("")),
        ("id", json!([])),
        ("id", json!([6])),
        ("id", json!({})),
        ("id", json!(9_007_199_254_740_992_i64)),
        ("vat_rate", json!("21.0")),
        ("vat_rate", json!(false)),
        ("credit_card_stored", json!("true")),
        ("credit_card_stored", json!(1)),
        ("created_at", json!(1_621_023_773)),
        ("created_at", json!("")),
        ("created_at", json!(true)),
        ("credit_card_expires_on", json!(20_270_131)),
        ("org_name", json!(123)),
        ("org_name", json!(true)),
        ("org_name", json!("")),
        ("org_name", json!({"a": 1})),
        ("plans", json!(null)),
        ("plans", json!({})),
        ("plans", json!("gold")),
        ("plans", json!([{"id": "8", "name": "x"}])),
        ("plans", json!([{"id": 8, "custom": "true"}])),
        ("users", json!([1])),
        ("extra_fields", json!(null)),
        ("extra_fields", json!([])),
        ("extra_fields", json!({"a": 1})),
        ("annotations", json!("x")),
        ("billing_address", json!({"zip": 12345})),
        ("billing_address", json!([])),
        ("unknown", json!(1)),
        ("unknown", json!([])),
        ("unknown", json!(["one"])),
    ];
    for (name, value) in wrong {
        let data = json!({"type": "account", "action": "updated", "object": {name: value}});
        assert!(!mistakes(&data).is_empty(), "{data}");
    }
    for data in [
        json!({"type": "account", "action": "updated"}),
        json!({"type": "account", "action": "up/dated", "object": {}}),
        json!({"type": "account", "action": "updated", "object": []}),
        json!({"type": "account", "action": "updated", "object": {}, "extra": 1}),
        json!({"type": "invoice", "action": "paid", "object": {"id": 1}}),
        json!({"type": "application", "action": "updated", "object": {"keys": [1]}}),
        json!({"type": "application", "action": "updated", "object": {"application_id": 8}}),
        json!({"type": "user", "action": "updated", "object": {"account_id": "6"}}),
    ] {
        assert!(!mistakes(&data).is_empty(), "{data}");
    }
}

#[test]
fn the_event_schema_checks_data_by_its_type() {
    let event = |data: Value| {
        json!({
            "specversion": "1.0",
            "id": "0192f3c4-0000-7000-8000-000000000000",
            "source": "https://acme-admin.3scale.net",
            "type": "net.3scale.account.updated",
            "subject": "account/6",
            "time": "2021-05-15T01:37:53Z",
            "sequence": "00000000000000000042",
            "datacontenttype": "application/json",
            "dataschema": "https://edge.example/schemas/account.json",
            "data": data,
        })
    };
    let good =
        event(json!({"type": "account", "action": "updated", "object": {"id": 6, "plans": []}}));
    assert_eq!(
        SCHEMAS
            .event
            .iter_errors(&good)
            .map(|error| error.to_string())
            .collect::<Vec<_>>(),
        Vec::<String>::new()
    );
    assert!(SCHEMAS.event.is_valid(&event(
        json!({"type": "invoice", "action": "paid", "object": {"id": "6"}})
    )));
    assert!(!SCHEMAS.event.is_valid(&event(
        json!({"type": "invoice", "action": "paid", "object": {"id": 6}})
    )));
    assert!(!SCHEMAS.event.is_valid(&event(
        json!({"type": "account", "action": "updated", "object": {"id": "6"}})
    )));
    assert!(!SCHEMAS.event.is_valid(&event(json!({"type": "account"}))));
    for (member, wrong) in [
        ("specversion", json!("0.3")),
        ("id", json!("6")),
        ("sequence", json!(42)),
        ("time", json!("2021-05-15")),
        ("type", json!("account.updated")),
        ("data", json!(null)),
    ] {
        let mut event = good.clone();
        event[member] = wrong;
        assert!(!SCHEMAS.event.is_valid(&event), "{member}");
        event.as_object_mut().unwrap().remove(member);
        assert!(!SCHEMAS.event.is_valid(&event), "no {member}");
    }
}
