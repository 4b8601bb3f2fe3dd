//! Who gets in, and what a page has whoever asks.

use harness::fixtures::operator::{TOKEN, get};
use harness::fixtures::worker::{Setup, Worker};

use super::{asked, form_token, has_the_headers, session};

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
    let form = form_token(&page);
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
