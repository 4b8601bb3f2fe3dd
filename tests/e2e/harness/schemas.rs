//! Holds what arrives against the JSON Schemas that the Worker serves, by somebody else's validator.

use std::path::Path;
use std::sync::LazyLock;

use jsonschema::{Registry, Resource, Validator};
use serde_json::Value;

/// Of an alert's data: it is ours, and no notification's.
static ALERT: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::validator_for(&schema("alert.json")).unwrap());

static EVENT: LazyLock<Validator> = LazyLock::new(|| {
    let at = |name: &str| format!("https://edge.example/schemas/{name}");
    let all = [
        "account.json",
        "user.json",
        "application.json",
        "generic.json",
    ];
    let registry = Registry::new()
        .extend(all.map(|name| (at(name), Resource::from_contents(schema(name)))))
        .unwrap()
        .prepare()
        .unwrap();
    jsonschema::options()
        .with_registry(&registry)
        .with_base_uri(at("event.json"))
        .build(&schema("event.json"))
        .unwrap()
});

fn schema(name: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("schemas")
        .join(name);
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Panics with every mistake.
pub(crate) fn assert_valid(event: &Value) {
    let is_alert = event["type"]
        .as_str()
        .is_some_and(|name| name.starts_with("net.3scale.edge.alert."));
    let (validator, value) = if is_alert {
        (&*ALERT, &event["data"])
    } else {
        (&*EVENT, event)
    };
    let mistakes: Vec<_> = validator
        .iter_errors(value)
        .map(|mistake| format!("{}: {mistake}", mistake.instance_path()))
        .collect();
    assert!(mistakes.is_empty(), "{mistakes:#?}");
}

#[test]
fn a_known_field_of_the_wrong_type_is_a_mistake() {
    let event = |id: Value| {
        serde_json::json!({
            "specversion": "1.0",
            "id": "01a20052-ca61-73fb-8e19-a8a407a700d3",
            "source": "/sources/acme",
            "type": "net.3scale.user.deleted",
            "subject": "user/9",
            "time": "2021-05-14T20:22:53Z",
            "sequence": "00000000000000000042",
            "datacontenttype": "application/json",
            "dataschema": "https://edge.example/schemas/user.json",
            "data": { "type": "user", "action": "deleted", "object": { "id": id } }
        })
    };
    assert!(EVENT.is_valid(&event(9.into())));
    assert!(!EVENT.is_valid(&event("9".into())));
    assert!(!EVENT.is_valid(&event(serde_json::json!([9]))));
}
