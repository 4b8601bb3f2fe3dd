//! Builds a request. `worker::Request::new_with_init` does the same, but adds 12 KB for options specific to Cloudflare
//! that are not used here.

use std::{future::Future, pin::pin, time::Duration};

use futures_util::future::{Either, select};
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use worker::{Delay, Request, Result, web_sys};

/// `true` if the request only reads. `worker` takes every method that it does not know for GET, so this does not ask it.
#[must_use]
pub fn is_read(request: &Request) -> bool {
    matches!(request.inner().method().as_str(), "GET" | "HEAD")
}

/// A request that follows no redirect.
///
/// # Errors
///
/// The URL or a header is not valid.
pub fn request<'h>(
    method: &str,
    url: &str,
    headers: impl IntoIterator<Item = (&'h str, &'h str)>,
    body: Option<&[u8]>,
    signal: Option<&web_sys::AbortSignal>,
) -> Result<Request> {
    let all = web_sys::Headers::new()?;
    for (name, value) in headers {
        all.set(name, value)?;
    }
    let init = web_sys::RequestInit::new();
    init.set_method(method);
    init.set_headers(&all);
    if let Some(body) = body {
        init.set_body(&JsValue::from(Uint8Array::from(body)));
    }
    init.set_signal(signal);
    init.set_redirect(web_sys::RequestRedirect::Manual);
    Ok(web_sys::Request::new_with_str_and_init(url, &init)?.into())
}

/// The future's output; `None` if it takes longer than this.
pub async fn within<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    match select(pin!(future), pin!(Delay::from(time))).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}
