//! A URL taken apart by the WHATWG rules: in the Worker by the runtime's own parser, so that what is
//! checked is what would be called (and 150 KB of tables for international names stay out of it).

/// The parts of an absolute URL that matter here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// `https`
    pub scheme: String,
    /// The host as it would be called: lower case, `127.0.0.1` however it was spelt, `[::1]`.
    pub host: String,
    /// Scheme, host and port: `https://edge.example.com`.
    pub origin: String,
    /// `/hooks/acme`
    pub path: String,
    /// What follows `?`, as it came.
    pub query: String,
    /// Whether a user or a password stands in it.
    pub credentials: bool,
}

impl Location {
    /// `None` if it is no absolute URL.
    #[cfg(target_arch = "wasm32")]
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let url = web_sys::Url::new(url).ok()?;
        Some(Self {
            scheme: url.protocol().trim_end_matches(':').to_owned(),
            host: url.hostname(),
            origin: url.origin(),
            path: url.pathname(),
            query: url.search().trim_start_matches('?').to_owned(),
            credentials: !url.username().is_empty() || !url.password().is_empty(),
        })
    }

    /// `None` if it is no absolute URL.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let url = url::Url::parse(url).ok()?;
        Some(Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            origin: url.origin().ascii_serialization(),
            path: url.path().to_owned(),
            query: url.query().unwrap_or_default().to_owned(),
            credentials: !url.username().is_empty() || url.password().is_some(),
        })
    }
}
