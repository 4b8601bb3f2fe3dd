//! The faults of an admin API: it is down, breaks off, or does its work and the response gets lost.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use crate::tenant::Tenant;

/// Fails a share of the requests, according to [`Tenant::faults`].
pub(crate) async fn layer(
    State(tenant): State<Arc<Tenant>>,
    request: Request,
    next: Next,
) -> Response {
    if fastrand::f64() >= tenant.faults {
        return next.run(request).await;
    }
    match fastrand::u8(..3) {
        0 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        1 => {
            let _lost = next.run(request).await;
            close()
        }
        _ => break_off(next.run(request).await).await,
    }
}

/// The connection ends without a response. The only way to do so from a handler; `resume_unwind` prints nothing.
fn close() -> Response {
    std::panic::resume_unwind(Box::new("the connection is closed"))
}

/// Half of the response, and then nothing more.
async fn break_off(answer: Response) -> Response {
    let (head, body) = answer.into_parts();
    let Ok(mut body) = to_bytes(body, usize::MAX).await else {
        return close();
    };
    let half = body.split_to(body.len() / 2);
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let body = Body::from_stream(stream::iter([Ok(half), Err(broken)]));
    Response::from_parts(head, body)
}
