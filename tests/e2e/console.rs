//! The console in a real browser, driven by the scripts in `tests/console`: Debian's Chromium with Playwright, and axe.

use std::path::PathBuf;
use std::process::Command;

use reqwest::redirect::Policy;
use serde_json::json;

use harness::deployment::project;
use harness::fixtures::answer::Answer;
use harness::fixtures::database::change;
use harness::fixtures::operator::{TOKEN, get};
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{PATIENCE, notification};
use harness::languages;

/// Markup and script, as somebody may write it into any field.
pub(crate) const HOSTILE: &str =
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

/// The same, with its events over a day, the fewer the longer ago.
async fn with_a_past(mut worker: Worker) -> Worker {
    worker.kill9();
    let times = "WITH head (seq) AS (SELECT max(seq) FROM events) UPDATE events
        SET received_at = received_at - 33000 * (head.seq - events.seq) * (head.seq - events.seq) FROM head";
    // An id begins with its time.
    let ids = "UPDATE events SET id = unhex(printf('%012X', received_at) || substr(hex(id), 13))";
    change(&worker, &[times, ids]);
    worker.restarted().await
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
    // Its second may have to wait: by then the breaker may be open.
    worker.attempts(TOKEN, &event, "billing", 1).await;
    let worker = with_a_past(worker).await;
    let quarantined = get(&worker, "/quarantine").await;
    let pages = json!([
        ["events", "/console/events"],
        ["events-filtered", "/console/events?account=4217&since=24h"],
        ["events-nothing", "/console/events?q=nothing-like-that"],
        ["event", format!("/console/events/{event}")],
        ["destinations", "/console/destinations"],
        ["quarantine", "/console/quarantine"],
        [
            "quarantined",
            format!(
                "/console/quarantine/{}",
                quarantined["bodies"][0]["id"].as_str().unwrap()
            )
        ],
        ["sources", "/console/sources"],
        ["replays-nothing", "/console/replays"],
        ["replay-new", "/console/replays/new?state=waiting"],
        ["objects", "/console/objects"],
        ["object", "/console/objects/account/4217"],
        ["health", "/console/health"],
        ["audit", "/console/audit"],
    ]);
    run("pictures", &worker, &[("PAGES", pages.to_string())]).await;
}

#[tokio::test]
async fn an_operators_day_by_keyboard_and_reading_without_scripts() {
    let origin = Origin::start();
    let worker = worker(&origin).await;
    let once = [Reply::Body(503, b"try later".to_vec()), Reply::Status(204)];
    origin.plan("/billing", once.clone().into_iter().chain(once));
    let hook = worker.url(&worker.hook("acme"));
    run("flows", &worker, &[("HOOK", hook)]).await;
}

/// A visitor who follows no redirection, and whose cookies are only those that it is told.
pub(crate) async fn asked(
    worker: &Worker,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let client = reqwest::Client::builder()
        .redirect(Policy::none())
        .build()
        .unwrap();
    let mut request = client
        .request(method.parse().unwrap(), worker.url(path))
        .timeout(PATIENCE)
        .body(body.to_owned());
    if method == "POST" {
        request = request.header("content-type", "application/x-www-form-urlencoded");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::of(request.send().await.unwrap()).await
}

/// The cookie of a new session.
pub(crate) async fn session(worker: &Worker, token: &str) -> String {
    let answer = asked(
        worker,
        "POST",
        "/console/sign-in",
        &[],
        &format!("token={token}"),
    )
    .await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "/console/events")
    );
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    cookie.split(';').next().unwrap().to_owned()
}

const PAGES: [&str; 14] = [
    "/console/events",
    "/console/events?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "/console/destinations",
    "/console/quarantine",
    "/console/quarantine?code=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "/console/sources",
    "/console/replays",
    "/console/replays/new",
    "/console/replays/new?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "/console/objects",
    "/console/objects?id=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "/console/health",
    "/console/audit",
    "/console/no-such-page",
];

pub(crate) fn has_the_headers(path: &str, answer: &Answer) {
    let policy = answer.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(part), "{path}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{path}: {policy}");
    assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
}

async fn bare(tokens: &str) -> Worker {
    let setup = Setup::bare().source("acme", "acme-secret-0123456789", "");
    let setup = setup.destination("crm", "url = \"http://127.0.0.1:9/crm\"\nschedule = [1]");
    let setup = setup.secret("ALLOW_LOCAL_TARGETS", "true");
    let setup = if tokens.is_empty() {
        setup
    } else {
        setup.secret("CONSOLE_TOKEN", tokens)
    };
    setup.started().await
}

#[tokio::test]
async fn without_a_token_set_there_is_no_console() {
    let worker = bare("").await;
    for path in ["/", "/console/events", "/console/sign-in"] {
        worker.get(path).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn nobody_sees_a_page_without_a_session_of_their_own_and_each_page_has_its_headers() {
    let worker = bare(&format!("{TOKEN} ann:read:the-readers-own-token")).await;
    let cookie = session(&worker, TOKEN).await;
    let forged = format!("{}x", &cookie[..cookie.len() - 1]);
    let (name, value) = cookie.split_once('=').unwrap();
    let (_, rest) = value.split_once('.').unwrap();
    let later = format!("{name}=9999999999.{rest}");
    for path in PAGES {
        for wrong in ["", "session=", forged.as_str(), later.as_str()] {
            let answer = asked(&worker, "GET", path, &[("cookie", wrong)], "").await;
            assert_eq!(answer.status.as_u16(), 303, "{path}: {wrong}");
            assert!(
                answer.header("location").starts_with("/console/sign-in"),
                "{path}"
            );
            assert!(!answer.text.contains("crm"), "{path}");
        }
        let answer = asked(&worker, "GET", path, &[("cookie", &cookie)], "").await;
        let status = if path.ends_with("no-such-page") {
            404
        } else {
            200
        };
        assert_eq!(answer.status.as_u16(), status, "{path}");
        has_the_headers(path, &answer);
        assert!(!answer.text.contains("<script>alert"), "{path}");
        assert!(!answer.text.contains(" style="), "{path}");
    }
    has_the_headers(
        "sign-in",
        &asked(&worker, "GET", "/console/sign-in", &[], "").await,
    );
    assert_eq!(
        asked(&worker, "GET", "/", &[], "").await.header("location"),
        "/console/events"
    );
}

#[tokio::test]
async fn no_other_sites_page_and_no_form_without_its_token_changes_anything() {
    let worker = bare(&format!("{TOKEN} ann:read:the-readers-own-token")).await;
    let cookie = session(&worker, TOKEN).await;
    let pause = "/console/destinations/crm/pause";
    let page = asked(
        &worker,
        "GET",
        "/console/destinations",
        &[("cookie", &cookie)],
        "",
    )
    .await;
    let (_, after) = page
        .text
        .split_once("name=\"form_token\" value=\"")
        .unwrap();
    let form = format!("form_token={}", after.split('"').next().unwrap());
    let ours = worker.url("");
    for (headers, body) in [
        (vec![("cookie", cookie.as_str())], ""),
        (vec![("cookie", cookie.as_str())], "form_token=guessed"),
        (
            vec![
                ("cookie", cookie.as_str()),
                ("origin", "https://evil.example"),
            ],
            form.as_str(),
        ),
        (vec![("origin", ours.trim_end_matches('/'))], form.as_str()),
    ] {
        let answer = asked(&worker, "POST", pause, &headers, body).await;
        assert!(
            matches!(answer.status.as_u16(), 303 | 403),
            "{}: {}",
            answer.status,
            answer.text
        );
        assert!(
            !answer.header("location").contains("done="),
            "{headers:?} {body}"
        );
    }
    let reader = session(&worker, "the-readers-own-token").await;
    let page = asked(
        &worker,
        "GET",
        "/console/destinations",
        &[("cookie", &reader)],
        "",
    )
    .await;
    assert!(!page.text.contains("/pause"), "a reader is shown no button");
    let answer = asked(&worker, "POST", pause, &[("cookie", &reader)], &form).await;
    assert_eq!(answer.status.as_u16(), 403);
    let state = get(&worker, "/destinations").await;
    assert_eq!(state["sources"][0]["destinations"][0]["state"], "ok");
    let answer = asked(&worker, "POST", pause, &[("cookie", &cookie)], &form).await;
    assert_eq!(
        answer.header("location"),
        "/console/destinations?done=paused"
    );
    let audit = get(&worker, "/audit").await;
    assert_eq!(audit["actions"][0]["action"], "pause_destination");
}

#[tokio::test]
async fn whatever_somebody_writes_into_a_field_shows_as_text_and_showing_credentials_is_recorded() {
    let origin = Origin::start();
    let worker = Setup::bare()
        .source("acme", "acme-secret-0123456789", "")
        .destination(
            "crm",
            &format!("url = \"{}\"\nschedule = [1]", origin.url("/crm")),
        )
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .var("TIME_FACTOR", "1000")
        .started()
        .await;
    let echo = format!("{HOSTILE} hunter2hunter2");
    origin.plan(
        "/crm",
        [
            Reply::Body(500, echo.clone().into()),
            Reply::Body(500, echo.into()),
        ],
    );
    let hostile = notification("account.created")
        .state(HOSTILE)
        .extra_field("note", HOSTILE)
        .extra_field("client_secret", "hunter2hunter2")
        .account(|account| account.annotations = vec![("note".to_owned(), HOSTILE.to_owned())]);
    let id = worker.accept("acme", &hostile).await;
    worker.attempts(TOKEN, &id, "crm", 1).await;
    let cookie = session(&worker, TOKEN).await;
    let path = format!("/console/events/{id}");
    let page = asked(&worker, "GET", &path, &[("cookie", &cookie)], "").await;
    assert!(
        page.text.contains("&lt;script&gt;document.title="),
        "it is shown"
    );
    for markup in ["<script>document", "<img src=x", "hunter2hunter2"] {
        assert!(!page.text.contains(markup), "{markup}");
    }
    let (_, after) = page
        .text
        .split_once("name=\"form_token\" value=\"")
        .unwrap();
    let form = format!("form_token={}", after.split('"').next().unwrap());
    let shown = asked(
        &worker,
        "POST",
        &format!("{path}/reveal"),
        &[("cookie", &cookie)],
        &form,
    )
    .await;
    has_the_headers("reveal", &shown);
    assert!(shown.text.contains("hunter2hunter2") && !shown.text.contains("<script>document"));
    let audit = get(&worker, "/audit").await;
    assert_eq!(audit["actions"][0]["action"], "reveal_credentials");
    assert_eq!(audit["actions"][0]["details"]["event"], id);
}
