//! A repeat is one event, and a notification that only looks like a repeat is not lost.

use std::collections::BTreeSet;

use crate::shared::{ACME_NEW, ACME_OLD, shared};
use harness::fixtures::answer::encode;
use harness::fixtures::fresh_id;
use harness::fixtures::notification;
use harness::fixtures::worker::Worker;
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;
use stand_in::wire::BodyFormat;

fn of(kind: &str, id: u64) -> Notification {
    Notification::of(kind.parse::<Kind>().unwrap()).id(id)
}

#[tokio::test]
async fn a_repeat_gets_the_first_id_and_makes_no_second_delivery() {
    let shared = shared().await;
    let xml = notification("application.created").xml();
    let first = shared.worker.push("acme", &xml, BodyFormat::Xml).await;
    let repeat = shared.worker.push("acme", &xml, BodyFormat::Xml).await;
    assert_eq!(
        (first.status.as_str(), repeat.status.as_str()),
        ("accepted", "duplicate")
    );
    assert_eq!(repeat.id, first.id);
    // An event sent after the repeat has arrived: a second delivery would have been under way before it.
    let later = shared
        .worker
        .accept("acme", &notification("user.created"))
        .await;
    shared.origin.delivery("/structured", &later).await;
    assert_eq!(shared.origin.attempts("/structured", &first.id).len(), 1);
}

#[tokio::test]
async fn the_same_document_in_another_encoding_is_a_repeat() {
    let worker = &shared().await.worker;
    let notification = notification("application.created");
    let first = worker
        .push("acme", &notification.xml(), BodyFormat::Xml)
        .await;
    let printed = stand_in::xml::nokogiri(&notification.xml()).unwrap();
    let commented = notification
        .xml()
        .replacen("<event>", "<!-- c --><event>\r\n", 1);
    for (xml, format) in [
        (notification.xml(), BodyFormat::Form),
        // As the list of failures shows it, which is the form that recovery reads.
        (printed, BodyFormat::Xml),
        (commented, BodyFormat::Xml),
    ] {
        let repeat = worker.push("acme", &xml, format).await;
        assert_eq!(
            (repeat.status.as_str(), &repeat.id),
            ("duplicate", &first.id),
            "{xml}"
        );
    }
}

#[tokio::test]
async fn a_repeat_with_the_old_secret_is_a_repeat() {
    let worker = &shared().await.worker;
    let xml = notification("user.updated").xml();
    let mut answers = vec![];
    for secret in [ACME_OLD, ACME_NEW] {
        let path = format!("/hooks/acme?token={}", encode(secret));
        answers.push(
            worker
                .request("POST", &path, "application/xml", xml.clone())
                .await
                .json(),
        );
    }
    assert_eq!(answers[0]["id"], answers[1]["id"]);
    assert_eq!(answers[1]["status"], "duplicate");
}

#[tokio::test]
async fn the_same_document_from_another_source_is_another_event() {
    let worker = &shared().await.worker;
    let xml = notification("user.created").xml();
    let acme = worker.push("acme", &xml, BodyFormat::Xml).await;
    let zeta = worker.push("zeta", &xml, BodyFormat::Xml).await;
    assert_eq!(
        (acme.status.as_str(), zeta.status.as_str()),
        ("accepted", "accepted")
    );
    assert_ne!(acme.id, zeta.id);
}

#[tokio::test]
async fn six_equal_requests_at_once_are_one_event() {
    let shared = shared().await;
    let xml = notification("application.updated").xml();
    let pushes: Vec<_> = (0..6)
        .map(|_| {
            let xml = xml.clone();
            tokio::spawn(async move { shared.worker.push("acme", &xml, BodyFormat::Xml).await })
        })
        .collect();
    let mut receipts = vec![];
    for push in pushes {
        receipts.push(push.await.unwrap());
    }
    let ids: BTreeSet<_> = receipts.iter().map(|receipt| &receipt.id).collect();
    assert_eq!(ids.len(), 1, "{receipts:?}");
    assert_eq!(
        receipts
            .iter()
            .filter(|receipt| receipt.status == "accepted")
            .count(),
        1,
        "{receipts:?}"
    );
    let later = shared
        .worker
        .accept("acme", &notification("user.created"))
        .await;
    shared.origin.delivery("/structured", &later).await;
    assert_eq!(
        shared.origin.attempts("/structured", &receipts[0].id).len(),
        1
    );
}

/// Key events do not touch the application: the first and the third document are equal byte for byte.
#[tokio::test]
async fn a_key_added_removed_and_added_again_is_three_events() {
    let shared = shared().await;
    let id = fresh_id();
    let added = of("application.key_created", id).keys(["k1"]);
    let removed = of("application.key_deleted", id).keys([]);
    let mut ids = BTreeSet::new();
    for notification in [&added, &removed, &added] {
        let event = shared.worker.accept("acme", notification).await;
        shared.origin.delivery("/structured", &event).await;
        ids.insert(event);
    }
    assert_eq!(ids.len(), 3);
    // And a retry of the last is a repeat of the last.
    let retry = shared
        .worker
        .push("acme", &added.xml(), BodyFormat::Xml)
        .await;
    assert_eq!(retry.status, "duplicate");
    assert!(ids.contains(&retry.id));
}

/// Two states of one second: only the sequence tells which is the newer.
#[tokio::test]
async fn a_state_another_state_and_the_first_again_are_three_events() {
    let worker = &shared().await.worker;
    let id = fresh_id();
    let live = of("application.updated", id);
    let suspended = live.clone().state("suspended");
    are_three_events(worker, [&live.xml(), &suspended.xml(), &live.xml()]).await;
}

/// Events of a type without an object's id are all about one object.
#[tokio::test]
async fn without_an_object_id_a_document_another_and_the_first_again_are_three_events() {
    let worker = &shared().await.worker;
    let id = fresh_id();
    let document = |text: &str| news(&format!("<text>{text} {id}</text>"));
    are_three_events(worker, [&document("a"), &document("b"), &document("a")]).await;
}

/// Nor does anything tell which of two states without a time is the newer.
#[tokio::test]
async fn without_a_time_a_document_another_and_the_first_again_are_three_events() {
    let worker = &shared().await.worker;
    let id = fresh_id();
    let document = |text: &str| news(&format!("<id>{id}</id><text>{text}</text>"));
    are_three_events(worker, [&document("a"), &document("b"), &document("a")]).await;
}

fn news(fields: &str) -> String {
    format!(
        "<event><action>told</action><type>news</type><object><news>{fields}</news></object></event>"
    )
}

/// And each one's repeat right after it is a repeat.
async fn are_three_events(worker: &Worker, documents: [&str; 3]) {
    let mut ids = BTreeSet::new();
    for xml in documents {
        let event = worker.push("acme", xml, BodyFormat::Xml).await;
        assert_eq!(event.status, "accepted", "{xml}");
        let repeat = worker.push("acme", xml, BodyFormat::Xml).await;
        assert_eq!(
            (repeat.status.as_str(), &repeat.id),
            ("duplicate", &event.id),
            "{xml}"
        );
        ids.insert(event.id);
    }
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn an_old_retry_after_a_newer_update_is_a_repeat() {
    let worker = &shared().await.worker;
    let id = fresh_id();
    let old = of("application.updated", id).updated_at("2026-11-21T10:00:00Z");
    let new = of("application.updated", id)
        .updated_at("2026-11-21T10:00:09Z")
        .state("suspended");
    let first = worker.accept("acme", &old).await;
    worker.accept("acme", &new).await;
    let retry = worker.push("acme", &old.xml(), BodyFormat::Xml).await;
    assert_eq!((retry.status.as_str(), retry.id), ("duplicate", first));
}

/// The newer update is compared as an instant: 12:00+02:00 is before 10:30Z.
#[tokio::test]
async fn times_of_two_offsets_are_compared_as_instants() {
    let worker = &shared().await.worker;
    let id = fresh_id();
    let again = of("application.updated", id).updated_at("2026-11-21T10:30:00Z");
    let between = of("application.updated", id)
        .updated_at("2026-11-21T12:00:00+02:00")
        .state("suspended");
    worker.accept("acme", &again).await;
    worker.accept("acme", &between).await;
    worker.accept("acme", &again).await;
}

#[tokio::test]
async fn an_event_about_another_object_in_between_changes_nothing() {
    let worker = &shared().await.worker;
    let (id, other) = (fresh_id(), fresh_id());
    let first = worker
        .accept("acme", &of("application.key_created", id))
        .await;
    worker
        .accept("acme", &of("application.key_deleted", other))
        .await;
    // Another type with the same id is another object, too.
    worker.accept("acme", &of("user.updated", id)).await;
    let repeat = worker
        .push(
            "acme",
            &of("application.key_created", id).xml(),
            BodyFormat::Xml,
        )
        .await;
    assert_eq!((repeat.status.as_str(), repeat.id), ("duplicate", first));
}
