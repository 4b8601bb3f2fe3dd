//! What an origin answered, for the record: the first of its body, without our secrets.

use std::pin::pin;
use std::time::Duration;

use futures_util::{StreamExt as _, future::select};
use worker::{Delay, Response};

use crate::mask::Mask;

/// What is recorded of a body, in bytes.
const RECORDED: usize = 4096;
/// How long a body is waited for once the status is known, which alone decides. The attempt keeps
/// its place for so long.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is read of a body, as text.
pub(super) async fn read(response: &mut Response, mask: &Mask) -> String {
    let mut bytes = Vec::new();
    // An answer without a body has no stream.
    if let Ok(mut stream) = response.stream() {
        let most = mask.window(RECORDED);
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

/// What is recorded of it; `None` if it is empty.
pub(super) fn recorded(text: &str, mask: &Mask) -> Option<String> {
    Some(mask.first(text, RECORDED)).filter(|answer| !answer.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secrets;

    #[test]
    fn four_kilobytes_are_recorded_without_secrets_and_of_nothing_nothing() {
        let mask = Mask::new(Secrets::from_text("hush-hush").iter());
        assert_eq!(recorded("", &mask), None);
        assert_eq!(
            recorded("no hush-hush", &mask).as_deref(),
            Some("no [secret]")
        );
        let long = "é".repeat(5000);
        assert_eq!(recorded(&long, &mask), Some("é".repeat(2048)));
    }
}
