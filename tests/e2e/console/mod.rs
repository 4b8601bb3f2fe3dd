//! The console: who gets in (`sessions`), what its pages show and its forms do (`pages`), and all of it in a real browser
//! (`browser`).

mod browser;
mod front_page;
mod pages;
mod sessions;

use reqwest::redirect::Policy;

use harness::fixtures::PATIENCE;
use harness::fixtures::answer::Answer;
use harness::fixtures::operator::TOKEN;
use harness::fixtures::origin::Origin;
use harness::fixtures::worker::{Setup, Worker};

/// Markup and script, as somebody may write it into any field.
const HOSTILE: &str =
    "\"><script>document.title='owned'</script><img src=x onerror=alert(1)>&amp;'`";

/// A visitor who follows no redirection, and whose cookies are only those that it is told.
async fn asked(
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
async fn session(worker: &Worker, token: &str) -> String {
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

fn has_the_headers(path: &str, answer: &Answer) {
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

/// The token that each form of a page carries, as a field of a form.
fn form_token(page: &Answer) -> String {
    let (_, after) = page
        .text
        .split_once("name=\"form_token\" value=\"")
        .unwrap();
    format!("form_token={}", after.split('"').next().unwrap())
}

/// A source and an origin with two attempts, with an hour of its schedule in seconds.
async fn with_crm(origin: &Origin) -> Worker {
    let crm = format!("url = \"{}\"\nschedule = [1]", origin.url("/crm"));
    Setup::bare()
        .source("acme", "acme-secret-0123456789", "silent_after_hours = 24")
        .destination("crm", &crm)
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .var("TIME_FACTOR", "1000")
        .started()
        .await
}
