//! What an origin answered, for the record: the first of its body, without our secrets.

use std::pin::pin;
use std::time::Duration;

use edge_core::mask::Mask;
use futures_util::{StreamExt as _, future::select};
use worker::{Delay, Response};

/// How long a body is waited for once the status is known, which alone decides. The attempt keeps
/// its place for so long.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is read of a body, as text.
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
        // Dropping the stream cancels it: what else may come is not waited for.
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
