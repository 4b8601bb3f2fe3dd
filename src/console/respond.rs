//! Answers of the console. None may be stored, framed, or run anything that is not in an asset of ours.

use askama::Template;
use worker::{Headers, Response, Result};

use super::{Shown, failed};

/// Everything comes from here, and nothing is written in the page: `static/_headers` has the same for the assets.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page.
pub(super) fn page(page: &impl Template) -> Shown {
    html(page).map_err(|error| failed(&error))
}

/// To another page, by GET.
pub(super) fn go_to(path: &str) -> Shown {
    see_other(path).map_err(|error| failed(&error))
}

/// A page.
///
/// # Errors
///
/// The runtime could not build the response.
pub(super) fn html(page: &impl Template) -> Result<Response> {
    of_text(page.render().map_err(|error| error.to_string()))
}

/// Not generic: each template would have its own.
fn of_text(html: std::result::Result<String, String>) -> Result<Response> {
    let headers = headers()?;
    headers.set("content-type", "text/html; charset=utf-8")?;
    Ok(Response::from_bytes(html?.into_bytes())?.with_headers(headers))
}

/// To another page, by GET.
///
/// # Errors
///
/// The runtime could not build the response.
pub(super) fn see_other(to: &str) -> Result<Response> {
    let headers = headers()?;
    headers.set("location", to)?;
    Ok(Response::empty()?.with_status(303).with_headers(headers))
}

fn headers() -> Result<Headers> {
    let headers = Headers::new();
    headers.set("content-security-policy", POLICY)?;
    headers.set("cache-control", "no-store")?;
    headers.set("x-content-type-options", "nosniff")?;
    headers.set("x-frame-options", "DENY")?;
    headers.set("referrer-policy", "same-origin")?;
    headers.set("cross-origin-opener-policy", "same-origin")?;
    Ok(headers)
}
