//! All 16 kinds, in both body formats, from 3scale's request to the origin's and into KV.

use serde_json::Value;

use crate::shared::{Shared, ZETA_ADMIN, shared};
use harness::fixtures::fresh_id;
use harness::fixtures::origin::Request;
use harness::kv;
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;
use stand_in::wire::BodyFormat;

#[tokio::test]
async fn every_kind_arrives_as_xml() {
    every_kind_arrives(BodyFormat::Xml).await;
}

#[tokio::test]
async fn every_kind_arrives_as_the_legacy_form() {
    every_kind_arrives(BodyFormat::Form).await;
}

async fn every_kind_arrives(format: BodyFormat) {
    let shared = shared().await;
    let mut sequences = vec![];
    for kind in Kind::ALL {
        let object = fresh_id();
        let xml = Notification::of(kind)
            .id(object)
            .updated_at("2026-03-04T05:06:07+02:00")
            .xml();
        let receipt = shared.worker.push("acme", &xml, format).await;
        assert_eq!(receipt.status, "accepted", "{kind}");
        let delivery = shared.origin.delivery("/structured", &receipt.id).await;
        assert_is_delivered_as_the_contract_says(shared, &delivery, kind, object, &receipt.id);
        sequences.push(delivery.json()["sequence"].as_str().unwrap().to_owned());
    }
    assert!(
        sequences.is_sorted() && sequences.windows(2).all(|two| two[0] != two[1]),
        "{sequences:?}"
    );
}

fn assert_is_delivered_as_the_contract_says(
    shared: &Shared,
    delivery: &Request,
    kind: Kind,
    object: u64,
    id: &str,
) {
    assert!(delivery.is_signed_with(&shared.signing), "{kind}");
    assert_eq!(delivery.header("webhook-id"), id);
    assert_eq!(delivery.header("webhook-attempt"), "1");
    assert_eq!(
        delivery.header("user-agent"),
        concat!("threescale-edge/", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(
        delivery.header("content-type").split(';').next(),
        Some("application/cloudevents+json")
    );

    let event = delivery.json();
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["id"], id);
    assert_eq!(event["source"], "/sources/acme");
    assert_eq!(event["type"], format!("net.3scale.{kind}"));
    assert_eq!(event["subject"], format!("{}/{object}", kind.object));
    assert_eq!(event["time"], "2026-03-04T03:06:07Z");
    assert_eq!(event["datacontenttype"], "application/json");
    assert_eq!(
        event["dataschema"],
        shared.worker.url(&format!("/schemas/{}.json", kind.object))
    );
    let sequence = event["sequence"].as_str().unwrap();
    assert!(
        sequence.len() == 20 && sequence.bytes().all(|byte| byte.is_ascii_digit()),
        "{sequence}"
    );

    let data = &event["data"];
    assert_eq!(data["type"], kind.object);
    assert_eq!(data["action"], kind.action);
    assert_eq!(data["object"]["id"], object);
    assert_eq!(data["object"]["updated_at"], "2026-03-04T03:06:07Z");
}

#[tokio::test]
async fn every_kind_is_in_kv_as_the_origin_got_it() {
    let shared = shared().await;
    let mut delivered: Vec<(String, Value)> = vec![];
    for kind in Kind::ALL {
        let id = shared
            .worker
            .accept("acme", &Notification::of(kind).id(fresh_id()))
            .await;
        let event = shared.origin.delivery("/structured", &id).await.json();
        delivered.push((format!("events/acme/{}/{id}", kind.object), event));
    }
    let keys: Vec<&str> = delivered.iter().map(|(key, _)| key.as_str()).collect();
    let deadline = tokio::time::Instant::now() + harness::fixtures::PATIENCE;
    loop {
        let values = kv::values(&shared.worker.deployment, "EVENTS", &keys).unwrap();
        if delivered
            .iter()
            .all(|(key, event)| values.get(key) == Some(event))
        {
            break;
        }
        let shown = delivered
            .iter()
            .find(|(key, event)| values.get(key) != Some(event))
            .unwrap();
        assert!(
            tokio::time::Instant::now() < deadline,
            "{}: {:?}\nnot {}",
            shown.0,
            values.get(&shown.0),
            shown.1
        );
    }
}

#[tokio::test]
async fn a_value_in_kv_has_a_summary_and_an_end() {
    let shared = shared().await;
    let id = shared
        .worker
        .accept(
            "acme",
            &harness::fixtures::notification("application.suspended"),
        )
        .await;
    let (entry, _) = shared.worker.stored(&id);
    assert!(entry.metadata.is_object(), "{}", entry.metadata);
    let days = (entry.expiration.unwrap() - chrono::Utc::now().timestamp()) / 86_400;
    assert!((29..=30).contains(&days), "{days}");
}

#[tokio::test]
async fn a_source_with_an_admin_url_is_the_events_source() {
    let shared = shared().await;
    let id = shared
        .worker
        .accept("zeta", &harness::fixtures::notification("user.updated"))
        .await;
    assert_eq!(
        shared.origin.delivery("/structured", &id).await.json()["source"],
        ZETA_ADMIN
    );
}
