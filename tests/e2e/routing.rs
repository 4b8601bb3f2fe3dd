//! Which destinations get an event: by source, type and action.

use crate::shared::shared;
use harness::fixtures::notification;

#[tokio::test]
async fn a_destination_gets_the_events_that_its_patterns_name() {
    let shared = shared().await;
    let mut unwanted = vec![];
    for kind in [
        "user.updated",
        "user.deleted",
        "application.created",
        "application.key_created",
    ] {
        unwanted.push(shared.worker.accept("acme", &notification(kind)).await);
    }
    for kind in [
        "account.created",
        "account.plan_changed",
        "account.deleted",
        "user.created",
    ] {
        let id = shared.worker.accept("acme", &notification(kind)).await;
        shared.origin.delivery("/accounts", &id).await;
    }
    for id in &unwanted {
        // Every other destination got it, and later events have arrived here.
        shared.origin.delivery("/structured", id).await;
        assert!(shared.origin.attempts("/accounts", id).is_empty(), "{id}");
    }
}

#[tokio::test]
async fn a_destination_gets_only_the_sources_that_it_names() {
    let shared = shared().await;
    let zeta = shared
        .worker
        .accept("zeta", &notification("account.created"))
        .await;
    let acme = shared
        .worker
        .accept("acme", &notification("account.created"))
        .await;
    shared.origin.delivery("/accounts", &acme).await;
    for path in ["/structured", "/binary", "/xml", "/redacted"] {
        shared.origin.delivery(path, &zeta).await;
    }
    assert!(shared.origin.attempts("/accounts", &zeta).is_empty());
    assert!(shared.origin.attempts("/binary", &acme).is_empty());
}
