//! The beginning of an origin's response body, for the record, with our secrets masked.

use std::pin::pin;
use std::time::Duration;

use edge_core::mask::Mask;
use futures_util::{StreamExt as _, future::select};
use worker::{Delay, Response};

/// How long to wait for a body once the status, which alone decides, is known. The attempt holds its connection
/// meanwhile.
const PATIENCE: Duration = Duration::from_secs(1);

/// Reads the beginning of a body, as text.
pub(super) async fn read(response: &mut Response, mask: &Mask) -> String {
    let mut bytes = Vec::new();
    // An answer without a body has no stream.
    if let Ok(mut stream) = response.stream() {
        let most = mask.recorded_window();
        let reading = async {
            while bytes.len() < most
                && let Some(Ok(chunk)) = stream.next().await
            {
                bytes.extend_from_slice(&chunk);
            }
        };
        select(pin!(reading), pin!(Delay::from(PATIENCE))).await;
        // Dropping the stream cancels it, so the rest of the body is not awaited.
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
