//! A mistake stops only what it is in.

use super::*;

fn destination<'c>(setup: &'c Setup, name: &str) -> &'c Destination {
    setup.config.destination(name).unwrap()
}

fn routed(setup: &Setup, source: &str, kind: &str) -> Vec<String> {
    let names = setup.config.routed(source, kind, "created");
    names.map(ToString::to_string).collect()
}

#[test]
fn a_faulty_destination_waits_and_the_others_work() {
    let setup = read(|fake| {
        fake.tables.get_mut("DESTINATIONS").unwrap()["crm"]["ttl_day"] = 3.into();
    });
    assert_eq!(setup.mistakes.len(), 1);
    assert!(destination(&setup, "crm").transport.is_none());
    assert!(destination(&setup, "archive").transport.is_some());
    // What it wants is routed to it, and nothing else.
    assert_eq!(routed(&setup, "acme", "account"), ["archive", "crm"]);
    assert_eq!(routed(&setup, "acme", "user"), ["archive"]);
    let names: Vec<_> = (0..3)
        .map(|index| setup.config.deliverable(index))
        .collect();
    let names: Vec<_> = names
        .iter()
        .map(|found| found.map(|one| one.name.as_str()))
        .collect();
    assert_eq!(names, [Some("archive"), None, None]);
    assert!(!setup.config.is_closed("acme"));
}

#[test]
fn a_destination_with_faulty_patterns_waits_for_everything_and_one_with_faulty_sources_for_those_it_names()
 {
    for (setting, value, of_acme, of_other) in [
        ("events", json!(["acount"]), true, true),
        ("events", json!(["user.created", "acount"]), true, true),
        ("events", json!("account.*"), true, true),
        ("sources", json!(["acme", "amce"]), true, false),
        ("sources", json!(7), false, false),
    ] {
        let setup = read(|fake| {
            fake.tables
                .insert("SOURCES", json!({ "acme": {}, "other": {} }));
            fake.texts
                .insert("SOURCE_OTHER_SECRET", "another-long-enough-secret");
            let crm = &mut fake.tables.get_mut("DESTINATIONS").unwrap()["crm"];
            *crm = json!({ "url": "https://crm.example.com/" });
            crm[setting] = value.clone();
        });
        assert_eq!(setup.mistakes.len(), 1, "{setting} {value}");
        assert!(destination(&setup, "crm").transport.is_none());
        for (source, is_routed) in [("acme", of_acme), ("other", of_other)] {
            let names = routed(&setup, source, "application");
            assert_eq!(
                names.contains(&"crm".to_owned()),
                is_routed,
                "{setting} {value}"
            );
        }
    }
}

#[test]
fn a_faulty_secret_of_a_destination_stops_it_too() {
    for (variable, value) in [
        ("DESTINATION_CRM_SIGNING_SECRET", "whsec_!"),
        ("DESTINATION_CRM_AUTHORIZATION", "Bearer sch\u{f6}n"),
    ] {
        let setup = read(|fake| {
            fake.texts.insert(variable, value);
        });
        assert_eq!(setup.mistakes[0].item, variable);
        assert!(destination(&setup, "crm").transport.is_none());
    }
}

#[test]
fn a_faulty_source_is_closed_and_the_others_are_open() {
    let setup = read(|fake| {
        fake.tables.insert(
            "SOURCES",
            json!({ "acme": {}, "other": { "admin_url": "https://10.0.0.1" }, "bare": {}, "Wrong": {}, "odd": 7 }),
        );
        fake.texts
            .insert("SOURCE_OTHER_SECRET", "another-long-enough-secret");
        fake.texts.insert("SOURCE_OTHER_ACCESS_TOKEN", "t0ken");
        fake.texts
            .insert("SOURCE_ODD_SECRET", "an-odd-but-long-enough-secret");
    });
    let config = &setup.config;
    let closed = |name| config.is_closed(name);
    assert!(!closed("acme"));
    for name in ["other", "bare", "Wrong", "odd"] {
        assert!(closed(name), "{name}");
    }
    // Of a name that nobody has configured nothing is known, and it is answered as ever.
    assert!(!closed("nobody"));
    // Nobody calls an address that is refused, but what the inbox has is delivered.
    assert!(config.source("other").unwrap().admin().is_none());
    assert!(setup.of_source("other").is_ok());
    assert!(!config.is_removed("other"));
    assert!(config.is_removed("nobody"));
}

#[test]
fn while_it_is_unknown_who_sends_or_where_events_go_nothing_is_taken_in() {
    for variable in ["SOURCES", "DESTINATIONS"] {
        let setup = read(|fake| {
            fake.tables
                .insert(variable, Value::String("{ \"acme\": }".to_owned()));
        });
        assert!(setup.config.is_closed("acme"), "{variable}");
        assert!(!setup.config.is_removed("acme"), "{variable}");
        let mistake = &setup.mistakes[0];
        assert_eq!(mistake.item, variable);
        assert!(
            mistake
                .problem
                .starts_with("is not valid JSON: expected value at line 1"),
            "{mistake:?}"
        );
    }
}

#[test]
fn a_faulty_variable_has_its_default_and_forgets_nothing() {
    let setup = read(|fake| {
        for variable in [
            "MAX_BODY_BYTES",
            "RETENTION_DAYS",
            "DEDUP_WINDOW_SECONDS",
            "PUBLIC_URL",
        ] {
            fake.texts.insert(variable, "plenty");
        }
        fake.texts.insert("ALERTS", "crm nobody");
    });
    assert_eq!(setup.mistakes.len(), 5, "{:#?}", setup.mistakes);
    let config = &setup.config;
    assert_eq!(
        (config.max_body_bytes, config.dedup_window_ms),
        (1 << 20, 1_800_000)
    );
    assert_eq!(config.retention_ms, 3650 * 86_400_000);
    assert_eq!(config.alerts, ["crm".parse().unwrap()]);
    assert!(
        config
            .destinations
            .iter()
            .all(|one| one.transport.is_some())
    );
}

#[test]
fn two_destinations_that_would_overwrite_each_other_are_a_mistake() {
    let kv = |settings: Value| {
        read(|fake| {
            fake.tables.get_mut("DESTINATIONS").unwrap()["second"] = settings;
        })
    };
    let setup = kv(json!({ "kv": "EVENTS", "redact": ["user_key"] }));
    assert_eq!(setup.mistakes[0].item, "DESTINATIONS.second.kv");
    assert!(setup.mistakes[0].problem.contains("archive"));
    assert!(destination(&setup, "archive").transport.is_some());
    assert!(destination(&setup, "second").transport.is_none());
    assert_eq!(
        kv(json!({ "kv": "EVENTS", "keep": "objects" })).mistakes,
        []
    );
    assert_eq!(kv(json!({ "kv": "ARCHIVE" })).mistakes, []);
}

#[test]
fn the_public_url_is_an_origin_that_others_may_call() {
    let public = |value| {
        let setup = read(|fake| {
            fake.texts.insert("PUBLIC_URL", value);
        });
        (setup.config.public_url.clone(), setup.mistakes.len())
    };
    let origin = Some("https://edge.example.com".to_owned());
    assert_eq!(public("https://edge.example.com/"), (origin.clone(), 0));
    assert_eq!(public(" https://EDGE.example.com:443"), (origin, 0));
    for faulty in [
        "edge.example.com",
        "http://edge.example.com",
        "https://10.0.0.1",
        "https://edge.example.com/hooks",
        "https://edge.example.com/?a",
        "https://u:p@edge.example.com",
    ] {
        assert_eq!(public(faulty), (None, 1), "{faulty}");
    }
}

#[test]
fn headers_that_cannot_be_sent_are_mistakes_and_no_value_of_authorization_is_shown() {
    for headers in [
        json!({ "x team": "a" }),
        json!({ "": "a" }),
        json!({ "x-team": "\u{20ac}" }),
        json!({ "x-team": "a\nb" }),
        json!({ "x-te\u{e4}m": "a" }),
        json!({ "Transfer-Encoding": "chunked" }),
    ] {
        let setup = read(|fake| {
            fake.tables.get_mut("DESTINATIONS").unwrap()["crm"]["headers"] = headers.clone();
        });
        assert_eq!(setup.mistakes.len(), 1, "{headers}");
        assert_eq!(setup.mistakes[0].item, "DESTINATIONS.crm.headers");
    }
    let setup = read(|fake| {
        fake.texts
            .insert("DESTINATION_CRM_AUTHORIZATION", "Bearer sch\u{f6}n");
    });
    assert_eq!(setup.mistakes[0].item, "DESTINATION_CRM_AUTHORIZATION");
    assert!(!format!("{setup:?}").contains("sch\u{f6}"));
}

#[test]
fn while_the_destinations_cannot_be_read_nothing_is_taken_in_recovered_or_dropped() {
    let setup = read(|fake| {
        fake.tables.insert("DESTINATIONS", json!("{"));
        fake.texts
            .insert("SOURCE_ACME_ACCESS_TOKEN", "an-access-token-of-3scale");
    });
    assert!(setup.config.is_closed("acme"));
    let acme = setup.config.source("acme").unwrap();
    assert!(acme.admin_url.is_some() && acme.admin().is_none());
    assert!(!setup.config.knows_destinations());
    let sound = read(|_| {}).config;
    assert!(sound.knows_destinations() && !sound.is_closed("acme"));
}

#[test]
fn a_time_factor_that_is_a_mistake_changes_nothing() {
    let setup = read(|fake| {
        fake.texts.insert("TIME_FACTOR", "60");
    });
    assert_eq!(setup.mistakes.len(), 1);
    assert_eq!(setup.config.time_factor, 1);
}
