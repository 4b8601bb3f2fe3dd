//! Values in columns of type BLOB: a version byte, then the value in postcard's format, which has no names.
//! So a change of a type is a new version.

use serde::{Serialize, de::DeserializeOwned};

const VERSION: u8 = 1;
/// Far more than any of them needs. The largest, a tally, has some ten bytes for a destination.
const LONGEST: usize = 64 * 1024;

/// A blob that this version of the Worker cannot read or write: it is damaged, or a newer one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadBlob;

impl std::fmt::Display for BadBlob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a stored value is damaged, or of another version")
    }
}

impl std::error::Error for BadBlob {}

pub(super) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, BadBlob> {
    let blob = postcard::to_extend(value, vec![VERSION]).map_err(|_| BadBlob)?;
    if blob.len() > LONGEST {
        return Err(BadBlob);
    }
    Ok(blob)
}

pub(super) fn decode<T: DeserializeOwned>(blob: &[u8]) -> Result<T, BadBlob> {
    match blob {
        [VERSION, value @ ..] if blob.len() <= LONGEST => {
            let (value, rest) = postcard::take_from_bytes(value).map_err(|_| BadBlob)?;
            if rest.is_empty() {
                Ok(value)
            } else {
                Err(BadBlob)
            }
        }
        _ => Err(BadBlob),
    }
}
