//! The settings that only a source has.

use super::*;

#[test]
fn two_sources_that_would_share_a_list_of_failures_are_warned_of() {
    let setup = read(|fake| {
        let url = "https://acme-admin.3scale.net";
        fake.tables.insert(
            "SOURCES",
            json!({ "acme": { "admin_url": url }, "zweite": { "admin_url": url } }),
        );
        fake.texts
            .insert("SOURCE_ZWEITE_SECRET", "a-long-enough-secret");
        fake.texts.insert("SOURCE_ACME_ACCESS_TOKEN", "token");
        fake.texts.insert("SOURCE_ZWEITE_ACCESS_TOKEN", "token");
    });
    let items: Vec<_> = setup.warnings.iter().map(|one| one.item.as_str()).collect();
    assert_eq!(items, ["SOURCES.zweite.admin_url"]);
}

#[test]
fn further_addresses_of_a_source_are_origins_or_all() {
    let read = |value: Value| {
        read(|fake| {
            let acme = json!({ "acme": { "recover_from": value } });
            fake.tables.insert("SOURCES", acme);
        })
    };
    let of = |value| {
        read(value)
            .config
            .source("acme")
            .unwrap()
            .recover_from
            .clone()
    };
    let old = "https://old.example.com".to_owned();
    let origins = RecoverFrom::Origins([old].into());
    assert_eq!(of(json!(["https://OLD.example.com/"])), origins);
    assert_eq!(of(json!(["*"])), RecoverFrom::Any);
    for wrong in [
        json!(["https://old.example.com/hooks"]),
        json!(["old"]),
        json!("*"),
    ] {
        let items: Vec<_> = read(wrong)
            .mistakes
            .into_iter()
            .map(|one| one.item)
            .collect();
        assert_eq!(items, ["SOURCES.acme.recover_from"]);
    }
}

#[test]
fn an_access_token_needs_an_admin_url_and_is_never_shown() {
    let setup = read(|fake| {
        fake.texts.insert("SOURCE_ACME_ACCESS_TOKEN", " t0ken\n");
    });
    let config = setup.config;
    let (url, token) = config.sources[0].admin().unwrap();
    assert_eq!(
        (url, token.reveal()),
        ("https://acme-admin.3scale.net", "t0ken")
    );
    assert!(!format!("{config:?}").contains("t0ken"));

    let found = mistakes(|fake| {
        fake.tables.insert("SOURCES", json!({ "acme": {} }));
        fake.texts.insert("SOURCE_ACME_ACCESS_TOKEN", "t0ken");
    });
    assert_eq!(found, ["SOURCE_ACME_ACCESS_TOKEN"]);
    let found = mistakes(|fake| {
        fake.texts.insert("SOURCE_ACME_ACCESS_TOKEN", "t0ken other");
    });
    assert_eq!(found, ["SOURCE_ACME_ACCESS_TOKEN"]);
    let without = read(|_| {}).config;
    assert!(without.sources[0].admin().is_none());
}
