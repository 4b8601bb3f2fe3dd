//! Dates in HTTP headers (RFC 9110 §5.6.7).

/// `Sun, 06 Nov 1994 08:49:37 GMT` in milliseconds since 1970.
#[must_use]
pub fn parse(value: &str) -> Option<i64> {
    let date = httpdate::parse_http_date(value).ok()?;
    let since = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}
