//! An origin service over HTTP: sends the message, and reads the beginning of its response.

use edge_core::{
    config::Route,
    delivery::{
        outcome::{Failure, Outcome},
        unreached::Unreached,
    },
    destination::http::{Message, check_route, outcome},
    mask::Mask,
    time::retry_after,
};
use js_sys::{Array, Promise, Uint8Array, futures::JsFuture};
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};
use worker::Env;

use super::Sent;
use crate::platform::{now_ms, parse_url};

#[wasm_bindgen(module = "/src/js/exchange.js")]
extern "C" {
    /// Sends a request, and resolves with an [`Answer`]'s parts.
    #[wasm_bindgen(catch)]
    fn exchange(
        env: &JsValue,
        binding: Option<&str>,
        url: &str,
        headers: &str,
        body: Uint8Array,
        timeout_ms: u32,
        most: usize,
    ) -> Result<Promise, JsValue>;
}

/// The destination's answer. The beginning of its body is for the record.
struct Answer {
    status: u16,
    retry_after: Option<String>,
    error_type: Option<String>,
    body: String,
}

/// Sends the message if the target may be called. Every failure is an outcome.
pub async fn post(
    message: &Message,
    env: &Env,
    route: &Route,
    timeout_ms: u32,
    mask: &Mask,
) -> Sent {
    if let Err(failure) = check_route(parse_url, route) {
        return Outcome::failed(failure).into();
    }
    match answer(message, env, route, timeout_ms, mask.recorded_window()).await {
        Ok(Some(answer)) => {
            let retry_after = answer.retry_after.as_deref();
            let retry_after = retry_after.and_then(|value| retry_after::parse(value, now_ms()));
            let error_type = answer.error_type.as_deref();
            Sent {
                outcome: outcome(answer.status, retry_after, error_type, &answer.body),
                answer: mask.recorded(&answer.body),
            }
        }
        // The URL and headers were checked before, so this is not the network's failure.
        Ok(None) => {
            let refused = Failure::Unsendable("the runtime refuses its URL or headers");
            Outcome::failed(refused).into()
        }
        Err(error) => Outcome::failed(failure(&error)).into(),
    }
}

/// `None`: the runtime does not take the URL or a header.
async fn answer(
    message: &Message,
    env: &Env,
    route: &Route,
    timeout_ms: u32,
    most: usize,
) -> worker::Result<Option<Answer>> {
    let (binding, url) = match route {
        Route::Url { url, vpc, .. } => (vpc.as_deref(), url),
        Route::Service { url, binding } => (Some(binding.as_str()), url),
    };
    let mut lines = String::new();
    for (name, value) in &message.headers {
        // No value has a line break.
        for line in [name, value] {
            lines.push_str(line);
            lines.push('\n');
        }
    }
    let body = Uint8Array::from(message.body.as_slice());
    let answer = exchange(env, binding, url, &lines, body, timeout_ms, most)?;
    let answer = JsFuture::from(answer).await?;
    Ok(answer.dyn_ref::<Array>().map(read))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the runtime's statuses are whole numbers below 1000"
)]
fn read(parts: &Array) -> Answer {
    let body = parts.get(3);
    let bytes = body.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec);
    Answer {
        status: parts.get(0).as_f64().unwrap_or_default() as u16,
        retry_after: parts.get(1).as_string(),
        error_type: parts.get(2).as_string(),
        body: String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned(),
    }
}

fn failure(error: &worker::Error) -> Failure {
    let name = match error {
        worker::Error::UnknownJsError { name, .. } => name.as_deref(),
        _ => None,
    };
    Failure::Unreached(Unreached::by_error(name, &error.to_string()))
}
