//! Whatever stands in the variables, reading them ends with findings.

use proptest::prelude::*;

use super::*;

struct Anything {
    sources: Value,
    destinations: Value,
    text: String,
}

impl Environment for Anything {
    fn table(&self, name: &str) -> Option<Value> {
        match name {
            "SOURCES" => Some(self.sources.clone()),
            _ => Some(self.destinations.clone()),
        }
    }

    fn text(&self, _: &str) -> Option<String> {
        Some(self.text.clone())
    }

    fn names(&self) -> Vec<String> {
        vec![self.text.clone(), format!("SOURCE_{}", self.text)]
    }

    fn has(&self, _: Binding, name: &str) -> bool {
        name.len().is_multiple_of(2)
    }

    fn parse_url(&self) -> ParseUrl {
        crate::location::parse_url
    }
}

/// Any JSON, more often than not with names and values that mean something.
fn json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        proptest::sample::select(vec![
            "url",
            "kv",
            "service",
            "queue",
            "events",
            "sources",
            "redact",
            "schedule",
            "concurrency",
            "rate",
            "ordered",
            "format",
            "timeout_ms",
            "headers",
            "final",
            "path",
            "keep",
            "ttl_days",
            "secret_param",
            "admin_url",
            "shards",
            "silent_after_hours",
            "acme",
            "crm",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,8}",
    ];
    let text = prop_oneof![
        proptest::sample::select(vec![
            "*",
            "account.*",
            "acme",
            "https://x.example.com/",
            "https://1.2.3.4",
            "objects"
        ])
        .prop_map(str::to_owned),
        "\\PC{0,8}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0_u64..700).prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(key.clone(), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read_without_a_panic(sources in json(), destinations in json(), text in "\\PC{0,40}") {
        let setup = Setup::read(&Anything { sources, destinations, text });
        // What is sound can be sent to, and what is not is named.
        let waits = setup.config.destinations.iter().any(|one| one.transport.is_none());
        let closed = setup.config.sources.iter().any(|one| one.is_closed);
        prop_assert!(!(waits || closed) || !setup.mistakes.is_empty());
    }
}
