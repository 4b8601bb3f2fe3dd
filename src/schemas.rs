//! `GET /schemas/*.json`: the JSON Schemas of the events; and the description of the API. They are assets, which the
//! platform serves by itself where it can: in here they would be a fortieth of the upload. The Worker fetches them where
//! an address of its own leads to one, or where it runs without the platform.

use edge_core::problem::Problem;
use worker::{Env, Headers, Response, Result};

use crate::{http, log};

/// The binding of the assets.
const ASSETS: &str = "ASSETS";

const SCHEMAS: [&str; 6] = [
    "event.json",
    "account.json",
    "user.json",
    "application.json",
    "generic.json",
    "alert.json",
];

/// Answers `GET /schemas/{file}`.
///
/// # Errors
///
/// The runtime could not build the response.
pub async fn answer(env: &Env, file: &str) -> Result<Response> {
    if !SCHEMAS.contains(&file) {
        return http::problem(&Problem::NotFound);
    }
    asset(env, file, "application/schema+json").await
}

/// Answers `GET /api/v1/openapi.json`.
///
/// # Errors
///
/// The runtime could not build the response.
pub async fn openapi(env: &Env) -> Result<Response> {
    asset(env, "openapi.json", "application/json").await
}

/// The same for everybody.
async fn asset(env: &Env, file: &str, media_type: &str) -> Result<Response> {
    let fetched = async {
        // Only the path counts.
        let url = format!("https://assets/schemas/{file}");
        let mut answer = env.assets(ASSETS)?.fetch(url, None).await?;
        match answer.status_code() {
            200 => answer.bytes().await,
            status => Err(format!("{file}: {status}").into()),
        }
    };
    let text = match fetched.await {
        Ok(text) => text,
        Err(error) => {
            log::error("reading an asset", &error);
            return http::problem(&Problem::Unavailable);
        }
    };
    let headers = Headers::new();
    headers.set("content-type", media_type)?;
    headers.set("cache-control", "public, max-age=3600")?;
    headers.set("x-content-type-options", "nosniff")?;
    Ok(Response::from_bytes(text)?.with_headers(headers))
}
