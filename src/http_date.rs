//! Dates in HTTP headers: in the Worker read by the runtime, since a parser of ours would be 2 KB more.

/// `Sun, 06 Nov 1994 08:49:37 GMT` in milliseconds since 1970.
#[cfg(target_arch = "wasm32")]
#[must_use]
pub fn parse(value: &str) -> Option<i64> {
    // The runtime reads much else, too: `-5` is a year.
    let ms = value
        .ends_with(" GMT")
        .then(|| worker::js_sys::Date::parse(value))?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole milliseconds of the years that a date can hold"
    )]
    ms.is_finite().then_some(ms as i64)
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` in milliseconds since 1970.
#[cfg(not(target_arch = "wasm32"))]
#[must_use]
pub fn parse(value: &str) -> Option<i64> {
    let date = httpdate::parse_http_date(value).ok()?;
    let since = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}
