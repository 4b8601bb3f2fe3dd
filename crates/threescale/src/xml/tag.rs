//! A number in place of a name.

/// The number of a name, or [`UNKNOWN`](Self::UNKNOWN).
///
/// The numbers are the caller's: [`read`](super::read) asks for each name once, so that what
/// walks the document afterwards compares numbers and indexes tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag(u8);

impl Tag {
    pub(crate) const UNKNOWN: Self = Self(0);

    /// All numbers are below this, so that a set of names fits `u128`.
    pub(crate) const LIMIT: usize = 128;

    /// A number from 1 up to, but not including, [`LIMIT`](Self::LIMIT).
    #[inline]
    pub(crate) const fn new(number: u8) -> Self {
        Self(number)
    }

    #[inline]
    pub(crate) const fn is_known(self) -> bool {
        self.0 != 0
    }

    /// A set with this name in it. Unknown names have no place in sets.
    #[inline]
    pub(crate) const fn bit(self) -> u128 {
        if self.is_known() { 1 << self.0 } else { 0 }
    }

    #[inline]
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}
