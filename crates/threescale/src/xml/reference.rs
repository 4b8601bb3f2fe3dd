//! References: `&amp;` and the other four predefined entities, and characters such as `&#38;`.

use super::chars;
use super::fault::{malformed, quoted};
use crate::error::{Error, ErrorCode};

/// The character that a reference stands for; `name` is the text between `&` and `;`.
pub(super) fn resolve(name: &str) -> Result<char, Error> {
    match name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => match name.strip_prefix('#') {
            Some(number) => character(number),
            None => Err(unknown(name)),
        },
    }
}

/// XML allows only a lower-case `x` for hexadecimal.
fn character(number: &str) -> Result<char, Error> {
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        let message = "found a character reference without a number";
        return Err(malformed(message));
    }
    // A number too long for u32 is beyond Unicode as well.
    u32::from_str_radix(digits, radix)
        .ok()
        .and_then(char::from_u32)
        .filter(|&c| chars::is_char(c))
        .ok_or_else(|| {
            let message = "found a reference to a character that XML forbids";
            Error::new(ErrorCode::InvalidCharacter, message)
        })
}

fn unknown(name: &str) -> Error {
    if chars::is_name(name) {
        let message = format!(
            "found `&{};`, expected &amp; &lt; &gt; &quot; or &apos;",
            quoted(name)
        );
        Error::new(ErrorCode::UnknownEntity, message)
    } else {
        malformed("found `&` that begins no reference, expected `&amp;`")
    }
}
