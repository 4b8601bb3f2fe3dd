//! Asks an address to prove that it is this Worker's, before 3scale is told to send there.

use std::time::Duration;

use edge_core::{config::Config, identity};
use futures_util::StreamExt as _;
use worker::{AbortController, Fetch, Result};

use crate::{
    http::request::{self, within},
    log,
    platform::new_nonce,
};

const TIMEOUT: Duration = Duration::from_secs(10);
/// The most that is read of an answer.
const LONGEST_ANSWER: usize = 16_384;

/// `true` if this Worker answers at this origin, which is a target that may be called.
pub(super) async fn is_given(config: &Config, origin: &str) -> bool {
    let proven = async {
        let nonce = new_nonce()?;
        let answer = ask(origin, &nonce).await?;
        Ok(identity::is_proven(config, origin, &nonce, &answer))
    };
    proven.await.unwrap_or_else(|error: worker::Error| {
        log::error(
            "asking an address to prove that it is this Worker's",
            &error,
        );
        false
    })
}

async fn ask(origin: &str, nonce: &str) -> Result<Vec<u8>> {
    let abort = AbortController::default();
    let answer = async {
        let url = format!("{origin}{}", identity::question(nonce));
        let request = request::request("GET", &url, [], None, None)?;
        let mut response = Fetch::Request(request)
            .send_with_signal(&abort.signal())
            .await?;
        let mut body = Vec::new();
        let mut stream = response.stream()?;
        while body.len() < LONGEST_ANSWER
            && let Some(chunk) = stream.next().await
        {
            body.extend_from_slice(&chunk?);
        }
        Ok(body)
    };
    let answer = within(TIMEOUT, answer).await;
    abort.abort();
    answer.unwrap_or_else(|| Err("no answer in time".into()))
}
