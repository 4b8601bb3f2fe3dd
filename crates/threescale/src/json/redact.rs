//! Values that a destination must not see.

/// The names of elements whose values are replaced by `[redacted]`, wherever they are in the
/// object: their own texts and all texts inside them, in lists too. Empty values stay `null`.
/// Attributes of these names are replaced as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redact {
    names: Vec<String>,
}

impl Redact {
    /// Replaces nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self { names: Vec::new() }
    }

    /// Replaces the values of elements of these names.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self {
            names: names.into_iter().collect(),
        }
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.names.iter().any(|redacted| redacted == name)
    }
}
