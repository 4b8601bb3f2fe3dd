//! The URL of a hook, which carries its secret.

use std::fmt;

/// The URL that 3scale failed to reach. Its query, and the password if there is one, are
/// secrets: they are shown by [`expose`](Self::expose) only.
///
/// ```
/// # let list = include_bytes!("../../tests/samples/failures_two.xml");
/// # let entries = threescale::failures::parse(list)?;
/// # let url = entries[0].failure().unwrap().url();
/// assert_eq!(url.expose(), "https://hooks.example/3scale?token=a&b=c");
/// assert_eq!(url.to_string(), "https://hooks.example/3scale?…");
/// # Ok::<(), threescale::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl SecretUrl {
    pub(super) fn new(url: &str) -> Self {
        Self(url.to_owned())
    }

    /// The whole URL, secrets included.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The URL without what is secret in it.
impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.0.find(['?', '#']).unwrap_or(self.0.len());
        let (public, secret) = self.0.split_at_checked(end).unwrap_or_default();
        let (scheme, rest) = public.split_once("://").unwrap_or(("", public));
        // Browsers read `\` as `/`. Not to do so is safer here: it can only hide more.
        let authority_end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(authority_end).unwrap_or_default();
        if !scheme.is_empty() {
            write!(f, "{scheme}://")?;
        }
        match authority.rsplit_once('@') {
            Some((_, host)) => write!(f, "…@{host}{path}")?,
            None => write!(f, "{authority}{path}")?,
        }
        f.write_str(if secret.is_empty() { "" } else { "?…" })
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretUrl({self})")
    }
}
