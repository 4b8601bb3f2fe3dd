//! A silent mistake would be found late: each message names the mistake, its place, the choices and the nearest name.

use super::*;

fn warning(change: impl FnOnce(&mut Fake)) -> (String, String) {
    let setup = read(change);
    assert_eq!(setup.mistakes, []);
    assert_eq!(setup.warnings.len(), 1, "{:#?}", setup.warnings);
    (
        setup.warnings[0].item.clone(),
        setup.warnings[0].problem.clone(),
    )
}

fn mistake(change: impl FnOnce(&mut Fake)) -> (String, String) {
    let setup = read(change);
    assert_eq!(setup.mistakes.len(), 1, "{:#?}", setup.mistakes);
    (
        setup.mistakes[0].item.clone(),
        setup.mistakes[0].problem.clone(),
    )
}

fn crm(fake: &mut Fake) -> &mut Value {
    &mut fake.tables.get_mut("DESTINATIONS").unwrap()["crm"]
}

#[test]
fn a_pattern_that_matches_none_of_the_16_kinds_is_warned_of() {
    for (pattern, near) in [
        ("acount.*", "`account.*`"),
        ("*.craeted", "`*.created`"),
        ("user.creatd", "`user.created`"),
    ] {
        let (item, problem) = warning(|fake| crm(fake)["events"] = json!(["user.*", pattern]));
        assert_eq!(item, "DESTINATIONS.crm.events");
        assert!(
            problem.starts_with(pattern) && problem.ends_with(&format!("did you mean {near}?")),
            "{problem}"
        );
    }
    let (_, problem) = warning(|fake| crm(fake)["events"] = json!(["invoice.paid"]));
    assert!(!problem.contains("did you mean"), "{problem}");
}

#[test]
fn a_variable_that_looks_like_ours_is_warned_of() {
    for (name, near) in [
        ("DESTINATION", "`DESTINATIONS`"),
        ("ALERT", "`ALERTS`"),
        ("RETENTION_DAY", "`RETENTION_DAYS`"),
        ("retention_days", "`RETENTION_DAYS`"),
        ("SOURCE_ACME_SECRTE", "`SOURCE_ACME_SECRET`"),
        (
            "DESTINATION_CRM_SIGNING_SECRETS",
            "`DESTINATION_CRM_SIGNING_SECRET`",
        ),
    ] {
        let (item, problem) = warning(|fake| fake.others.push(name));
        assert_eq!(item, name);
        assert!(
            problem.ends_with(&format!("did you mean {near}?")),
            "{problem}"
        );
    }
    let (item, _) = warning(|fake| fake.others.push("SOURCE_REMOVED_LONG_AGO_SECRET"));
    assert_eq!(item, "SOURCE_REMOVED_LONG_AGO_SECRET");
}

#[test]
fn a_name_to_redact_that_3scale_does_not_know_is_warned_of() {
    let (item, problem) =
        warning(|fake| crm(fake)["redact"] = json!(["user_key", "keys", "usr_key"]));
    assert_eq!(item, "DESTINATIONS.crm.redact");
    assert!(
        problem.starts_with("usr_key") && problem.ends_with("did you mean `user_key`?"),
        "{problem}"
    );
}

#[test]
fn a_misspelt_setting_is_named_with_the_one_that_was_meant() {
    let (item, problem) = mistake(|fake| *crm(fake) = json!({ "ur": "https://crm.example.com/" }));
    assert_eq!(item, "DESTINATIONS.crm.ur");
    assert!(problem.contains("did you mean `url`?"), "{problem}");
    let (item, problem) = mistake(|fake| crm(fake)["format"] = json!("cloudevent"));
    assert_eq!(item, "DESTINATIONS.crm.format");
    assert!(
        problem.contains("cloudevents-binary") && problem.ends_with("did you mean `cloudevents`?"),
        "{problem}"
    );
    let (_, problem) = mistake(|fake| crm(fake)["sources"] = json!(["acne"]));
    assert!(problem.ends_with("did you mean `acme`?"), "{problem}");
    let (_, problem) = mistake(|fake| {
        fake.texts.insert("ALERTS", "cmr");
    });
    assert!(problem.ends_with("did you mean `crm`?"), "{problem}");
    let (_, problem) = mistake(|fake| crm(fake)["retries"] = json!(3));
    assert!(problem.contains("final"), "{problem}");
}

#[test]
fn an_address_that_workers_cannot_call_is_warned_of() {
    let (item, _) = warning(|fake| crm(fake)["url"] = json!("https://1.2.3.4/"));
    assert_eq!(item, "DESTINATIONS.crm.url");
    let (item, _) = warning(|fake| {
        fake.tables.insert(
            "SOURCES",
            json!({ "acme": { "admin_url": "https://[2606:2800:220:1::1]" } }),
        );
    });
    assert_eq!(item, "SOURCES.acme.admin_url");
    let (item, _) = warning(|fake| {
        *crm(fake) = json!({});
        fake.texts.insert("DESTINATION_CRM_URL", "https://1.2.3.4/");
    });
    assert_eq!(item, "DESTINATION_CRM_URL");
}

#[test]
fn a_binding_of_the_wrong_type_is_one_mistake() {
    for kind in ["kv", "service", "queue", "url"] {
        let (item, _) = mistake(|fake| *crm(fake) = json!({ kind: 7 }));
        assert_eq!(item, format!("DESTINATIONS.crm.{kind}"));
    }
}
