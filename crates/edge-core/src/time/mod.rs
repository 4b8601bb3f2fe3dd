//! Times. Inside, a time is milliseconds since 1970; people and programs read RFC 3339 in UTC, headers HTTP dates.

pub mod http_date;
pub mod range;
pub mod retry_after;

use std::fmt;

use serde::{Deserialize, Serialize};
use threescale::Timestamp;

/// A moment, in milliseconds since 1970. As JSON it is RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct UnixMillis(pub i64);

impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&rfc3339(self.0))
    }
}

impl From<UnixMillis> for String {
    fn from(time: UnixMillis) -> Self {
        rfc3339(time.0)
    }
}

impl TryFrom<String> for UnixMillis {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let time = parse_rfc3339(&text).map(Self);
        time.ok_or("expected a time in RFC 3339")
    }
}

/// Milliseconds since 1970 as RFC 3339 in UTC, with a fraction of three digits.
#[must_use]
pub fn rfc3339(ms: i64) -> String {
    let seconds = ms.div_euclid(1000) * 1000;
    let Some(time) = Timestamp::from_unix_millis(seconds) else {
        return String::new();
    };
    let whole = time.to_rfc3339();
    format!(
        "{}.{:03}Z",
        whole.trim_end_matches('Z'),
        ms.rem_euclid(1000)
    )
}

/// RFC 3339 as milliseconds since 1970; smaller fractions are cut off.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let time = Timestamp::parse(text)?;
    Some(time.unix_seconds() * 1000 + i64::from(time.subsec_nanos() / 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_it_was_written_and_has_three_digits() {
        for (ms, text) in [
            (1_700_000_000_000, "2023-11-14T22:13:20.000Z"),
            (1_700_000_000_120, "2023-11-14T22:13:20.120Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(rfc3339(ms), text);
            assert_eq!(parse_rfc3339(text), Some(ms));
            let json = serde_json::to_string(&UnixMillis(ms)).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(
                serde_json::from_str::<UnixMillis>(&json).unwrap(),
                UnixMillis(ms)
            );
        }
        assert_eq!(parse_rfc3339("2026-11-22"), None);
    }
}
