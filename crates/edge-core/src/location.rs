//! A URL taken apart by the WHATWG rules.
//!
//! The parser is an argument, [`ParseUrl`]: in the Worker it is the runtime's own, except for plain URLs, so that the
//! URL that is checked is the URL that would be called (and 150 KB of tables for international names stay out of the
//! upload). Native tests pass one over the crate `url`, which follows the same standard.

use std::net::Ipv4Addr;

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
    /// Takes a URL apart of which every parser would leave each character as it is; `None` for any other, which may be
    /// sound or not. Nearly all hooks and targets are such, and the runtime's parser costs as much as checking a secret.
    #[must_use]
    pub fn plain(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, rest) = rest.split_at(rest.find('/')?);
        let (origin, _) = url.split_at(url.len() - rest.len());
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, port) = authority
            .split_once(':')
            .map_or((authority, None), |(host, port)| (host, Some(port)));
        // A default port is left out, and so are zeros before one.
        let is_plain = matches!(scheme, "http" | "https")
            && host.split('.').all(is_plain_label)
            // Else it may be an address, of which one spelling stays as it is.
            && (host.rsplit('.').next()?.starts_with(|first: char| first.is_ascii_lowercase())
                || host.parse::<Ipv4Addr>().is_ok())
            && port.is_none_or(|port| {
                port.parse::<u16>().is_ok_and(|number| {
                    number.to_string() == port && !matches!(number, 80 | 443)
                })
            })
            // No dots: some segments of them mean others.
            && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte))
            && query.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~%&=+,:;/?@".contains(&byte));
        is_plain.then(|| Self {
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            origin: origin.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            credentials: false,
        })
    }

    /// `true` if a call of it cannot leave the machine.
    #[must_use]
    pub fn is_localhost(&self) -> bool {
        matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "[::1]")
            || self.host.ends_with(".localhost")
    }
}

/// `true` for a label of a host's name without capitals, and without an encoded international one.
fn is_plain_label(label: &str) -> bool {
    let mut bytes = label.bytes();
    !label.is_empty()
        && !label.starts_with("xn--")
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
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
    use proptest::{prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn a_plain_url_is_taken_apart_as_every_parser_does(
            url in "(https?|HTTPS|ftp)://[a-c0-9x.:@-]{1,12}(:(80|443|0?8787|99999))?(/[a-c.%/_-]{0,8}){0,3}(\\?[a-c=&%'\" <#?+|^`{}:~]{0,12})?",
        ) {
            if let Some(plain) = Location::plain(&url) {
                prop_assert_eq!(Some(plain), parse_url(&url));
            }
        }
    }

    #[test]
    fn a_hook_of_3scale_is_a_plain_url() {
        for url in [
            "https://edge.example.com/hooks/acme?token=Zm9v-_bar%2B",
            "http://localhost:8787/hooks/default?token=local-secret&ping=3scale",
            "https://edge.example.workers.dev/hooks/acme",
            "http://127.0.0.1:8787/hooks/acme",
        ] {
            assert_eq!(Location::plain(url), parse_url(url), "{url}");
            assert!(Location::plain(url).is_some(), "{url}");
        }
        for url in [
            "https://127.1/hooks/acme",
            "https://127.0.0.01/hooks/acme",
            "https://2130706433/hooks/acme",
            "https://edge.example.0x7f/hooks/acme",
            "https://xn--bcher-kva.example/hooks/acme",
            "https://Edge.example.com/hooks/acme",
            "https://edge.example.com:443/hooks/acme",
            "https://edge.example.com:08787/hooks/acme",
            "https://user@edge.example.com/hooks/acme",
            "https://edge.example.com./hooks/acme",
            "https://edge.example.com/hooks/../hooks/acme",
            "https://edge.example.com/hooks/acme#part",
            "https://edge.example.com/hooks/acme?token='",
            "https://edge.example.com",
            "https:///hooks/acme",
            "//edge.example.com/hooks/acme",
        ] {
            assert_eq!(Location::plain(url), None, "{url}");
        }
    }

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
