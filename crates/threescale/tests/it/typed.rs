//! The typed views.

use threescale::{Action, Decimal, Id, Notification, Object, Redact};

use super::{event, sample};

#[test]
fn an_account_has_its_plans_and_users() {
    let body = sample("account_updated_full.xml");
    let notification = Notification::parse(&body).unwrap();
    let Object::Account(account) = notification.object() else {
        panic!("{notification:?}")
    };
    assert_eq!(account.id().and_then(Id::number), Some(6));
    assert_eq!(account.updated_at(), notification.updated_at());
    assert_eq!(account.state(), Some("approved"));
    assert_eq!(account.org_name(), Some("Acme & Sons <Ltd> \"x\" ✓"));
    assert_eq!(account.vat_rate().map(Decimal::as_str), Some("21.0"));
    assert_eq!(account.vat_rate().map(Decimal::to_f64), Some(21.0));
    assert_eq!(
        account.annotations().get("managed_by").collect::<Vec<_>>(),
        ["operator"]
    );
    assert_eq!(
        account
            .credit_card_expires_on()
            .map(|date| date.to_string())
            .as_deref(),
        Some("2027-01-31")
    );
    assert_eq!(account.telephone_number(), None);

    let address = account.billing_address().unwrap();
    assert_eq!(
        (address.country(), account.country()),
        (Some("CA"), Some("Canada"))
    );
    assert_eq!(address.phone_number(), None);

    let plans: Vec<_> = account.plans().collect();
    assert_eq!(plans.len(), 5);
    assert_eq!(
        (plans[4].kind(), plans[4].custom(), plans[4].default()),
        (Some("application_plan"), Some(true), Some(false))
    );
    assert_eq!((plans[2].custom(), plans[2].default()), (None, None));
    assert_eq!(
        plans[4]
            .cost_per_month()
            .map(|cost| cost.to_string())
            .as_deref(),
        Some("2.99")
    );
    assert_eq!(plans[4].trial_period_days(), Some(30));

    let users: Vec<_> = account.users().collect();
    assert_eq!(users[1].username(), Some("zoë"));
    assert_eq!(
        users[1].extra_fields().get("tags").collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(users[0].extra_fields().iter().count(), 0);
    assert_eq!(notification.account_id(), account.id());
}

#[test]
fn an_application_has_its_keys_and_plan() {
    let body = sample("application_created_v2.xml");
    let notification = Notification::parse(&body).unwrap();
    let Object::Application(application) = notification.object() else {
        panic!("{notification:?}")
    };
    assert_eq!(
        application.keys().collect::<Vec<_>>(),
        ["f8e34f35fbd7763117f4e07e7a87c3c5", "a<b&c>\"d'"]
    );
    assert_eq!(application.application_id(), Some("8d754b83"));
    assert_eq!(application.first_traffic_at(), None);
    // The plan has a `<name>` too, and comes first.
    assert_eq!(application.name(), Some("TestAccount's App"));
    assert_eq!(
        application.plan().and_then(threescale::Plan::name),
        Some("Unlimited")
    );
    assert_eq!(
        (notification.object_id(), notification.account_id()),
        (application.id(), application.user_account_id())
    );
    assert!(application.id().is_some_and(|id| id == 11 && id == "11"));
    assert!(application.user_account_id().is_some_and(|id| id == 7));
}

#[test]
fn a_deleted_object_has_few_fields() {
    let body = sample("user_deleted.xml");
    let notification = Notification::parse(&body).unwrap();
    let Object::User(user) = notification.object() else {
        panic!("{notification:?}")
    };
    assert_eq!(
        (user.id().map(Id::as_str), user.role(), user.username()),
        (Some("9"), Some("admin"), None)
    );
    assert_eq!(user.extra_fields().iter().count(), 0);
    assert_eq!(notification.account_id().map(Id::as_str), Some("6"));
}

#[test]
fn a_value_that_does_not_fit_is_none_and_its_text_is_there() {
    let body = event(
        "user",
        "created",
        "<user><id>007</id><created_at>never</created_at><account_id/><new>x</new></user>",
    );
    let notification = Notification::parse(body.as_bytes()).unwrap();
    let Object::User(user) = notification.object() else {
        panic!("{notification:?}")
    };
    assert_eq!(
        (user.id().and_then(Id::number), user.created_at()),
        (None, None)
    );
    assert_eq!(user.account_id(), None);
    assert_eq!(
        user.element().child("id").map(threescale::Element::text),
        Some("007")
    );
    assert_eq!(
        user.element().child("new").map(threescale::Element::text),
        Some("x")
    );
    assert!(user.id().is_some_and(|id| id == "007" && id != 7));
    assert_eq!(notification.object_id(), user.id());
    assert_eq!(notification.account_id(), None);
    assert_eq!(notification.updated_at(), None);
}

#[test]
fn ids_are_trimmed_and_never_empty() {
    for (inside, id) in [
        ("<id> 7\n</id>", Some("7")),
        ("<id> </id>", None),
        ("<id/>", None),
        ("", None),
        ("<x><id>7</id></x>", None),
    ] {
        let body = event("user", "created", &format!("<user>{inside}</user>"));
        assert_eq!(
            Notification::parse(body.as_bytes())
                .unwrap()
                .object_id()
                .map(Id::as_str),
            id,
            "{inside}"
        );
    }
    let body = event(
        "invoice",
        "created",
        "<bill><id>9</id><updated_at>2021-05-14T20:22:53Z</updated_at></bill>",
    );
    let notification = Notification::parse(body.as_bytes()).unwrap();
    assert_eq!(notification.object_id().map(Id::as_str), Some("9"));
    assert_eq!(
        notification
            .updated_at()
            .map(threescale::Timestamp::unix_seconds),
        Some(1_621_023_773)
    );
    assert_eq!(notification.account_id(), None);
}

#[test]
fn an_object_of_an_unknown_type_or_another_name_is_other() {
    for (kind, inside, name) in [
        ("account", "<user/>", "user"),
        ("account", "", "object"),
        ("user", "<user/><user/>", "object"),
        ("x", "<x/>", "x"),
    ] {
        let body = event(kind, "created", inside);
        let notification = Notification::parse(body.as_bytes()).unwrap();
        let Object::Other(element) = notification.object() else {
            panic!("{notification:?}")
        };
        assert_eq!(element.name(), name);
    }
}

#[test]
fn the_known_actions_are_those_of_the_sixteen_kinds() {
    use std::collections::BTreeSet;
    let of_kinds: BTreeSet<_> = threescale::KINDS
        .iter()
        .map(|(_, action)| *action)
        .collect();
    let known: BTreeSet<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
    assert_eq!(known, of_kinds);
    for action in Action::ALL {
        let body = event("application", action.as_str(), "<application/>");
        let notification = Notification::parse(body.as_bytes()).unwrap();
        assert_eq!(notification.known_action(), Some(*action));
        assert_eq!(action.to_string(), notification.action());
    }
    let body = event("application", "archived", "<application/>");
    let notification = Notification::parse(body.as_bytes()).unwrap();
    assert_eq!(notification.known_action(), None);
}

#[test]
fn json_as_text_is_what_is_written() {
    let body = event(
        "user",
        "created",
        "<user><username>J\u{f6}rg</username></user>",
    );
    let notification = Notification::parse(body.as_bytes()).unwrap();
    let redact = Redact::new(["email".to_owned()]);
    let mut written = Vec::new();
    notification.write_data(&mut written, &redact);
    assert_eq!(notification.to_json(&redact).as_bytes(), written);
}

#[test]
fn debug_shows_names_and_no_values() {
    let body = event(
        "application",
        "created",
        "<application><user_key>s3cr3t</user_key></application>",
    );
    let notification = Notification::parse(body.as_bytes()).unwrap();
    let shown = format!("{notification:?}");
    assert!(
        shown.contains("user_key") && !shown.contains("s3cr3t"),
        "{shown}"
    );
}
