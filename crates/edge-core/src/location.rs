//! A URL taken apart by the WHATWG rules.
//!
//! The parser is an argument, [`ParseUrl`]: in the Worker it is the runtime's own, so that the URL that is checked
//! is the URL that would be called (and 150 KB of tables for international names stay out of the upload). Native
//! tests pass one over the crate `url`, which follows the same standard.

/// Parses an absolute URL; `None` if it is not one.
pub type ParseUrl = fn(&str) -> Option<Location>;

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
    /// The text that follows `?`, as it came.
    pub query: String,
    /// `true` if it holds a user name or a password.
    pub credentials: bool,
}

impl Location {
    /// `true` if a call of it cannot leave the machine.
    #[must_use]
    pub fn is_localhost(&self) -> bool {
        matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "[::1]")
            || self.host.ends_with(".localhost")
    }
}

/// The parser of native tests.
#[cfg(test)]
pub(crate) fn parse_url(url: &str) -> Option<Location> {
    let url = url::Url::parse(url).ok()?;
    Some(Location {
        scheme: url.scheme().to_owned(),
        host: url.host_str().unwrap_or_default().to_owned(),
        origin: url.origin().ascii_serialization(),
        path: url.path().to_owned(),
        query: url.query().unwrap_or_default().to_owned(),
        credentials: !url.username().is_empty() || url.password().is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_what_cannot_leave_the_machine() {
        let is_localhost = |host: &str| {
            parse_url(&format!("http://{host}/"))
                .unwrap()
                .is_localhost()
        };
        for host in ["localhost", "127.0.0.1", "[::1]", "edge.localhost:8787"] {
            assert!(is_localhost(host), "{host}");
        }
        for host in ["edge.example.com", "localhost.example.com", "10.0.0.1"] {
            assert!(!is_localhost(host), "{host}");
        }
    }
}
