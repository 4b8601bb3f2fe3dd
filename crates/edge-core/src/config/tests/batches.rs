//! `batch` and `batch_seconds`.

use super::*;
use crate::delivery::batching::Batching;

/// The batching of a destination with these settings, and what is wrong with them.
fn batching(settings: &Value) -> (Option<Batching>, Vec<(String, String)>) {
    let setup = read(|fake| {
        fake.tables
            .insert("DESTINATIONS", json!({ "one": settings }));
    });
    let mistakes = setup.mistakes.into_iter();
    let mistakes = mistakes.map(|mistake| (mistake.item, mistake.problem));
    let one = &setup.config.destinations[0];
    (one.batching, mistakes.collect())
}

#[test]
fn batches_are_for_requests_and_for_keys_of_kv_and_off_by_default() {
    let of = |most, seconds: i64| {
        Some(Batching {
            most,
            wait_ms: seconds * 1000,
        })
    };
    for (settings, expected) in [
        (json!({ "kv": "EVENTS" }), None),
        (json!({ "kv": "EVENTS", "batch": 50 }), of(50, 5)),
        (
            json!({ "url": "https://crm.example.com/", "batch": 2, "batch_seconds": 300 }),
            of(2, 300),
        ),
        (
            json!({ "service": "CRM", "batch": 10.0, "batch_seconds": 1, "ordered": true }),
            of(10, 1),
        ),
    ] {
        assert_eq!(batching(&settings), (expected, vec![]), "{settings}");
    }
}

#[test]
fn a_batch_where_there_can_be_none_is_a_mistake_that_says_why() {
    for (settings, item, problem) in [
        (
            json!({ "url": "https://a.example.com/", "format": "xml", "batch": 5 }),
            "batch",
            "needs format = \"cloudevents\"",
        ),
        (
            json!({ "service": "CRM", "format": "cloudevents-binary", "batch": 5 }),
            "batch",
            "needs format",
        ),
        (
            json!({ "service": "CRM", "format": "slack", "batch": 5 }),
            "batch",
            "needs format",
        ),
        (
            json!({ "kv": "EVENTS", "keep": "objects", "batch": 5 }),
            "batch",
            "cannot be used with keep = \"objects\"",
        ),
        (
            json!({ "queue": "JOBS", "batch": 5 }),
            "batch",
            "cannot be used with queue",
        ),
        (
            json!({ "kv": "EVENTS", "batch": 1 }),
            "batch",
            "must be a whole number from 2 to 50",
        ),
        (
            json!({ "kv": "EVENTS", "batch": 51 }),
            "batch",
            "must be a whole number from 2 to 50",
        ),
        (
            json!({ "kv": "EVENTS", "batch": 5, "batch_seconds": 301 }),
            "batch_seconds",
            "must be a whole number from 1 to 300",
        ),
        (
            json!({ "kv": "EVENTS", "batch_seconds": 30 }),
            "batch_seconds",
            "does nothing without batch",
        ),
        (
            json!({ "kv": "EVENTS", "batch": 5, "batch_second": 30 }),
            "batch_second",
            "is not known here; did you mean `batch_seconds`?",
        ),
    ] {
        let (_, mistakes) = batching(&settings);
        let [(at, said)] = &mistakes[..] else {
            panic!("{settings}: {mistakes:?}")
        };
        assert_eq!(at, &format!("DESTINATIONS.one.{item}"));
        assert!(said.starts_with(problem), "{said}");
    }
}
