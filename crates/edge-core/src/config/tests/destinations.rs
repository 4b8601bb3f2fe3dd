//! The settings that only a destination has, and the events that go there.

use super::*;

#[test]
fn a_url_that_is_a_secret_may_be_one() {
    let slack = |fake: &mut Fake, settings: Value, url| {
        fake.texts.insert("DESTINATION_SLACK_URL", url);
        fake.tables.get_mut("DESTINATIONS").unwrap()["slack"] = settings;
    };
    let url = "https://hooks.example.com/services/T0/B0/xyz";
    let setup = read(|fake| slack(fake, json!({ "format": "slack" }), url));
    assert_eq!(setup.mistakes, vec![]);
    let config = setup.config;
    assert!(config.secrets().any(|secret| secret.reveal() == url));
    let Transport::Http {
        route: Route::Url { url: called, .. },
        ..
    } = config
        .destination("slack")
        .unwrap()
        .transport
        .as_ref()
        .unwrap()
    else {
        panic!("no URL");
    };
    assert_eq!(called, url);
    for settings in [json!({ "url": url }), json!({ "kv": "EVENTS" })] {
        assert_eq!(
            mistakes(|fake| slack(fake, settings, url)),
            ["DESTINATIONS.slack"]
        );
    }
    let private = mistakes(|fake| slack(fake, json!({}), "https://10.0.0.1/"));
    assert_eq!(private, ["DESTINATION_SLACK_URL"]);
}

#[test]
fn states_of_one_object_are_written_one_after_the_other() {
    let objects = |ordered: Option<bool>| {
        read(|fake| {
            let mut settings = json!({ "kv": "EVENTS", "keep": "objects" });
            if let Some(ordered) = ordered {
                settings["ordered"] = ordered.into();
            }
            fake.tables.get_mut("DESTINATIONS").unwrap()["archive"] = settings;
        })
    };
    assert!(objects(None).config.destination("archive").unwrap().ordered);
    assert_eq!(
        objects(Some(false)).mistakes[0].item,
        "DESTINATIONS.archive.ordered"
    );
}

#[test]
fn alerts_go_where_the_variable_says_and_a_destination_may_be_for_nothing_else() {
    let ops = |fake: &mut Fake, settings: Value| {
        fake.texts.insert("ALERTS", "crm ops");
        let destinations = fake.tables.get_mut("DESTINATIONS").unwrap();
        destinations["ops"] = settings;
        destinations["archive"]["kv"] = "ARCHIVE".into();
    };
    let setup = read(|fake| ops(fake, json!({ "kv": "EVENTS", "events": [] })));
    assert_eq!(setup.mistakes, vec![]);
    let config = setup.config;
    let routed = |kind, action| -> Vec<_> {
        let names = config.routed("acme", kind, action);
        names.map(DestinationName::as_str).collect()
    };
    let alerts: Vec<_> = config.alerts.iter().map(DestinationName::as_str).collect();
    assert_eq!(alerts, ["crm", "ops"]);
    // A notification that calls itself an alert is a notification.
    assert_eq!(routed("edge.alert", "overdue"), ["archive"]);
    assert_eq!(routed("account", "created"), ["archive", "crm"]);

    for (settings, item) in [
        (json!({ "kv": "EVENTS", "keep": "objects" }), "ALERTS"),
        (
            json!({ "url": "https://ops.example.com/", "format": "xml" }),
            "ALERTS",
        ),
    ] {
        let found = mistakes(|fake| ops(fake, settings));
        assert_eq!(found, [item]);
    }
    let unknown = mistakes(|fake| {
        fake.texts.insert("ALERTS", "nobody");
    });
    assert_eq!(unknown, ["ALERTS"]);
    let goes_nowhere = mistakes(|fake| {
        fake.tables.get_mut("DESTINATIONS").unwrap()["crm"]["events"] = json!([]);
    });
    assert_eq!(goes_nowhere, ["DESTINATIONS.crm.events"]);
}

#[test]
fn a_destination_has_settings_of_its_own() {
    let setup = read(|fake| {
        fake.tables.insert(
            "DESTINATIONS",
            json!({
                "crm": {
                    "service": "CRM", "path": "/3scale", "headers": { "x-team": "billing" },
                    "final": [413, 422], "schedule": [1, 60.0], "concurrency": 2, "rate": 10, "ordered": true,
                },
                "jobs": { "queue": "JOBS", "redact": ["keys"] },
                "state": { "kv": "EVENTS", "keep": "objects" },
            }),
        );
        fake.texts.insert("ALLOW_LOCAL_TARGETS", "true");
        fake.texts.insert("TIME_FACTOR", "10");
    });
    assert_eq!(setup.mistakes, []);
    let config = setup.config;
    let crm = &config.destinations[0];
    assert_eq!(
        (crm.concurrency, crm.rate, crm.ordered),
        (2, Some(10), true)
    );
    assert_eq!(
        (crm.timing.schedule.as_slice(), crm.timing.first_probe),
        (&[100, 6000][..], 6000)
    );
    let Transport::Http {
        route: Route::Service { url, .. },
        options,
    } = crm.transport.as_ref().unwrap()
    else {
        panic!("not a service")
    };
    assert_eq!(url, "https://crm/3scale");
    assert_eq!(crm.timing.final_statuses, [413, 422]);
    assert_eq!(
        options.headers,
        [("x-team".to_owned(), "billing".to_owned())]
    );
}

#[test]
fn events_are_routed_by_source_type_and_action() {
    let config = read(|fake| {
        fake.tables
            .insert("SOURCES", json!({ "acme": {}, "other": {} }));
        fake.texts
            .insert("SOURCE_OTHER_SECRET", "another-long-secret");
    })
    .config;
    let routed = |source, kind| {
        config
            .routed(source, kind, "created")
            .map(DestinationName::as_str)
            .collect::<Vec<_>>()
    };
    assert_eq!(routed("acme", "account"), ["archive", "crm"]);
    assert_eq!(routed("acme", "user"), ["archive"]);
    assert_eq!(routed("other", "account"), ["archive"]);
}

#[test]
fn a_private_network_is_reached_through_its_binding_only() {
    let private = |vpc: Value| {
        read(|fake| {
            let url = "http://crm.internal:8080/3scale";
            fake.tables.insert(
                "SOURCES",
                json!({ "acme": { "admin_url": "https://3scale.corp", "vpc": vpc } }),
            );
            fake.tables
                .insert("DESTINATIONS", json!({ "crm": { "url": url, "vpc": vpc } }));
        })
    };
    let setup = private(json!("OFFICE"));
    assert_eq!(setup.mistakes, []);
    assert_eq!(setup.config.sources[0].vpc.as_deref(), Some("OFFICE"));
    let crm = setup.config.destinations[0].transport.as_ref().unwrap();
    let Transport::Http {
        route: Route::Url {
            allow_local, vpc, ..
        },
        ..
    } = crm
    else {
        panic!("not a URL")
    };
    assert_eq!((*allow_local, vpc.as_deref()), (true, Some("OFFICE")));
    assert!(crm.is_signed() && crm.is_bound());

    let items: Vec<_> = private(json!("OFFISE"))
        .mistakes
        .into_iter()
        .map(|finding| finding.item)
        .collect();
    assert_eq!(items, ["SOURCES.acme.vpc", "DESTINATIONS.crm.vpc"]);
    let alone = read(|fake| {
        fake.tables
            .insert("SOURCES", json!({ "acme": { "vpc": "OFFICE" } }));
    });
    assert_eq!(alone.mistakes[0].item, "SOURCES.acme.vpc");
}
