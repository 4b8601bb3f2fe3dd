//! The record of an attempt that reaches no origin. `crates/edge-core/src/delivery/unreached.rs` interprets the
//! runtime's messages; this tests the messages that workerd actually gives, and the details that it leaves out.

use std::time::Duration;

use harness::fixtures::notification;
use harness::fixtures::operator::TOKEN;
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::raw;
use harness::fixtures::worker::Setup;
use harness::free_port;

#[tokio::test]
async fn each_failure_is_recorded_with_the_runtimes_reason() {
    const LOST: &str = "Network connection lost";
    const INTERNAL: &str = "internal error";
    let hour = Duration::from_hours(1);
    let origin = Origin::start();
    for (path, status, body) in [
        ("/edge-dns", 530, "error code: 1016"),
        ("/edge-connect", 522, "error code: 522"),
        ("/edge-refused", 403, "error code: 1003"),
        ("/refusing", 403, "error code: 1020"),
    ] {
        origin.plan(path, [Reply::Body(status, body.into())]);
    }
    let http = |address| format!("http://{address}/");
    let closed = format!("http://127.0.0.1:{}/", free_port().unwrap());
    let plain = raw::answering("HTTP/1.1 400 \r\n\r\n", Duration::ZERO);
    let cases = [
        // Name, target, outcome, and text in its detail.
        (
            "unknown-host",
            "https://no-such-host.invalid/".to_owned(),
            "network",
            INTERNAL,
        ),
        ("closed", closed, "network", LOST),
        ("no-tls", format!("https://{plain}/"), "network", INTERNAL),
        (
            "reset",
            http(raw::answering("", Duration::ZERO)),
            "network",
            LOST,
        ),
        (
            "no-http",
            http(raw::answering("hello\r\n\r\n", Duration::ZERO)),
            "network",
            LOST,
        ),
        (
            "hanging",
            http(raw::answering("", hour)),
            "timeout",
            "took too long",
        ),
        (
            "edge-dns",
            origin.url("/edge-dns"),
            "dns",
            "Cloudflare answered 530, error 1016",
        ),
        (
            "edge-connect",
            origin.url("/edge-connect"),
            "connect",
            "Cloudflare answered 522",
        ),
        (
            "edge-refused",
            origin.url("/edge-refused"),
            "refused",
            "give the host a name",
        ),
        (
            "refusing",
            origin.url("/refusing"),
            "status",
            "answered 403",
        ),
    ];
    let setup = Setup::bare()
        .source("acme", "acme-secret-0123456789", "")
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true");
    let setup = cases.iter().fold(setup, |setup, (name, url, ..)| {
        let timeout = if *name == "hanging" { 300 } else { 15_000 };
        setup.destination(name, &format!("url = \"{url}\"\ntimeout_ms = {timeout}"))
    });
    let worker = setup.started().await;
    let id = worker.accept("acme", &notification("user.created")).await;
    for (name, _, outcome, detail) in cases {
        let attempts = worker.attempts(TOKEN, &id, name, 1).await;
        let first = &attempts[0];
        assert_eq!(first["outcome"], outcome, "{name}: {first}");
        assert!(
            first["detail"].as_str().unwrap().contains(detail),
            "{name}: {first}"
        );
    }
    let edge = &worker.attempts(TOKEN, &id, "edge-dns", 1).await[0];
    assert_eq!(
        (&edge["status"], &edge["answer"]),
        (&530.into(), &"error code: 1016".into())
    );
}
