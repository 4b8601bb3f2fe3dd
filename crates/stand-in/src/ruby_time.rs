//! `Time.parse`, with which porta reads the `time` of a DELETE: more lenient than one would wish.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};

/// The instant that Ruby understands, or `None` where it raises (`invalid time`).
///
/// Its traps are reproduced: no zone means the server's own (UTC here); an offset whose `+` became a space is dropped
/// silently; `12` is the 12th of this month. Unix seconds, `now` and the empty string fail.
pub fn parse(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Some(day) = day_of_month(text) {
        let date = NaiveDate::from_ymd_opt(now.year(), now.month(), day)?;
        return Some(date.and_time(NaiveTime::MIN).and_utc());
    }
    let date = NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()?;
    let rest = text.get(10..)?.trim_start_matches(['T', 't', ' ']);
    if rest.is_empty() {
        return Some(date.and_time(NaiveTime::MIN).and_utc());
    }
    let clock_ends = rest
        .find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.')
        .unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(clock_ends);
    let clock = ["%H:%M:%S%.f", "%H:%M"]
        .iter()
        .find_map(|format| NaiveTime::parse_from_str(clock, format).ok())?;
    let local = NaiveDateTime::new(date, clock);
    Some(local.and_local_timezone(offset(zone)?).single()?.to_utc())
}

fn day_of_month(text: &str) -> Option<u32> {
    (text.len() <= 2).then(|| text.parse().ok()).flatten()
}

fn offset(zone: &str) -> Option<FixedOffset> {
    // After a decoded `+` there is a space, and Ruby takes no offset from what follows.
    if zone.is_empty() || zone.starts_with(' ') || matches!(zone, "Z" | "z" | "UTC" | "GMT") {
        return FixedOffset::east_opt(0);
    }
    zone.parse().ok()
}
