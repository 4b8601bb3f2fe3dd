//! Timestamps and dates as 3scale writes them.
//!
//! A large account has timestamps for each of its users and plans, nearly all in one form of 20
//! bytes. So this is a small parser for that form and its offsets, and not a library for all.

use std::fmt;

/// A point in time. 3scale writes whole seconds; a fraction is kept too.
///
/// ```
/// use threescale::Timestamp;
///
/// let time = Timestamp::parse("2023-06-14T15:37:32+02:00").unwrap();
/// assert_eq!(time.unix_seconds(), 1_686_749_852);
/// assert_eq!(time.to_string(), "2023-06-14T13:37:32Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: i64,
    nanoseconds: u32,
}

impl Timestamp {
    /// Parses RFC 3339 with capital `T` and `Z`: `2021-05-14T20:22:53Z`, also with an offset in
    /// place of the `Z`, or with a fraction of up to nine digits. The year in UTC must be 0000
    /// to 9999. Leap seconds are refused: 3scale writes none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.as_bytes().split_at_checked(10)?;
        let (clock, rest) = rest.split_at_checked(9)?;
        let days = Date::from_bytes(date)?.days();
        let &[b'T', h1, h2, b':', m1, m2, b':', s1, s2] = clock else {
            return None;
        };
        let (hour, minute, second) = (two(h1, h2)?, two(m1, m2)?, two(s1, s2)?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let (nanoseconds, rest) = fraction(rest)?;
        let local =
            ((days * 24 + i64::from(hour)) * 60 + i64::from(minute)) * 60 + i64::from(second);
        let seconds = local - offset(rest)?;
        (YEAR_0..YEAR_10000).contains(&seconds).then_some(Self {
            seconds,
            nanoseconds,
        })
    }

    /// The time `millis` milliseconds after 1970-01-01T00:00:00Z, if it is in the years 0000 to
    /// 9999: for the receiver's own clock, to write its times in the same form.
    ///
    /// ```
    /// let time = threescale::Timestamp::from_unix_millis(1_700_000_000_120).unwrap();
    /// assert_eq!(time.to_string(), "2023-11-14T22:13:20.12Z");
    /// ```
    #[must_use]
    pub fn from_unix_millis(millis: i64) -> Option<Self> {
        let seconds = millis.div_euclid(1000);
        // Less than a second.
        let nanoseconds = u32::try_from(millis.rem_euclid(1000)).ok()? * 1_000_000;
        (YEAR_0..YEAR_10000).contains(&seconds).then_some(Self {
            seconds,
            nanoseconds,
        })
    }

    /// Seconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// The nanoseconds after [`unix_seconds`](Self::unix_seconds): 0 in all that 3scale writes.
    #[must_use]
    pub const fn subsec_nanos(self) -> u32 {
        self.nanoseconds
    }

    /// The same text as `Display` writes, without a formatter.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let mut text = Vec::with_capacity("2023-06-14T13:37:32.123456789Z".len());
        self.write(&mut text);
        // Digits and marks only.
        String::from_utf8(text).unwrap_or_default()
    }

    /// Appends the text that `Display` writes.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        Date::from_days(self.seconds.div_euclid(DAY)).write(out);
        // A day has fewer seconds than u32 can hold.
        let second = u32::try_from(self.seconds.rem_euclid(DAY)).unwrap_or_default();
        for (mark, number) in [
            (b'T', second / 3600),
            (b':', second / 60 % 60),
            (b':', second % 60),
        ] {
            out.push(mark);
            digits::<2>(number, out);
        }
        if self.nanoseconds > 0 {
            out.push(b'.');
            digits::<9>(self.nanoseconds, out);
            let zeros = out.iter().rev().take_while(|&&byte| byte == b'0').count();
            out.truncate(out.len() - zeros);
        }
        out.push(b'Z');
    }

    /// Returns true if `text`, provided that it is a timestamp, is what `Display` would write.
    pub(crate) fn is_written_as(text: &str) -> bool {
        text.len() == 20 && text.ends_with('Z')
    }
}

/// RFC 3339 in UTC: `2023-06-14T13:37:32Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

/// A date of the Gregorian calendar.
///
/// ```
/// let date = threescale::Date::parse("2027-01-31").unwrap();
/// assert_eq!((date.year(), date.month(), date.day()), (2027, 1, 31));
/// assert_eq!(threescale::Date::parse("2027-02-29"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Parses `YYYY-MM-DD`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_bytes(text.as_bytes())
    }

    /// The year, 0 to 9999.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }

    fn from_bytes(text: &[u8]) -> Option<Self> {
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else {
            return None;
        };
        let year = u16::from(two(y1, y2)?) * 100 + u16::from(two(y3, y4)?);
        let (month, day) = (two(m1, m2)?, two(d1, d2)?);
        (1..=days_in(year, month)?)
            .contains(&day)
            .then_some(Self { year, month, day })
    }

    /// Days since 1970-01-01. The year is taken to begin in March, so that the leap day is its
    /// last (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    fn days(self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year
            - 719_468
    }

    fn write(self, out: &mut Vec<u8>) {
        digits::<4>(self.year.into(), out);
        for number in [self.month, self.day] {
            out.push(b'-');
            digits::<2>(number.into(), out);
        }
    }

    fn from_days(days: i64) -> Self {
        let days = days + 719_468;
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let shifted = (5 * day + 2) / 153;
        let month = (shifted + 2) % 12 + 1;
        let year = year + era * 400 + i64::from(month <= 2);
        // In range for every `Timestamp`.
        let narrow = |number: i64| u8::try_from(number).unwrap_or_default();
        Self {
            year: u16::try_from(year).unwrap_or_default(),
            month: narrow(month),
            day: narrow(day - (153 * shifted + 2) / 5 + 1),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The last `N` digits of a number.
fn digits<const N: usize>(mut number: u32, out: &mut Vec<u8>) {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
    out.extend_from_slice(&digits);
}

const DAY: i64 = 86_400;
const YEAR_0: i64 = -62_167_219_200;
const YEAR_10000: i64 = 253_402_300_800;

fn two(tens: u8, ones: u8) -> Option<u8> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))
}

fn days_in(year: u16, month: u8) -> Option<u8> {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(28 + u8::from(is_leap)),
        _ => None,
    }
}

/// An optional fraction, `.123`, in nanoseconds; and the text after it.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else {
        return Some((0, text));
    };
    let length = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if !(1..=9).contains(&length) {
        return None;
    }
    let (digits, rest) = digits.split_at_checked(length)?;
    let value = digits
        .iter()
        .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    Some((value * 10_u32.pow(9 - u32::try_from(length).ok()?), rest))
}

/// The offset `Z` or `+02:00` in seconds ahead of UTC.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, h1, h2, m1, m2) = match *text {
        [b'Z'] => return Some(0),
        [b'+', h1, h2, b':', m1, m2] => (1, h1, h2, m1, m2),
        [b'-', h1, h2, b':', m1, m2] => (-1, h1, h2, m1, m2),
        _ => return None,
    };
    let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
    (hours <= 23 && minutes <= 59)
        .then(|| sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
}
