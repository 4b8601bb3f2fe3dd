//! An origin service over HTTP: sends the message, and reads the beginning of its response.

use std::{pin::pin, time::Duration};

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
use futures_util::future::{Either, select};
use worker::{AbortSignal, Delay, Env, Fetch, Request, Response, web_sys};

use super::{Sent, answer};
use crate::{
    http::request,
    platform::{now_ms, parse_url},
};

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
    // The URL and headers were checked before, so a failure here is not the network's.
    let Ok((request, controller)) = request(message, route) else {
        let refused = Failure::Unsendable("the runtime refuses its URL or headers");
        return Outcome::failed(refused).into();
    };
    let fetching = pin!(fetch(request, controller.signal(), env, route));
    // A timer that is dropped is cleared: one that is not would keep the inbox awake, and billed, for the rest of its
    // time after each answer.
    let timeout = Delay::from(Duration::from_millis(timeout_ms.into()));
    let answered = match select(fetching, timeout).await {
        Either::Left((answered, _)) => answered,
        Either::Right(((), _)) => {
            controller.abort();
            let timeout = Unreached::by_error(Some("TimeoutError"), "");
            return Outcome::failed(Failure::Unreached(timeout)).into();
        }
    };
    match answered {
        Ok(mut response) => {
            let header = |name| response.headers().get(name).ok().flatten();
            let retry_after = header("retry-after");
            let error_type = header("cf-error-type");
            let retry_after = retry_after.and_then(|value| retry_after::parse(&value, now_ms()));
            let status = response.status_code();
            let text = answer::read(&mut response, mask).await;
            Sent {
                outcome: outcome(status, retry_after, error_type.as_deref(), &text),
                answer: mask.recorded(&text),
            }
        }
        Err(error) => Outcome::failed(failure(&error)).into(),
    }
}

fn request(
    message: &Message,
    route: &Route,
) -> worker::Result<(Request, web_sys::AbortController)> {
    let headers = message
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let controller = web_sys::AbortController::new()?;
    let request = match route {
        // The signal is not set on the request, because `fetch` would override it with none.
        Route::Url { url, .. } => request::post(url, headers, &message.body, None),
        Route::Service { url, .. } => {
            let signal = controller.signal();
            request::post(url, headers, &message.body, Some(&signal))
        }
    }?;
    Ok((request, controller))
}

async fn fetch(
    request: Request,
    signal: web_sys::AbortSignal,
    env: &Env,
    route: &Route,
) -> worker::Result<Response> {
    match route {
        Route::Url { .. } => {
            Fetch::Request(request)
                .send_with_signal(&AbortSignal::from(signal))
                .await
        }
        Route::Service { binding, .. } => env.service(binding)?.fetch_request(request).await,
    }
}

fn failure(error: &worker::Error) -> Failure {
    let name = match error {
        worker::Error::UnknownJsError { name, .. } => name.as_deref(),
        _ => None,
    };
    Failure::Unreached(Unreached::by_error(name, &error.to_string()))
}
