//! `GET /schemas/*.json`: the JSON Schemas of the events; and the description of the API.

use edge_core::problem::Problem;
use worker::{Headers, Response, Result};

use crate::http;

macro_rules! schema {
    ($name:literal) => {
        ($name, include_str!(concat!("../schemas/", $name)))
    };
}

const SCHEMAS: [(&str, &str); 6] = [
    schema!("event.json"),
    schema!("account.json"),
    schema!("user.json"),
    schema!("application.json"),
    schema!("generic.json"),
    schema!("alert.json"),
];

/// Answers `GET /schemas/{file}`.
///
/// # Errors
///
/// The runtime could not build the response.
pub fn answer(file: &str) -> Result<Response> {
    let Some((_, schema)) = SCHEMAS.iter().find(|(name, _)| *name == file) else {
        return http::problem(&Problem::NotFound);
    };
    public("application/schema+json", schema)
}

/// Answers `GET /api/v1/openapi.json`.
///
/// # Errors
///
/// The runtime could not build the response.
pub fn openapi() -> Result<Response> {
    public("application/json", include_str!("../schemas/openapi.json"))
}

/// The same for everybody.
fn public(media_type: &str, text: &str) -> Result<Response> {
    let headers = Headers::new();
    headers.set("content-type", media_type)?;
    headers.set("cache-control", "public, max-age=3600")?;
    headers.set("x-content-type-options", "nosniff")?;
    Ok(Response::from_bytes(text.as_bytes().to_vec())?.with_headers(headers))
}
