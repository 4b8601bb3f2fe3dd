//! The builder writes what porta's serialiser writes.

use crate::sample;
use stand_in::kinds::Kind;
use stand_in::notifications::{Notification, fields, sample_keys, sample_user, user_key_backend};
use stand_in::objects::{Backend, Plan, User};

fn of(kind: &str) -> Notification {
    Notification::of(kind.parse().unwrap())
}

#[test]
fn there_are_sixteen_kinds_each_with_a_switch_of_its_own() {
    let switches: std::collections::BTreeSet<_> =
        Kind::ALL.iter().map(|kind| kind.switch()).collect();
    assert_eq!(switches.len(), 16);
    assert!(switches.contains("application_user_key_updated_on"));
}

#[test]
fn a_plain_notification_equals_the_sample_of_its_kind() {
    for (kind, name) in [
        ("account.created", "account_created.xml"),
        ("account.deleted", "account_deleted.xml"),
        ("account.plan_changed", "account_plan_changed.xml"),
        ("application.created", "application_created_v1.xml"),
        ("application.deleted", "application_deleted_v2.xml"),
        ("application.key_created", "application_key_created_v2.xml"),
        (
            "application.plan_changed",
            "application_plan_changed_custom_v1.xml",
        ),
        (
            "application.user_key_updated",
            "application_user_key_updated_v1.xml",
        ),
        ("user.created", "user_created.xml"),
        ("user.deleted", "user_deleted.xml"),
    ] {
        // The sample of the deleted application was made from one with service 40, as the keys' product is.
        assert_eq!(of(kind).xml(), sample(name), "{name}");
    }
}

#[test]
fn an_application_of_backend_version_2_equals_its_sample() {
    let built = of("application.created").application(|application| {
        application.service_id = 40;
        application.backend = sample_keys();
    });
    assert_eq!(built.xml(), sample("application_created_v2.xml"));
}

#[test]
fn times_keep_the_tenants_offset() {
    let built = of("application.updated")
        .created_at("2023-06-14T15:37:32+02:00")
        .updated_at("2023-01-14T15:37:32+01:00");
    assert_eq!(
        built.xml(),
        sample("application_updated_tenant_timezone_offset.xml")
    );
}

#[test]
fn an_account_with_everything_in_it_equals_its_sample() {
    let built = of("account.updated")
        .updated_at("2021-05-14T20:22:54Z")
        .account(|account| {
            account.annotations = fields(&[("managed_by", "operator")]);
            account.builtin_fields = fields(&[
                ("org_name", "Acme & Sons <Ltd> \"x\" ✓"),
                ("org_legaladdress", "line"),
                ("vat_rate", "21.0"),
                ("country", "Canada"),
            ]);
            account.billing_address = Some(vec![
                ("company", Some("Acme & Sons".into())),
                ("address", Some("1 Rue de l’Église\nBât. <B>".into())),
                ("address1", Some("1 Rue de l’Église".into())),
                ("address2", Some("Bât. <B>".into())),
                ("phone_number", None),
                ("city", Some("Montréal".into())),
                ("country", Some("CA".into())),
                ("state", Some("QC".into())),
                ("zip", Some("H2X 1Y4".into())),
            ]);
            account.extra_fields = fields(&[
                ("webhook-url", "https://hook.example/?a=1&b=2"),
                ("note", "multi\nline\ttab"),
                ("choices", "one"),
                ("choices", "two"),
            ]);
            account.credit_card = Some(("4242".into(), "2027-01-31".into()));
            account.plans.extend([
                Plan {
                    default: true,
                    ..Plan::service(105, "Default", 34)
                },
                Plan::service(122, "Gold", 40),
                Plan {
                    default: true,
                    ..Plan::application(8, "Unlimited", 34)
                },
                Plan {
                    custom: true,
                    approval_required: true,
                    setup_fee: "5.0".into(),
                    cost_per_month: "2.99".into(),
                    trial_period_days: Some(30),
                    cancellation_period: 7,
                    ..Plan::application(91, "Unlimited (custom)", 34)
                },
            ]);
            account.users = vec![
                User {
                    state: "active".into(),
                    ..sample_user()
                },
                User {
                    id: 10,
                    state: "active".into(),
                    role: "member",
                    cas_identifier: Some("cas-7".into()),
                    open_id: Some("https://id.example/x?a=1&b=2".into()),
                    builtin_fields: fields(&[
                        ("username", "zoë"),
                        ("email", "zoe@acme.org"),
                        ("first_name", "Zoë"),
                        ("last_name", "O'Neil"),
                    ]),
                    extra_fields: fields(&[
                        ("department", "R&D \"core\""),
                        ("tags", "a"),
                        ("tags", "b"),
                    ]),
                    ..sample_user()
                },
            ];
        });
    assert_eq!(built.xml(), sample("account_updated_full.xml"));
}

#[test]
fn an_oauth_application_has_an_empty_redirect_url_and_its_oidc_configuration() {
    let xml = of("application.created")
        .application(|application| {
            application.backend = Backend::Oauth {
                client_id: "c1".into(),
                keys: vec![],
                redirect_url: None,
            };
        })
        .xml();
    assert!(xml.contains("<application_id>c1</application_id><redirect_url/><keys></keys><plan "));
    assert!(xml.contains("</plan><oidc_configuration><id>3</id>"));
}

#[test]
fn a_user_key_is_replaced_by_keys_when_keys_are_given() {
    let built = of("application.updated")
        .application(|a| a.backend = user_key_backend("u"))
        .keys(["k"]);
    assert!(built.xml().contains("<keys><key>k</key></keys>"));
}

#[test]
fn a_character_that_xml_forbids_becomes_a_replacement_character() {
    assert!(
        of("user.updated")
            .extra_field("note", "a\u{1}b")
            .xml()
            .contains("<note>a\u{fffd}b</note>")
    );
}
