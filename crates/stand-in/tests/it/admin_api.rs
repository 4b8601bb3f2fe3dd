//! The admin API over HTTP: paths, credentials, error bodies, and the settings of the webhook.

use std::sync::Arc;

use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::sample;
use stand_in::admin_api::router;
use stand_in::credentials::{AccessToken, Credentials};
use stand_in::failures::Failure;
use stand_in::kinds::Kind;
use stand_in::tenant::{Tenant, Webhook};

const FAILURES: &str = "/admin/api/webhooks/failures.xml";

struct Api {
    base: String,
    tenant: Arc<Tenant>,
    client: reqwest::Client,
}

impl Api {
    async fn start() -> Self {
        Self::of(|_| {}).await
    }

    async fn of(change: impl FnOnce(&mut Tenant)) -> Self {
        let credentials = Credentials {
            access_tokens: vec![
                AccessToken::admin("t0ken"),
                AccessToken::admin("narrow").scopes(&["stats", "monitoring"]),
                AccessToken::admin("member").of_a_member(),
            ],
            provider_key: Some("pr0vider".into()),
        };
        let mut tenant = Tenant::new(credentials, Webhook::default());
        change(&mut tenant);
        let tenant = Arc::new(tenant);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, router(tenant.clone())).into_future());
        Self {
            base,
            tenant,
            client: reqwest::Client::new(),
        }
    }

    fn fail_at(&self, times: &[&str]) {
        for time in times {
            let xml = sample("user_deleted.xml");
            let failure = Failure::new(
                Uuid::new_v4(),
                time.parse().unwrap(),
                "https://h.example".into(),
                xml,
            );
            self.tenant.failures.lock().unwrap().push(failure);
        }
    }

    fn kept(&self) -> usize {
        self.tenant.failures.lock().unwrap().len()
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    async fn answer(&self, method: Method, path: &str) -> (StatusCode, String) {
        read(self.request(method, path)).await
    }
}

async fn read(request: reqwest::RequestBuilder) -> (StatusCode, String) {
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn credentials_are_taken_from_a_parameter_or_from_either_half_of_basic() {
    let api = Api::start().await;
    for query in ["access_token=t0ken", "provider_key=pr0vider"] {
        let answer = api
            .answer(Method::GET, &format!("{FAILURES}?{query}"))
            .await;
        assert_eq!(
            answer,
            (StatusCode::OK, sample("failures_empty.xml")),
            "{query}"
        );
    }
    for (user, password) in [("t0ken", ""), ("", "t0ken"), ("pr0vider", "")] {
        let answer = read(
            api.request(Method::GET, FAILURES)
                .basic_auth(user, Some(password)),
        )
        .await;
        assert_eq!(answer.0, StatusCode::OK, "{user}:{password}");
    }
    let form = api
        .request(Method::DELETE, FAILURES)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("access_token=t0ken");
    assert_eq!(read(form).await.0, StatusCode::OK);
}

#[tokio::test]
async fn every_refusal_has_3scales_own_body() {
    let api = Api::start().await;
    for (query, status, body) in [
        ("", 403, sample("error_access_denied_403.xml")),
        (
            "?access_token=wrong",
            403,
            sample("error_access_denied_403.xml"),
        ),
        (
            "?access_token=narrow",
            403,
            sample("error_token_scope_403.xml"),
        ),
        ("?access_token=member", 403, String::new()),
        (
            "?access_token=t0ken&time=now",
            400,
            sample("error_invalid_time_400.xml"),
        ),
        (
            "?access_token=t0ken&time=",
            400,
            sample("error_invalid_time_400.xml"),
        ),
    ] {
        let answer = api
            .answer(Method::DELETE, &format!("{FAILURES}{query}"))
            .await;
        assert_eq!((answer.0.as_u16(), answer.1), (status, body), "{query}");
    }
    let suspended = Api::of(|tenant| tenant.suspended = true).await;
    let answer = suspended
        .answer(Method::GET, &format!("{FAILURES}?access_token=t0ken"))
        .await;
    assert_eq!(answer, (StatusCode::FORBIDDEN, String::new()));
}

#[tokio::test]
async fn reading_the_list_removes_nothing_and_the_extension_decides_its_form() {
    let api = Api::start().await;
    api.fail_at(&["2026-01-01T00:00:01Z"]);
    for (path, media_type) in [
        (
            "/admin/api/webhooks/failures",
            "application/xml; charset=utf-8",
        ),
        (
            "/admin/api/webhooks/failures.xml",
            "application/xml; charset=utf-8",
        ),
        (
            "/admin/api/webhooks/failures.json",
            "application/json; charset=utf-8",
        ),
    ] {
        let answer = api
            .request(Method::GET, path)
            .basic_auth("t0ken", Some(""))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["content-type"], media_type, "{path}");
        assert!(
            answer
                .text()
                .await
                .unwrap()
                .contains("2026-01-01T00:00:01Z"),
            "{path}"
        );
    }
    assert_eq!(api.kept(), 1);
}

#[tokio::test]
async fn delete_with_a_time_keeps_the_later_ones_and_without_one_wipes_all() {
    let api = Api::start().await;
    api.fail_at(&[
        "2026-01-01T00:00:01Z",
        "2026-01-01T00:00:02Z",
        "2026-01-01T00:00:03Z",
    ]);
    let delete = |query: &str| format!("{FAILURES}?access_token=t0ken{query}");
    let answer = api
        .answer(Method::DELETE, &delete("&time=2026-01-01T00:00:02Z"))
        .await;
    assert_eq!(answer, (StatusCode::OK, String::new()));
    assert_eq!(api.kept(), 1);
    api.answer(Method::DELETE, &delete("")).await;
    assert_eq!(api.kept(), 0);
}

#[tokio::test]
async fn a_plus_that_is_not_encoded_drops_the_offset() {
    let api = Api::start().await;
    api.fail_at(&["2026-01-01T11:00:00Z"]);
    // 12:00+02:00 is 10:00 in UTC; with the offset dropped it is 12:00, and the failure is deleted.
    let path = format!("{FAILURES}?access_token=t0ken&time=2026-01-01T12:00:00");
    api.answer(Method::DELETE, &format!("{path}%2B02:00")).await;
    assert_eq!(api.kept(), 1);
    api.answer(Method::DELETE, &format!("{path}+02:00")).await;
    assert_eq!(api.kept(), 0);
}

#[tokio::test]
async fn a_put_sets_the_webhook_and_leaves_unnamed_settings() {
    let api = Api::start().await;
    let put = |body: serde_json::Value| {
        api.request(Method::PUT, "/admin/api/webhooks.json")
            .basic_auth("", Some("t0ken"))
            .json(&body)
    };
    let set = json!({"web_hook": {
        "url": "https://w.example/hooks/acme?token=s", "active": true, "user_created_on": true, "id": 7,
    }});
    let (status, body) = read(put(set)).await;
    assert_eq!(status, StatusCode::OK);
    let webhook: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(webhook["webhook"]["user_created_on"], true);
    assert_eq!(webhook["webhook"]["user_deleted_on"], false);
    assert!(webhook["webhook"].get("id").is_none());

    let (_, body) = read(put(json!({"provider_actions": true}))).await;
    assert!(
        body.contains("https://w.example"),
        "a flat body is wrapped by Rails: {body}"
    );
    let webhook = api.tenant.webhook.lock().unwrap().clone();
    assert!(
        webhook
            .target("user.created".parse::<Kind>().unwrap())
            .is_some()
    );
    assert!(
        webhook
            .target("user.deleted".parse::<Kind>().unwrap())
            .is_none()
    );
}

#[tokio::test]
async fn a_put_that_cannot_work_is_refused_and_changes_nothing() {
    let api = Api::start().await;
    let put = || {
        api.request(Method::PUT, "/admin/api/webhooks.json")
            .basic_auth("t0ken", Some(""))
    };
    let long = format!("https://w.example/{}", "x".repeat(255));
    for url in ["ftp://w.example", "", long.as_str()] {
        let (status, body) =
            read(put().json(&json!({"web_hook": {"url": url, "active": true}}))).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
        assert!(body.starts_with(r#"{"errors":{"url":["#), "{body}");
    }
    let form = put()
        .header("content-type", "application/x-www-form-urlencoded")
        .body("active=true");
    assert_eq!(read(form).await.0, StatusCode::BAD_REQUEST);
    assert!(
        api.tenant
            .webhook
            .lock()
            .unwrap()
            .target(Kind::ALL[0])
            .is_none()
    );
}
