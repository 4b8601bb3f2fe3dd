//! Secrets never leak: neither into the Worker's log nor into its inbox's storage.

use crate::shared::{ACME_NEW, ACME_OLD, AUTHORIZATION, Shared, shared};
use harness::fixtures::answer::encode;
use harness::fixtures::notification;
use harness::fixtures::origin::Reply;

const KEY: &str = "k3y-of-an-application-in-a-body";

/// Everything secret that the Worker is given, in each encoding in which it could appear.
fn secrets(shared: &Shared) -> Vec<String> {
    let plain = [
        ACME_NEW,
        ACME_OLD,
        "zeta-secret-0123456789",
        "outage-secret-0123456789",
        AUTHORIZATION,
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([
        AUTHORIZATION.trim_start_matches("Bearer ").to_owned(),
        shared.signing.clone(),
    ])
    .chain(shared.rotating.clone());
    plain
        .flat_map(|secret| {
            let percent = encode(&secret).replace('+', "%20");
            let bare = secret.trim_start_matches("whsec_").to_owned();
            [encode(&secret), percent, bare, secret]
        })
        .collect()
}

/// Drives the Worker through everything that it logs: accepted, repeated, refused, unreadable, too large, failed.
async fn make_it_talk(shared: &Shared) {
    let worker = &shared.worker;
    let with_key = notification("application.key_created").keys([KEY]);
    let id = worker.accept("acme", &with_key).await;
    worker
        .push("acme", &with_key.xml(), stand_in::wire::BodyFormat::Form)
        .await;
    let xml = "application/xml";
    worker
        .request(
            "POST",
            &format!("/hooks/acme?token={}x", encode(ACME_NEW)),
            xml,
            with_key.xml(),
        )
        .await;
    worker
        .request(
            "POST",
            &format!("/hooks/nobody?token={}", encode(ACME_OLD)),
            xml,
            with_key.xml(),
        )
        .await;
    worker
        .request("PUT", &worker.hook("acme"), xml, with_key.xml())
        .await;
    worker
        .request(
            "POST",
            &worker.hook("acme"),
            "application/json",
            with_key.xml(),
        )
        .await;
    worker
        .request(
            "POST",
            &worker.hook("acme"),
            xml,
            with_key.xml().replace("</key>", "</kex>"),
        )
        .await;
    worker
        .request(
            "POST",
            &worker.hook("acme"),
            xml,
            format!("<a>{KEY}{}", "x".repeat(1 << 20)),
        )
        .await;
    worker
        .get(&format!("{}&ping=3scale", worker.hook("acme")))
        .await;
    shared.origin.plan("/while-logged", [Reply::Reset]);
    let failing = worker.accept("while-logged", &with_key).await;
    let second = shared
        .origin
        .nth_attempt("/while-logged", &failing, 2)
        .await;
    assert_eq!(second.header("authorization"), AUTHORIZATION);
    shared.origin.delivery("/structured", &id).await;
}

#[tokio::test]
async fn no_secret_is_in_the_workers_log_or_storage() {
    let shared = shared().await;
    make_it_talk(shared).await;

    let log = shared.worker.log();
    let lines: Vec<_> = log
        .lines()
        .filter(|line| line.trim_start().starts_with('{'))
        .collect();
    assert!(
        lines.len() >= 10,
        "the Worker writes a line of JSON for each notification and attempt:\n{log}"
    );
    for secret in secrets(shared).iter().map(String::as_str).chain([KEY]) {
        let shown = log.lines().find(|line| line.contains(secret));
        assert_eq!(shown, None, "{secret} is in the log");
    }

    // A Durable Object's rows and KV. The key is a part of the notification, and belongs there.
    for secret in secrets(shared) {
        let stored = shared.worker.stored_in(secret.as_bytes());
        assert_eq!(stored, None, "{secret} is stored");
    }
    assert!(
        shared.worker.stored_in(KEY.as_bytes()).is_some(),
        "this looks at the wrong files"
    );
}
