//! An operator, who calls the API.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::front::Answer;
use super::worker::Worker;

/// What a Worker of such a test has as its `CONSOLE_TOKEN`.
pub(crate) const TOKEN: &str = "an-operators-token";

/// Calls `/api/v1{path}`.
pub(crate) async fn call(worker: &Worker, method: Method, path: &str, body: &str) -> Answer {
    let request = reqwest::Client::new()
        .request(method, worker.url(&format!("/api/v1{path}")))
        .bearer_auth(TOKEN)
        .body(body.to_owned());
    Answer::of(request.send().await.unwrap()).await
}

/// What a GET finds.
pub(crate) async fn get(worker: &Worker, path: &str) -> Value {
    let answer = call(worker, Method::GET, path, "").await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    answer.json()
}

/// What a POST of this JSON is answered with `status`.
pub(crate) async fn post(worker: &Worker, path: &str, body: &Value, status: StatusCode) -> Value {
    let answer = call(worker, Method::POST, path, &body.to_string()).await;
    assert_eq!(answer.status, status, "{path}: {}", answer.text);
    answer.json()
}
