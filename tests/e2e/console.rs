//! The console in a real browser, driven by the scripts in `tests/console`: Debian's Chromium with Playwright, and axe.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use harness::deployment::project;
use harness::fixtures::notification;
use harness::fixtures::operator::TOKEN;
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};
use harness::languages;

/// Markup and script, as somebody may write it into any field.
const HOSTILE: &str =
    "\"><script>document.title='owned'</script><img src=x onerror=alert(1)>&amp;'`";

async fn worker(origin: &Origin) -> Worker {
    let to = |name: &str, more: &str| {
        let url = origin.url(&format!("/{name}"));
        format!("url = \"{url}\"\n{more}")
    };
    // wrangler's own pipeline of assets, and its headers for them.
    Setup::default()
        .source("acme", "acme-secret-0123456789", "silent_after_hours = 24")
        .source("emea", "emea-secret-0123456789", "")
        .destination("crm", &to("crm", ""))
        .destination("billing", &to("billing", "schedule = [2, 3600]"))
        .destination(
            "search",
            &to("search", "events = [\"user.*\"]\nschedule = [1]"),
        )
        .secret(
            "CONSOLE_TOKEN",
            &format!("{TOKEN} ann:read:the-readers-own-token"),
        )
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .started()
        .await
}

/// Runs a script; panics with what it says if it fails.
async fn run(script: &str, worker: &Worker, more: &[(&str, String)]) {
    let mut command: Command = languages::javascript();
    command
        .current_dir(project())
        .arg(format!("tests/console/{script}.mjs"))
        .env("URL", worker.url(""))
        .env("TOKEN", TOKEN)
        .env("PICTURES", pictures())
        .envs(more.iter().map(|(name, value)| (*name, value)));
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    assert!(
        output.status.success(),
        "{script}: {}{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        worker.log()
    );
}

fn pictures() -> PathBuf {
    project().join("target/screenshots")
}

#[tokio::test]
async fn each_page_is_open_to_all_and_is_drawn_light_and_dark_wide_and_narrow() {
    let origin = Origin::start();
    let worker = worker(&origin).await;
    let failing = r#"{"error":"upstream timed out","code":"E_LEDGER","hint":"<b>try later</b>"}"#;
    origin.plan(
        "/billing",
        (0..60).map(|_| Reply::Body(503, failing.into())),
    );
    origin.plan("/search", [Reply::Status(500), Reply::Status(500)]);
    for _ in 0..3 {
        for kind in stand_in::kinds::Kind::ALL {
            worker
                .accept("acme", &notification(&kind.to_string()))
                .await;
        }
    }
    let account = 4217;
    worker
        .accept(
            "emea",
            &notification("account.created")
                .id(account)
                .updated_at("2026-11-20T09:00:00Z"),
        )
        .await;
    let application = |kind: &str| {
        notification(kind)
            .id(90_210)
            .application(move |app| app.user_account_id = account)
    };
    worker
        .accept(
            "emea",
            &application("application.created").updated_at("2026-11-20T09:01:00Z"),
        )
        .await;
    let event = worker
        .accept(
            "emea",
            &application("application.suspended")
                .updated_at("2026-11-21T12:30:00Z")
                .state("suspended")
                .extra_field("cost_centre", HOSTILE)
                .extra_field("client_secret", "hunter2hunter2"),
        )
        .await;
    let broken = "<event>\n  <action>created</action>\n  <type>user</typo>\n</event>";
    worker
        .request("POST", &worker.hook("acme"), "application/xml", broken)
        .await
        .problem(422, "malformed_xml");
    worker.attempts(TOKEN, &event, "billing", 2).await;
    let pages = json!([
        ["events", "/console/events"],
        ["events-filtered", "/console/events?account=4217&since=24h"],
        ["events-nothing", "/console/events?q=nothing-like-that"],
        ["event", format!("/console/events/{event}")],
        ["destinations", "/console/destinations"],
    ]);
    run("pictures", &worker, &[("PAGES", pages.to_string())]).await;
}
