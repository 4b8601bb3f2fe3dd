//! `Retry-After`, in both of its forms (RFC 9110 §10.2.3).

use super::http_date;

/// The wait in milliseconds. A value that is neither seconds nor an HTTP date is ignored.
#[must_use]
pub fn parse(value: &str, now_ms: i64) -> Option<i64> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // More seconds than fit are as good as the longest.
        return Some(
            value
                .parse::<i64>()
                .map_or(i64::MAX, |seconds| seconds.saturating_mul(1000)),
        );
    }
    Some((http_date::parse(value)? - now_ms).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood_and_nothing_else() {
        // Sun, 06 Nov 1994 08:49:37 GMT is 784111777.
        let now = 784_111_777_000 - 90_000;
        assert_eq!(parse("120", now), Some(120_000));
        assert_eq!(parse(" 0 ", now), Some(0));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(90_000));
        assert_eq!(
            parse("Sun, 06 Nov 1994 08:49:37 GMT", now + 100_000),
            Some(0)
        );
        assert_eq!(parse("99999999999999999999", now), Some(i64::MAX));
        for nothing in ["", "soon", "-5", "1.5"] {
            assert_eq!(parse(nothing, now), None, "{nothing}");
        }
    }
}
