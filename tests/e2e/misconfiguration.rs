//! A wrong configuration: 503 at the hook, and every mistake by name in /healthz, without a secret's value.

use harness::fixtures::notification;
use harness::fixtures::operator::TOKEN;
use harness::fixtures::origin::Origin;
use harness::fixtures::worker::Setup;

#[tokio::test]
async fn every_mistake_is_named_at_once_and_no_secret_is_shown() {
    let worker = Setup::default()
        .source("acme", "", "")
        .source(
            "zeta",
            "zeta-s3cret-value",
            "admin_url = \"http://169.254.169.254/\"\nsecret_params = \"token\"",
        )
        .destination("plain", "url = \"http://crm.example.com/hook\"")
        .destination(
            "private",
            "url = \"https://10.0.0.1/hook\"\nformat = \"yaml\"",
        )
        .destination("nowhere", "events = [\"*\"]")
        .destination("cellar", "kv = \"NO_SUCH_BINDING\"\nsources = [\"nobody\"]")
        .origin_of(
            "badly-signed",
            "https://crm.example.com/",
            "whsec_n0t-base64-s3cret!",
            "",
        )
        .var("MAX_BODY_BYTES", "plenty")
        .secret(
            "DESTINATION_PLAIN_AUTHORIZATION",
            "Bearer d0wnstream-s3cret",
        )
        .started()
        .await;

    let answer = worker
        .request(
            "POST",
            &worker.hook("zeta"),
            "application/xml",
            notification("user.created").xml(),
        )
        .await;
    answer.problem(503, "misconfigured");

    let health = worker.get("/healthz").await;
    assert_eq!(health.status, 503, "{}", health.text);
    for name in [
        "SOURCE_ACME_SECRET",
        "SOURCES.zeta.admin_url",
        "SOURCES.zeta.secret_params",
        "DESTINATIONS.plain.url",
        "DESTINATIONS.private.url",
        "DESTINATIONS.private.format",
        "DESTINATIONS.nowhere",
        "DESTINATIONS.cellar.kv",
        "DESTINATIONS.cellar.sources",
        "DESTINATION_BADLY_SIGNED_SIGNING_SECRET",
        "MAX_BODY_BYTES",
    ] {
        assert!(
            health.text.contains(name),
            "{name} is not in {}",
            health.text
        );
    }
    for shown in [&health.text, &answer.text, &worker.log()] {
        for secret in [
            "zeta-s3cret-value",
            "n0t-base64-s3cret",
            "d0wnstream-s3cret",
        ] {
            assert!(!shown.contains(secret), "{secret} is in {shown}");
        }
    }
}

/// One misspelt setting: the other destination, the other source and the API work, and what the faulty destination
/// is to have waits until the setting is mended.
#[tokio::test]
async fn a_mistake_stops_only_what_it_is_in() {
    let origin = Origin::start();
    let destination = |path: &str| format!("url = \"{}\"", origin.url(path));
    let mut worker = Setup::bare()
        .source("acme", "acme-secret-0123456789", "")
        .source("zeta", "zeta-secret-0123456789", "shard = 2")
        .destination("good", &destination("/good"))
        .destination(
            "faulty",
            &format!("{}\ntimeout = 3", destination("/faulty")),
        )
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .secret("CONSOLE_TOKEN", TOKEN)
        .started()
        .await;
    let health = worker.get("/healthz").await;
    assert_eq!(health.status, 503, "{}", health.text);
    for name in ["DESTINATIONS.faulty.timeout", "SOURCES.zeta.shard"] {
        assert!(
            health.text.contains(name),
            "{name} is not in {}",
            health.text
        );
    }
    let refused = worker
        .request(
            "POST",
            &worker.hook("zeta"),
            "application/xml",
            notification("user.created").xml(),
        )
        .await;
    refused.problem(503, "misconfigured");

    let id = worker.accept("acme", &notification("user.created")).await;
    origin.delivery("/good", &id).await;
    assert_eq!(worker.attempts(TOKEN, &id, "faulty", 0).await.len(), 0);

    worker.kill9();
    let mended = worker
        .reconfigured(|vars| {
            let faulty = &mut vars["DESTINATIONS"]["faulty"];
            faulty.as_table_mut().unwrap().remove("timeout").unwrap();
        })
        .await;
    // Whatever comes next wakes the inbox, as the cron would.
    mended.accept("acme", &notification("user.updated")).await;
    origin.delivery("/faulty", &id).await;
}

/// No secret is set at all: what a deployment is before `wrangler secret put`.
#[tokio::test]
async fn a_deployment_without_its_secret_says_so() {
    let worker = Setup::default().started().await;
    let health = worker.get("/healthz").await;
    assert_eq!(health.status, 503);
    assert!(
        health.text.contains("SOURCE_DEFAULT_SECRET"),
        "{}",
        health.text
    );
    let answer = worker
        .request(
            "POST",
            "/hooks/default?token=x",
            "application/xml",
            "<event/>",
        )
        .await;
    answer.problem(503, "misconfigured");
}
