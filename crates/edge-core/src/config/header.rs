//! Headers that an HTTP destination may be given.

use http::{HeaderName, HeaderValue};

/// `true` if the header is valid: a token, and visible ASCII with spaces (RFC 9110 §5.1, §5.5).
#[must_use]
pub fn is_header(name: &str, value: &str) -> bool {
    // Servers disagree about characters beyond ASCII, and the runtime accepts no more than Latin-1.
    HeaderName::from_bytes(name.as_bytes()).is_ok()
        && value.is_ascii()
        && HeaderValue::from_str(value).is_ok()
}
