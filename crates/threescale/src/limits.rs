//! The sizes that a document may have.

/// Limits for one document.
///
/// The defaults refuse nothing that 3scale sends within [`bytes`](Self::bytes). That limit is
/// needed: accounts embed all of their users and plans, so 3scale itself sets no bound.
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
    /// Size of the document. 1 MiB by default; at most 4 GiB − 1, whatever is set.
    pub bytes: usize,
    /// Depth of nested elements. 3scale needs seven; 32 by default, and at most
    /// [`Self::DEEPEST`], whatever is set.
    pub depth: usize,
    /// Number of attributes of one element. 3scale needs two; 32 by default.
    pub attributes: usize,
    /// Number of elements. By default one for every eight bytes, `<x>1</x>`, of 1 MiB.
    pub elements: usize,
    /// Size of one text or attribute value, decoded. 256 KiB by default: 3scale keeps fields in
    /// columns of at most 64 KiB.
    pub text: usize,
}

impl Limits {
    /// The greatest depth that can be allowed: recursive walks over a document rely on it.
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
