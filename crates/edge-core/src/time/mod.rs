//! Times as text: RFC 3339 for people and programs, HTTP dates in headers. Inside, a time is milliseconds since 1970.

pub mod http_date;
pub mod retry_after;

use threescale::Timestamp;

/// Milliseconds since 1970 as RFC 3339 in UTC.
#[must_use]
pub fn rfc3339(ms: i64) -> String {
    Timestamp::from_unix_millis(ms).map_or_else(String::new, Timestamp::to_rfc3339)
}
