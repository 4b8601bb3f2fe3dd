//! The target of a webhook: a URL whose secret must never be shown.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Uri;

/// An http(s) URL. `Display` and `Debug` leave out the parts that carry secrets: the query and `user:password@`.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// Byte for byte as given: 3scale's list of failures repeats it.
    url: String,
    uri: Uri,
    user_info: Option<String>,
}

impl Target {
    /// The whole URL, with its secret, byte for byte as given.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    pub(crate) fn host(&self) -> &str {
        self.uri.host().unwrap_or_default().trim_matches(['[', ']'])
    }

    pub(crate) fn port(&self) -> u16 {
        self.uri
            .port_u16()
            .unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    /// `Host` as `Net::HTTP` writes it: without the scheme's own port.
    pub(crate) fn host_header(&self) -> String {
        let host = self.uri.host().unwrap_or_default();
        match self.uri.port_u16() {
            Some(port) if port != if self.is_https() { 443 } else { 80 } => {
                format!("{host}:{port}")
            }
            _ => host.to_owned(),
        }
    }

    /// Path and query, kept byte for byte; a fragment is not sent.
    pub(crate) fn request_target(&self) -> &str {
        self.uri
            .path_and_query()
            .map_or("/", hyper::http::uri::PathAndQuery::as_str)
    }

    /// `user:password@` becomes Basic, percent-decoded.
    pub(crate) fn basic(&self) -> Option<String> {
        let user_info = self.user_info.as_deref()?;
        let decoded: Vec<u8> = percent_encoding::percent_decode_str(user_info).collect();
        Some(format!("Basic {}", STANDARD.encode(decoded)))
    }

    /// The same target with `ping=3scale`, as the Ping! button calls it.
    pub(crate) fn with_ping(&self) -> String {
        let target = self.request_target();
        format!(
            "{target}{}ping=3scale",
            if target.contains('?') { '&' } else { '?' }
        )
    }

    /// The target of a `Location`, relative to this one.
    pub(crate) fn join(&self, location: &str) -> anyhow::Result<Self> {
        if location.starts_with('/') {
            let scheme = if self.is_https() { "https" } else { "http" };
            return format!("{scheme}://{}{location}", self.host_header()).parse();
        }
        location.parse()
    }
}

impl FromStr for Target {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> anyhow::Result<Self> {
        // The error must not repeat the URL: it may hold the secret.
        let without_fragment = url.split('#').next().unwrap_or_default();
        let uri: Uri = without_fragment.parse().context("the URL is not valid")?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
            bail!("the URL must begin with http:// or https://");
        }
        let user_info = uri
            .authority()
            .and_then(|authority| authority.as_str().rsplit_once('@'))
            .map(|(user_info, _)| user_info.to_owned());
        Ok(Self {
            url: url.to_owned(),
            uri,
            user_info,
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.uri.scheme_str().unwrap_or_default();
        write!(f, "{scheme}://{}{}", self.host_header(), self.uri.path())?;
        if self.uri.query().is_some() {
            f.write_str("?…")
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
