//! Ids: of events and replays, UUIDs of version 7, which begin with the time and so sort by it; and the digest that
//! recognizes equal documents.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_v7 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new one, of this time (milliseconds since 1970) and these random bytes.
            #[must_use]
            pub fn new(now_ms: i64, random: &[u8; 10]) -> Self {
                let ms = now_ms.max(0).cast_unsigned();
                Self(uuid::Builder::from_unix_timestamp_millis(ms, random).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        /// Accepts the one spelling in which ids are shown.
        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let id = Uuid::try_parse(text).ok().map(Self);
                id.filter(|id| id.to_string() == text).ok_or(InvalidId)
            }
        }
    };
}

uuid_v7! {
    /// The id of an event: assigned once, the same through retries, recovery and replays.
    EventId
}

uuid_v7! {
    /// The id of a replay of many events, the same in each inbox that it covers.
    ReplayId
}

/// The text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is a UUID, such as 0192f3c4-0000-7000-8000-000000000000")
    }
}

/// The lowest id of this time, as text: it sorts before every id of this time and later.
#[must_use]
pub fn first_id(time_ms: i64) -> String {
    let ms = time_ms.max(0);
    format!("{:08x}-{:04x}", ms >> 16, ms & 0xffff)
}

/// SHA-256 over a source and a canonical document: equal documents of one source have equal digests.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Digest([u8; 32]);

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for Digest {
    type Error = base16ct::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut bytes = [0; 32];
        let decoded = base16ct::lower::decode(text, &mut bytes)?.len();
        if decoded != bytes.len() {
            return Err(base16ct::Error::InvalidLength);
        }
        Ok(Self(bytes))
    }
}

impl From<threescale::Digest> for Digest {
    fn from(digest: threescale::Digest) -> Self {
        Self(*digest.as_bytes())
    }
}

impl From<[u8; 32]> for Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// Hexadecimal, in lower case.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_their_time_as_values_and_as_text() {
        let now = 1_700_000_000_123;
        let (early, late) = (
            EventId::new(now - 1, &[0xff; 10]),
            EventId::new(now, &[7; 10]),
        );
        assert!(early < late && early.to_string() < late.to_string());
        let late = late.to_string();
        assert!(first_id(now) < late && late < first_id(now + 1), "{late}");
        assert!(early.to_string() < first_id(now));
    }

    #[test]
    fn an_id_has_one_spelling() {
        let id = EventId::new(1_700_000_000_123, &[7; 10]);
        assert_eq!(id.to_string().parse(), Ok(id));
        let other_spellings = [
            id.to_string().to_uppercase(),
            id.to_string().replace('-', ""),
            format!("{{{id}}}"),
        ];
        for text in other_spellings.iter().map(String::as_str).chain(["", "x"]) {
            assert_eq!(text.parse::<EventId>(), Err(InvalidId), "{text}");
        }
    }

    #[test]
    fn a_digest_is_shown_in_hexadecimal() {
        let digest = Digest::from([0xab; 32]);
        assert_eq!(digest.to_string(), "ab".repeat(32));
        assert_eq!(Digest::try_from(digest.to_string()), Ok(digest));
        assert!(Digest::try_from("ab".to_owned()).is_err());
    }
}
