//! A listener for 3scale's webhooks: `TOKEN=… cargo run -p threescale --example axum`.
//! In 3scale the hook's URL is then `https://<your host>/hooks?token=<TOKEN>`.

#[cfg(test)]
mod tests;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use subtle::ConstantTimeEq as _;
use threescale::{Error, Notification, Object, form};

const FORM: &str = "application/x-www-form-urlencoded";

#[derive(serde::Deserialize)]
struct Credentials {
    token: String,
}

/// 3scale signs nothing: the token in the URL is all that tells it from others.
async fn receive(
    State(token): State<String>,
    Query(credentials): Query<Credentials>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<String, (StatusCode, String)> {
    // Not `!=`, which ends at the first byte that differs: the time it takes would tell how much of a guess is right.
    if !bool::from(credentials.token.as_bytes().ct_eq(token.as_bytes())) {
        return Err((StatusCode::UNAUTHORIZED, "unauthorized".to_owned()));
    }
    let refuse = |error: Error| (StatusCode::UNPROCESSABLE_ENTITY, error.to_string());
    let xml = match headers.get("content-type") {
        Some(kind) if kind == FORM => form::notification_xml(&body).map_err(refuse)?,
        _ => body.to_vec(),
    };
    let notification = Notification::parse(&xml).map_err(refuse)?;
    // 3scale repeats itself: a real listener would look the digest up before it acts.
    let (action, digest) = (notification.action(), notification.digest("acme"));
    let name = match notification.object() {
        Object::Account(account) => account.org_name(),
        Object::User(user) => user.username(),
        Object::Application(application) => application.name(),
        _ => None,
    };
    Ok(format!(
        "{action} {} ({digest})\n",
        name.unwrap_or("something")
    ))
}

/// The Ping! button asks with GET, and wants a 200.
fn listener(token: String) -> Router {
    Router::new()
        .route("/hooks", post(receive).get("pong"))
        .with_state(token)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let socket = tokio::net::TcpListener::bind("0.0.0.0:3000").await?;
    Ok(axum::serve(socket, listener(std::env::var("TOKEN")?)).await?)
}
