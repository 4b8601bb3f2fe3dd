//! Values that the rules take as arguments and only the platform has: the time, randomness, ids, the URL parser.

use edge_core::{
    delivery::timing::Jitter,
    id::{ActionId, QuarantineId, ReplayId},
    location::Location,
};
use worker::{Result, web_sys};

/// The time in milliseconds since 1970. In the runtime it stands still between I/O.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "whole milliseconds, far below 2^53"
)]
pub fn now_ms() -> i64 {
    js_sys::Date::now() as i64
}

/// A new replay id.
///
/// # Errors
///
/// The platform could not provide randomness.
pub fn new_replay_id(now_ms: i64) -> Result<ReplayId> {
    Ok(ReplayId::new(now_ms, &random()?))
}

/// A new id of an operator's action.
///
/// # Errors
///
/// The platform could not provide randomness.
pub fn new_action_id(now_ms: i64) -> Result<ActionId> {
    Ok(ActionId::new(now_ms, &random()?))
}

/// A new id of a body in the quarantine.
///
/// # Errors
///
/// The platform could not provide randomness.
pub fn new_quarantine_id(now_ms: i64) -> Result<QuarantineId> {
    Ok(QuarantineId::new(now_ms, &random()?))
}

/// A value that nobody can know beforehand.
///
/// # Errors
///
/// The platform could not provide randomness.
pub fn new_nonce() -> Result<String> {
    Ok(u128::from_be_bytes(random()?).to_string())
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Parses a URL. Unless it is plain, that is done with the runtime's own parser, the one that `fetch` uses.
#[must_use]
pub fn parse_url(url: &str) -> Option<Location> {
    Location::plain(url).or_else(|| parse_any_url(url))
}

fn parse_any_url(url: &str) -> Option<Location> {
    let url = web_sys::Url::new(url).ok()?;
    Some(Location {
        scheme: url.protocol().trim_end_matches(':').to_owned(),
        host: url.hostname(),
        origin: url.origin(),
        path: url.pathname(),
        query: url
            .search()
            .strip_prefix('?')
            .unwrap_or_default()
            .to_owned(),
        credentials: !url.username().is_empty() || !url.password().is_empty(),
    })
}

/// The random part of a retry's delay. No secret depends on it, so any randomness will do.
#[must_use]
pub fn jitter() -> Jitter {
    Jitter::new(getrandom::u32().map_or(0.0, |chance| f64::from(chance) / f64::from(u32::MAX)))
}

/// Yields to the event loop, so that long work does not block incoming requests.
pub async fn yield_now() {
    worker::Delay::from(std::time::Duration::ZERO).await;
}
