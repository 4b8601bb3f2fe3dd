//! HTTP: request bodies in, JSON and problem documents out, and requests to other servers.

pub mod body;
pub mod request;

use edge_core::problem::Problem;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::{Headers, Response, Result, web_sys};

/// A JSON answer.
///
/// # Errors
///
/// The runtime could not build it.
pub fn json(body: Vec<u8>) -> Result<Response> {
    let headers = headers("application/json")?;
    Ok(Response::from_bytes(body)?.with_headers(headers))
}

thread_local! {
    /// The status and the headers of every notification that was taken in: made once.
    static OK: Result<web_sys::ResponseInit> = {
        headers("application/json").map(|headers| {
            let init = web_sys::ResponseInit::new();
            init.set_headers(&headers.0);
            init
        })
    };
}

#[wasm_bindgen]
extern "C" {
    /// The runtime's own class, with a body that JavaScript has already.
    #[wasm_bindgen(extends = web_sys::Response, js_name = Response)]
    type OkResponse;

    #[wasm_bindgen(constructor, catch, js_class = "Response")]
    fn new(
        body: &JsValue,
        init: &web_sys::ResponseInit,
    ) -> std::result::Result<OkResponse, JsValue>;
}

/// An answer to a notification, with a JSON text that JavaScript has.
///
/// # Errors
///
/// The runtime could not build it.
pub fn ok(body: &JsValue) -> Result<web_sys::Response> {
    OK.with(|init| {
        let init = init.as_ref().map_err(ToString::to_string)?;
        Ok(OkResponse::new(body, init)?.into())
    })
}

/// A problem document (RFC 9457).
///
/// # Errors
///
/// The runtime could not build it.
pub fn problem(problem: &Problem) -> Result<Response> {
    let headers = headers("application/problem+json")?;
    if let Some((name, value)) = problem.header() {
        headers.set(name, value)?;
    }
    let body = serde_json::to_vec(&problem.document())?;
    Ok(Response::from_bytes(body)?
        .with_headers(headers)
        .with_status(problem.status()))
}

/// The headers of an answer of this type: it is for this caller and this moment, and is nothing but what it says.
fn headers(content_type: &str) -> Result<Headers> {
    let headers = Headers::new();
    headers.set("content-type", content_type)?;
    headers.set("cache-control", "no-store")?;
    headers.set("x-content-type-options", "nosniff")?;
    Ok(headers)
}
