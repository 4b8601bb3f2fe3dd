//! Moments as an operator writes them: RFC 3339, a date, or how long ago.

use threescale::Date;

use super::parse_rfc3339;

/// The accepted forms, for messages.
pub const FORMS: &str =
    "2026-11-22T10:00:00Z, a date (2026-11-22) or how long ago (90s, 30m, 2h, 7d)";

/// A moment in milliseconds since 1970. A date is its first moment in UTC; `2h` is two hours before now.
#[must_use]
pub fn parse(text: &str, now_ms: i64) -> Option<i64> {
    if let Some(ago) = ago_ms(text) {
        return now_ms.checked_sub(ago);
    }
    match Date::parse(text) {
        Some(_) => parse_rfc3339(&format!("{text}T00:00:00Z")),
        None => parse_rfc3339(text),
    }
}

fn ago_ms(text: &str) -> Option<i64> {
    let unit = match text.chars().last()? {
        's' => 1000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return None,
    };
    let number = text.get(..text.len() - 1)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse::<i64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_123;

    #[test]
    fn a_moment_is_a_time_a_date_or_how_long_ago() {
        for (text, ms) in [
            ("2023-11-14T22:13:20.123Z", NOW),
            ("2023-11-14T23:13:20.1239+01:00", NOW),
            ("2023-11-14", 1_699_920_000_000),
            ("90s", NOW - 90_000),
            ("30m", NOW - 1_800_000),
            ("2h", NOW - 7_200_000),
            ("7d", NOW - 7 * 86_400_000),
        ] {
            assert_eq!(parse(text, NOW), Some(ms), "{text}");
        }
    }

    #[test]
    fn other_texts_are_rejected() {
        for text in [
            "",
            "h",
            "2",
            "-2h",
            "+2h",
            "2 h",
            "2w",
            "yesterday",
            "2023-02-30",
            "2023-11-14T22:13:20",
            "9999999999999999999d",
        ] {
            assert_eq!(parse(text, NOW), None, "{text}");
        }
    }
}
