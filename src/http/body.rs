//! Reads a body, no further than its limit.

use edge_core::{body::Body, problem::Problem};
use futures_util::StreamExt as _;
use js_sys::{Uint8Array, futures::JsFuture};
use worker::web_sys::Request;

/// A body that was read.
#[derive(Debug)]
pub struct Received {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The same as JavaScript has them.
    js: Option<Uint8Array>,
}

impl Received {
    /// The bytes for JavaScript: not copied where they came from there in one piece.
    #[must_use]
    pub fn into_js(self) -> Uint8Array {
        self.js
            .unwrap_or_else(|| Uint8Array::from(self.bytes.as_slice()))
    }
}

/// Reads the body: at once where its length is announced, which the runtime holds it to; else chunk by chunk.
///
/// # Errors
///
/// The body is longer than the limit, or shorter than announced.
pub async fn read(request: &Request, limit: usize) -> Result<Received, Problem> {
    let length = request.headers().get("content-length").ok().flatten();
    let announced = length.and_then(|length| length.parse().ok());
    let mut body = Body::announced(announced, limit)?;
    if announced.is_some() {
        let buffer = request.array_buffer();
        let buffer = JsFuture::from(buffer.map_err(|_| Problem::IncompleteBody)?);
        let buffer = buffer.await.map_err(|_| Problem::IncompleteBody)?;
        let js = Uint8Array::new(&buffer);
        body.push(&js.to_vec())?;
        let bytes = body.end()?;
        return Ok(Received {
            bytes,
            js: Some(js),
        });
    }
    // A request without any body has no stream.
    if let Ok(mut stream) = worker::Request::from(Clone::clone(request)).stream() {
        while let Some(chunk) = stream.next().await {
            body.push(&chunk.map_err(|_| Problem::IncompleteBody)?)?;
        }
    }
    Ok(Received {
        bytes: body.end()?,
        js: None,
    })
}
