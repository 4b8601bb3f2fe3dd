//! Times and durations for people. The page has each time whole, in its `datetime`, and console.js keeps what is said
//! of it true while the page stays open.

use edge_core::time::{UnixMillis, rfc3339};

use crate::markup::Markup;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How long ago: `12 s ago`, whole in its title.
#[must_use]
pub fn ago(at: UnixMillis, now_ms: i64) -> Markup {
    let passed = now_ms.saturating_sub(at.0);
    let words = if passed < SECOND {
        "now".to_owned()
    } else {
        format!("{} ago", duration(passed))
    };
    time(at, "<time data-ago datetime=\"", &words)
}

/// How long until then: `in 12 s`.
#[must_use]
pub fn until(at: UnixMillis, now_ms: i64) -> Markup {
    let left = at.0.saturating_sub(now_ms);
    let words = if left < SECOND {
        "now".to_owned()
    } else {
        format!("in {}", duration(left))
    };
    time(at, "<time data-until datetime=\"", &words)
}

/// The time of day, to the millisecond.
#[must_use]
pub fn clock(at: UnixMillis) -> Markup {
    let whole = rfc3339(at.0);
    let words = whole.get(11..23).unwrap_or(&whole);
    time(at, "<time datetime=\"", words)
}

/// The day and the time of day, in UTC.
#[must_use]
pub fn day_and_clock(at: UnixMillis) -> Markup {
    time(at, "<time datetime=\"", &words(at))
}

/// `2026-11-28 03:14:07 UTC`.
#[must_use]
pub fn words(at: UnixMillis) -> String {
    let whole = rfc3339(at.0);
    let day = whole.get(..10).unwrap_or_default();
    format!("{day} {} UTC", whole.get(11..19).unwrap_or_default())
}

fn time(at: UnixMillis, start: &'static str, said: &str) -> Markup {
    let mut markup = Markup::default();
    markup
        .raw(start)
        .text(&rfc3339(at.0))
        .raw("\" title=\"")
        .text(&words(at))
        .raw("\">")
        .text(said)
        .raw("</time>");
    markup
}

/// A length of time, in its largest unit: `850 ms`, `12 s`, `5 min`, `3 h`, `2 d`.
#[must_use]
pub fn duration(ms: i64) -> String {
    match ms {
        ..SECOND => format!("{} ms", ms.max(0)),
        SECOND..MINUTE => format!("{} s", ms / SECOND),
        MINUTE..HOUR => format!("{} min", ms / MINUTE),
        HOUR..DAY => format!("{} h", ms / HOUR),
        _ => format!("{} d", ms / DAY),
    }
}

/// How long an attempt took: `85 ms`, `1.2 s`.
#[must_use]
pub fn took(ms: i64) -> String {
    if ms < SECOND {
        return format!("{} ms", ms.max(0));
    }
    format!("{}.{} s", ms / SECOND, ms % SECOND / 100)
}

/// A size: `812 B`, `1.5 KB`, `2.0 MB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    match bytes {
        ..1000 => format!("{bytes} B"),
        1000..1_000_000 => format!("{}.{} KB", bytes / 1000, bytes % 1000 / 100),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// A number with its thousands apart: `12 345`, by a narrow space.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut words = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digits.len().saturating_sub(at).is_multiple_of(3) {
            words.push('\u{202f}');
        }
        words.push(digit);
    }
    words
}

/// A part of one: `99.7 %`. Not by the standard library's formatting of fractions, which is five kilobytes of the Worker.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to 1000, and a cast that saturates"
)]
pub fn percent(rate: f64) -> String {
    let thousandths = (rate * 1000.0).round() as u32;
    format!("{}.{} %", thousandths / 10, thousandths % 10)
}

/// A noun after its number.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_said_in_hundredths() {
        let said = [1.0, 0.9966, 0.5, 0.0].map(percent);
        assert_eq!(said, ["100.0 %", "99.7 %", "50.0 %", "0.0 %"]);
    }

    #[test]
    fn times_are_said_in_their_largest_unit() {
        let said = |ms| duration(ms);
        assert_eq!(
            [0, 999, 59_999, 60_000, 3_599_999, 86_399_999, 172_800_000].map(said),
            ["0 ms", "999 ms", "59 s", "1 min", "59 min", "23 h", "2 d"]
        );
        assert_eq!(
            (took(85), took(1250)),
            ("85 ms".to_owned(), "1.2 s".to_owned())
        );
        let html = ago(UnixMillis(1_700_000_000_000), 1_700_000_005_000).to_string();
        assert_eq!(
            html,
            "<time data-ago datetime=\"2023-11-14T22:13:20.000Z\" title=\"2023-11-14 22:13:20 UTC\">5 s ago</time>"
        );
        assert!(
            clock(UnixMillis(1_700_000_000_123))
                .to_string()
                .contains(">22:13:20.123<")
        );
        assert!(until(UnixMillis(9000), 0).to_string().contains(">in 9 s<"));
    }

    #[test]
    fn sizes_are_said_in_their_largest_unit() {
        assert_eq!(
            [812, 1500, 2_050_000].map(size),
            ["812 B", "1.5 KB", "2.0 MB"]
        );
    }

    #[test]
    fn thousands_are_apart() {
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(counted(1, "event", "events"), "1 event");
    }
}
