//! The formats of a destination beyond what `sdks.rs` reads, and the fields that `redact` removes.

use crate::shared::shared;
use harness::fixtures::notification;
use stand_in::wire::BodyFormat;

#[tokio::test]
async fn format_xml_is_the_document_as_3scale_sent_it() {
    let shared = shared().await;
    let notification =
        notification("application.created").extra_field("note", "multi\nline\ttab ✓ & <b>");
    let id = shared.worker.accept("zeta", &notification).await;
    let delivery = shared.origin.delivery("/xml", &id).await;
    assert_eq!(
        std::str::from_utf8(&delivery.body).unwrap(),
        notification.xml()
    );
    assert_eq!(
        delivery.header("content-type").split(';').next(),
        Some("application/xml")
    );
    assert!(delivery.is_signed_with(&shared.signing));
}

#[tokio::test]
async fn redact_takes_the_keys_out_and_leaves_the_rest() {
    let shared = shared().await;
    let with_keys = notification("application.key_created").keys(["k3y-to-redact", "an0ther-key"]);
    let id = shared.worker.accept("zeta", &with_keys).await;
    let redacted = shared.origin.delivery("/redacted", &id).await;
    let text = String::from_utf8(redacted.body.to_vec()).unwrap();
    assert!(
        !text.contains("k3y-to-redact") && !text.contains("an0ther-key"),
        "{text}"
    );
    assert_eq!(
        redacted.json()["data"]["object"]["application_id"],
        "8d754b83"
    );
    let whole = shared.origin.delivery("/structured", &id).await.json();
    assert_eq!(
        whole["data"]["object"]["keys"],
        serde_json::json!(["k3y-to-redact", "an0ther-key"])
    );

    let with_user_key = notification("application.user_key_updated");
    let id = shared.worker.accept("zeta", &with_user_key).await;
    let redacted = shared.origin.delivery("/redacted", &id).await;
    let text = String::from_utf8(redacted.body.to_vec()).unwrap();
    assert!(!text.contains("ffffffffffffffffffffffffffffffff"), "{text}");
    assert!(redacted.is_signed_with(&shared.signing));
}

#[tokio::test]
async fn two_signing_secrets_both_sign_and_the_authorization_goes_along() {
    let shared = shared().await;
    let id = shared
        .worker
        .accept("acme", &notification("user.created"))
        .await;
    let delivery = shared.origin.delivery("/rotating", &id).await;
    assert_eq!(delivery.header("webhook-signature").split(' ').count(), 2);
    for secret in &shared.rotating {
        assert!(delivery.is_signed_with(secret));
    }
    assert!(!delivery.is_signed_with(&shared.signing));
    assert_eq!(
        delivery.header("authorization"),
        crate::shared::AUTHORIZATION
    );
}

#[tokio::test]
async fn a_schema_is_where_the_event_says() {
    let shared = shared().await;
    for object in ["account", "user", "application"] {
        let answer = shared.worker.get(&format!("/schemas/{object}.json")).await;
        assert_eq!(answer.status, 200, "{object}: {}", answer.text);
        assert!(answer.json()["$schema"].is_string(), "{object}");
    }
}

/// Nothing bounds the id of an object of an unknown type.
#[tokio::test]
async fn an_id_of_any_length_is_accepted_and_delivered_in_every_format() {
    let shared = shared().await;
    let object = "7".repeat(200_000);
    let xml = format!(
        "<event><action>updated</action><type>invoice</type><object><invoice><id>{object}</id></invoice></object></event>"
    );
    let receipt = shared.worker.push("zeta", &xml, BodyFormat::Xml).await;
    let structured = shared.origin.delivery("/structured", &receipt.id).await;
    let event = structured.json();
    assert_eq!(event["subject"], format!("invoice/{object}"));
    assert_eq!(event["data"]["object"]["id"], object);

    let binary = shared.origin.delivery("/binary", &receipt.id).await;
    assert_eq!(binary.json()["object"]["id"], object);
    let subject = binary.header("ce-subject");
    assert!(subject.starts_with("invoice/777"), "{subject}");
    assert!(subject.ends_with("%E2%80%A6") && subject.len() < 2048);
    assert!(shared.origin.delivery("/xml", &receipt.id).await.body.len() > 200_000);

    let log = shared.worker.log();
    let of_event: Vec<_> = log
        .lines()
        .filter(|line| line.contains(&receipt.id))
        .collect();
    assert!(
        of_event
            .iter()
            .any(|line| line.contains(r#""object":"777"#))
    );
    assert!(of_event.iter().all(|line| line.len() < 1000));
    assert!(!log.contains(&object[..1000]));
}
