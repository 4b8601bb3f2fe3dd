//! `GET /schemas/*.json`: the JSON Schemas of the events.

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
    let headers = Headers::new();
    headers.set("content-type", "application/schema+json")?;
    headers.set("cache-control", "public, max-age=3600")?;
    headers.set("x-content-type-options", "nosniff")?;
    Ok(Response::from_bytes(schema.as_bytes().to_vec())?.with_headers(headers))
}
