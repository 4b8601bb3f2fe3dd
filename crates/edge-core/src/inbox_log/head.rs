//! The end of the log, where events are appended. Nothing in it ever goes back, whatever the clock does.

use super::{DestinationId, Seq, tally::Tally};

/// The newest event, or what the log remembers of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// Its place. 0 before the first.
    pub seq: Seq,
    /// The milliseconds in its id.
    pub id_ms: i64,
    /// When it was received.
    pub received_at: i64,
    /// The tally there.
    pub tally: Tally,
}

impl Head {
    /// The head after one more event, which goes to these destinations: decided now, and never again.
    ///
    /// The store takes `seq`, `received_at` and `tally` for the new row, and moves its own head after the commit.
    #[must_use]
    pub fn append(&self, now_ms: i64, routed: &[DestinationId]) -> Self {
        Self {
            seq: self.seq.saturating_add(1),
            id_ms: self.id_ms.max(now_ms),
            received_at: self.received_at.max(now_ms),
            tally: self.tally.with(routed),
        }
    }
}

/// An event's id: a UUID of version 7 that also says where the event is, so that finding it needs no index.
/// From the left: 48 bits of milliseconds, 40 of `seq`, 8 of the shard, 26 of chance; 6 are the format's.
///
/// A look-up takes `seq` from it and then compares the whole id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogId(u128);

impl LogId {
    /// `ms` from [`Head::id_ms`].
    #[must_use]
    pub fn new(ms: i64, seq: Seq, shard: u8, chance: u32) -> Self {
        let ms = u128::from(ms.max(0).cast_unsigned()) & 0xffff_ffff_ffff;
        let seq = u128::from(seq.max(0).cast_unsigned()) & 0xff_ffff_ffff;
        let chance = u128::from(chance) & 0x3ff_ffff;
        let high = (ms << 16) | (7 << 12) | (seq >> 28);
        let low = (0b10 << 62) | ((seq & 0xfff_ffff) << 34) | (u128::from(shard) << 26) | chance;
        Self((high << 64) | low)
    }

    /// Of its 16 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// For the column `events.id`.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Where its event is, if it is one of ours.
    #[must_use]
    pub fn seq(self) -> Seq {
        let (high, low) = ((self.0 >> 64) & 0xfff, (self.0 >> 34) & 0xfff_ffff);
        // 40 bits, so it fits.
        Seq::try_from((high << 28) | low).unwrap_or(Seq::MAX)
    }
}

impl std::fmt::Display for LogId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        uuid::Uuid::from_u128(self.0).fmt(f)
    }
}
