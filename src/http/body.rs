//! Reads a body, no further than its limit.

use edge_core::{body::Body, problem::Problem};
use futures_util::StreamExt as _;
use worker::Request;

/// Reads the body.
///
/// # Errors
///
/// The body is longer than the limit, or shorter than announced.
pub async fn read(request: &mut Request, limit: usize) -> Result<Vec<u8>, Problem> {
    let length = request.headers().get("content-length").ok().flatten();
    let announced = length.and_then(|length| length.parse().ok());
    let mut body = Body::announced(announced, limit)?;
    // A request without any body has no stream.
    if let Ok(mut stream) = request.stream() {
        while let Some(chunk) = stream.next().await {
            body.push(chunk.map_err(|_| Problem::IncompleteBody)?)?;
        }
    }
    body.end()
}
