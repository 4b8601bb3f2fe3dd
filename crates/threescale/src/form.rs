//! The legacy body: `application/x-www-form-urlencoded` with the XML in a field.

use crate::error::{Error, ErrorCode};

/// Names of the field with the XML. 3scale sends the first (`app/workers/web_hook_worker.rb`);
/// the second is accepted as well.
const FIELDS: [&[u8]; 2] = [b"params[xml]", b"xml"];

/// Extracts the XML from a form body: the field `params[xml]`, with its brackets encoded or not,
/// or else the field `xml`.
///
/// ```
/// let xml = threescale::form::notification_xml(b"params[xml]=%3Cevent%3E+%3C%2Fevent%3E")?;
/// assert_eq!(xml, b"<event> </event>");
/// # Ok::<(), threescale::Error>(())
/// ```
///
/// # Errors
/// `form_field_missing` if there is no such field or it is empty, and `form_encoding_invalid` if
/// a `%` is not followed by two hexadecimal digits. The position is the one in the form body.
pub fn notification_xml(body: &[u8]) -> Result<Vec<u8>, Error> {
    for wanted in FIELDS {
        for (offset, name, value) in pairs(body) {
            // A name with broken encoding is none of these.
            if decode(name).is_ok_and(|name| name == wanted) && !value.is_empty() {
                let start = offset + name.len() + 1;
                return decode(value).map_err(|at| {
                    let message = "found `%` that is not followed by two hexadecimal digits";
                    Error::new(ErrorCode::FormEncodingInvalid, message).at(body, start + at)
                });
            }
        }
    }
    let message = "found no field with a notification, expected `params[xml]`";
    Err(Error::new(ErrorCode::FormFieldMissing, message))
}

/// The fields, each with its offset, still encoded.
fn pairs(body: &[u8]) -> impl Iterator<Item = (usize, &[u8], &[u8])> {
    let mut offset = 0;
    body.split(|&byte| byte == b'&').map(move |pair| {
        let start = offset;
        offset += pair.len() + 1;
        let equals = pair
            .iter()
            .position(|&byte| byte == b'=')
            .unwrap_or(pair.len());
        let (name, value) = pair.split_at_checked(equals).unwrap_or((pair, b""));
        (start, name, value.strip_prefix(b"=").unwrap_or_default())
    })
}

/// Decodes more strictly than the URL Standard, which leaves a broken `%` as it is: here it means
/// that the body was damaged in transit. The error is the offset of the `%`.
fn decode(encoded: &[u8]) -> Result<Vec<u8>, usize> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let [byte, after @ ..] = rest {
        rest = match (byte, after) {
            (b'+', _) => {
                decoded.push(b' ');
                after
            }
            (b'%', [high, low, after @ ..]) => {
                let digits = hexadecimal(*high).zip(hexadecimal(*low));
                let (high, low) = digits.ok_or(encoded.len() - rest.len())?;
                decoded.push(high << 4 | low);
                after
            }
            (b'%', _) => return Err(encoded.len() - rest.len()),
            _ => {
                decoded.push(*byte);
                after
            }
        };
    }
    Ok(decoded)
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}
