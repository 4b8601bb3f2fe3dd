mod any_json;
mod batches;
mod destinations;
mod faults;
mod hints;
mod secrets;
mod sources;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::delivery::timing::Timing;

#[derive(Default)]
struct Fake {
    tables: BTreeMap<&'static str, Value>,
    texts: BTreeMap<&'static str, &'static str>,
    others: Vec<&'static str>,
}

impl Environment for Fake {
    fn table(&self, name: &str) -> Option<Value> {
        self.tables.get(name).cloned()
    }

    fn text(&self, name: &str) -> Option<String> {
        self.texts.get(name).map(|text| (*text).to_owned())
    }

    fn names(&self) -> Vec<String> {
        let tables = self.tables.keys().chain(self.texts.keys());
        let names = tables.chain(&self.others);
        names.map(|name| (*name).to_owned()).collect()
    }

    fn parse_url(&self) -> ParseUrl {
        crate::location::parse_url
    }

    fn has(&self, kind: Binding, name: &str) -> bool {
        matches!(
            (kind, name),
            (Binding::Kv, "EVENTS" | "ARCHIVE")
                | (Binding::Service, "CRM")
                | (Binding::Queue, "JOBS")
                | (Binding::Vpc, "OFFICE")
        )
    }
}

/// The configuration of the contract's example, with one part replaced.
fn read(change: impl FnOnce(&mut Fake)) -> Setup {
    let mut fake = Fake {
        tables: [
            ("SOURCES", json!({ "acme": { "admin_url": "https://acme-admin.3scale.net/" } })),
            (
                "DESTINATIONS",
                json!({
                    "crm": { "url": "https://crm.example.com/3scale", "events": ["account.*"], "sources": ["acme"] },
                    "archive": { "kv": "EVENTS", "keep": "events", "ttl_days": 30.0 },
                }),
            ),
        ]
        .into(),
        texts: [
            ("SOURCE_ACME_SECRET", "a-long-enough-secret"),
            ("DESTINATION_CRM_SIGNING_SECRET", "whsec_YS1rZXktb2YtMjQtYnl0ZXMtb3Itc28h"),
            ("DESTINATION_CRM_AUTHORIZATION", "Bearer abc"),
        ]
        .into(),
        others: vec!["INBOX", "RECOVERY", "EVENTS", "CRM", "JOBS"],
    };
    change(&mut fake);
    Setup::read(&fake)
}

/// A configuration with the sources `acme` and `other`, and the destinations `archive` and `crm`.
pub(crate) fn config() -> Rc<Config> {
    let two = |fake: &mut Fake| {
        fake.tables
            .insert("SOURCES", json!({ "acme": {}, "other": {} }));
        fake.texts
            .insert("SOURCE_OTHER_SECRET", "another-long-enough-secret");
    };
    read(two).config
}

/// A configuration whose source `acme` can be registered, with this access token.
pub(crate) fn registrable(token: &'static str) -> Rc<Config> {
    read(|fake| {
        fake.texts.insert("SOURCE_ACME_ACCESS_TOKEN", token);
    })
    .config
}

/// The same, with a `PUBLIC_URL`.
pub(crate) fn public(url: &'static str) -> Rc<Config> {
    read(|fake| {
        fake.texts.insert("PUBLIC_URL", url);
    })
    .config
}

fn mistakes(change: impl FnOnce(&mut Fake)) -> Vec<String> {
    read(change)
        .mistakes
        .into_iter()
        .map(|mistake| mistake.item)
        .collect()
}

#[test]
fn the_example_of_the_contract_is_understood() {
    let setup = read(|_| {});
    assert_eq!((setup.mistakes, setup.warnings), (vec![], vec![]));
    let config = setup.config;
    assert_eq!(
        config.sources[0].admin_url.as_deref(),
        Some("https://acme-admin.3scale.net")
    );
    assert_eq!(config.sources[0].secret_param, "token");
    assert_eq!(
        (config.dedup_window_ms, config.max_body_bytes),
        (1_800_000, 1_048_576)
    );
    let [archive, crm] = config.destinations.as_slice() else {
        panic!("not two")
    };
    let Transport::Http {
        route: Route::Url { url, .. },
        options,
    } = crm.transport.as_ref().unwrap()
    else {
        panic!("not http")
    };
    assert_eq!(url, "https://crm.example.com/3scale");
    assert_eq!(
        (options.format, options.timeout_ms),
        (Format::CloudEvents, 15_000)
    );
    assert_eq!(
        (&crm.timing, crm.concurrency, crm.rate, crm.ordered),
        (&Timing::default(), 6, None, false)
    );
    let Transport::Kv {
        keep, ttl_seconds, ..
    } = archive.transport.as_ref().unwrap()
    else {
        panic!("not kv")
    };
    assert_eq!((*keep, *ttl_seconds), (Keep::Events, Some(30 * 86_400)));
}

/// A secret that is not among these would be recorded if a destination echoed it.
#[test]
fn every_secret_that_is_set_is_among_the_secrets() {
    let texts = [
        ("SOURCE_ACME_SECRET", "of-a-source its-old-one"),
        (
            "DESTINATION_CRM_SIGNING_SECRET",
            "whsec_bmV3LXNpZ25pbmcta2V5 whsec_b2xkLXNpZ25pbmcta2V5",
        ),
        ("DESTINATION_CRM_AUTHORIZATION", "Bearer abc"),
        ("CONSOLE_TOKEN", "of-operators"),
    ];
    let setup = read(|fake| fake.texts.extend(texts));
    let config = setup.config;
    let known: Vec<_> = config.secrets().map(Secret::reveal).collect();
    for (variable, text) in texts {
        let whole = variable.ends_with("AUTHORIZATION");
        let values = if whole {
            vec![text]
        } else {
            text.split(' ').collect()
        };
        for value in values {
            assert!(known.contains(&value), "{variable}: {known:?}");
        }
    }
}

#[test]
fn every_mistake_is_named_at_once() {
    let found = mistakes(|fake| {
        fake.tables.insert(
            "SOURCES",
            json!({ "Acme": {}, "beta": { "secret-param": "x", "admin_url": "ftp://x" } }),
        );
        fake.tables.insert(
            "DESTINATIONS",
            json!({
                "a": { "url": "http://crm.example.com", "format": "json", "timeout_ms": 5, "retries": 3 },
                "b": { "kv": "NOWHERE", "keep": "all", "ttl_days": 0 },
                "c": { "url": "https://x.example.com", "kv": "EVENTS" },
                "d": {},
                "j": { "url": "https://x.example.com", "final": [200] },
                "k": { "url": "https://x.example.com", "final": [410] },
                "l": { "kv": "EVENTS", "final": [413] },
                "h": { "queue": "NOWHERE", "schedule": [], "rate": 0, "concurrency": 7, "ordered": "yes" },
                "i": { "service": "CRM", "path": "x", "headers": { "Webhook-Id": "1" } },
                "e": { "url": "https://x.example.com", "format": "xml", "redact": ["keys"] },
                "f": { "kv": "EVENTS", "events": ["account"], "sources": ["nobody"] },
                "g": 7,
            }),
        );
        fake.texts.insert("DESTINATION_A_SIGNING_SECRET", "whsec_!");
        fake.texts.insert("DEDUP_WINDOW_SECONDS", "half an hour");
        fake.texts.insert("MAX_BODY_BYTES", "5000000");
        fake.texts.insert("RETENTION_DAYS", "-1");
        fake.texts.insert("ALLOW_LOCAL_TARGETS", "yes");
        fake.texts.insert("TIME_FACTOR", "2");
    });
    for item in [
        "SOURCES.Acme",
        "SOURCES.beta.secret-param",
        "SOURCES.beta.admin_url",
        "SOURCE_BETA_SECRET",
        "DESTINATIONS.a.url",
        "DESTINATIONS.a.format",
        "DESTINATIONS.a.timeout_ms",
        "DESTINATIONS.a.retries",
        "DESTINATION_A_SIGNING_SECRET",
        "DESTINATIONS.b.kv",
        "DESTINATIONS.b.keep",
        "DESTINATIONS.b.ttl_days",
        "DESTINATIONS.c",
        "DESTINATIONS.d",
        "DESTINATIONS.j.final",
        "DESTINATIONS.k.final",
        "DESTINATIONS.l.final",
        "DESTINATIONS.e.redact",
        "DESTINATIONS.f.events",
        "DESTINATIONS.f.sources",
        "DESTINATIONS.g",
        "DESTINATIONS.h.queue",
        "DESTINATIONS.h.schedule",
        "DESTINATIONS.h.rate",
        "DESTINATIONS.h.concurrency",
        "DESTINATIONS.h.ordered",
        "DESTINATIONS.i.path",
        "DESTINATIONS.i.headers",
        "TIME_FACTOR",
        "DEDUP_WINDOW_SECONDS",
        "MAX_BODY_BYTES",
        "RETENTION_DAYS",
        "ALLOW_LOCAL_TARGETS",
    ] {
        assert!(
            found.iter().any(|name| name == item),
            "{item} is missing in {found:#?}"
        );
    }
}

#[test]
fn nothing_at_all_is_a_mistake() {
    assert_eq!(
        mistakes(|fake| {
            fake.tables.clear();
            fake.texts.clear();
        }),
        ["SOURCES"]
    );
}

#[test]
fn what_is_risky_is_a_warning() {
    let setup = read(|fake| {
        fake.texts.insert("SOURCE_ACME_SECRET", "rather-short");
        fake.texts.remove("DESTINATION_CRM_SIGNING_SECRET");
    });
    let items: Vec<_> = setup
        .warnings
        .iter()
        .map(|warning| warning.item.as_str())
        .collect();
    assert_eq!(
        items,
        ["SOURCE_ACME_SECRET", "DESTINATION_CRM_SIGNING_SECRET"]
    );

    let local = read(|fake| {
        fake.texts.insert("ALLOW_LOCAL_TARGETS", "true");
    });
    assert_eq!(local.warnings[0].item, "ALLOW_LOCAL_TARGETS");
}

#[test]
fn no_finding_shows_a_value_of_a_secret() {
    let setup = read(|fake| {
        fake.texts.insert("SOURCE_ACME_SECRET", "hush");
        fake.texts.insert("DESTINATION_CRM_SIGNING_SECRET", "hush!");
        fake.tables.insert(
            "DESTINATIONS",
            json!({ "crm": { "url": "https://u:hush@example.com/" } }),
        );
    });
    let shown = format!("{setup:?}");
    assert!(
        !setup.mistakes.is_empty() && !shown.contains("hush"),
        "{shown}"
    );
}
