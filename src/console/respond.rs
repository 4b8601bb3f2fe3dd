//! Answers of the console. None may be stored, framed, or run anything that is not in an asset of ours.

use askama::Template;
use console::{
    frame::{Frame, Layout, Page},
    markup::Markup,
};
use worker::{Headers, Response, Result};

use super::{Shown, failed};

/// Everything comes from here, and nothing is written in the page: `static/_headers` has the same for the assets.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page, with what is around each.
pub(super) fn page(page: &impl Page) -> Shown {
    framed(page).map_err(|error| failed(&error))
}

/// The same, for whoever has no page for a failure.
///
/// # Errors
///
/// The runtime could not build the response.
pub(super) fn framed(page: &impl Page) -> Result<Response> {
    around(Markup::rendered(page), page.frame())
}

/// Not generic: each page would have its own.
fn around(content: askama::Result<Markup>, frame: &Frame) -> Result<Response> {
    let content = content.map_err(|error| error.to_string())?;
    html(&Layout { frame, content })
}

/// To another page, by GET.
pub(super) fn go_to(path: &str) -> Shown {
    see_other(path).map_err(|error| failed(&error))
}

/// HTML.
///
/// # Errors
///
/// The runtime could not build the response.
pub(super) fn html(page: &impl Template) -> Result<Response> {
    let html = page.render().map_err(|error| error.to_string())?;
    let headers = headers()?;
    headers.set("content-type", "text/html; charset=utf-8")?;
    Ok(Response::from_bytes(html.into_bytes())?.with_headers(headers))
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
