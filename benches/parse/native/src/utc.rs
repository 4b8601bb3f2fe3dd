//! Times in UTC, as a program would do it that has `chrono`.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};

/// A time as RFC 3339 in UTC; any other text as it is.
pub(crate) fn utc(text: &str) -> Cow<'_, str> {
    // What ends with `Z` is in UTC already, and text if it is no time.
    if text.len() == 20 && text.ends_with('Z') {
        return Cow::Borrowed(text);
    }
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Cow::Owned(
            time.with_timezone(&Utc)
                .to_rfc3339_opts(SecondsFormat::AutoSi, true),
        ),
        Err(_) => Cow::Borrowed(text),
    }
}
