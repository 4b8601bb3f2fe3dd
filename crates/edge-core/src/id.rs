//! Ids: of events, replays and quarantined bodies, UUIDs of version 7, which begin with the time and so sort by it; and the digest that
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

uuid_v7! {
    /// The id of a body in the quarantine.
    QuarantineId
}

impl QuarantineId {
    /// From a column.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// For a column.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }
}

uuid_v7! {
    /// The id of an operator's action, the same in each inbox that recorded it.
    ActionId
}

/// The text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidId;

impl EventId {
    /// The id of an event at this place in the log of a source's inbox. It says where the event is, so that finding it
    /// needs no index. From the left: 48 bits of milliseconds, 40 of `seq`, 8 of the inbox's number, 26 of chance; 6
    /// are the format's.
    ///
    /// `ms` never goes back from one event to the next, so that ids sort as the log does.
    #[must_use]
    pub fn in_log(ms: i64, seq: i64, shard: u32, chance: u32) -> Self {
        let ms = u128::from(ms.max(0).cast_unsigned()) & 0xffff_ffff_ffff;
        let seq = u128::from(seq.max(0).cast_unsigned()) & 0xff_ffff_ffff;
        let (shard, chance) = (u128::from(shard & 0xff), u128::from(chance & 0x3ff_ffff));
        let high = (ms << 16) | (7 << 12) | (seq >> 28);
        let low = (0b10 << 62) | ((seq & 0xfff_ffff) << 34) | (shard << 26) | chance;
        Self(Uuid::from_u128((high << 64) | low))
    }

    /// Where its event is, if there is one of this id: compare the whole id.
    #[must_use]
    pub fn seq(self) -> i64 {
        let id = self.0.as_u128();
        let (high, low) = ((id >> 64) & 0xfff, (id >> 34) & 0xfff_ffff);
        // 40 bits, so it fits.
        i64::try_from((high << 28) | low).unwrap_or(i64::MAX)
    }

    /// The time that it begins with, in milliseconds since 1970.
    #[must_use]
    pub fn unix_ms(self) -> i64 {
        // 48 bits, so it fits.
        i64::try_from(self.0.as_u128() >> 80).unwrap_or(i64::MAX)
    }

    /// From a column.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// For a column.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    /// The lowest id of this time: every id of this time and later sorts after it.
    #[must_use]
    pub fn first_of(ms: i64) -> Self {
        let ms = u128::from(ms.max(0).cast_unsigned()) & 0xffff_ffff_ffff;
        Self(Uuid::from_u128(ms << 80))
    }
}

impl Digest {
    /// For a column.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is a UUID, such as 0192f3c4-0000-7000-8000-000000000000")
    }
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
        let mut text = [0; 64];
        f.write_str(base16ct::lower::encode_str(&self.0, &mut text).map_err(|_| fmt::Error)?)
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
        assert!(EventId::first_of(now) < late && late < EventId::first_of(now + 1));
        assert!(early < EventId::first_of(now));
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
