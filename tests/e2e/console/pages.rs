//! The console's pages with something in them: what they show of third-party text, and what their forms do.

use serde_json::json;

use harness::fixtures::answer::Answer;
use harness::fixtures::notification;
use harness::fixtures::operator::{TOKEN, get};
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::Worker;

use super::{HOSTILE, asked, form_token, has_the_headers, session, with_crm};

/// A page's limit over the wire. It is held without compression, which is stricter.
const LARGEST_PAGE: usize = 60_000;

struct Visitor<'w> {
    worker: &'w Worker,
    cookie: String,
}

impl Visitor<'_> {
    /// A page, as every page has to be.
    async fn page(&self, path: &str) -> Answer {
        let mut answer = asked(self.worker, "GET", path, &[("cookie", &self.cookie)], "").await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text);
        has_the_headers(path, &answer);
        assert!(answer.text.len() < LARGEST_PAGE, "{path}");
        for markup in [
            "<script>document",
            "<img src=x",
            "hunter2hunter2",
            " style=",
        ] {
            assert!(!answer.text.contains(markup), "{path}: {markup}");
        }
        // Where a long name may be broken.
        answer.text = answer.text.replace("<wbr>", "");
        answer
    }

    /// Sends a form, with the token that is in the page; where it leads.
    async fn sent(&self, page: &Answer, path: &str, fields: &str) -> String {
        let form = format!("{}&{fields}", form_token(page));
        let answer = asked(
            self.worker,
            "POST",
            path,
            &[("cookie", &self.cookie)],
            &form,
        )
        .await;
        assert_eq!(answer.status.as_u16(), 303, "{path}: {}", answer.text);
        answer.header("location").to_owned()
    }
}

#[tokio::test]
async fn what_broke_is_marked_and_dropped_and_many_are_sent_again_only_after_their_count() {
    let origin = Origin::start();
    let worker = with_crm(&origin).await;
    origin.plan("/crm", (0..2).map(|_| Reply::Status(500)));
    let visitor = Visitor {
        worker: &worker,
        cookie: session(&worker, TOKEN).await,
    };
    let sources = visitor.page("/console/sources").await;
    assert!(
        sources.text.contains("Webhooks enabled") && sources.text.contains("/hooks/acme?token=…")
    );

    let hostile = notification("account.created")
        .id(4217)
        .state(HOSTILE)
        .extra_field("note", HOSTILE)
        .extra_field("client_secret", "hunter2hunter2");
    let event = worker.accept("acme", &hostile).await;
    worker.attempts(TOKEN, &event, "crm", 2).await;
    let broken = format!("<event><type>{HOSTILE}</typo></event>");
    worker
        .request("POST", &worker.hook("acme"), "application/xml", broken)
        .await
        .problem(422, "malformed_xml");

    the_quarantine(&visitor).await;

    // The object.
    for path in [
        "/console/objects",
        "/console/objects?id=4217",
        "/console/objects?account=4217",
    ] {
        assert!(
            visitor
                .page(path)
                .await
                .text
                .contains("/console/objects/account/4217"),
            "{path}"
        );
    }
    let object = visitor.page("/console/objects/account/4217").await;
    assert!(
        object.text.contains(&event) && object.text.contains("extra_fields.note"),
        "{}",
        object.text
    );

    // The replay: counting sends nothing.
    let before = origin.requests_at("/crm");
    let counted = visitor
        .page("/console/replays/new?state=dead&destination=crm")
        .await;
    assert!(
        counted.text.contains("1 event, 1 delivery"),
        "{}",
        counted.text
    );
    assert_eq!(get(&worker, "/replays").await["replays"], json!([]));
    assert_eq!(origin.requests_at("/crm"), before);
    let to = visitor
        .sent(&counted, "/console/replays", "state=dead&destination=crm")
        .await;
    assert!(to.starts_with("/console/replays/"), "{to}");
    origin.delivery("/crm", &event).await;
    let replay = visitor.page(&to).await;
    assert!(
        replay.text.contains("?state=dead&#38;destination=crm"),
        "{}",
        replay.text
    );
    assert!(visitor.page("/console/replays").await.text.contains(&to));

    visitor.page("/console/health").await;
    let audit = visitor.page("/console/audit").await;
    for done in [
        "replayed all that match",
        "dropped from the quarantine",
        "parsed again",
    ] {
        assert!(audit.text.contains(done), "{done}");
    }
}

/// A broken body is looked at, parsed again in vain, and dropped.
async fn the_quarantine(visitor: &Visitor<'_>) {
    let worker = visitor.worker;
    visitor.page("/console/quarantine").await;
    let listed = get(worker, "/quarantine").await;
    let body = format!(
        "/console/quarantine/{}",
        listed["bodies"][0]["id"].as_str().unwrap()
    );
    let page = visitor.page(&body).await;
    assert!(page.text.contains("<mark>"), "{}", page.text);
    let to = visitor.sent(&page, &format!("{body}/reparse"), "").await;
    assert!(to.ends_with("?done=unparsable"), "{to}");
    let to = visitor
        .sent(
            &page,
            "/console/quarantine/reparse",
            "code=malformed_xml&source=&cursor=",
        )
        .await;
    assert!(
        visitor.page(&to).await.text.contains("Parsed again"),
        "{to}"
    );
    visitor.sent(&page, &format!("{body}/drop"), "").await;
    assert_eq!(get(worker, "/quarantine").await["bodies"], json!([]));
}

#[tokio::test]
async fn whatever_somebody_writes_into_a_field_shows_as_text_and_showing_credentials_is_recorded() {
    let origin = Origin::start();
    let worker = with_crm(&origin).await;
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
    let form = form_token(&page);
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
