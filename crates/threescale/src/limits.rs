//! How much a document may ask of us.

/// Limits for one document.
///
/// The defaults refuse nothing that 3scale sends within [`bytes`](Self::bytes): accounts embed
/// all of their users and plans, and have no bound of their own.
///
/// ```
/// use threescale::{Limits, Notification};
///
/// let limits = Limits { bytes: 16, ..Limits::default() };
/// let error = Notification::parse_with(b"<event>much too long</event>", &limits).unwrap_err();
/// assert_eq!(error.code(), "limit_exceeded");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of the document. 1 MiB by default; 4 GiB − 1 at the most, whatever is set.
    pub bytes: usize,
    /// Elements inside one another. 3scale needs seven; 32 by default, and [`Self::DEEPEST`] at
    /// the most, whatever is set.
    pub depth: usize,
    /// Attributes of one element. 3scale needs two; 32 by default.
    pub attributes: usize,
    /// Elements in all. By default one for each eight bytes, `<x>1</x>`, of the 1 MiB.
    pub elements: usize,
    /// Size of one text or attribute value, decoded. 256 KiB by default: 3scale keeps fields in
    /// columns of at most 64 KiB.
    pub text: usize,
}

impl Limits {
    /// The greatest depth that can be allowed. What walks a document recursively relies on it.
    pub const DEEPEST: usize = 128;

    pub(crate) fn allowed_depth(&self) -> usize {
        self.depth.min(Self::DEEPEST)
    }

    /// Positions inside a document are kept in 32 bits.
    pub(crate) fn allowed_bytes(&self) -> usize {
        self.bytes.min(u32::MAX as usize)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 1 << 20,
            depth: 32,
            attributes: 32,
            elements: 1 << 17,
            text: 1 << 18,
        }
    }
}
